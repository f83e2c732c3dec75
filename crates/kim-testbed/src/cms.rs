//! What a Konnektor makes of documents and back: [`sign`] and [`verify`], [`encrypt`] and [`decrypt`].
//!
//! The structures are those real Konnektors write, in the indefinite-length form most of them use and in DER.
//! Nothing of it is shared with the libraries this testbed tests.
//!
//! ```
//! use kim_testbed::cms::{Form, decrypt, encrypt};
//! use kim_testbed::pki::{CertificateType, Holder, KeyType, Pki};
//!
//! let practice = Holder::institution("Praxis A", "9-TESTBED-1".parse()?);
//! let identity = Pki::new(1).issue(CertificateType::HciEnc, KeyType::Brainpool, &practice);
//! let sealed = encrypt(b"Befund", &[identity.certificate.clone()], &[], Form::Indefinite)?;
//! assert_eq!(decrypt(&sealed, [&identity])?.content, b"Befund");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ber;
mod decrypt;
pub(crate) mod der;
mod ecies;
mod encrypt;
mod form;
mod inspect;
mod oids;
mod sign;
mod verify;

pub use decrypt::{DecryptError, Opened, decrypt};
pub use encrypt::encrypt;
pub use form::Form;
pub use sign::{SignatureRequest, sign};
pub use verify::{Verified, VerifyError, verify};

pub(crate) use inspect::{is_attribute, policies, roles};
