//! The KOM-LE S/MIME profile: from a client mail to a KOM-LE message and back.
//!
//! Nothing here signs, encrypts, asks a clock or opens a connection: that is done by whoever calls, between one step and
//! the next.
//!
//! # Sending
//!
//! A chain of values, so that no step can be left out: [`Draft`] -> [`SignRequest`] -> [`EncryptRequest`] ->
//! [`Protected`] -> [`OuterMessage`]. Before it, a client's mail is read as [`Header`] and body, and measured with
//! [`Measure`] while it streams in; [`Draft::in_utf8`] makes of it what a Konnektor takes for a text. What the Konnektor
//! answers is compared with what was asked for.
//!
//! # Receiving
//!
//! The chain back: [`Received`] -> [`DecryptRequest`] -> [`VerifyRequest`] -> [`Opened`]. The mail can be read only from
//! [`Opened`], next to the [`Verdict`] that says whether to believe it. [`Opened::deliver`] gives what the user gets; for
//! what cannot be opened, [`Substitute`] does. Both begin with the fields Received of the message: what is known of the
//! mail before anything is decrypted.
//!
//! | what went wrong | what the user gets |
//! |---|---|
//! | [`outer_version`] is `Ok(None)` | the message as it is |
//! | [`outer_version`] is an error | [`Substitute::Format`] |
//! | [`OuterVersion::is_supported`] says no | [`Substitute::Version`] |
//! | a [`FormatError`] | [`Substitute::Format`] |
//! | no key, no card, no PIN | [`Substitute::Key`] |
//! | no Konnektor | [`Substitute::Konnektor`] |
//! | the verdict is not intact | what [`IntegrityMode`] says |
//!
//! ```
//! use std::time::UNIX_EPOCH;
//!
//! use kim_smime::{ReceiveLimits, Received, Substitute, outer_version};
//! use kim_types::{Address, Octets};
//!
//! let user: Address = "praxis@elefant.kim.telematik".parse()?;
//! let message = bytes::Bytes::from("From: a@x.de\r\nX-KOM-LE-Version: 1.0\r\n\r\nno CMS at all\r\n");
//! assert!(matches!(outer_version(&message), Ok(Some(version)) if version.is_supported()));
//!
//! let shown: Octets = match Received::parse(message.clone(), &ReceiveLimits::default()) {
//!     Ok(received) => unreachable!("{received:?} goes to the Konnektor: see Received"),
//!     Err(_) => Substitute::Format.mail(&message, &user, [7; 16], UNIX_EPOCH),
//! };
//! let text = String::from_utf8_lossy(&shown.to_bytes()).into_owned();
//! assert!(text.contains("X-KIM-DecryptionResult: 02\r\n"));
//! assert!(text.contains("no CMS at all"), "nothing is lost");
//! # Ok::<(), kim_types::AddressError>(())
//! ```
//!
//! # Headers
//!
//! A [`Header`] keeps the octets of each field; what is not changed comes out as it came in, and what is written cannot
//! become a second field. [`header_differences`] says whether the outer header shows what the signed one does.
//!
//! # The CMS structures
//!
//! Signing, encrypting, decrypting and verifying is the Konnektor's work. What is read and written here is what the
//! rules of KIM need besides:
//!
//! | type | what it is |
//! |---|---|
//! | [`Certificate`] | a certificate: owner, use, kind of key, validity |
//! | [`IssuerAndSerial`] | the name of a certificate, compared by meaning and written octet for octet |
//! | [`RecipientEmails`] | the attribute that says which certificate belongs to which address |
//! | [`Enveloped`] | the encrypted part of a message: for whom it is |
//! | [`Signed`] | the signed part: what was signed, by whom, for whom |
//! | [`normalize`] | the way from foreign BER to DER, with [`BerLimits`]; nothing foreign is read without it |
//!
//! Without a Konnektor, whatever implements [`DocumentCrypto`] does its work: [`Draft::protect`] and [`Received::open`] run the
//! chain with it. [`SignatureForm`] and [`EnvelopeForm`] write the structures around what a key makes, [`Signed`] and
//! [`Enveloped`] give what a key needs.
//!
//! Foreign octets never cause a panic, more work than their length justifies, or a guess: what breaks a rule of the
//! profile is refused with the [`ProfileViolation`] that names it. Content is shared, not copied, unless a sender
//! cut it into segments.
//!
//! ```
//! use bytes::Bytes;
//! use kim_smime::{
//!     BerLimits, Certificate, CmsError, Enveloped, RecipientEmail, RecipientEmails, RecipientEmailsError,
//! };
//! use kim_types::Address;
//!
//! /// Before signing and encrypting: the attribute for both.
//! fn attribute(chosen: &[(Address, Certificate)]) -> Result<Bytes, RecipientEmailsError> {
//!     let entry = |(address, certificate): &(Address, Certificate)| {
//!         RecipientEmail::new(address, certificate.issuer_and_serial().clone())
//!     };
//!     Ok(RecipientEmails::new(chosen.iter().map(entry))?.to_attribute())
//! }
//!
//! /// Before decrypting: whether one of the user's cards can do it.
//! fn can_decrypt(cms: &Bytes, user: &Address, card: &Certificate) -> Result<bool, CmsError> {
//!     let envelope = Enveloped::parse(cms, &BerLimits::default())?;
//!     Ok(envelope.recipient_emails().for_address(user).any(|name| name == card.issuer_and_serial()))
//! }
//!
//! assert_eq!(attribute(&[]), Err(RecipientEmailsError::Empty));
//! ```

