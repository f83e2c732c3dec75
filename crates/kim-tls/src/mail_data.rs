//! The encryption of large mails for the attachment service: [`MailDataEncryptor`], [`MailDataDecryptor`].

use kim_types::Secret;
use openssl::error::ErrorStack;
use openssl::sha::Sha256;
use thiserror::Error;

use crate::gcm::{Gcm, NONCE_OCTETS as IV_OCTETS, TAG_OCTETS};
use crate::random::random;

/// How much is hashed and encrypted at once: it stays in the cache of the processor in between.
const CHUNK: usize = 64 * 1024;

/// Encrypts a mail of any size while it passes through: IV, ciphertext, tag.
///
/// AES-256-GCM with a random key and a random IV of 12 octets, both new with every value. The plain mail is measured and
/// hashed in the same pass, and replaced by its ciphertext. The result is [`MailDataEncryptor::OVERHEAD`] octets longer than
/// the mail.
///
/// ```
/// use kim_tls::{MailDataDecryptor, MailDataEncryptor};
///
/// let mut encryptor = MailDataEncryptor::new()?;
/// let (key, iv, mut mail) = (encryptor.key(), encryptor.iv(), b"Subject: a\r\n\r\n".to_vec());
/// encryptor.update(&mut mail)?;
/// let (tag, digest) = encryptor.finish()?;
/// let sealed = [&iv[..], &mail, &tag].concat();
///
/// let (mut decryptor, mut unverified) = (MailDataDecryptor::new(key), Vec::new());
/// decryptor.update(&sealed, &mut unverified)?;
/// assert_eq!(decryptor.finish()?, digest); // from here on the plain mail may be released
/// # Ok::<(), kim_tls::MailDataCipherError>(())
/// ```
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07; gemSpec_Krypt, AES-256-GCM; deltas Q5.
pub struct MailDataEncryptor {
    key: Secret,
    iv: [u8; IV_OCTETS],
    gcm: Gcm,
    digest: Measure,
}

/// Decrypts what a [`MailDataEncryptor`] made while it comes in.
///
/// What it gives out before [`MailDataDecryptor::finish`] succeeds is not verified: it must go where nobody sees it, and be
/// thrown away when that fails.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19371.
pub struct MailDataDecryptor {
    key: Secret,
    /// The IV until it is complete, then the octets that may be the tag: at most 16.
    held: Vec<u8>,
    /// Once there is the IV.
    gcm: Option<Gcm>,
    digest: Measure,
}

/// Length and hash of a plain mail.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07, A_19372.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailDataDigest {
    /// Its length in octets.
    pub size: u64,
    /// Its SHA-256.
    pub hash: [u8; 32],
}

/// Why mail data was not encrypted or decrypted.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19371.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MailDataCipherError {
    /// It has not even room for IV and tag.
    #[error("the mail data is too short to be encrypted")]
    TooShort,
    /// The key does not fit, or the data was changed.
    #[error("the mail data is not what was encrypted with the key")]
    Changed,
    /// The key has not 32 octets, or OpenSSL refuses to work.
    #[error("the cryptographic library fails")]
    Library,
}

impl From<ErrorStack> for MailDataCipherError {
    fn from(_: ErrorStack) -> Self {
        Self::Library
    }
}

impl MailDataEncryptor {
    /// How many octets the encrypted mail is longer than the plain one: 28.
    pub const OVERHEAD: u64 = (IV_OCTETS + TAG_OCTETS) as u64;

    /// An encryptor with a new key and IV.
    ///
    /// # Errors
    /// [`MailDataCipherError::Library`].
    ///
    /// # Panics
    /// If the system has no random numbers.
    pub fn new() -> Result<Self, MailDataCipherError> {
        let (key, iv) = (Secret::new(random::<32>().to_vec()), random::<IV_OCTETS>());
        let gcm = Gcm::encrypt(&key, &iv)?;
        Ok(Self { key, iv, gcm, digest: Measure::default() })
    }

    /// The key, which belongs into the mail.
    pub fn key(&self) -> Secret {
        self.key.clone()
    }

    /// The IV, which comes first.
    pub fn iv(&self) -> [u8; IV_OCTETS] {
        self.iv
    }

    /// Encrypts the next octets of the mail in place.
    ///
    /// # Errors
    /// [`MailDataCipherError::Library`].
    pub fn update(&mut self, octets: &mut [u8]) -> Result<(), MailDataCipherError> {
        for chunk in octets.chunks_mut(CHUNK) {
            self.digest.update(chunk);
            self.gcm.in_place(chunk)?;
        }
        Ok(())
    }

    /// The tag, which comes last, and what the mail was.
    ///
    /// # Errors
    /// [`MailDataCipherError::Library`].
    pub fn finish(self) -> Result<([u8; TAG_OCTETS], MailDataDigest), MailDataCipherError> {
        Ok((self.gcm.tag()?, self.digest.finish()))
    }
}

impl MailDataDecryptor {
    /// A decryptor with the key from the mail.
    pub fn new(key: Secret) -> Self {
        Self { key, held: Vec::new(), gcm: None, digest: Measure::default() }
    }

    /// Decrypts the next octets and appends plain ones, not yet verified, to `unverified`.
    ///
    /// # Errors
    /// [`MailDataCipherError::Library`].
    pub fn update(&mut self, sealed: &[u8], unverified: &mut Vec<u8>) -> Result<(), MailDataCipherError> {
        let rest = self.start(sealed)?;
        // The last octets may be the tag; those that were held back are not, if enough follow.
        let known = self.held.len().saturating_add(rest.len()).saturating_sub(TAG_OCTETS);
        let (from_held, from_rest) = (known.min(self.held.len()), known.saturating_sub(self.held.len()));
        let (now, later) = rest.split_at_checked(from_rest).unwrap_or_default();
        let held: Vec<u8> = self.held.drain(..from_held).collect();
        self.decrypt(&held, unverified)?;
        self.decrypt(now, unverified)?;
        self.held.extend_from_slice(later);
        Ok(())
    }

