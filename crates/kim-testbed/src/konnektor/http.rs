//! What goes in and out of a Konnektor: [`HttpRequest`], [`HttpResponse`].

use std::time::Duration;

/// A request as the TLS server, or a test without sockets, hands it on.
///
/// Spec: gemSpec_Kon 5.18.0, SOAP 1.1 over HTTP.
#[derive(Clone, Default)]
pub struct HttpRequest {
    /// The method.
    pub method: String,
    /// The path, from the first slash on.
    pub path: String,
    /// Names and values; names are compared without case.
    pub headers: Vec<(String, String)>,
    /// The certificate of the TLS client as DER.
    pub client_certificate: Option<Vec<u8>>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// A GET.
    pub fn get(path: &str) -> Self {
        Self { method: "GET".to_owned(), path: path.to_owned(), ..Self::default() }
    }

    /// A POST of a SOAP message.
    pub fn soap(path: &str, action: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = [("Content-Type", "text/xml; charset=utf-8"), ("SOAPAction", &format!("\"{action}\""))]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        let (method, path) = ("POST".to_owned(), path.to_owned());
        Self { method, path, headers, client_certificate: None, body: body.into() }
    }

    /// The same request with the certificate of a TLS client.
    pub fn with_client_certificate(self, der: Vec<u8>) -> Self {
        Self { client_certificate: Some(der), ..self }
    }

    /// The same request with a further header.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of the first header with this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Documents may be in the body and passwords in the headers, so neither is shown.
impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("octets", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An answer.
///
/// Spec: gemSpec_Kon 5.18.0, SOAP 1.1 over HTTP (faults come with status 500).
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// When it is sent, if at all.
    pub delivery: Delivery,
}

/// What becomes of an answer on its way to the client.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It is sent.
    Now,
    /// It is sent after this time.
    After(Duration),
    /// Instead of it, the connection is closed.
    Close,
    /// Nothing is sent and the connection stays open.
    Never,
}

impl HttpResponse {
    pub(super) const XML: &'static str = "text/xml; charset=utf-8";

    pub(super) fn xml(status: u16, body: Vec<u8>) -> Self {
        Self { status, content_type: Self::XML, body, delivery: Delivery::Now }
    }

    /// An answer of the web server in front of the services.
    pub(super) fn plain(status: u16) -> Self {
        let body = format!("HTTP status {status}\n").into_bytes();
        Self { status, content_type: "text/plain", body, delivery: Delivery::Now }
    }

    /// The body as text; empty when it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }
}

impl std::fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("octets", &self.body.len())
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}
