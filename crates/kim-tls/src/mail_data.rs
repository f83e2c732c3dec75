//! The encryption of large mails for the attachment service: [`MailDataEncryptor`], [`MailDataDecryptor`].

use kim_types::Secret;
use openssl::error::ErrorStack;
use openssl::sha::Sha256;
use openssl::symm::{Cipher, Crypter, Mode};
use thiserror::Error;

use crate::random::random;

const IV_OCTETS: usize = 12;
const TAG_OCTETS: usize = 16;

/// How many octets are handed to OpenSSL at once, which counts them in an `int`.
const CHUNK: usize = 64 * 1024;

/// Encrypts a mail of any size while it passes through: IV, ciphertext, tag.
///
/// AES-256-GCM with a random key and a random IV of 12 octets, both new with every value. The plain mail is measured and
/// hashed in the same pass. The result is [`MailDataEncryptor::OVERHEAD`] octets longer than the mail.
///
/// ```
/// use kim_tls::{MailDataDecryptor, MailDataEncryptor};
///
/// let mut encryptor = MailDataEncryptor::new()?;
/// let (key, mut sealed) = (encryptor.key(), Vec::new());
/// encryptor.update(b"Subject: a\r\n\r\n", &mut sealed)?;
/// let digest = encryptor.finish(&mut sealed)?;
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
    iv: Option<[u8; IV_OCTETS]>,
    crypter: Crypter,
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
    /// The IV until it is complete, then the octets that may be the tag.
    held: Vec<u8>,
    crypter: Option<Crypter>,
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
        let crypter = Crypter::new(Cipher::aes_256_gcm(), Mode::Encrypt, key.expose(), Some(&iv))?;
        Ok(Self { key, iv: Some(iv), crypter, digest: Measure::default() })
    }

    /// The key, which belongs into the mail.
    pub fn key(&self) -> Secret {
        self.key.clone()
    }

    /// Encrypts the next octets of the mail and appends the result to `out`.
    ///
    /// # Errors
    /// [`MailDataCipherError::Library`].
    pub fn update(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), MailDataCipherError> {
        out.extend_from_slice(self.iv.take().as_ref().map_or(&[][..], |iv| iv));
        self.digest.update(plain);
        Ok(append(&mut self.crypter, plain, out)?)
    }

    /// Appends what is still missing, and says what the mail was.
    ///
    /// # Errors
    /// [`MailDataCipherError::Library`].
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<MailDataDigest, MailDataCipherError> {
        self.update(&[], out)?;
        // GCM holds nothing back.
        self.crypter.finalize(&mut [0; TAG_OCTETS])?;
        let mut tag = [0; TAG_OCTETS];
        self.crypter.get_tag(&mut tag)?;
        out.extend_from_slice(&tag);
        Ok(self.digest.finish())
    }
}

impl MailDataDecryptor {
    /// A decryptor with the key from the mail.
    pub fn new(key: Secret) -> Self {
        Self { key, held: Vec::new(), crypter: None, digest: Measure::default() }
    }

    /// Decrypts the next octets and appends plain ones, not yet verified, to `unverified`.
    ///
    /// # Errors
    /// [`MailDataCipherError::Library`].
    pub fn update(&mut self, sealed: &[u8], unverified: &mut Vec<u8>) -> Result<(), MailDataCipherError> {
        for chunk in sealed.chunks(CHUNK) {
            self.held.extend_from_slice(chunk);
            self.start()?;
            let Some(crypter) = &mut self.crypter else { continue };
            let known = self.held.len().saturating_sub(TAG_OCTETS);
            let before = unverified.len();
            append(crypter, self.held.get(..known).unwrap_or_default(), unverified)?;
            self.digest.update(unverified.get(before..).unwrap_or_default());
            self.held.drain(..known);
        }
        Ok(())
    }

    /// Verifies everything that was given out, and says what the mail is; its hash is for the caller to compare.
    ///
    /// # Errors
    /// [`MailDataCipherError::TooShort`], [`MailDataCipherError::Changed`]: nothing may be released.
    pub fn finish(self) -> Result<MailDataDigest, MailDataCipherError> {
        let mut crypter = self.crypter.ok_or(MailDataCipherError::TooShort)?;
        if self.held.len() < TAG_OCTETS {
            return Err(MailDataCipherError::TooShort);
        }
        crypter.set_tag(&self.held)?;
        crypter.finalize(&mut [0; TAG_OCTETS]).map_err(|_| MailDataCipherError::Changed)?;
        Ok(self.digest.finish())
    }

    /// Begins as soon as the IV is complete.
    fn start(&mut self) -> Result<(), MailDataCipherError> {
        if self.crypter.is_none() && self.key.expose().len() != 32 {
            return Err(MailDataCipherError::Library);
        }
        if let (None, Some(iv)) = (&self.crypter, self.held.get(..IV_OCTETS)) {
            let (cipher, key) = (Cipher::aes_256_gcm(), self.key.expose());
            self.crypter = Some(Crypter::new(cipher, Mode::Decrypt, key, Some(iv))?);
            self.held.drain(..IV_OCTETS);
        }
        Ok(())
    }
}

/// Appends what `crypter` makes of `input`.
pub(crate) fn append(crypter: &mut Crypter, input: &[u8], out: &mut Vec<u8>) -> Result<(), ErrorStack> {
    for chunk in input.chunks(CHUNK) {
        let before = out.len();
        // OpenSSL wants room for a block more than it writes.
        out.resize(before.saturating_add(chunk.len()).saturating_add(16), 0);
        let made = crypter.update(chunk, out.get_mut(before..).unwrap_or_default())?;
        out.truncate(before.saturating_add(made));
    }
    Ok(())
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
    use openssl::symm::decrypt_aead;

    fn encrypted(plain: &[u8], step: usize) -> (Secret, Vec<u8>) {
        let mut encryptor = MailDataEncryptor::new().unwrap();
        let (key, mut sealed) = (encryptor.key(), Vec::new());
        for chunk in plain.chunks(step) {
            encryptor.update(chunk, &mut sealed).unwrap();
        }
        let digest = encryptor.finish(&mut sealed).unwrap();
        assert_eq!(digest, MailDataDigest { size: plain.len() as u64, hash: sha256(plain) });
        (key, sealed)
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
