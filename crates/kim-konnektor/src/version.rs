//! [`Version`]: the version of a service.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The version of a service, by its WSDL; a differing revision alone is compatible.
///
/// Spec: gemSpec_Kon 5.18.0, chapter 4.1.3 (service directory)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Changes with the messages.
    pub major: u16,
    /// Changes with the namespace of the messages.
    pub minor: u16,
    /// Adds to the messages.
    pub revision: u16,
}

/// The text is no version.
///
/// Spec: none — a parse error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a version of the form 7.4.2")]
pub struct VersionError;

impl Version {
    /// A version of its three numbers.
    pub const fn new(major: u16, minor: u16, revision: u16) -> Self {
        Self { major, minor, revision }
    }

    /// The version at the end of a target namespace, as in `.../WSDL/v7.4`: revision 0.
    pub(crate) fn of_namespace(uri: &str) -> Option<Self> {
        let (_, version) = uri.rsplit_once("/v")?;
        format!("{version}.0").parse().ok()
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let mut numbers = text.trim().split('.').map(|number| number.parse().map_err(|_| VersionError));
        match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
            (Some(major), Some(minor), Some(revision), None) => Ok(Self::new(major?, minor?, revision?)),
            _ => Err(VersionError),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.revision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_not_text() {
        let version = |text: &str| text.parse::<Version>();
        assert!(version("7.4.10").unwrap() > version("7.4.2").unwrap());
        assert_eq!(version("7.4.2").unwrap().to_string(), "7.4.2");
        for bad in ["", "7.4", "7.4.2.1", "7.4.x", "-1.0.0", "70000.0.0", "7..2"] {
            assert_eq!(version(bad), Err(VersionError), "{bad}");
        }
        assert_eq!(Version::of_namespace("urn:x/WSDL/v7.4"), Some(Version::new(7, 4, 0)));
        assert_eq!(Version::of_namespace("urn:x"), None);
    }
}
