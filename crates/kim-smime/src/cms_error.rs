//! Why a CMS structure is not one of the KOM-LE profile.

use thiserror::Error;

use crate::asn1::offset;
use crate::ber::BerError;
use crate::certificate::CertificateError;
use crate::issuer::IssuerAndSerialError;
use crate::recipient_emails::RecipientEmailsError;

/// Why octets are not the CMS structure of a KOM-LE message.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2096 (RFC 5652, RFC 5083).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CmsError {
    /// Not BER, or too much of it.
    #[error(transparent)]
    Ber(#[from] BerError),
    /// Not the structure that its type promises.
    #[error("the CMS structure is malformed at octet {at}")]
    Malformed {
        /// The offset of the fault in octets, within the part that has it.
        at: usize,
    },
    /// Another type of CMS structure.
    #[error("the CMS structure is of another type")]
    ContentType,
    /// EnvelopedData: encrypted without protection against change. Never decrypt it.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104.
    #[error("the content is encrypted but not authenticated")]
    NotAuthenticated,
    /// More recipients or attributes than a message has.
    #[error("the CMS structure has too many recipients or attributes")]
    TooMany,
    /// An issuer or a serial number is out of bounds.
    #[error(transparent)]
    IssuerAndSerial(#[from] IssuerAndSerialError),
    /// The attribute recipient-emails cannot be used.
    #[error(transparent)]
    RecipientEmails(#[from] RecipientEmailsError),
    /// The certificate of the signer cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A rule of the profile is broken.
    #[error(transparent)]
    Profile(#[from] ProfileViolation),
}

/// The rule of the KOM-LE profile that a well-formed CMS structure breaks.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2106 to KOM-LE-A_2127 as named at each variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProfileViolation {
    /// There is originatorInfo. KOM-LE-A_2106.
    #[error("there is originatorInfo")]
    OriginatorInfo,
    /// There are no unauthAttrs. KOM-LE-A_2107.
    #[error("there are no unauthAttrs")]
    NoUnauthAttrs,
    /// There is no recipient at all. KOM-LE-A_2108.
    #[error("there is no recipient")]
    NoRecipient,
    /// A recipient gets the key by key agreement. KOM-LE-A_2108.
    #[error("a recipient gets the key by key agreement")]
    KeyAgreement,
    /// A recipient gets the key neither by key transport nor by key agreement. KOM-LE-A_2108.
    #[error("a recipient gets the key in a way the profile does not know")]
    RecipientType,
    /// The key is encrypted neither with RSAES-OAEP nor with the ECIES of the Telematikinfrastruktur. KOM-LE-A_2108.
    #[error("the key of a recipient is encrypted with another algorithm")]
    KeyEncryption,
    /// A recipient is named otherwise than by issuer and serial number. KOM-LE-A_2109.
    #[error("a recipient is named otherwise than by issuer and serial number")]
    RecipientId,
    /// There is no encryptedContent. KOM-LE-A_2112.
    #[error("there is no encrypted content")]
    NoEncryptedContent,
    /// The content is not AES-256-GCM with a nonce of 12 and a tag of 16 octets. KOM-LE-A_2112, RFC 5084 §3.2.
    #[error("the content is encrypted with another algorithm")]
    ContentEncryption,
    /// The authentication code does not have the 16 octets announced. KOM-LE-A_2112, RFC 5084 §3.2.
    #[error("the authentication code does not have 16 octets")]
    MacLength,
    /// There is no attribute recipient-emails. KOM-LE-A_2114-01, KOM-LE-A_2127.
    #[error("there is no attribute recipient-emails")]
    NoRecipientEmails,
    /// Recipients and entries of recipient-emails do not name the same certificates. KOM-LE-A_2115-02.
    #[error("the recipients are not those of recipient-emails")]
    RecipientEmailsMismatch,
    /// There are crls. KOM-LE-A_2118.
    #[error("there are crls")]
    Crls,
    /// There is no certificate. KOM-LE-A_2119.
    #[error("there is no certificate")]
    NoCertificate,
    /// There is no eContent. KOM-LE-A_2121.
    #[error("there is no signed content")]
    NoContent,
    /// The content is not of type id-data. KOM-LE-A_2112, KOM-LE-A_2121.
    #[error("the content is not of type id-data")]
    ContentType,
    /// There is a certificate besides that of the signer. KOM-LE-A_2122.
    #[error("there is more than the certificate of the signer")]
    OtherCertificate,
    /// There is no signerInfo. KOM-LE-A_2123.
    #[error("there is no signer")]
    NoSigner,
    /// There is more than one signerInfo. KOM-LE-A_2123.
    #[error("there is more than one signer")]
    SignerCount,
    /// The signer is named otherwise than by issuer and serial number. KOM-LE-A_2124.
    #[error("the signer is named otherwise than by issuer and serial number")]
    SignerId,
    /// The certificate is not that of the signer. KOM-LE-A_2125.
    #[error("the certificate is not that of the signer")]
    SignerMismatch,
    /// There are unsignedAttrs. KOM-LE-A_2126.
    #[error("there are unsignedAttrs")]
    UnsignedAttrs,
    /// An attribute that must be there once is missing, or there twice, or has not one value. KOM-LE-A_2096, RFC 5652
    /// §11.1, §11.2.
    #[error("content-type, message-digest or recipient-emails is not there exactly once")]
    Attribute,
}

impl From<der::Error> for CmsError {
    fn from(error: der::Error) -> Self {
        Self::Malformed { at: offset(error) }
    }
}
