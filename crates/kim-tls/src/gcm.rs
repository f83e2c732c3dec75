//! AES-256-GCM over octets that come in pieces: [`Gcm`].

use kim_types::Secret;
use openssl::cipher::Cipher;
use openssl::cipher_ctx::CipherCtx;
use openssl::error::ErrorStack;

pub(crate) const NONCE_OCTETS: usize = 12;
pub(crate) const TAG_OCTETS: usize = 16;

/// How many octets are handed to OpenSSL at once, which counts them in an `int`.
const CHUNK: usize = 64 * 1024;

/// One message that is being encrypted or decrypted.
pub(crate) struct Gcm(CipherCtx);

impl Gcm {
    /// Errors: the key has not 32 octets, or OpenSSL refuses to work.
    pub(crate) fn encrypt(key: &Secret, nonce: &[u8; NONCE_OCTETS]) -> Result<Self, ErrorStack> {
        let mut context = CipherCtx::new()?;
        context.encrypt_init(Some(Cipher::aes_256_gcm()), Some(checked(key)?), Some(nonce))?;
        Ok(Self(context))
    }

    /// Errors: as [`Gcm::encrypt`].
    pub(crate) fn decrypt(key: &Secret, nonce: &[u8; NONCE_OCTETS]) -> Result<Self, ErrorStack> {
        let mut context = CipherCtx::new()?;
        context.decrypt_init(Some(Cipher::aes_256_gcm()), Some(checked(key)?), Some(nonce))?;
        Ok(Self(context))
    }

    /// Octets that are authenticated only. They come first.
    pub(crate) fn authenticate(&mut self, octets: &[u8]) -> Result<(), ErrorStack> {
        octets.chunks(CHUNK).try_for_each(|chunk| self.0.cipher_update(chunk, None).map(drop))
    }

    /// Encrypts or decrypts the next octets where they are.
    pub(crate) fn in_place(&mut self, octets: &mut [u8]) -> Result<(), ErrorStack> {
        octets
            .chunks_mut(CHUNK)
            .try_for_each(|chunk| self.0.cipher_update_inplace(chunk, chunk.len()).map(drop))
    }

    /// Encrypts or decrypts the next octets and appends what comes out.
    pub(crate) fn append(&mut self, octets: &[u8], out: &mut Vec<u8>) -> Result<(), ErrorStack> {
        octets.chunks(CHUNK).try_for_each(|chunk| self.0.cipher_update_vec(chunk, out).map(drop))
    }

    /// Ends what was encrypted. Its tag.
    pub(crate) fn tag(mut self) -> Result<[u8; TAG_OCTETS], ErrorStack> {
        let mut tag = [0; TAG_OCTETS];
        self.0.cipher_final(&mut [])?;
        self.0.tag(&mut tag)?;
        Ok(tag)
    }

    /// Whether everything that was decrypted is what was encrypted. Before that nothing of it is verified.
    pub(crate) fn verify(mut self, tag: &[u8; TAG_OCTETS]) -> Result<(), ErrorStack> {
        self.0.set_tag(tag)?;
        self.0.cipher_final(&mut []).map(drop)
    }
}

fn checked(key: &Secret) -> Result<&[u8], ErrorStack> {
    Some(key.expose()).filter(|key| key.len() == 32).ok_or_else(ErrorStack::get)
}
