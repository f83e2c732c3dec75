//! Sending: from a client's mail to a KOM-LE message.

use std::fmt;

use bytes::Bytes;
use kim_types::Octets;
use thiserror::Error;

use crate::ber::BerLimits;
use crate::cms_error::CmsError;
use crate::enveloped::Enveloped;
use crate::header::Header;
use crate::outer::{OuterFields, OuterMessage};
use crate::recipient_emails::{RecipientEmails, RecipientEmailsError};
use crate::signed::Signed;
use crate::utf8::in_utf8;

/// What stands before a mail that is signed.
const RFC822_ENTITY: &str = "Content-Type: message/rfc822\r\n\r\n";
/// What stands before a signature that is encrypted.
const SIGNED_ENTITY: &str = "MIME-Version: 1.0\r\n\
    Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\
    Content-Transfer-Encoding: binary\r\n\
    Content-Disposition: attachment; filename=smime.p7m\r\n\
    \r\n";

/// Why the Konnektor's answer cannot be used. The mail does not go out.
///
/// Spec: none — the errors of the sending chain.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The answer is not the CMS structure of a KOM-LE message.
    #[error("the Konnektor's answer is not the expected CMS structure")]
    Cms(#[from] CmsError),
    /// There are no recipients, or too many.
    #[error(transparent)]
    RecipientEmails(#[from] RecipientEmailsError),
    /// What was signed is not what was to be signed.
    #[error("something else was signed")]
    Content,
    /// The attribute recipient-emails is not the one given.
    #[error("the attribute recipient-emails is not the one given")]
    Attribute,
}

/// A mail ready to be protected: its header is final.
///
/// ```
/// use bytes::Bytes;
/// use kim_smime::{ChainError, Draft, Header, OuterFields, OuterMessage, RecipientEmails};
/// use kim_types::Octets;
///
/// fn protect(
///     header: Header,
///     body: Octets,
///     recipients: RecipientEmails,
///     fields: &OuterFields,
///     sign_document: impl Fn(&Octets, &Bytes) -> Bytes,
///     encrypt_document: impl Fn(&Octets, &Bytes) -> Bytes,
/// ) -> Result<OuterMessage, ChainError> {
///     let request = Draft::new(header, body).in_utf8().sign_request(recipients);
///     let cms = sign_document(request.document(), request.attribute());
///     let request = request.signed(cms)?;
///     let cms = encrypt_document(request.document(), request.attribute());
///     Ok(request.encrypted(cms)?.message(fields))
/// }
/// ```
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2095.
#[derive(Debug, Clone)]
pub struct Draft {
    header: Header,
    body: Octets,
}

impl Draft {
    /// A mail as the recipients are to read it; neither header nor body is changed any more.
    pub fn new(header: Header, body: Octets) -> Self {
        Self { header, body }
    }

    /// The same mail for a Konnektor that refuses what is not UTF-8; one that is stays octet for octet.
    ///
    /// Parts in other character sets get another transfer encoding: texts quoted-printable, everything else base64. What they
    /// say does not change. Fields of a header that are not UTF-8 are taken for ISO 8859-1. Parts that their sender signed
    /// (multipart/signed) and what is nested deeper than 32 levels stay as they are, and so may still be refused.
    ///
    /// Spec: none — deltas Q23; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2299-01 (the document is text/plain; charset=utf-8).
    #[must_use]
    pub fn in_utf8(self) -> Self {
        let (header, body) = in_utf8(self.header, self.body, 0);
        Self { header, body }
    }

    /// What to sign, for whom it will be encrypted.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2097, KOM-LE-A_2127.
    pub fn sign_request(self, recipients: RecipientEmails) -> SignRequest {
        let mail = self.header.with_body(self.body);
        SignRequest {
            document: [RFC822_ENTITY.into(), mail].into_iter().collect(),
            attribute: recipients.to_attribute(),
            header: self.header,
            recipients,
        }
    }
}

/// What SignDocument gets: a document to be signed including its content, with one signed attribute.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2095, KOM-LE-A_2097.
pub struct SignRequest {
    header: Header,
    recipients: RecipientEmails,
    document: Octets,
    attribute: Bytes,
}

impl SignRequest {
    /// The message/rfc822 entity, sharing the octets of the mail.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2097.
    pub fn document(&self) -> &Octets {
        &self.document
    }

    /// The attribute recipient-emails in DER.
    pub fn attribute(&self) -> &Bytes {
        &self.attribute
    }

    /// Takes the CMS that SignDocument gave.
    ///
    /// # Errors
    /// [`ChainError`] when it is not the signature that was asked for: another structure, other content, other recipients.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2118 to KOM-LE-A_2127.
    pub fn signed(self, cms: Bytes) -> Result<EncryptRequest, ChainError> {
        let signed = Signed::parse(&cms, &BerLimits::default())?;
        if self.document != *signed.content() {
            return Err(ChainError::Content);
        }
        if !signed.recipient_emails().same_as(&self.recipients) {
            return Err(ChainError::Attribute);
        }
        let Self { header, recipients, attribute, .. } = self;
        let content = signed.content().clone();
        Ok(EncryptRequest { header, recipients, content, document: signed_entity(cms), attribute })
    }
}

/// What EncryptDocument gets: a document to be encrypted for the certificates of all recipients and the sender, with one
/// unauthenticated attribute.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2095, KOM-LE-A_2103.
pub struct EncryptRequest {
    header: Header,
    recipients: RecipientEmails,
    /// What was signed: octets of the document.
    content: Octets,
    document: Octets,
    attribute: Bytes,
}

impl EncryptRequest {
    /// The signed-data entity, the signature in it as binary octets.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2103, KOM-LE-A_2299.
    pub fn document(&self) -> &Octets {
        &self.document
    }

    /// The body of the mail, if it was signed as it is: the octets in the signature, so that nobody has to keep others.
    ///
    /// `None` if the mail that was signed does not end in `body`, because [`Draft::in_utf8`] changed it.
    pub fn body(&self, body: &Octets) -> Option<Octets> {
        let signed = self.content.last(body.len());
        (signed == *body).then_some(signed)
    }

    /// The attribute recipient-emails in DER, the same as in the signature.
    pub fn attribute(&self) -> &Bytes {
        &self.attribute
    }

    /// Takes the CMS that EncryptDocument gave.
    ///
    /// # Errors
    /// [`ChainError`] when it is not the encryption that was asked for: another structure, other recipients.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104 to KOM-LE-A_2117.
    pub fn encrypted(self, cms: Bytes) -> Result<Protected, ChainError> {
        let enveloped = Enveloped::parse(&cms, &BerLimits::default())?;
        if !enveloped.recipient_emails().same_as(&self.recipients) {
            return Err(ChainError::Attribute);
        }
        Ok(Protected { header: self.header, cms })
    }
}

/// A signed and encrypted mail, and the header it had.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2095, KOM-LE-A_2104.
pub struct Protected {
    header: Header,
    cms: Bytes,
}

impl Protected {
    /// The message for the mail server.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2193; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2098-03 to KOM-LE-A_2104.
    pub fn message(self, fields: &OuterFields) -> OuterMessage {
        OuterMessage::new(&self.header, fields, self.cms)
    }
}

impl fmt::Debug for SignRequest {
    /// Without recipients and attribute, which have mail addresses in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { header, document, .. } = self;
        let mut printed = f.debug_struct("SignRequest");
        printed.field("header", header).field("document", document).finish_non_exhaustive()
    }
}

impl fmt::Debug for EncryptRequest {
    /// Without recipients and attribute, which have mail addresses in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { header, document, .. } = self;
        let mut printed = f.debug_struct("EncryptRequest");
        printed.field("header", header).field("document", document).finish_non_exhaustive()
    }
}

impl fmt::Debug for Protected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protected").field("cms_octets", &self.cms.len()).finish_non_exhaustive()
    }
}

fn signed_entity(cms: Bytes) -> Octets {
    [SIGNED_ENTITY.into(), cms.into()].into_iter().collect()
}
