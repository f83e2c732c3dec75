//! A client's mail as the flow sees it: [`Mail`].

use kim_smime::{Header, HeaderError, HeaderLimits, Measure};
use kim_types::{Address, Octets, Recipient};

use crate::Run;
use crate::refusal::Cause;

/// A header block, the body as it came, and the measured facts about both.
pub(crate) struct Mail {
    pub(crate) header: Header,
    pub(crate) body: Octets,
    pub(crate) measure: Measure,
}

impl Mail {
    pub(crate) fn read(mail: Octets) -> Result<Self, HeaderError> {
        let mut measure = Measure::new();
        mail.pieces().iter().for_each(|piece| measure.push(piece));
        let (header, body) = Header::split(&mail.to_bytes(), &HeaderLimits::default())?;
        Ok(Self { header, body: body.into(), measure })
    }

    /// Brings the inner header into the form the profile wants and finds the sender (S8d, S8e).
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19488, A_21388, A_22417; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2101.
    pub(crate) fn normalise(&mut self, run: &Run) -> Result<Address, Cause> {
        self.header.remove_reserved();
        self.header.complete(&run.account, run.unique, run.now).map_err(Cause::Malformed)?;
        let named = ["Sender", "From"].into_iter().find(|name| self.header.first(name).is_some());
        let mailboxes = named.map(|name| self.header.addresses(name)).unwrap_or_default();
        match mailboxes.as_slice() {
            [only] => only.address.parse().map_err(|_| Cause::NoSender),
            _ => Err(Cause::NoSender),
        }
    }

    /// The header for those who get the mail: To, Cc and Bcc name nobody else (S12).
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_23174.
    pub(crate) fn header_for(&self, recipients: &[Recipient]) -> Header {
        let mut header = self.header.clone();
        for name in ["To", "Cc", "Bcc"] {
            header.retain_addresses(name, |found| {
                recipients.iter().any(|recipient| recipient.address.as_str().eq_ignore_ascii_case(found))
            });
        }
        header
    }
}
