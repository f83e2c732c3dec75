//! Values that must not appear in a log: [`Secret`] opens doors, [`Pii`] names people.

use std::fmt;

use zeroize::Zeroizing;

const REDACTED: &str = "[redacted]";

/// A password or key. Shown by nothing, wiped when dropped.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2080 (no secrets in logs).
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the octets over.
    pub fn new(octets: Vec<u8>) -> Self {
        Self(Zeroizing::new(octets))
    }

    /// The octets, for the one place that has to send or use them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes().to_vec())
    }
}

impl PartialEq for Secret {
    /// Looks at every octet, so that the time says nothing about where two secrets differ.
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(other.0.iter()).fold(0u8, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// A value about a person: readable by code, `[redacted]` in every log.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2080 (no personal data in logs).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pii<T>(pub T);

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_value_is_printed() {
        let printed = format!("{:?} {:?} {}", Secret::from("geheim"), Pii("Erika"), Pii("Erika"));
        assert_eq!(printed, "[redacted] [redacted] [redacted]");
    }

    #[test]
    fn secrets_compare_by_content() {
        assert_eq!(Secret::from("a"), Secret::from("a"));
        assert_ne!(Secret::from("a"), Secret::from("b"));
        assert_ne!(Secret::from("a"), Secret::from("aa"));
    }
}
