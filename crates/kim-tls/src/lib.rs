//! Keys, trust and TLS for the Telematikinfrastruktur: rustls on OpenSSL, with brainpool.
//!
//! | type | what it is |
//! |---|---|
//! | [`Identity`] | a certificate with its key, from PKCS#12 of any age or from PEM |
//! | [`Pins`], [`Anchors`] | server certificates one knows; authorities one relies on |
//! | [`ServerTrust`], [`ExpectedName`], [`ServerKind`] | how a client recognises its server |
//! | [`ClientAuth`] | whether a server asks its clients for a certificate |
//! | [`client_config`], [`server_config`] | all of that as a configuration of rustls |
//! | [`Distrust`] | why a certificate was refused, inside the error of a handshake |
//! | [`MailDataEncryptor`], [`MailDataDecryptor`] | the encryption of large mails, streamed |
//! | [`SoftwareKeys`] | signs, encrypts, decrypts and verifies mails without a Konnektor |
//! | [`Sealer`], [`Opener`] | blocks of a file that nobody else can read or change |
//!
//! Konnektors and services of the TI use RSA, the curves of NIST and those of brainpool. rustls does the protocol,
//! OpenSSL the cryptography; what rustls has no notion of (key exchange, keys and certificates on brainpool curves in
//! TLS 1.2, certificates without alternative names) is added here.
//!
//! A client of a mail server, whose certificate is not just valid but that of a KIM Fachdienst:
//!
//! ```no_run
//! use kim_tls::{Anchors, ExpectedName, Identity, ServerKind, ServerTrust, client_config};
//! use kim_types::Secret;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let identity = Identity::from_pkcs12(&std::fs::read("clientmodul.p12")?, &Secret::from("00"))?;
//! let trust = ServerTrust::Anchors {
//!     anchors: Anchors::from_pem(&std::fs::read("komp-ca.pem")?)?,
//!     name: ExpectedName::Dns("mail.example.kim.telematik".into()),
//!     required_kind: Some(ServerKind::FachdienstServer),
//! };
//! let config: std::sync::Arc<rustls::ClientConfig> = client_config(trust, Some(&identity))?;
//! # let _ = config;
//! # Ok(())
//! # }
//! ```
//!
//! A pinned certificate is accepted by itself, without regard to issuer, name and validity; see [`Pins`]. Revocation is
//! not checked here: that is the Konnektor's part (VerifyCertificate).
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2064-02, KOM-LE-A_2075-03, A_17239.

mod anchors;
mod brainpool_exchange;
mod brainpool_key;
mod certificate;
mod config;
mod distrust;
mod gcm;
mod identity;
mod kind;
mod look;
mod mail_data;
mod pins;
mod pkcs12;
mod provider;
mod random;
mod sealing;
mod signature;
mod software_keys;
mod trust;
mod verifier;

pub use anchors::Anchors;
pub use certificate::{CertificateText, fingerprint, not_after, time_left};
pub use config::{TlsError, client_config, server_config};
pub use distrust::Distrust;
pub use identity::{Identity, IdentityError, KeyKind};
pub use kind::ServerKind;
pub use look::CertificateLook;
pub use mail_data::{MailDataCipherError, MailDataDecryptor, MailDataDigest, MailDataEncryptor};
pub use pins::{MAX_CERTIFICATES, PemError, Pins, pem_certificates};
pub use provider::provider;
pub use random::random;
pub use sealing::{Opener, SEAL_OCTETS, SealError, Sealer};
pub use software_keys::{SoftwareKeyError, SoftwareKeys};
pub use trust::{ClientAuth, ExpectedName, ServerTrust};
