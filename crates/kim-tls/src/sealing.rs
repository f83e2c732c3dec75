//! Blocks for a file nobody else shall read or change: [`Sealer`], [`Opener`].

use kim_types::Secret;
use openssl::error::ErrorStack;
use thiserror::Error;

use crate::gcm::{Gcm, NONCE_OCTETS, TAG_OCTETS};
use crate::random::random;

/// How many octets a sealed block is longer than the plain one.
///
/// Spec: none — the tag of AES-GCM.
pub const SEAL_OCTETS: usize = TAG_OCTETS;

/// Encrypts and authenticates blocks with a random key of its own that only its [`Opener`] shares.
///
/// AES-256-GCM. The nonce is the position of the block, which therefore cannot be sealed twice; whether the block is the
/// last one is authenticated with it. Blocks that were changed, swapped, repeated, cut off or added do not open. Both ways the
/// octets stay where they are, so that no second copy of a mail is made.
///
/// ```
/// use kim_tls::{SEAL_OCTETS, Sealer};
///
/// let mut sealer = Sealer::new();
/// let (mut first, mut last) = (b"a block".to_vec(), b"the end".to_vec());
/// sealer.seal(&mut first, false)?;
/// sealer.seal(&mut last, true)?;
/// assert_eq!(last.len(), 7 + SEAL_OCTETS);
/// let opener = sealer.into_opener();
/// assert!(opener.open(0, &mut last.clone(), true).is_err());
/// assert_eq!(opener.open(1, &mut last, true)?, b"the end");
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

    /// Seals the next block in place: it becomes [`SEAL_OCTETS`] longer. `last` says that there will be no further one.
    ///
    /// # Errors
    /// [`SealError::Ended`] after the last block, [`SealError::Library`].
    pub fn seal(&mut self, block: &mut Vec<u8>, last: bool) -> Result<(), SealError> {
        if self.ended {
            return Err(SealError::Ended);
        }
        let tag = encrypt(&self.key, self.next, last, block).map_err(|_| SealError::Library)?;
        block.extend_from_slice(&tag);
        self.next = self.next.checked_add(1).ok_or(SealError::Ended)?;
        self.ended = last;
        Ok(())
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
    /// Opens the block at `position`, counted from 0, in place and gives the plain octets; `last` says whether it must be the
    /// last one. What does not open is overwritten.
    ///
    /// # Errors
    /// [`SealError::Changed`] for any other block than the one sealed there.
    pub fn open<'a>(
        &self,
        position: u64,
        sealed: &'a mut [u8],
        last: bool,
    ) -> Result<&'a mut [u8], SealError> {
        let changed = SealError::Changed { position };
        let (block, tag) = sealed.split_last_chunk_mut().ok_or(changed)?;
        match decrypt(&self.key, position, last, block, tag) {
            Ok(()) => Ok(block),
            Err(_) => {
                block.fill(0);
                Err(changed)
            }
        }
    }
}

/// Encrypts a block in place. Its tag.
fn encrypt(
    key: &Secret,
    position: u64,
    last: bool,
    block: &mut [u8],
) -> Result<[u8; TAG_OCTETS], ErrorStack> {
    let mut gcm = Gcm::encrypt(key, &nonce(position))?;
    gcm.authenticate(&[u8::from(last)])?;
    gcm.in_place(block)?;
    gcm.tag()
}

/// Decrypts a block in place and checks its tag.
fn decrypt(
    key: &Secret,
    position: u64,
    last: bool,
    block: &mut [u8],
    tag: &[u8; TAG_OCTETS],
) -> Result<(), ErrorStack> {
    let mut gcm = Gcm::decrypt(key, &nonce(position))?;
    gcm.authenticate(&[u8::from(last)])?;
    gcm.in_place(block)?;
    gcm.verify(tag)
}

fn nonce(position: u64) -> [u8; NONCE_OCTETS] {
    let mut nonce = [0; NONCE_OCTETS];
    for (octet, value) in nonce.iter_mut().skip(4).zip(position.to_be_bytes()) {
        *octet = value;
    }
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(sealer: &mut Sealer, block: &[u8], last: bool) -> Result<Vec<u8>, SealError> {
        let mut block = block.to_vec();
        sealer.seal(&mut block, last).map(|()| block)
    }

    fn open(opener: &Opener, position: u64, sealed: &[u8], last: bool) -> Result<Vec<u8>, SealError> {
        let mut sealed = sealed.to_vec();
        let opened = opener.open(position, &mut sealed, last).map(|block| block.to_vec());
        if opened.is_err() {
            let block = sealed.len().saturating_sub(SEAL_OCTETS);
            assert!(sealed[..block].iter().all(|octet| *octet == 0), "something unverified is left");
        }
        opened
    }

    #[test]
    fn blocks_open_at_their_place_only() {
        let mut sealer = Sealer::new();
        let first = seal(&mut sealer, b"first", false).unwrap();
        let last = seal(&mut sealer, b"", true).unwrap();
        assert_eq!(seal(&mut sealer, b"more", false), Err(SealError::Ended));
        assert_eq!((sealer.blocks(), first.len(), last.len()), (2, 5 + SEAL_OCTETS, SEAL_OCTETS));
        let opener = sealer.into_opener();
        assert_eq!(open(&opener, 0, &first, false).unwrap(), b"first");
        assert_eq!(open(&opener, 1, &last, true).unwrap(), b"");
        for (position, block, is_last) in
            [(0, &first, true), (1, &first, false), (1, &last, false), (0, &last, true)]
        {
            assert_eq!(open(&opener, position, block, is_last), Err(SealError::Changed { position }));
        }
    }

    #[test]
    fn no_octet_can_be_changed_or_cut_off() {
        let mut sealer = Sealer::new();
        let block = seal(&mut sealer, b"block", true).unwrap();
        let opener = sealer.into_opener();
        for at in 0..block.len() {
            let mut changed = block.clone();
            changed[at] ^= 1;
            assert!(open(&opener, 0, &changed, true).is_err(), "octet {at}");
            assert!(open(&opener, 0, &block[..at], true).is_err(), "length {at}");
        }
        assert!(open(&Sealer::new().into_opener(), 0, &block, true).is_err(), "another key");
    }
}
