//! A link that may be followed: [`KasLink`].

use std::fmt;

use kim_types::DomainSuffixes;
use thiserror::Error;

use crate::https::{Fault, Https};

/// A link to mail data that leads into KIM: `https`, no user information, a host the [`LinkRules`] accept.
///
/// `Debug` shows the host only: who knows the rest may fetch the data. Redirects of the server must not be followed, they
/// would go round the rules.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05 (download). That the host must be one of KIM is an own rule (flows L2)
/// against links to foreign hosts.
#[derive(Clone, PartialEq, Eq)]
pub struct KasLink {
    url: String,
    host: String,
    port: u16,
}

/// Which hosts a link may lead to.
///
/// Spec: none — own rule (flows L2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkRules {
    /// The domains of KIM; default `.kim.telematik` and `.kim.telematik-test`.
    pub suffixes: DomainSuffixes,
    /// Further hosts, each exactly as `host:port`, for test environments; default none.
    pub hosts: Vec<String>,
}

/// Why a link must not be followed.
///
/// Spec: none — the errors of parsing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// It is longer than 2048 octets.
    #[error("the link has {len} octets, at most 2048 are allowed")]
    TooLong {
        /// Its length in octets.
        len: usize,
    },
    /// A character that no link has, for instance a blank, a backslash or `#`.
    #[error("the link has a forbidden character at octet {at}")]
    Character {
        /// The offset of the character in octets.
        at: usize,
    },
    /// It does not begin with `https://`.
    #[error("the link does not begin with https://")]
    Scheme,
    /// It has user information.
    #[error("the link has user information")]
    UserInformation,
    /// Host or port are malformed.
    #[error("host or port of the link are malformed")]
    Authority,
    /// The host is none of KIM.
    #[error("the link leads out of KIM")]
    ForeignHost,
}

impl KasLink {
    /// Checks a link.
    ///
    /// # Errors
    /// [`LinkError`] says which rule it breaks.
    pub fn parse(text: &str, rules: &LinkRules) -> Result<Self, LinkError> {
        if text.len() > 2048 {
            return Err(LinkError::TooLong { len: text.len() });
        }
        let link = Https::parse(text).map_err(|fault| match fault {
            Fault::Character(at) => LinkError::Character { at },
            Fault::Scheme => LinkError::Scheme,
            Fault::UserInformation => LinkError::UserInformation,
            Fault::Host | Fault::Port => LinkError::Authority,
        })?;
        let (host, port) = (link.host.to_ascii_lowercase(), link.port.unwrap_or(443));
        let exact = format!("{host}:{port}");
        let accepted = rules.suffixes.contain(&host)
            || rules.hosts.iter().any(|accepted| accepted.eq_ignore_ascii_case(&exact));
        if !accepted {
            return Err(LinkError::ForeignHost);
        }
        let path = if link.path.is_empty() { "/" } else { link.path };
        Ok(Self { url: format!("https://{exact}{path}"), host, port })
    }

    /// The URL to fetch, with its port.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The host in lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 443 when the link has none.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Debug for KasLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KasLink({}:{})", self.host, self.port)
    }
}
