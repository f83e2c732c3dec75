//! The encryption of documents: AES-256-GCM.

use kim_smime::{EnvelopeForm, Enveloped};
use kim_types::{Octets, Secret};
use openssl::error::ErrorStack;
use openssl::symm::{Cipher, Crypter, Mode};

use crate::mail_data::append;

const TAG_OCTETS: usize = 16;

/// The whole structure, the document encrypted right into its place.
pub(super) fn encrypt(
    document: &Octets,
    key: &Secret,
    nonce: &[u8; 12],
    form: &EnvelopeForm,
) -> Result<Vec<u8>, ErrorStack> {
    let mut out = Vec::with_capacity(form.len().saturating_add(TAG_OCTETS));
    out.extend_from_slice(form.before());
    let mut crypter = Crypter::new(Cipher::aes_256_gcm(), Mode::Encrypt, key.expose(), Some(nonce))?;
    for piece in document.pieces() {
        append(&mut crypter, piece, &mut out)?;
    }
    crypter.finalize(&mut [0; TAG_OCTETS])?;
    let mut tag = [0; TAG_OCTETS];
    crypter.get_tag(&mut tag)?;
    out.extend_from_slice(&form.after(&tag));
    Ok(out)
}

/// The document, if the tag is right.
pub(super) fn decrypt(envelope: &Enveloped, key: &Secret) -> Result<Vec<u8>, ErrorStack> {
    let nonce = Some(envelope.nonce().as_slice());
    let mut crypter = Crypter::new(Cipher::aes_256_gcm(), Mode::Decrypt, key.expose(), nonce)?;
    crypter.aad_update(envelope.authenticated())?;
    let mut unverified = Vec::with_capacity(envelope.ciphertext().len().saturating_add(TAG_OCTETS));
    for piece in envelope.ciphertext().pieces() {
        append(&mut crypter, piece, &mut unverified)?;
    }
    crypter.set_tag(envelope.tag())?;
    crypter.finalize(&mut [0; TAG_OCTETS])?;
    Ok(unverified)
}
