//! Blocks for a file nobody else shall read or change: [`Sealer`], [`Opener`].

use kim_types::Secret;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use thiserror::Error;

use crate::random::random;

/// How many octets a sealed block is longer than the plain one.
///
/// Spec: none — the tag of AES-GCM.
pub const SEAL_OCTETS: usize = 16;

/// Encrypts and authenticates blocks with a random key of its own that only its [`Opener`] shares.
///
/// AES-256-GCM. The nonce is the position of the block, which therefore cannot be sealed twice; whether the block is the
/// last one is authenticated with it. Blocks that were changed, swapped, repeated, cut off or added do not open.
///
/// ```
/// use kim_tls::Sealer;
///
/// let mut sealer = Sealer::new();
/// let first = sealer.seal(b"a block", false)?;
/// let last = sealer.seal(b"the end", true)?;
/// let opener = sealer.into_opener();
/// assert_eq!(opener.open(1, &last, true)?, b"the end");
/// assert!(opener.open(0, &last, true).is_err());
/// # Ok::<(), kim_tls::SealError>(())
/// ```
///
/// Spec: none — own rule: nothing of a mail lies on a disk in the clear.
#[derive(Debug)]
pub struct Sealer {
    key: Secret,
    next: u64,
    ended: bool,
}

/// Opens the blocks of one [`Sealer`]. The key is wiped when it is dropped.
///
/// Spec: none — see [`Sealer`].
#[derive(Debug)]
pub struct Opener {
    key: Secret,
}

/// Why a block was not sealed or opened.
///
/// Spec: none — the errors of the spool cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SealError {
    /// The block at this position is not the one that was sealed there.
    #[error("block {position} was changed")]
    Changed {
        /// The position of the block.
        position: u64,
    },
    /// The last block was sealed already.
    #[error("the last block was sealed already")]
    Ended,
    /// OpenSSL refuses to work.
    #[error("the cryptographic library fails")]
    Library,
}

impl Sealer {
    /// A sealer with a new random key.
    ///
    /// # Panics
    /// If the system has no random numbers.
    #[expect(clippy::new_without_default, reason = "two of them are never alike")]
    pub fn new() -> Self {
        Self { key: Secret::new(random::<32>().to_vec()), next: 0, ended: false }
    }

    /// Seals the next block; `last` says that there will be no further one.
    ///
    /// # Errors
    /// [`SealError::Ended`] after the last block, [`SealError::Library`].
    pub fn seal(&mut self, block: &[u8], last: bool) -> Result<Vec<u8>, SealError> {
        if self.ended {
            return Err(SealError::Ended);
        }
        let mut tag = [0; SEAL_OCTETS];
        let (key, nonce) = (self.key.expose(), nonce(self.next));
        let sealed =
            encrypt_aead(Cipher::aes_256_gcm(), key, Some(&nonce), &[u8::from(last)], block, &mut tag);
        let mut sealed = sealed.map_err(|_| SealError::Library)?;
        sealed.extend_from_slice(&tag);
        self.next = self.next.checked_add(1).ok_or(SealError::Ended)?;
        self.ended = last;
        Ok(sealed)
    }

    /// How many blocks were sealed.
    pub fn blocks(&self) -> u64 {
        self.next
    }

    /// What opens the blocks.
    pub fn into_opener(self) -> Opener {
        Opener { key: self.key }
    }
}

impl Opener {
    /// Opens the block at `position`, counted from 0; `last` says whether it must be the last one.
    ///
    /// # Errors
    /// [`SealError::Changed`] for any other block than the one sealed there.
    pub fn open(&self, position: u64, sealed: &[u8], last: bool) -> Result<Vec<u8>, SealError> {
        let changed = SealError::Changed { position };
        let at = sealed.len().checked_sub(SEAL_OCTETS).ok_or(changed)?;
        let (block, tag) = sealed.split_at_checked(at).ok_or(changed)?;
        let (key, nonce) = (self.key.expose(), nonce(position));
        decrypt_aead(Cipher::aes_256_gcm(), key, Some(&nonce), &[u8::from(last)], block, tag)
            .map_err(|_| changed)
    }
}

fn nonce(position: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    for (octet, value) in nonce.iter_mut().skip(4).zip(position.to_be_bytes()) {
        *octet = value;
    }
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_open_at_their_place_only() {
        let mut sealer = Sealer::new();
        let first = sealer.seal(b"first", false).unwrap();
        let last = sealer.seal(b"", true).unwrap();
        assert_eq!(sealer.seal(b"more", false), Err(SealError::Ended));
        assert_eq!((sealer.blocks(), first.len(), last.len()), (2, 5 + SEAL_OCTETS, SEAL_OCTETS));
        let opener = sealer.into_opener();
        assert_eq!(opener.open(0, &first, false).unwrap(), b"first");
        assert_eq!(opener.open(1, &last, true).unwrap(), b"");
        for (position, block, is_last) in
            [(0, &first, true), (1, &first, false), (1, &last, false), (0, &last, true)]
        {
            assert_eq!(opener.open(position, block, is_last), Err(SealError::Changed { position }));
        }
    }

    #[test]
    fn no_octet_can_be_changed_or_cut_off() {
        let mut sealer = Sealer::new();
        let block = sealer.seal(b"block", true).unwrap();
        let opener = sealer.into_opener();
        for at in 0..block.len() {
            let mut changed = block.clone();
            changed[at] ^= 1;
            assert!(opener.open(0, &changed, true).is_err(), "octet {at}");
            assert!(opener.open(0, &block[..at], true).is_err(), "length {at}");
        }
        assert!(Sealer::new().into_opener().open(0, &block, true).is_err(), "another key");
    }
}
