//! Whether a peer has the key of its certificate: the signature in the handshake.

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};
use openssl::x509::X509;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme};

use crate::distrust::Distrust;

/// The schemes a peer may sign with, ECDSA first (A_17239), nothing below SHA-256.
pub(crate) fn schemes() -> Vec<SignatureScheme> {
    SCHEMES.into_iter().chain(BRAINPOOL.map(|(number, _)| number.into())).collect()
}

const SCHEMES: [SignatureScheme; 9] = [
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

/// The schemes TLS 1.3 has for brainpool. A server with such a key that knows TLS 1.3 does not fall back to TLS 1.2 but
/// fails if they are not offered: OpenSSL from version 3.2 on.
///
/// Spec: RFC 8734 §3.
const BRAINPOOL: [(u16, Nid); 3] =
    [(0x081a, Nid::BRAINPOOL_P256R1), (0x081b, Nid::BRAINPOOL_P384R1), (0x081c, Nid::BRAINPOOL_P512R1)];

/// In TLS 1.2 a scheme names a hash and a kind of key; the curve is that of the certificate, brainpool included.
pub(crate) fn verify_tls12(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    verify(message, &public_key(certificate)?, signed, SCHEMES.contains(&signed.scheme))
}

/// In TLS 1.3 a scheme also names the curve, and RSA signs with PSS only.
pub(crate) fn verify_tls13(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let key = public_key(certificate)?;
    let curve = key.ec_key().ok().and_then(|key| key.group().curve_name());
    let fits = match signed.scheme {
        SignatureScheme::ECDSA_NISTP256_SHA256 => curve == Some(Nid::X9_62_PRIME256V1),
        SignatureScheme::ECDSA_NISTP384_SHA384 => curve == Some(Nid::SECP384R1),
        SignatureScheme::ECDSA_NISTP521_SHA512 => curve == Some(Nid::SECP521R1),
        SignatureScheme::RSA_PSS_SHA256
        | SignatureScheme::RSA_PSS_SHA384
        | SignatureScheme::RSA_PSS_SHA512 => true,
        other => BRAINPOOL.iter().any(|(number, known)| other == (*number).into() && curve == Some(*known)),
    };
    verify(message, &key, signed, fits)
}

fn public_key(certificate: &CertificateDer<'_>) -> Result<PKey<Public>, Error> {
    let certificate = X509::from_der(certificate).map_err(|_| Distrust::Malformed)?;
    Ok(certificate.public_key().map_err(|_| Distrust::Malformed)?)
}

fn verify(
    message: &[u8],
    key: &PKey<Public>,
    signed: &DigitallySignedStruct,
    fits: bool,
) -> Result<HandshakeSignatureValid, Error> {
    let method = method(signed.scheme).filter(|_| fits);
    let (id, digest, padding) = method.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    if key.id() == id && check(message, key, signed.signature(), digest, padding).unwrap_or(false) {
        return Ok(HandshakeSignatureValid::assertion());
    }
    Err(CertificateError::BadSignature.into())
}

fn method(scheme: SignatureScheme) -> Option<(Id, MessageDigest, Option<Padding>)> {
    let (pss, pkcs1) = (Some(Padding::PKCS1_PSS), Some(Padding::PKCS1));
    Some(match scheme {
        SignatureScheme::ECDSA_NISTP256_SHA256 => (Id::EC, MessageDigest::sha256(), None),
        SignatureScheme::ECDSA_NISTP384_SHA384 => (Id::EC, MessageDigest::sha384(), None),
        SignatureScheme::ECDSA_NISTP521_SHA512 => (Id::EC, MessageDigest::sha512(), None),
        SignatureScheme::RSA_PSS_SHA256 => (Id::RSA, MessageDigest::sha256(), pss),
        SignatureScheme::RSA_PSS_SHA384 => (Id::RSA, MessageDigest::sha384(), pss),
        SignatureScheme::RSA_PSS_SHA512 => (Id::RSA, MessageDigest::sha512(), pss),
        SignatureScheme::RSA_PKCS1_SHA256 => (Id::RSA, MessageDigest::sha256(), pkcs1),
        SignatureScheme::RSA_PKCS1_SHA384 => (Id::RSA, MessageDigest::sha384(), pkcs1),
        SignatureScheme::RSA_PKCS1_SHA512 => (Id::RSA, MessageDigest::sha512(), pkcs1),
        other => match u16::from(other) {
            0x081a => (Id::EC, MessageDigest::sha256(), None),
            0x081b => (Id::EC, MessageDigest::sha384(), None),
            0x081c => (Id::EC, MessageDigest::sha512(), None),
            _ => return None,
        },
    })
}

/// Checks a signature; RSASSA-PSS with a salt as long as the hash.
pub(crate) fn check(
    message: &[u8],
    key: &PKey<Public>,
    signature: &[u8],
    digest: MessageDigest,
    padding: Option<Padding>,
) -> Result<bool, ErrorStack> {
    let mut verifier = Verifier::new(digest, key)?;
    if let Some(padding) = padding {
        verifier.set_rsa_padding(padding)?;
        if padding == Padding::PKCS1_PSS {
            verifier.set_rsa_mgf1_md(digest)?;
            verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
        }
    }
    verifier.verify_oneshot(signature, message)
}
