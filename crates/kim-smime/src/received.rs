//! Receiving: from a KOM-LE message to the mail in it.

use std::fmt;

use bytes::Bytes;
use kim_types::Octets;

use crate::ber::BerLimits;
use crate::certificate::Certificate;
use crate::cms_error::CmsError;
use crate::entity::{self, FormatError, SmimeType};
use crate::enveloped::Enveloped;
use crate::header::{Header, HeaderLimits};
use crate::opened::Opened;
use crate::recipient_emails::RecipientEmails;
use crate::signed::{Signed, SignedContent};
use crate::verdict::SignatureResult;

/// How much of a message is read.
///
/// Spec: none — bounds the work for hostile input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceiveLimits {
    /// Of each header: the outer, that of the signature, that of the mail.
    pub header: HeaderLimits,
    /// Of each CMS structure.
    pub cms: BerLimits,
}

/// A KOM-LE message whose form is checked.
///
/// ```
/// use bytes::Bytes;
/// use kim_smime::{FormatError, Opened, ReceiveLimits, Received, SignatureResult};
/// use kim_types::Octets;
///
/// fn open(
///     message: Bytes,
///     decrypt_document: impl Fn(&Octets) -> Bytes,
///     verify_document: impl Fn(&Octets) -> SignatureResult,
/// ) -> Result<Opened, FormatError> {
///     let request = Received::parse(message, &ReceiveLimits::default())?.decrypt_request();
///     let plain = decrypt_document(request.document());
///     let request = request.decrypted(plain)?;
///     let result = verify_document(request.cms());
///     Ok(request.verified(result))
/// }
/// ```
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2095.
#[derive(Clone)]
pub struct Received {
    outer: Header,
    cms: Octets,
    pub(crate) recipient_emails: RecipientEmails,
    limits: ReceiveLimits,
}

impl Received {
    /// Reads a message: header, transfer encoding, CMS structure.
    ///
    /// # Errors
    /// [`FormatError`] when it does not follow the profile: X-KIM-DecryptionResult 02.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104 to KOM-LE-A_2117, KOM-LE-A_2299.
    pub fn parse(message: Bytes, limits: &ReceiveLimits) -> Result<Self, FormatError> {
        let (outer, body) = Header::split(&message, &limits.header)?;
        let cms = entity::cms(&outer, body, SmimeType::AuthenticatedEnvelopedData, limits.cms.octets)?;
        let recipient_emails = Enveloped::parse(&cms, &limits.cms)?.recipient_emails().clone();
        Ok(Self { outer: outer.detached(), cms: cms.into(), recipient_emails, limits: limits.clone() })
    }

    /// The outer header, which nobody signed.
    pub fn header(&self) -> &Header {
        &self.outer
    }

    /// Who can decrypt it, and with which certificate.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2043.
    pub fn recipient_emails(&self) -> &RecipientEmails {
        &self.recipient_emails
    }

    /// What to decrypt.
    pub fn decrypt_request(self) -> DecryptRequest {
        DecryptRequest(self)
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("outer", &self.outer).field("cms", &self.cms).finish_non_exhaustive()
    }
}

/// What DecryptDocument gets.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2045.
#[derive(Debug, Clone)]
pub struct DecryptRequest(Received);

impl DecryptRequest {
    /// The CMS structure as it was received.
    pub fn document(&self) -> &Octets {
        &self.0.cms
    }

    /// Who can decrypt it, and with which certificate.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2043.
    pub fn recipient_emails(&self) -> &RecipientEmails {
        &self.0.recipient_emails
    }

    /// Takes what DecryptDocument gave.
    ///
    /// A signature that breaks a rule of the profile is no error as long as the mail in it can be read: that is a matter of
    /// integrity, and [`Opened`] says which (03, 04 or 09).
    ///
    /// # Errors
    /// [`FormatError`] when it is not a signed-data entity with a mail in it: X-KIM-DecryptionResult 02.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2097, KOM-LE-A_2103, KOM-LE-A_2118 to KOM-LE-A_2127.
    pub fn decrypted(self, plain: Bytes) -> Result<VerifyRequest, FormatError> {
        let Self(Received { outer, recipient_emails, limits, cms }) = self;
        // It is read, and what comes needs the room.
        drop(cms);
        let (header, body) = Header::split(&plain, &limits.header)?;
        let cms = entity::cms(&header, body, SmimeType::SignedData, limits.cms.octets)?;
        let SignedContent { content, signed } = SignedContent::parse(&cms, &limits.cms)?;
        // The only copy of the mail, if its signer cut it into segments.
        let (header, mail) = Header::split(&content.to_bytes(), &limits.header)?;
        entity::check_rfc822(&header)?;
        let (inner, body) = Header::split(&mail, &limits.header)?;
        Ok(VerifyRequest { outer, encrypted_for: recipient_emails, cms: cms.into(), signed, inner, body })
    }
}

/// What VerifyDocument gets. The mail is read already, but nothing gives it away before the result is known.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048.
pub struct VerifyRequest {
    pub(crate) outer: Header,
    pub(crate) encrypted_for: RecipientEmails,
    cms: Octets,
    /// Or the rule of the profile that the signature breaks.
    pub(crate) signed: Result<Signed, CmsError>,
    pub(crate) inner: Header,
    pub(crate) body: Bytes,
}

impl VerifyRequest {
    /// The CMS structure with the signature and what was signed.
    pub fn cms(&self) -> &Octets {
        &self.cms
    }

    /// The certificate that came with the signature, if the signature has the form of the profile.
    pub fn signer(&self) -> Option<&Certificate> {
        self.signed.as_ref().ok().map(Signed::signer)
    }

    /// Takes what VerifyDocument said, and checks what the Konnektor cannot: the outer header, the recipients, and what the
    /// signer's certificate is for.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2127, KOM-LE-A_2129.
    pub fn verified(self, signature: SignatureResult) -> Opened {
        Opened::new(self, signature)
    }
}

impl fmt::Debug for VerifyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyRequest")
            .field("cms", &self.cms)
            .field("signed", &self.signed)
            .finish_non_exhaustive()
    }
}
