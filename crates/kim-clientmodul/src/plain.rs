//! Buffers for the plain text of mails: [`Plain`].

use std::hint::black_box;
use std::ops::{Deref, DerefMut};

use bytes::Bytes;

/// Plain text of a mail, overwritten when it is dropped.
///
/// All at once, not octet by octet as `zeroize` does for keys: a mail of 500 MiB passes through here several times, and it
/// would take longer than to encrypt it. A buffer that grows leaves copies behind: it is made as long as it will be.
#[derive(Default)]
pub(crate) struct Plain(Vec<u8>);

impl Plain {
    pub(crate) fn with_capacity(octets: usize) -> Self {
        Self(Vec::with_capacity(octets))
    }

    /// The octets, which are secret no longer.
    pub(crate) fn into_public(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl From<Vec<u8>> for Plain {
    fn from(octets: Vec<u8>) -> Self {
        Self(octets)
    }
}

impl From<Plain> for Bytes {
    fn from(plain: Plain) -> Self {
        Self::from_owner(plain)
    }
}

impl AsRef<[u8]> for Plain {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for Plain {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Plain {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} octets]", self.0.len())
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.0.clear();
        self.0.resize(self.0.capacity(), 0);
        // Somebody may look at it, so it has to be done.
        black_box(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_vector_until_it_is_shared() {
        let mut plain = Plain::with_capacity(4);
        plain.extend_from_slice(b"abcd");
        assert_eq!(plain.as_ref(), b"abcd");
        let shared = Bytes::from(plain);
        assert_eq!(shared.slice(1..3), b"bc"[..]);
    }
}
