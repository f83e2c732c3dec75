//! A certificate with its key: [`Identity`].

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kim_types::Secret;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::x509::X509;
use rustls::crypto::KeyProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use thiserror::Error;

use crate::brainpool_key::BrainpoolKey;
use crate::certificate::time_of;
use crate::pkcs12;

/// A certificate, the certificates above it, and its private key: what one shows in a TLS handshake.
///
/// Cheap to clone. `Debug` shows the kind of key and the end of validity, nothing else.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19513, A_18783, KOM-LE-A_2065, KOM-LE-A_2182-01.
#[derive(Clone)]
pub struct Identity {
    certified: Arc<CertifiedKey>,
    key: PKey<Private>,
    kind: KeyKind,
    not_after: SystemTime,
}

/// The kind of a private key.
///
/// Spec: gemSpec_PKI 2.14.1 (keys of TLS identities).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA of at least 2048 bits.
    Rsa,
    /// A curve of NIST: P-256, P-384 or P-521.
    Nist,
    /// A brainpool curve: P256r1, P384r1 or P512r1. Connections with such a key use TLS 1.2.
    Brainpool,
}

/// Why key material cannot be used.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19513.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The password is wrong, or no password opens the file.
    #[error("the password does not open the file")]
    Password,
    /// The file is none of the expected kind, damaged, or larger than [`Identity::MAX_OCTETS`].
    #[error("the file is malformed")]
    Malformed,
    /// The file is encrypted with an algorithm that this OpenSSL has not got, not even in its legacy provider.
    #[error("the encryption of the file is not supported")]
    Unsupported,
    /// There is no private key in it.
    #[error("there is no private key")]
    NoKey,
    /// There is no certificate in it.
    #[error("there is no certificate")]
    NoCertificate,
    /// The key belongs to another certificate.
    #[error("the key does not belong to the certificate")]
    Mismatch,
    /// The key is neither RSA of at least 2048 bits nor on one of the known curves.
    #[error("the kind or size of the key is not supported")]
    Key,
}

impl Identity {
    /// The greatest size of a file in octets: 1 MiB.
    pub const MAX_OCTETS: usize = 1024 * 1024;

    /// How long before the end of a certificate one should begin to warn: 180 days.
    pub const WARNING: Duration = Duration::from_secs(180 * 24 * 60 * 60);

    /// Opens a PKCS#12 file, as the Account Manager sends it or a Konnektor exports it.
    ///
    /// An empty `password` stands for an empty one as well as for none. Files with the old encryption (RC2, 3DES) are
    /// opened with OpenSSL's legacy provider, which is loaded for this only. All certificates of the file are kept as
    /// chain. Old files may ask for a second of key derivation: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`IdentityError`] says whether password, file or key is the trouble.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19513, A_18783; A_19468-03 (a file without password).
    pub fn from_pkcs12(der: &[u8], password: &Secret) -> Result<Self, IdentityError> {
        if der.len() > Self::MAX_OCTETS {
            return Err(IdentityError::Malformed);
        }
        let content = pkcs12::open(der, password)?;
        let key = content.pkey.ok_or(IdentityError::NoKey)?;
        let certificate = content.cert.ok_or(IdentityError::NoCertificate)?;
        Self::new(&certificate, content.ca.iter().flatten(), &key)
    }

    /// Takes a PEM file of certificates, one's own first, and a PEM file with the private key, not encrypted.
    ///
    /// # Errors
    /// [`IdentityError`] says whether file or key is the trouble.
    ///
    /// Spec: none — for certificates that an operator made himself (A_25232-01 allows it towards mail programs).
    pub fn from_pem(certificates: &[u8], key: &Secret) -> Result<Self, IdentityError> {
        if certificates.len() > Self::MAX_OCTETS || key.expose().len() > Self::MAX_OCTETS {
            return Err(IdentityError::Malformed);
        }
        let all = X509::stack_from_pem(certificates).map_err(|_| IdentityError::Malformed)?;
        let (certificate, chain) = all.split_first().ok_or(IdentityError::NoCertificate)?;
        // The callback keeps OpenSSL from asking for a password on the terminal.
        let key = PKey::private_key_from_pem_callback(key.expose(), |_| Ok(0));
        Self::new(certificate, chain, &key.map_err(|_| IdentityError::NoKey)?)
    }

    fn new<C: AsRef<openssl::x509::X509Ref>>(
        certificate: &openssl::x509::X509Ref,
        chain: impl IntoIterator<Item = C>,
        key: &PKey<Private>,
    ) -> Result<Self, IdentityError> {
        let public = certificate.public_key().map_err(|_| IdentityError::Key)?;
        if !public.public_eq(key) {
            return Err(IdentityError::Mismatch);
        }
        let mut certificates = vec![to_der(certificate)?];
        for one in chain {
            certificates.push(to_der(one.as_ref())?);
        }
        let (kind, signing) = signing_key(key).ok_or(IdentityError::Key)?;
        Ok(Self {
            certified: Arc::new(CertifiedKey::new(certificates, signing)),
            key: key.clone(),
            kind,
            not_after: time_of(certificate.not_after()).ok_or(IdentityError::Malformed)?,
        })
    }

    /// The certificate as DER.
    pub fn certificate(&self) -> &[u8] {
        self.certified.cert.first().map(AsRef::as_ref).unwrap_or_default()
    }

    /// The other certificates of the file as DER, in its order.
    pub fn chain(&self) -> impl Iterator<Item = &[u8]> {
        self.certified.cert.iter().skip(1).map(AsRef::as_ref)
    }

    /// The kind of the key.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The last moment of the certificate.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// How long the certificate is still good; zero when it is over. Compare with [`Identity::WARNING`].
    pub fn time_left(&self, now: SystemTime) -> Duration {
        self.not_after.duration_since(now).unwrap_or_default()
    }

    pub(crate) fn key(&self) -> &PKey<Private> {
        &self.key
    }

    pub(crate) fn certified(&self) -> Arc<CertifiedKey> {
        self.certified.clone()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, not_after, .. } = self;
        f.debug_struct("Identity").field("kind", kind).field("not_after", not_after).finish_non_exhaustive()
    }
}

fn to_der(certificate: &openssl::x509::X509Ref) -> Result<CertificateDer<'static>, IdentityError> {
    certificate.to_der().map(CertificateDer::from).map_err(|_| IdentityError::Malformed)
}

fn signing_key(key: &PKey<Private>) -> Option<(KeyKind, Arc<dyn SigningKey>)> {
    if let Some(brainpool) = BrainpoolKey::new(key) {
        return Some((KeyKind::Brainpool, Arc::new(brainpool)));
    }
    let kind = match key.id() {
        Id::RSA if key.bits() >= 2048 => KeyKind::Rsa,
        Id::EC => match key.ec_key().ok()?.group().curve_name()? {
            Nid::X9_62_PRIME256V1 | Nid::SECP384R1 | Nid::SECP521R1 => KeyKind::Nist,
            _ => return None,
        },
        _ => return None,
    };
    let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.private_key_to_pkcs8().ok()?));
    Some((kind, rustls_openssl::KeyProvider.load_private_key(der).ok()?))
}
