//! Writing AuthEnvelopedData: [`encrypt`].

use openssl::error::ErrorStack;
use openssl::md::Md;
use openssl::pkey::{PKeyRef, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rand::rand_bytes;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, encrypt_aead};
use openssl::x509::{X509, X509Ref};

use super::Form;
use super::der::{SEQUENCE, SET, context, octet_string, oid, sequence, tlv, unsigned};
use super::ecies::encipher;
use super::oids::{AES_256_GCM, AUTH_ENVELOPED_DATA, DATA, ECIES, RSAES_OAEP};
use super::sign::{issuer_and_serial_number, mgf1, sha_256_for_rsa};
use crate::pki::{KeyType, key_type};

/// The octets of the GCM tag, the only length that is written and accepted.
pub(super) const TAG: usize = 16;
/// The octets of the GCM nonce.
pub(super) const NONCE: usize = 12;

/// Encrypts a document for the holders of certificates, with RSAES-OAEP or ECIES as their keys are.
///
/// `attributes` are unauthenticated attributes, each a DER `Attribute` that is taken over octet by octet. The recipients
/// appear in the order given.
///
/// # Errors
/// A certificate has a key that does not work.
///
/// Spec: gemSMIME_KOMLE 1.7.0, authenticated-enveloped-data; RFC 5083; RFC 5084.
pub fn encrypt(
    content: &[u8],
    recipients: &[X509],
    attributes: &[Vec<u8>],
    form: Form,
) -> Result<Vec<u8>, ErrorStack> {
    let (mut content_key, mut nonce, mut tag) = ([0; 32], [0; NONCE], [0; TAG]);
    rand_bytes(&mut content_key)?;
    rand_bytes(&mut nonce)?;
    let ciphertext = encrypt_aead(Cipher::aes_256_gcm(), &content_key, Some(&nonce), &[], content, &mut tag)?;
    let recipients = recipients
        .iter()
        .map(|certificate| recipient(certificate, &content_key))
        .collect::<Result<Vec<_>, _>>()?;

    let parameters = sequence(&[octet_string(&nonce), unsigned(&[16])]);
    let encrypted_content = form.wrap(
        SEQUENCE,
        &[oid(&DATA), sequence(&[oid(&AES_256_GCM), parameters]), form.content(0x80, &ciphertext)],
    );
    let mut parts = vec![unsigned(&[0]), tlv(SET, &recipients), encrypted_content, octet_string(&tag)];
    if !attributes.is_empty() {
        parts.push(tlv(context(2), attributes));
    }
    let enveloped = form.wrap(SEQUENCE, &parts);
    Ok(form.wrap(SEQUENCE, &[oid(&AUTH_ENVELOPED_DATA), form.wrap(context(0), &[enveloped])]))
}

/// A KeyTransRecipientInfo, also for ECC.
fn recipient(certificate: &X509Ref, content_key: &[u8; 32]) -> Result<Vec<u8>, ErrorStack> {
    let key = certificate.public_key()?;
    let (algorithm, encrypted_key) = match key_type(certificate) {
        KeyType::Rsa => (oaep(), encrypt_oaep(&key, content_key)?),
        KeyType::Brainpool | KeyType::NistP256 => (sequence(&[oid(&ECIES)]), encipher(&key, content_key)?),
    };
    Ok(sequence(&[
        unsigned(&[0]),
        issuer_and_serial_number(certificate)?,
        algorithm,
        octet_string(&encrypted_key),
    ]))
}

fn oaep() -> Vec<u8> {
    let parameters = sequence(&[tlv(context(0), &[sha_256_for_rsa()]), tlv(context(1), &[mgf1()])]);
    sequence(&[oid(&RSAES_OAEP), parameters])
}

fn encrypt_oaep(key: &PKeyRef<Public>, content_key: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut context = PkeyCtx::new(key)?;
    context.encrypt_init()?;
    context.set_rsa_padding(Padding::PKCS1_OAEP)?;
    context.set_rsa_oaep_md(Md::sha256())?;
    context.set_rsa_mgf1_md(Md::sha256())?;
    let mut out = Vec::new();
    context.encrypt_to_vec(content_key, &mut out)?;
    Ok(out)
}
