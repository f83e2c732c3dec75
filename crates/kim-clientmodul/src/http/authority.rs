//! Where a request goes: [`Authority`].

use hyper::Uri;

use super::HttpError;

/// Host and port of a URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Authority {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Authority {
    pub(crate) fn of(url: &str) -> Result<Self, HttpError> {
        let url: Uri = url.parse().map_err(|_| HttpError::Url)?;
        // User names and passwords in URLs end up in logs.
        let authority = url.authority().filter(|authority| !authority.as_str().contains('@'));
        match (url.scheme_str(), authority) {
            (Some("https"), Some(authority)) => Ok(Self {
                host: authority.host().trim_matches(['[', ']']).to_owned(),
                port: authority.port_u16().unwrap_or(443),
            }),
            _ => Err(HttpError::Url),
        }
    }
}

impl std::fmt::Display for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}
