//! [`KimVersion`]: what a participant can receive.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A version in the directory: `1.0`, `1.5`, `1.5+`, or one that is still to come.
///
/// Compared as a version, number by number, never as text or as a fraction: 1.10 is newer than 1.9. The `+` says that
/// mails above 15 MiB are welcome; it comes last in the order.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19356, A_22340, A_23505; gemSpec_VZD 1.15.0 (komLeData).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KimVersion {
    major: u16,
    minor: u16,
    large: bool,
}

/// The text is not a version: two numbers with a dot between them, and perhaps a `+`.
///
/// Spec: none — the errors of parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a KIM version")]
pub struct KimVersionError;

impl KimVersion {
    /// The version of a participant about whom nothing is said (deltas Q11).
    pub const V1_0: Self = Self { major: 1, minor: 0, large: false };

    /// KIM 1.5.
    pub const V1_5: Self = Self { major: 1, minor: 5, large: false };

    /// The same version with or without the `+`.
    ///
    /// ```
    /// use kim_vzd::KimVersion;
    ///
    /// let entered: KimVersion = "1.0+".parse()?;
    /// let updated = KimVersion::V1_5.with_large(entered.accepts_large());
    /// assert_eq!(updated.to_string(), "1.5+");
    /// # Ok::<(), kim_vzd::KimVersionError>(())
    /// ```
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_21387, A_23505.
    #[must_use]
    pub const fn with_large(self, large: bool) -> Self {
        Self { large, ..self }
    }

    /// Whether mails above 15 MiB are welcome.
    pub fn accepts_large(self) -> bool {
        self.large
    }
}

impl FromStr for KimVersion {
    type Err = KimVersionError;

    fn from_str(text: &str) -> Result<Self, KimVersionError> {
        let (numbers, large) = match text.strip_suffix('+') {
            Some(numbers) => (numbers, true),
            None => (text, false),
        };
        let (major, minor) = numbers.split_once('.').ok_or(KimVersionError)?;
        let number = |digits: &str| match digits.bytes().all(|octet| octet.is_ascii_digit()) {
            true => digits.parse().map_err(|_| KimVersionError),
            false => Err(KimVersionError),
        };
        Ok(Self { major: number(major)?, minor: number(minor)?, large })
    }
}

impl fmt::Display for KimVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}{}", self.major, self.minor, if self.large { "+" } else { "" })
    }
}

impl Ord for KimVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.large).cmp(&(other.major, other.minor, other.large))
    }
}

impl PartialOrd for KimVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_an_order_of_their_own() {
        let ordered = ["1.0", "1.5", "1.5+", "1.9", "1.10", "2.0"];
        let parsed: Vec<KimVersion> = ordered.iter().map(|text| text.parse().unwrap()).collect();
        assert!(parsed.is_sorted());
        assert_eq!(parsed.iter().map(ToString::to_string).collect::<Vec<_>>(), ordered);
        assert!(parsed.iter().all(|version| version.accepts_large() == (version.to_string() == "1.5+")));
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", "1", "1.", ".5", "1.5++", "+1.5", "1.+5", "1.5 ", "1,5", "1.5.0", "99999.0", "a.b"] {
            assert_eq!(text.parse::<KimVersion>(), Err(KimVersionError), "{text:?}");
        }
    }
}
