//! Certificates known by name and face: [`Pins`].

use std::collections::BTreeSet;
use std::fmt;

use openssl::x509::X509;
use thiserror::Error;

use crate::certificate::fingerprint;

/// The server certificates that are accepted, whoever issued them and whatever their name is: the way to trust a
/// Konnektor, whose certificate names neither its address nor a host.
///
/// A pin is the SHA-256 of a certificate or of its public key (SubjectPublicKeyInfo). There may be several, so that the
/// next certificate is known before it is used. **The validity of a pinned certificate is not enforced**: the pin is the
/// operator's decision, and a Konnektor whose certificate has just ended must still be reachable to renew it; watch it
/// with [`time_left`](crate::time_left). That the server has the key is always checked.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070; gemSpec_Kon 5.18.0, server certificate C.AK.AUT.
#[derive(Clone, PartialEq, Eq)]
pub struct Pins(BTreeSet<[u8; 32]>);

/// Why a file has no certificates to rely on.
///
/// Spec: none — the errors of parsing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PemError {
    /// No PEM certificate in it, or one that is damaged.
    #[error("the file is not PEM with certificates")]
    Malformed,
    /// More than [`MAX_CERTIFICATES`](crate::MAX_CERTIFICATES).
    #[error("the file has more certificates than allowed")]
    TooMany,
}

/// How many certificates a PEM file may have: 1000.
///
/// Spec: none — a bound of our own.
pub const MAX_CERTIFICATES: usize = 1000;

impl Pins {
    /// Pins the public keys of the certificates in a PEM file, so that a new certificate for an old key is known, too.
    ///
    /// # Errors
    /// [`PemError`] if there is no certificate in it, or a damaged one.
    pub fn from_pem(pem: &[u8]) -> Result<Self, PemError> {
        let certificates = certificates(pem)?;
        let keys =
            certificates.iter().map(|certificate| key_fingerprint(certificate).ok_or(PemError::Malformed));
        keys.collect::<Result<_, _>>().map(Self)
    }

    /// Pins SHA-256 fingerprints of certificates or of public keys.
    pub fn from_fingerprints(fingerprints: impl IntoIterator<Item = [u8; 32]>) -> Self {
        Self(fingerprints.into_iter().collect())
    }

    /// Adds the pins of `other`.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether a certificate (DER) or its key is pinned.
    pub fn contain(&self, certificate: &[u8]) -> bool {
        let key = || X509::from_der(certificate).ok().as_ref().and_then(key_fingerprint);
        self.0.contains(&fingerprint(certificate)) || key().is_some_and(|key| self.0.contains(&key))
    }
}

impl fmt::Debug for Pins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} pins]", self.0.len())
    }
}

/// The certificates of a PEM file as DER, at least one.
///
/// # Errors
/// [`PemError`] if there is no certificate in it, or a damaged one.
///
/// Spec: none — reading of a file.
pub fn pem_certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, PemError> {
    certificates(pem)?.iter().map(|one| one.to_der().map_err(|_| PemError::Malformed)).collect()
}

/// The certificates of a PEM file, at least one.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<X509>, PemError> {
    match X509::stack_from_pem(pem) {
        Ok(all) if all.len() > MAX_CERTIFICATES => Err(PemError::TooMany),
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(PemError::Malformed),
    }
}

fn key_fingerprint(certificate: &X509) -> Option<[u8; 32]> {
    Some(fingerprint(&certificate.public_key().ok()?.public_key_to_der().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Anchors, ServerKind};

    #[test]
    fn a_file_without_certificates_is_no_reason_to_trust_anybody() {
        let damaged = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        for pem in [&b""[..], b"no PEM", damaged, b"-----BEGIN CERTIFICATE-----\n"] {
            assert_eq!(Pins::from_pem(pem), Err(PemError::Malformed));
            assert_eq!(Anchors::from_pem(pem).err(), Some(PemError::Malformed));
        }
    }

    #[test]
    fn what_is_no_certificate_is_neither_pinned_nor_of_a_kind() {
        for octets in [&b""[..], b"\x30\x80", b"\x30\x03\x02\x01\x01"] {
            assert!(!Pins::from_fingerprints([[0; 32]]).contain(octets));
            assert!(!ServerKind::FachdienstServer.matches(octets));
        }
    }
}