mod admission;
mod algorithm;
mod asn1;
mod attributes;
mod ber;
mod certificate;
mod cms_error;
mod comparison;
mod date;
mod document_crypto;
mod draft;
mod encoding;
mod entity;
mod envelope_form;
mod enveloped;
mod forwarded;
mod frame;
mod header;
mod issuer;
mod kas_part;
mod mail_frame;
mod measure;
mod multipart;
mod normalise;
mod notes;
mod opened;
mod outer;
mod received;
mod recipient_emails;
mod shared_key;
mod signature_form;
mod signed;
mod substitute;
mod texts;
mod utf8;
mod verdict;
mod version;

pub use algorithm::KeyTransport;
pub use ber::{BerError, BerLimits, normalize};
pub use certificate::{Certificate, CertificateError, CertificateKind, KeyKind};
pub use cms_error::{CmsError, ProfileViolation};
pub use comparison::header_differences;
pub use date::rfc5322_date;
pub use document_crypto::{DocumentCrypto, OpenError, ProtectError};
pub use draft::{ChainError, Draft, EncryptRequest, Protected, SignRequest};
pub use entity::FormatError;
pub use envelope_form::EnvelopeForm;
pub use enveloped::{EncryptedKey, Enveloped};
pub use forwarded::forwarded;
pub use header::{Field, Header, HeaderError, HeaderLimits, Mailbox};
pub use issuer::{IssuerAndSerial, IssuerAndSerialError};
pub use kas_part::KasPart;
pub use mail_frame::MailFrame;
pub use measure::Measure;
pub use opened::{IntegrityMode, KasFailure, Opened};
pub use outer::{OuterFields, OuterMessage, is_cm_version, is_pt_version};
pub use received::{DecryptRequest, ReceiveLimits, Received, VerifyRequest};
pub use recipient_emails::{RecipientEmail, RecipientEmails, RecipientEmailsError};
pub use shared_key::{SharedKey, shared_keys};
pub use signature_form::SignatureForm;
pub use signed::Signed;
pub use substitute::Substitute;
pub use verdict::{DecryptionResult, IntegrityId, Ownership, SignatureResult, Verdict};
pub use version::{MessageVersion, OuterVersion, outer_version};
