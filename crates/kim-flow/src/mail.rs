//! A client's mail as the flow sees it: [`Mail`].

use std::ops::Range;

use kim_smime::{EncryptRequest, Header, HeaderError, HeaderLimits, Measure};
use kim_types::{Address, Octets, Recipient};

use crate::refusal::Cause;
use crate::{Content, Kept, Recipe, Run};

/// A header block, the body as it came, and the measured facts about both.
pub(crate) struct Mail {
    pub(crate) header: Header,
    pub(crate) body: Body,
    pub(crate) measure: Measure,
}

/// What follows the empty line.
pub(crate) enum Body {
    Whole(Octets),
    /// Where it stands in the content that the driver keeps.
    Kept(Range<u64>),
}

impl Mail {
    pub(crate) fn read(mail: Content) -> Result<Self, HeaderError> {
        let limits = HeaderLimits::default();
        match mail {
            Content::Whole(mail) => {
                let mut measure = Measure::new();
                mail.pieces().iter().for_each(|piece| measure.push(piece));
                let (header, body) = Header::split(&mail.to_bytes(), &limits)?;
                Ok(Self { header: header.detached(), body: Body::Whole(body.into()), measure })
            }
            Content::Kept(Kept { head, measure }) => {
                let head = head.to_bytes();
                let (header, rest) = Header::split(&head, &limits)?;
                let complete =
                    !rest.is_empty() || head.len() as u64 == measure.octets() || ends_in_blank_line(&head);
                if !complete {
                    return Err(HeaderError::TooLong { max: head.len() });
                }
                let start = head.len().saturating_sub(rest.len()) as u64;
                Ok(Self { header, body: Body::Kept(start..measure.octets()), measure })
            }
        }
    }

    /// Brings the inner header into the form the profile wants and finds the sender (S8d, S8e).
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19488, A_21388, A_22417; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2101.
    pub(crate) fn normalise(&mut self, run: &Run) -> Result<Address, Cause> {
        // What is signed and what is stored have one header.
        self.header.read_as_latin_1();
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
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_23174, KOM-LE-A_2028.
    pub(crate) fn header_for(&self, recipients: &[Recipient]) -> Header {
        let mut header = self.header.clone();
        for name in ["To", "Cc", "Bcc"] {
            header.retain_addresses(name, |found| {
                recipients.iter().any(|recipient| recipient.address.as_str().eq_ignore_ascii_case(found))
            });
        }
        header
    }

    /// The mail with another header.
    pub(crate) fn with_header(&self, header: &Header) -> Recipe {
        match &self.body {
            Body::Whole(body) => header.with_body(body.clone()).into(),
            Body::Kept(range) => {
                Recipe { kept: range.clone(), ..header.with_body(Default::default()).into() }
            }
        }
    }

    /// Keeps the body that was signed instead of the one that came, if they are the same: it lies in memory once then.
    pub(crate) fn share(&mut self, signed: &EncryptRequest) {
        if let Body::Whole(body) = &mut self.body
            && let Some(same) = signed.body(body)
        {
            *body = same;
        }
    }

    /// Octets of the body, counted from the start of the mail as it came.
    pub(crate) fn part(&self, range: Range<u64>) -> Recipe {
        match &self.body {
            Body::Kept(_) => Recipe { kept: range, ..Recipe::default() },
            Body::Whole(body) => {
                let header = self.measure.octets().saturating_sub(body.len() as u64);
                let at = |octet: u64| {
                    usize::try_from(octet.saturating_sub(header)).map_or(body.len(), |at| at.min(body.len()))
                };
                let (start, end) = (at(range.start), at(range.end));
                Recipe::from(Octets::from(body.to_bytes().slice(start.min(end)..end)))
            }
        }
    }
}

fn ends_in_blank_line(head: &[u8]) -> bool {
    head.ends_with(b"\n\r\n") || head.ends_with(b"\n\n") || head == b"\r\n" || head == b"\n"
}
