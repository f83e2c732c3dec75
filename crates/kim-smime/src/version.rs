//! X-KOM-LE-Version: what a Clientmodul must be able to do to read a message.

use std::fmt;

use bytes::Bytes;

use crate::header::{Header, HeaderError, HeaderLimits};

/// The name of the field that makes a mail a KOM-LE message.
pub(crate) const VERSION_FIELD: &str = "X-KOM-LE-Version";

/// The version of a message that is sent.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2100-02.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageVersion {
    /// `1.0`: the message is complete.
    V1_0,
    /// `1.5`: the mail data is on the KAS.
    V1_5,
}

impl fmt::Display for MessageVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1_0 => "1.0",
            Self::V1_5 => "1.5",
        })
    }
}

/// The version of a message that was received, as it says itself.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21391.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OuterVersion(String);

impl OuterVersion {
    /// The greatest length of a version that is shown to somebody, in octets.
    const MAX_SHOWN: usize = 32;

    /// Whether a message of this version can be read: `1.0`, `1.5` and, tolerantly, `1.5+`.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_21391; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2100-02.
    pub fn is_supported(&self) -> bool {
        matches!(self.0.as_str(), "1.0" | "1.5" | "1.5+")
    }

    /// Whether a message of this version may stand for mail data on the KAS.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2100-02.
    pub fn knows_kas(&self) -> bool {
        matches!(self.0.as_str(), "1.5" | "1.5+")
    }
}

impl fmt::Display for OuterVersion {
    /// The version as it may be put into a text for the user; `?` for what nobody should put there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits =
            self.0.len() <= Self::MAX_SHOWN && self.0.bytes().all(|octet| matches!(octet, b' '..=b'~'));
        f.write_str(if fits { &self.0 } else { "?" })
    }
}

/// The version a message claims; `None` if it is no KOM-LE message, which is then delivered octet for octet.
///
/// One that claims several different versions claims one nobody supports.
///
/// # Errors
/// [`HeaderError`] when the header cannot be read, with default limits: nobody knows what other programs find in it, so the
/// message is neither opened nor delivered as it is.
///
/// ```
/// use kim_smime::outer_version;
///
/// let version = outer_version(&"X-KOM-LE-Version: 1.5\r\n\r\n".into());
/// assert!(version?.is_some_and(|version| version.is_supported()));
/// assert_eq!(outer_version(&"Subject: Hallo\r\n\r\nX-KOM-LE-Version: 1.5\r\n".into())?, None);
/// assert!(outer_version(&"Subject: \0\r\nX-KOM-LE-Version: 1.5\r\n".into()).is_err());
/// # Ok::<(), kim_smime::HeaderError>(())
/// ```
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042, A_21391; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2099.
pub fn outer_version(message: &Bytes) -> Result<Option<OuterVersion>, HeaderError> {
    let (header, _) = Header::split(message, &HeaderLimits::default())?;
    Ok(version_of(&header))
}

pub(crate) fn version_of(header: &Header) -> Option<OuterVersion> {
    let mut versions: Vec<String> = header.all(VERSION_FIELD).map(|field| field.text()).collect();
    versions.dedup();
    (!versions.is_empty()).then(|| OuterVersion(versions.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(header: &str) -> (bool, String) {
        let version = outer_version(&Bytes::from(format!("{header}\r\n\r\n"))).unwrap().unwrap();
        (version.is_supported(), version.to_string())
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_21391
    #[test]
    fn knows_what_it_supports_and_shows_nothing_harmful() {
        assert_eq!(version("X-KOM-LE-Version: 1.0"), (true, "1.0".to_owned()));
        assert_eq!(version("x-kom-le-version:\r\n 1.5+ "), (true, "1.5+".to_owned()));
        assert_eq!(version("X-KOM-LE-Version: 2.0"), (false, "2.0".to_owned()));
        assert_eq!(version("X-KOM-LE-Version:"), (false, String::new()));
        assert_eq!(version("X-KOM-LE-Version: 1.0\r\nX-KOM-LE-Version: 1.0"), (true, "1.0".to_owned()));
        assert_eq!(version("X-KOM-LE-Version: 1.0\r\nX-KOM-LE-Version: 1.5"), (false, "1.0, 1.5".to_owned()));
        assert_eq!(version("X-KOM-LE-Version: 1\u{1b}[2J"), (false, "?".to_owned()));
        assert_eq!(version(&format!("X-KOM-LE-Version: {}", "9".repeat(33))), (false, "?".to_owned()));
    }
}
