//! Reading AuthEnvelopedData: [`decrypt`].

use const_oid::ObjectIdentifier;
use openssl::error::ErrorStack;
use openssl::md::Md;
use openssl::pkey::{PKeyRef, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, decrypt_aead};
use thiserror::Error;

use super::ber::{Element, Malformed};
use super::der::{INTEGER, OCTET_STRING, SEQUENCE, SET, context};
use super::ecies::decipher;
use super::encrypt::{NONCE, TAG};
use super::oids::{AES_256_GCM, AUTH_ENVELOPED_DATA, ECIES, RSAES_OAEP};
use super::sign::issuer_and_serial_number;
use crate::pki::Identity;

/// A decrypted document.
///
/// Spec: gemSpec_Kon 5.18.0, DecryptDocument.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// The document.
    pub content: Vec<u8>,
    /// The unauthenticated attributes, each a DER `Attribute`.
    pub attributes: Vec<Vec<u8>>,
}

/// Why a document could not be decrypted.
///
/// Spec: gemSpec_Kon 5.18.0, DecryptDocument (fault codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// This is no AuthEnvelopedData, or not one of the profile.
    #[error("not an encrypted document of the profile")]
    Format,
    /// It is for none of the keys.
    #[error("none of the keys is a recipient")]
    NoRecipient,
    /// It is for one of the keys, but was changed or made wrongly.
    #[error("the document cannot be decrypted")]
    Failed,
}

impl From<Malformed> for DecryptError {
    fn from(_: Malformed) -> Self {
        Self::Format
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Decrypts a document with the first of the keys it was encrypted for.
///
/// Takes BER in any form. Content is handed out only when the tag of 16 octets is right.
///
/// # Errors
/// See [`DecryptError`].
///
/// Spec: gemSMIME_KOMLE 1.7.0, authenticated-enveloped-data; RFC 5083; RFC 5084.
pub fn decrypt<'a>(cms: &[u8], keys: impl IntoIterator<Item = &'a Identity>) -> Result<Opened, DecryptError> {
    let mut info = Element::only(cms, SEQUENCE)?.fields()?;
    if info.next()?.oid()? != AUTH_ENVELOPED_DATA {
        return Err(DecryptError::Format);
    }
    let [enveloped] = info.tagged(context(0))?.children()?[..] else { return Err(DecryptError::Format) };
    let mut fields = enveloped.fields()?;
    fields.tagged(INTEGER)?;
    let recipients = fields.tagged(SET)?.members()?;
    let encrypted = EncryptedContent::read(&fields.tagged(SEQUENCE)?)?;
    // Attributes under context 1 would be authenticated; the profile has none.
    let tag = fields.tagged(OCTET_STRING)?.octets()?;
    let attributes = fields.optional(context(2)).map(|set| set.children()).transpose()?.unwrap_or_default();
    fields.end()?;

    let recipients = recipients.iter().filter_map(|info| Recipient::read(info).ok()).collect::<Vec<_>>();
    let content_key = content_key(&recipients, keys)?;
    if tag.len() != TAG {
        return Err(DecryptError::Format);
    }
    let nonce = Some(encrypted.nonce.as_slice());
    let content = decrypt_aead(Cipher::aes_256_gcm(), &content_key, nonce, &[], &encrypted.ciphertext, &tag)
        .map_err(|_| DecryptError::Failed)?;
    Ok(Opened { content, attributes: attributes.iter().map(|attribute| attribute.raw.to_vec()).collect() })
}

/// An EncryptedContentInfo with AES-256-GCM.
struct EncryptedContent {
    nonce: Vec<u8>,
    ciphertext: Vec<u8>,
}

impl EncryptedContent {
    fn read(element: &Element<'_>) -> Result<Self, Malformed> {
        let mut fields = element.fields()?;
        fields.next()?.oid()?;
        let mut algorithm = fields.tagged(SEQUENCE)?.fields()?;
        let name = algorithm.next()?.oid()?;
        let mut parameters = algorithm.tagged(SEQUENCE)?.fields()?;
        let nonce = parameters.tagged(OCTET_STRING)?.octets()?;
        let tag_length = parameters.tagged(INTEGER)?.content;
        let ciphertext = fields.next()?;
        if name != AES_256_GCM || nonce.len() != NONCE || tag_length != [16] || ciphertext.tag & !0x20 != 0x80
        {
            return Err(Malformed);
        }
        Ok(Self { nonce, ciphertext: ciphertext.octets()? })
    }
}

/// A KeyTransRecipientInfo.
struct Recipient<'a> {
    /// IssuerAndSerialNumber.
    id: &'a [u8],
    algorithm: ObjectIdentifier,
    encrypted_key: Vec<u8>,
}

impl<'a> Recipient<'a> {
    fn read(element: &Element<'a>) -> Result<Self, Malformed> {
        let mut fields = element.fields()?;
        fields.tagged(INTEGER)?;
        let id = fields.tagged(SEQUENCE)?.raw;
        let algorithm = fields.tagged(SEQUENCE)?.fields()?.next()?.oid()?;
        let encrypted_key = fields.tagged(OCTET_STRING)?.octets()?;
        Ok(Self { id, algorithm, encrypted_key })
    }

    fn content_key(&self, key: &PKeyRef<Private>) -> Result<Option<[u8; 32]>, ErrorStack> {
        match self.algorithm {
            ECIES => decipher(key, &self.encrypted_key),
            RSAES_OAEP => decrypt_oaep(key, &self.encrypted_key),
            _ => Ok(None),
        }
    }
}

fn content_key<'a>(
    recipients: &[Recipient<'_>],
    keys: impl IntoIterator<Item = &'a Identity>,
) -> Result<[u8; 32], DecryptError> {
    for identity in keys {
        let id = issuer_and_serial_number(&identity.certificate).map_err(|_| DecryptError::Failed)?;
        if let Some(recipient) = recipients.iter().find(|recipient| recipient.id == id) {
            let content_key = recipient.content_key(&identity.key).ok().flatten();
            return content_key.ok_or(DecryptError::Failed);
        }
    }
    Err(DecryptError::NoRecipient)
}

fn decrypt_oaep(key: &PKeyRef<Private>, encrypted: &[u8]) -> Result<Option<[u8; 32]>, ErrorStack> {
    let mut context = PkeyCtx::new(key)?;
    context.decrypt_init()?;
    context.set_rsa_padding(Padding::PKCS1_OAEP)?;
    context.set_rsa_oaep_md(Md::sha256())?;
    context.set_rsa_mgf1_md(Md::sha256())?;
    let mut out = Vec::new();
    context.decrypt_to_vec(encrypted, &mut out)?;
    Ok(out.try_into().ok())
}
