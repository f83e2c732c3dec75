//! Writing AuthEnvelopedData around a ciphertext.

use std::fmt;

use const_oid::db::rfc5911::{ID_CT_AUTH_ENVELOPED_DATA, ID_DATA};

use crate::algorithm::{aes_256_gcm, oid, sequence};
use crate::ber::{INTEGER, OCTET_STRING, SEQUENCE, SET, element};
use crate::enveloped::{EncryptedKey, NONCE_OCTETS, TAG_OCTETS};
use crate::frame::Frame;

/// What stands before and behind a ciphertext to make it an AuthEnvelopedData of the profile, for whoever encrypts without a
/// Konnektor.
///
/// The length of the ciphertext is known beforehand: with GCM it is that of the plain document.
///
/// ```
/// use kim_smime::{EncryptedKey, EnvelopeForm};
///
/// fn encrypt_document(
///     plain: &[u8],
///     nonce: &[u8; 12],
///     keys: &[EncryptedKey],
///     attribute: &[u8],
///     aes_256_gcm: impl Fn(&[u8], &mut Vec<u8>) -> [u8; 16],
/// ) -> Vec<u8> {
///     let form = EnvelopeForm::new(plain.len(), nonce, keys, attribute);
///     let mut cms = form.before().to_vec();
///     let tag = aes_256_gcm(plain, &mut cms);
///     cms.extend(form.after(&tag));
///     cms
/// }
/// ```
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104 to KOM-LE-A_2117; RFC 5083 §2.1; RFC 5084 §3.2.
#[derive(Clone)]
pub struct EnvelopeForm {
    before: Vec<u8>,
    /// The unauthenticated attributes.
    attributes: Vec<u8>,
    len: usize,
}

impl EnvelopeForm {
    /// For a ciphertext of that many octets and its recipients; `attribute` is one in DER (recipient-emails).
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2106 to KOM-LE-A_2114-01.
    pub fn new(octets: usize, nonce: &[u8; NONCE_OCTETS], keys: &[EncryptedKey], attribute: &[u8]) -> Self {
        let version = element(INTEGER, &[0]);
        let mut recipients: Vec<Vec<u8>> = keys.iter().map(|key| recipient(&version, key)).collect();
        recipients.sort_unstable();
        let (tag, attributes) = (element(OCTET_STRING, &[0; TAG_OCTETS]), element(0xa2, attribute));
        let frame = Frame::new(octets)
            .within(0x80, &[], &[])
            .within(SEQUENCE, &[&oid(ID_DATA), &aes_256_gcm(nonce)], &[])
            .within(SEQUENCE, &[&version, &element(SET, &recipients.concat())], &[&tag, &attributes])
            .within(0xa0, &[], &[])
            .within(SEQUENCE, &[&oid(ID_CT_AUTH_ENVELOPED_DATA)], &[]);
        Self { len: frame.len(), before: frame.before, attributes }
    }

    /// What stands before the ciphertext.
    pub fn before(&self) -> &[u8] {
        &self.before
    }

    /// What stands behind the ciphertext.
    pub fn after(&self, tag: &[u8; TAG_OCTETS]) -> Vec<u8> {
        [element(OCTET_STRING, tag).as_slice(), &self.attributes].concat()
    }

    /// The length of the whole structure in octets.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no octets; it always has some.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl fmt::Debug for EnvelopeForm {
    /// Without recipients and attributes, which have names and mail addresses in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvelopeForm").field("len", &self.len).finish_non_exhaustive()
    }
}

/// A KeyTransRecipientInfo.
fn recipient(version: &[u8], key: &EncryptedKey) -> Vec<u8> {
    let encrypted = element(OCTET_STRING, &key.octets);
    sequence(&[version, &key.recipient.to_der(), &key.transport.identifier(), &encrypted])
}
