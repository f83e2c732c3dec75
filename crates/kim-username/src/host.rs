//! Where a server is: [`Host`], by name or by address.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

/// A host by name or by IP address; an IPv6 address is written in brackets.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010; brackets: RFC 3986 §3.2.2.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name to be resolved.
    Name(HostName),
    /// An address.
    Ip(IpAddr),
}

/// A host name: compared without regard to ASCII case, never rewritten.
///
/// 1 to 253 octets in labels of 1 to 63 letters, digits and `-`, no `-` at either end of a label, no dot at the end. The
/// last label is not a number, so that a mistyped IPv4 address is not taken for a name.
///
/// Spec: RFC 1123 §2.1.
#[derive(Debug, Clone)]
pub struct HostName(String);

/// Why a text is not a [`Host`].
///
/// Spec: none — the errors of parsing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HostError {
    /// Empty or longer than 253 octets.
    #[error("the host has {len} octets, 1 to 253 are allowed")]
    Length {
        /// Its length in octets.
        len: usize,
    },
    /// It begins with a bracket and is not an IPv6 address in brackets.
    #[error("the brackets do not hold an IPv6 address")]
    Ipv6,
    /// A label is empty, too long, a number at the end of the name, or has a forbidden character.
    #[error("the host name is malformed at octet {at}")]
    Name {
        /// The offset of the fault in octets, from the start of the host.
        at: usize,
    },
}

impl HostError {
    /// The offset of the fault in octets, from the start of the host.
    pub fn at(&self) -> usize {
        match self {
            Self::Length { .. } | Self::Ipv6 => 0,
            Self::Name { at } => *at,
        }
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        if let Some(bracketed) = text.strip_prefix('[') {
            let address = bracketed.strip_suffix(']').ok_or(HostError::Ipv6)?;
            return address.parse().map(|v6: Ipv6Addr| Self::Ip(v6.into())).map_err(|_| HostError::Ipv6);
        }
        match text.parse() {
            Ok(ip @ IpAddr::V4(_)) => Ok(Self::Ip(ip)),
            _ => text.parse().map(Self::Name),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Ip(IpAddr::V4(v4)) => v4.fmt(f),
            Self::Ip(IpAddr::V6(v6)) => write!(f, "[{v6}]"),
        }
    }
}

impl HostName {
    /// The greatest length in octets.
    pub const MAX_OCTETS: usize = 253;

    /// The name as it was parsed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        if !(1..=Self::MAX_OCTETS).contains(&text.len()) {
            return Err(HostError::Length { len: text.len() });
        }
        let (mut at, mut number) = (0usize, false);
        for label in text.split('.') {
            let fault = check_label(label);
            if let Some(offset) = fault {
                return Err(HostError::Name { at: at.saturating_add(offset) });
            }
            number = label.bytes().all(|octet| octet.is_ascii_digit());
            at = at.saturating_add(label.len()).saturating_add(1);
        }
        if number {
            return Err(HostError::Name { at: text.rfind('.').map_or(0, |dot| dot.saturating_add(1)) });
        }
        Ok(Self(text.to_owned()))
    }
}

/// The offset of the first fault of a label.
fn check_label(label: &str) -> Option<usize> {
    let forbidden = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    if label.is_empty() || label.len() > 63 || label.starts_with('-') {
        return Some(0);
    }
    let hyphen_at_end = || label.ends_with('-').then(|| label.len().saturating_sub(1));
    label.find(forbidden).or_else(hyphen_at_end)
}

impl PartialEq for HostName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for HostName {}

impl Hash for HostName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> HostError {
        text.parse::<Host>().unwrap_err()
    }

    #[test]
    fn names_are_compared_without_case_and_never_rewritten() {
        let host: Host = "Mail.Elefant.kim.telematik".parse().unwrap();
        assert_eq!(host, "mail.elefant.KIM.telematik".parse().unwrap());
        assert_eq!(host.to_string(), "Mail.Elefant.kim.telematik");
        assert!("localhost".parse::<Host>().is_ok());
        assert!("3com.example".parse::<Host>().is_ok());
    }

    #[test]
    fn addresses_are_told_from_names() {
        assert_eq!("100.102.8.6".parse(), Ok(Host::Ip([100, 102, 8, 6].into())));
        let v6: Host = "[2001:db8::1]".parse().unwrap();
        assert_eq!(
            (v6.to_string().as_str(), v6),
            ("[2001:db8::1]", Host::Ip("2001:db8::1".parse().unwrap()))
        );
    }

    #[test]
    fn what_is_neither_is_refused_with_the_place() {
        assert_eq!(error(""), HostError::Length { len: 0 });
        assert_eq!(error(&"a.".repeat(127)), HostError::Length { len: 254 });
        assert_eq!(error("100.102.8.600"), HostError::Name { at: 10 });
        assert_eq!(error("12345"), HostError::Name { at: 0 });
        assert_eq!(error("2001:db8::1"), HostError::Name { at: 4 });
        assert_eq!(error("::1"), HostError::Name { at: 0 });
        assert_eq!(error("mail..example"), HostError::Name { at: 5 });
        assert_eq!(error("mail.example."), HostError::Name { at: 13 });
        assert_eq!(error("mail.-x"), HostError::Name { at: 5 });
        assert_eq!(error("mail.x-"), HostError::Name { at: 6 });
        assert_eq!(error("mail.ex_ample"), HostError::Name { at: 7 });
        assert_eq!(error("müll.example"), HostError::Name { at: 1 });
        assert_eq!(error(&"a".repeat(64)), HostError::Name { at: 0 });
        for brackets in ["[]", "[::1", "[127.0.0.1]", "[mail]", "[fe80::1%eth0]"] {
            assert_eq!(error(brackets), HostError::Ipv6, "{brackets}");
        }
    }
}
