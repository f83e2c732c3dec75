//! Large mails go to the attachment service, and a small mail with the reference takes their place (S13, K1 to K6).
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, A_19357 to A_19365, A_22419, A_23467.

use kim_fachdienst::{KasLink, KasReference};
use kim_smime::{Draft, Header, HeaderError};
use kim_types::{Address, CardHandle, Octets, Pii};

use super::{Round, Sending, Step};
use crate::mail::Body;
use crate::refusal::Cause;
use crate::{Ask, Call, Upload, UploadError, Uploaded};

/// Mail data on the attachment service.
pub(super) struct Stored {
    pub(super) uploaded: Uploaded,
    /// Who may fetch it.
    recipients: Vec<Address>,
}

impl Stored {
    pub(super) fn link(&self) -> Pii<String> {
        Pii(self.uploaded.reference.link.clone())
    }
}

impl Sending {
    /// S13: stores the mail if it is large and not yet stored for exactly these recipients.
    ///
    /// The card was found before: a PIN that is not verified must not show only after hundreds of MiB are on their way.
    pub(super) fn store(mut self, round: Round, card: CardHandle) -> Step {
        if !self.large {
            return self.sign(round, card);
        }
        let recipients: Vec<Address> =
            round.recipients.iter().map(|recipient| recipient.address.clone()).collect();
        match self.stored.take() {
            Some(stored) if stored.recipients == recipients => {
                self.stored = Some(stored);
                self.sign(round, card)
            }
            Some(stored) => {
                Call::RemoveUpload(Ask::new(stored.link(), move |()| self.upload(round, card, recipients)))
                    .into()
            }
            None => self.upload(round, card, recipients),
        }
    }

    /// K1 to K4
    fn upload(mut self, round: Round, card: CardHandle, recipients: Vec<Address>) -> Step {
        let header = self.mail.header_for(&round.recipients);
        let message_id = header.first("Message-ID").map(|field| field.text()).unwrap_or_default();
        let question = Upload {
            mail: self.mail.with_header(&header),
            message_id,
            recipients: recipients.clone(),
            expires: self.expires,
        };
        Call::Upload(Ask::new(question, move |uploaded: Result<Uploaded, UploadError>| match uploaded {
            // Nobody follows any other link, and nobody removes what lies there: that would take the password along.
            Ok(uploaded) if KasLink::parse(&uploaded.reference.link, &self.run.rules.links()).is_err() => {
                self.refuse(Cause::Upload(UploadError::Failed))
            }
            Ok(uploaded) => {
                self.stored = Some(Stored { uploaded, recipients });
                self.sign(round, card)
            }
            Err(error) => self.refuse(Cause::Upload(error)),
        }))
        .into()
    }

    /// S12, S13: the mail that is signed, which is a small one with the reference if the mail itself is stored.
    pub(super) fn draft(&self, round: &Round) -> Result<Draft, Cause> {
        let header = self.mail.header_for(&round.recipients);
        match (&self.stored, &self.mail.body) {
            (Some(stored), _) => {
                let (header, body) =
                    reference_mail(header, &stored.uploaded.reference).map_err(Cause::Malformed)?;
                Ok(Draft::new(header, body))
            }
            (None, Body::Whole(body)) => Ok(Draft::new(header, body.clone())),
            // What the driver keeps is large, and what is large is stored.
            (None, Body::Kept(_)) => Err(Cause::Large),
        }
    }
}

/// K5: everything the header said about the old body goes.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07, A_19364.
fn reference_mail(mut header: Header, reference: &KasReference) -> Result<(Header, Octets), HeaderError> {
    const PREFIX: &str = "Content-";
    header.remove_where(|name| {
        name.get(..PREFIX.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX))
    });
    header.replace("MIME-Version", "1.0")?;
    header.push("Content-Type", "text/plain; charset=utf-8")?;
    header.push("Content-Disposition", "x-kas")?;
    let body = [reference.to_json().expose(), b"\r\n"].concat();
    Ok((header, body.into()))
}
