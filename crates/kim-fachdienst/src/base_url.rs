//! Where a service lives: [`BaseUrl`].

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::https::{Fault, Https};

/// The base of a service: `https://host[:port]/path/`, to which the path of an operation is appended.
///
/// With DNS service discovery: host and port of the SRV record, then the base path of the TXT record. At most 2048 octets,
/// without query. A missing slash at the end is added.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19361; api-kim, AccountLimit.yaml 1.1.4 (servers).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

/// Why a text is not the base of a service.
///
/// Spec: none — the errors of parsing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BaseUrlError {
    /// It is longer than 2048 octets.
    #[error("the URL has {len} octets, at most 2048 are allowed")]
    TooLong {
        /// Its length in octets.
        len: usize,
    },
    /// It does not begin with `https://`.
    #[error("the URL does not begin with https://")]
    Scheme,
    /// Host or port are malformed, or there is user information.
    #[error("host or port of the URL are malformed")]
    Authority,
    /// A character that no base has, for instance `?`, `#` or a blank.
    #[error("the URL has a forbidden character at octet {at}")]
    Character {
        /// The offset of the character in octets.
        at: usize,
    },
}

impl BaseUrl {
    /// The URL with a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of an operation, whose path is given without a slash in front.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{self}{path}")
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, BaseUrlError> {
        if text.len() > 2048 {
            return Err(BaseUrlError::TooLong { len: text.len() });
        }
        if let Some(at) = text.find('?') {
            return Err(BaseUrlError::Character { at });
        }
        Https::parse(text).map_err(|fault| match fault {
            Fault::Character(at) => BaseUrlError::Character { at },
            Fault::Scheme => BaseUrlError::Scheme,
            Fault::UserInformation | Fault::Host | Fault::Port => BaseUrlError::Authority,
        })?;
        let slash = if text.ends_with('/') { "" } else { "/" };
        Ok(Self(format!("{text}{slash}")))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_ends_in_one_slash() {
        for text in ["https://a.kim.telematik:8443/x/v1.1", "https://a.kim.telematik:8443/x/v1.1/"] {
            let base: BaseUrl = text.parse().unwrap();
            assert_eq!(base.to_string(), "https://a.kim.telematik:8443/x/v1.1/");
            assert_eq!(base.to_string().parse(), Ok(base));
        }
        assert_eq!("https://a".parse::<BaseUrl>().unwrap().join("limit"), "https://a/limit");
    }

    #[test]
    fn what_is_no_base_is_refused() {
        let error = |text: &str| text.parse::<BaseUrl>().unwrap_err();
        assert_eq!(error("http://a/"), BaseUrlError::Scheme);
        assert_eq!(error("https://u@a/"), BaseUrlError::Authority);
        assert_eq!(error("https://a:0/"), BaseUrlError::Authority);
        assert_eq!(error("https:///x"), BaseUrlError::Authority);
        assert_eq!(error("https://a/?x"), BaseUrlError::Character { at: 10 });
        assert_eq!(error("https://a/\r\nX"), BaseUrlError::Character { at: 10 });
        assert_eq!(error(&format!("https://a/{}", "x".repeat(2048))), BaseUrlError::TooLong { len: 2058 });
    }
}
