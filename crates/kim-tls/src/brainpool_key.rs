//! Signatures with a brainpool key, for TLS 1.2.

use std::sync::Arc;

use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

/// A private key on a brainpool curve.
///
/// TLS 1.2 has no names for ECDSA on brainpool curves: a scheme is a hash there, whatever NIST curve its name in TLS 1.3
/// has. In TLS 1.3 that is no longer so, therefore whoever uses this key has to switch TLS 1.3 off.
///
/// Spec: RFC 5246 §7.4.1.4.1; RFC 8446 §4.2.3.
#[derive(Debug)]
pub(crate) struct BrainpoolKey(Arc<PKey<Private>>);

/// The brainpool curves, each with the hash that fits its strength best in front.
const CURVES: [(Nid, [SignatureScheme; 3]); 3] = [
    (Nid::BRAINPOOL_P256R1, [SHA256, SHA384, SHA512]),
    (Nid::BRAINPOOL_P384R1, [SHA384, SHA512, SHA256]),
    (Nid::BRAINPOOL_P512R1, [SHA512, SHA384, SHA256]),
];
const SHA256: SignatureScheme = SignatureScheme::ECDSA_NISTP256_SHA256;
const SHA384: SignatureScheme = SignatureScheme::ECDSA_NISTP384_SHA384;
const SHA512: SignatureScheme = SignatureScheme::ECDSA_NISTP521_SHA512;

impl BrainpoolKey {
    /// `None` if the key is not on a brainpool curve.
    pub(crate) fn new(key: &PKey<Private>) -> Option<Self> {
        schemes(key).map(|_| Self(Arc::new(key.clone())))
    }
}

fn schemes(key: &PKey<Private>) -> Option<[SignatureScheme; 3]> {
    let curve = key.ec_key().ok()?.group().curve_name()?;
    CURVES.iter().find(|(known, _)| *known == curve).map(|(_, schemes)| *schemes)
}

impl SigningKey for BrainpoolKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = schemes(&self.0)?.into_iter().find(|scheme| offered.contains(scheme))?;
        Some(Box::new(BrainpoolSigner { key: self.0.clone(), scheme }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        self.0.public_key_to_der().ok().map(Into::into)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

#[derive(Debug)]
struct BrainpoolSigner {
    key: Arc<PKey<Private>>,
    scheme: SignatureScheme,
}

impl Signer for BrainpoolSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let digest = match self.scheme {
            SHA384 => MessageDigest::sha384(),
            SHA512 => MessageDigest::sha512(),
            _ => MessageDigest::sha256(),
        };
        openssl::sign::Signer::new(digest, &self.key)
            .and_then(|mut signer| signer.sign_oneshot_to_vec(message))
            .map_err(|error| Error::General(format!("OpenSSL: {error}")))
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}
