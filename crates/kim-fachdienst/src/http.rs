//! A request as a value: [`HttpRequest`].

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kim_types::{Address, Secret};

/// What to send, without the body: only an [`Upload`](crate::Upload) has one.
///
/// `Debug` does not show the URL: that of mail data is all it takes to know it.
///
/// Spec: RFC 9110 §9.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The absolute URL, always `https`.
    pub url: String,
    /// Names and values of header fields, apart from `Host`. Values may hold a password or an address: none is printed.
    pub headers: Vec<(&'static str, Secret)>,
}

/// The method of a request.
///
/// Spec: RFC 9110 §9, as far as the services of the Fachdienst use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Ask whether it is there, and how large.
    Head,
    /// Put there.
    Post,
    /// Remove.
    Delete,
}

impl Method {
    /// The method as it stands in the request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// The value of an `Authorization` header for HTTP Basic.
///
/// An [`Address`] has no colon, so that the password begins after the first one.
pub(crate) fn basic(account: &Address, password: &Secret) -> Secret {
    // Joined at once: a buffer that grows leaves copies behind that nobody wipes.
    let credentials = Secret::new([account.as_str().as_bytes(), b":", password.expose()].concat());
    Secret::new(format!("Basic {}", STANDARD.encode(credentials.expose())).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_not_printed() {
        let request = HttpRequest {
            method: Method::Get,
            url: "https://kas.example/kanarie".to_owned(),
            headers: vec![("Authorization", Secret::from("kanarie"))],
        };
        let printed = format!("{request:?}");
        assert!(printed.contains("Get") && !printed.contains("kanarie"), "{printed}");
    }

    #[test]
    fn basic_is_base64_of_account_and_password() {
        let value = basic(&"a@b.de".parse().unwrap(), &Secret::from("x:ü"));
        assert_eq!(value.expose(), b"Basic YUBiLmRlOng6w7w=");
    }
}
