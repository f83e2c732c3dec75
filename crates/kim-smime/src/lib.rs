//! The KOM-LE S/MIME profile: from a client mail to a KOM-LE message and back.

mod admission;
mod asn1;
mod attributes;
mod ber;
mod certificate;
mod cms_error;
mod enveloped;
mod issuer;
mod recipient_emails;
mod signed;

pub use ber::{BerError, BerLimits, normalize};
pub use certificate::{Certificate, CertificateError, CertificateKind, KeyKind};
pub use cms_error::{CmsError, ProfileViolation};
pub use enveloped::Enveloped;
pub use issuer::{IssuerAndSerial, IssuerAndSerialError};
pub use recipient_emails::{RecipientEmail, RecipientEmails, RecipientEmailsError};
pub use signed::Signed;
