//! The encryption of documents: AES-256-GCM.

use kim_smime::{EnvelopeForm, Enveloped};
use kim_types::{Octets, Secret};
use openssl::error::ErrorStack;

use crate::gcm::{Gcm, TAG_OCTETS};

/// The whole structure, the document encrypted right into its place.
pub(super) fn encrypt(
    document: &Octets,
    key: &Secret,
    nonce: &[u8; 12],
    form: &EnvelopeForm,
) -> Result<Vec<u8>, ErrorStack> {
    let mut out = Vec::with_capacity(form.len().saturating_add(TAG_OCTETS));
    out.extend_from_slice(form.before());
    let mut gcm = Gcm::encrypt(key, nonce)?;
    document.pieces().iter().try_for_each(|piece| gcm.append(piece, &mut out))?;
    out.extend_from_slice(&form.after(&gcm.tag()?));
    Ok(out)
}

/// The document, if the tag is right.
pub(super) fn decrypt(envelope: &Enveloped, key: &Secret) -> Result<Vec<u8>, ErrorStack> {
    let mut gcm = Gcm::decrypt(key, envelope.nonce())?;
    gcm.authenticate(envelope.authenticated())?;
    let mut unverified = Vec::with_capacity(envelope.ciphertext().len().saturating_add(TAG_OCTETS));
    envelope.ciphertext().pieces().iter().try_for_each(|piece| gcm.append(piece, &mut unverified))?;
    gcm.verify(envelope.tag())?;
    Ok(unverified)
}
