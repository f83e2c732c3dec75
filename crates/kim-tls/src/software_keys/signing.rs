//! Signatures of documents: RSASSA-PSS, RSA PKCS#1, ECDSA.

use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, ID_RSASSA_PSS, ID_SHA_256, ID_SHA_384,
    ID_SHA_512, RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION, SHA_384_WITH_RSA_ENCRYPTION,
    SHA_512_WITH_RSA_ENCRYPTION,
};
use der::asn1::ObjectIdentifier;
use kim_smime::Signed;
use kim_types::Octets;
use openssl::error::ErrorStack;
use openssl::hash::{Hasher, MessageDigest};
use openssl::pkey::{Id, PKeyRef, Private};
use openssl::rsa::Padding;
use openssl::sha::Sha256;
use openssl::sign::{RsaPssSaltlen, Signer};
use openssl::x509::X509;

use crate::signature::check;

/// The SHA-256 of a document.
pub(super) fn digest(document: &Octets) -> [u8; 32] {
    let mut hash = Sha256::new();
    document.pieces().iter().for_each(|piece| hash.update(piece));
    hash.finish()
}

/// Signs with SHA-256: RSASSA-PSS with a salt of 32 octets, or ECDSA.
pub(super) fn sign(key: &PKeyRef<Private>, octets: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut signer = Signer::new(MessageDigest::sha256(), key)?;
    if key.id() == Id::RSA {
        signer.set_rsa_padding(Padding::PKCS1_PSS)?;
        signer.set_rsa_mgf1_md(MessageDigest::sha256())?;
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
    }
    signer.sign_oneshot_to_vec(octets)
}

/// Whether digest and signature fit; `None` for algorithms that are not known.
pub(super) fn holds(signed: &Signed) -> Result<Option<bool>, ErrorStack> {
    let Some(digest) = hash(signed.digest_algorithm()) else { return Ok(None) };
    let Some(method) = method(signed.signature_algorithm(), digest) else { return Ok(None) };
    let mut hasher = Hasher::new(digest)?;
    for piece in signed.content().pieces() {
        hasher.update(piece)?;
    }
    if *hasher.finish()? != **signed.message_digest() {
        return Ok(Some(false));
    }
    let Ok(key) = X509::from_der(signed.signer().der()).and_then(|certificate| certificate.public_key())
    else {
        return Ok(Some(false));
    };
    let (id, digest, padding) = method;
    let fits = |octets: Vec<u8>| check(&octets, &key, signed.signature(), digest, padding).unwrap_or(false);
    Ok(Some(key.id() == id && signed.signed_octets().into_iter().any(fits)))
}

fn hash(algorithm: ObjectIdentifier) -> Option<MessageDigest> {
    match algorithm {
        ID_SHA_256 => Some(MessageDigest::sha256()),
        ID_SHA_384 => Some(MessageDigest::sha384()),
        ID_SHA_512 => Some(MessageDigest::sha512()),
        _ => None,
    }
}

/// Kind of key, hash and padding; `digest` is the hash where the algorithm leaves it open.
fn method(
    algorithm: ObjectIdentifier,
    digest: MessageDigest,
) -> Option<(Id, MessageDigest, Option<Padding>)> {
    let pkcs1 = Some(Padding::PKCS1);
    Some(match algorithm {
        ECDSA_WITH_SHA_256 => (Id::EC, MessageDigest::sha256(), None),
        ECDSA_WITH_SHA_384 => (Id::EC, MessageDigest::sha384(), None),
        ECDSA_WITH_SHA_512 => (Id::EC, MessageDigest::sha512(), None),
        ID_RSASSA_PSS => (Id::RSA, digest, Some(Padding::PKCS1_PSS)),
        RSA_ENCRYPTION => (Id::RSA, digest, pkcs1),
        SHA_256_WITH_RSA_ENCRYPTION => (Id::RSA, MessageDigest::sha256(), pkcs1),
        SHA_384_WITH_RSA_ENCRYPTION => (Id::RSA, MessageDigest::sha384(), pkcs1),
        SHA_512_WITH_RSA_ENCRYPTION => (Id::RSA, MessageDigest::sha512(), pkcs1),
        _ => return None,
    })
}
