//! Host and port of a mail server.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::{Host, HostError};

/// A mail server: `host:port`.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010, KOM-LE-A_2032, KOM-LE-A_2033-01.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Server {
    /// The host.
    pub host: Host,
    /// The port; 1 to 65535 when parsed.
    pub port: u16,
}

/// Why a text is not a [`Server`].
///
/// Spec: none — the errors of parsing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ServerError {
    /// No `:` between host and port.
    #[error("the port is missing")]
    NoPort,
    /// The port is not a number from 1 to 65535.
    #[error("the port at octet {at} is not a number from 1 to 65535")]
    Port {
        /// The offset of the port in octets, from the start of the server.
        at: usize,
    },
    /// The host is malformed.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl ServerError {
    /// The offset of the fault in octets, from the start of the server.
    pub fn at(&self) -> usize {
        match self {
            Self::NoPort => 0,
            Self::Port { at } => *at,
            Self::Host(error) => error.at(),
        }
    }
}

impl FromStr for Server {
    type Err = ServerError;

    fn from_str(text: &str) -> Result<Self, ServerError> {
        let (host, port) = text.rsplit_once(':').ok_or(ServerError::NoPort)?;
        let host: Host = host.parse()?;
        let at = text.len().saturating_sub(port.len());
        // `u16::from_str` would take a sign.
        let digits = port.bytes().all(|octet| octet.is_ascii_digit());
        match port.parse() {
            Ok(port @ 1..) if digits => Ok(Self { host, port }),
            _ => Err(ServerError::Port { at }),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_it_read() {
        for text in ["mail.elefant.kim.telematik:465", "100.102.8.6:995", "[2001:db8::1]:1", "x:65535"] {
            assert_eq!(text.parse::<Server>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let error = |text: &str| text.parse::<Server>().unwrap_err();
        assert_eq!(error("mail"), ServerError::NoPort);
        for port in ["", "0", "65536", "+25", "-1", "2 5", "٣"] {
            assert_eq!(error(&format!("mail:{port}")), ServerError::Port { at: 5 }, "{port}");
        }
        assert_eq!(error(":995"), ServerError::Host(HostError::Length { len: 0 }));
        assert_eq!(error("::1:995").at(), 0);
        assert_eq!(error("ma il:995").at(), 2);
    }
}
