//! A key and its certificate: [`Identity`].

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{Id, PKey, Private};
use openssl::provider::Provider;
use openssl::x509::{X509, X509Ref};

use super::KeyType;
use super::sure::sure;

/// A private key and the certificate for it.
///
/// Spec: gemSpec_PKI 2.14.1, certificate profiles.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: X509,
    /// The key, which `Debug` does not show.
    pub key: PKey<Private>,
}

/// How a PKCS#12 file is encrypted.
///
/// Spec: gemSpec_Kon 5.18.0, A_21811-01 (export of keys); RFC 7292.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pkcs12Encryption {
    /// AES-256 and a MAC with SHA-256.
    Modern,
    /// As many Konnektors write it: RC2 with 40 bits for certificates, 3DES for the key, a MAC with SHA-1.
    ///
    /// Needs the provider `legacy` of OpenSSL.
    Legacy,
}

impl Identity {
    /// Loads a key (PEM or DER, not encrypted) and its certificate (PEM or DER), such as gematik's published examples.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn from_key_and_certificate(key: &[u8], certificate: &[u8]) -> Result<Self, ErrorStack> {
        let key = PKey::private_key_from_pem(key).or_else(|_| PKey::private_key_from_der(key))?;
        let certificate = X509::from_pem(certificate).or_else(|_| X509::from_der(certificate))?;
        Ok(Self { certificate, key })
    }

    /// Loads a PKCS#12 file that holds a key and its certificate.
    ///
    /// # Errors
    /// The file cannot be read, or one of the two is missing.
    pub fn from_pkcs12(file: &[u8], password: &str) -> Result<Option<Self>, ErrorStack> {
        let content = Pkcs12::from_der(file)?.parse2(password)?;
        Ok(content.cert.zip(content.pkey).map(|(certificate, key)| Self { certificate, key }))
    }

    /// The certificate as DER.
    pub fn certificate_der(&self) -> Vec<u8> {
        sure(self.certificate.to_der())
    }

    /// The certificate as PEM.
    pub fn certificate_pem(&self) -> String {
        String::from_utf8_lossy(&sure(self.certificate.to_pem())).into_owned()
    }

    /// The type of the key.
    pub fn key_type(&self) -> KeyType {
        key_type(&self.certificate)
    }

    /// Packs key and certificate.
    ///
    /// # Errors
    /// OpenSSL lacks the algorithms of [`Pkcs12Encryption::Legacy`], or the password has a NUL.
    pub fn to_pkcs12(&self, password: &str, encryption: Pkcs12Encryption) -> Result<Vec<u8>, ErrorStack> {
        let (for_key, for_certificate, mac) = match encryption {
            Pkcs12Encryption::Modern => (Nid::AES_256_CBC, Nid::AES_256_CBC, MessageDigest::sha256()),
            Pkcs12Encryption::Legacy => (
                Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC,
                Nid::PBE_WITHSHA1AND40BITRC2_CBC,
                MessageDigest::sha1(),
            ),
        };
        let _legacy = match encryption {
            Pkcs12Encryption::Modern => None,
            Pkcs12Encryption::Legacy => Some(Provider::try_load(None, "legacy", true)?),
        };
        let mut builder = Pkcs12::builder();
        builder.name("kim-testbed").pkey(&self.key).cert(&self.certificate);
        builder.key_algorithm(for_key).cert_algorithm(for_certificate).mac_md(mac);
        builder.build2(password)?.to_der()
    }
}

/// The type of the key in a certificate; what is neither RSA nor P-256 counts as brainpool.
pub(crate) fn key_type(certificate: &X509Ref) -> KeyType {
    let Ok(key) = certificate.public_key() else { return KeyType::Brainpool };
    match (key.id(), key.ec_key().ok().and_then(|key| key.group().curve_name())) {
        (Id::RSA, _) => KeyType::Rsa,
        (_, Some(Nid::X9_62_PRIME256V1)) => KeyType::NistP256,
        _ => KeyType::Brainpool,
    }
}