    fn decrypt(&mut self, sealed: &[u8], unverified: &mut Vec<u8>) -> Result<(), MailDataCipherError> {
        let Some(gcm) = &mut self.gcm else { return Ok(()) };
        for chunk in sealed.chunks(CHUNK) {
            let before = unverified.len();
            gcm.append(chunk, unverified)?;
            self.digest.update(unverified.get(before..).unwrap_or_default());
        }
        Ok(())
    }

    /// Verifies everything that was given out, and says what the mail is; its hash is for the caller to compare.
    ///
    /// # Errors
    /// [`MailDataCipherError::TooShort`], [`MailDataCipherError::Changed`]: nothing may be released.
    pub fn finish(self) -> Result<MailDataDigest, MailDataCipherError> {
        let gcm = self.gcm.ok_or(MailDataCipherError::TooShort)?;
        let tag = self.held.as_slice().try_into().map_err(|_| MailDataCipherError::TooShort)?;
        gcm.verify(tag).map_err(|_| MailDataCipherError::Changed)?;
        Ok(self.digest.finish())
    }

    /// Begins as soon as the IV is complete. What follows it.
    fn start<'a>(&mut self, sealed: &'a [u8]) -> Result<&'a [u8], MailDataCipherError> {
        if self.gcm.is_some() {
            return Ok(sealed);
        }
        let missing = IV_OCTETS.saturating_sub(self.held.len()).min(sealed.len());
        let (iv, rest) = sealed.split_at_checked(missing).unwrap_or_default();
        self.held.extend_from_slice(iv);
        if let Ok(iv) = self.held.as_slice().try_into() {
            self.gcm = Some(Gcm::decrypt(&self.key, iv)?);
            self.held.clear();
        }
        Ok(rest)
    }
}

/// Measures and hashes in passing.
#[derive(Default)]
struct Measure {
    size: u64,
    hash: Sha256,
}

impl Measure {
    fn update(&mut self, octets: &[u8]) {
        self.size = self.size.saturating_add(u64::try_from(octets.len()).unwrap_or(u64::MAX));
        self.hash.update(octets);
    }

    fn finish(self) -> MailDataDigest {
        MailDataDigest { size: self.size, hash: self.hash.finish() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::sha::sha256;
    use openssl::symm::{Cipher, decrypt_aead};

    fn encrypted(plain: &[u8], step: usize) -> (Secret, Vec<u8>) {
        let mut encryptor = MailDataEncryptor::new().unwrap();
        let (key, iv, mut mail) = (encryptor.key(), encryptor.iv(), plain.to_vec());
        mail.chunks_mut(step).for_each(|chunk| encryptor.update(chunk).unwrap());
        let (tag, digest) = encryptor.finish().unwrap();
        assert_eq!(digest, MailDataDigest { size: plain.len() as u64, hash: sha256(plain) });
        (key, [&iv[..], &mail, &tag].concat())
    }

    fn decrypted(key: Secret, sealed: &[u8], step: usize) -> Result<Vec<u8>, MailDataCipherError> {
        let (mut decryptor, mut plain) = (MailDataDecryptor::new(key), Vec::new());
        for chunk in sealed.chunks(step) {
            decryptor.update(chunk, &mut plain)?;
        }
        let digest = decryptor.finish()?;
        assert_eq!(digest, MailDataDigest { size: plain.len() as u64, hash: sha256(&plain) });
        Ok(plain)
    }

    #[test]
    fn the_data_is_iv_ciphertext_and_tag() {
        let plain = b"Subject: a\r\n\r\n";
        let (key, sealed) = encrypted(plain, 3);
        assert_eq!(sealed.len() as u64, plain.len() as u64 + MailDataEncryptor::OVERHEAD);
        let (iv, rest) = sealed.split_at(12);
        let (ciphertext, tag) = rest.split_at(plain.len());
        let again = decrypt_aead(Cipher::aes_256_gcm(), key.expose(), Some(iv), &[], ciphertext, tag);
        assert_eq!(again.unwrap(), plain);
    }

    #[test]
    fn mails_come_back_however_they_are_cut() {
        for len in [0, 1, 15, 16, 17, CHUNK - 1, CHUNK, 3 * CHUNK + 5] {
            let plain: Vec<u8> = (0_u8..=255).cycle().take(len).collect();
            let (key, sealed) = encrypted(&plain, 1000);
            for step in [1, 7, 40_000, usize::MAX] {
                if step > 1 || len < 100 {
                    assert!(decrypted(key.clone(), &sealed, step).unwrap() == plain, "{len} by {step}");
                }
            }
        }
    }

    #[test]
    fn no_octet_can_be_changed_or_cut_off() {
        let (key, sealed) = encrypted(b"mail", 1);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(decrypted(key.clone(), &changed, 9), Err(MailDataCipherError::Changed), "octet {at}");
            let short = decrypted(key.clone(), &sealed[..at], 9).unwrap_err();
            let expected = if at < 28 { MailDataCipherError::TooShort } else { MailDataCipherError::Changed };
            assert_eq!(short, expected, "length {at}");
        }
        assert_eq!(decrypted(Secret::from("short"), &sealed, 9), Err(MailDataCipherError::Library));
    }
}
