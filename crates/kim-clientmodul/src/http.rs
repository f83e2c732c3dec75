//! HTTPS to Konnektor and Fachdienst: [`HttpClient`].

mod authority;
mod body;
mod idle;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::{AlertDescription, ClientConfig};
use thiserror::Error;

use crate::resolver::Resolver;
use crate::upstream::{self, ConnectError};

pub(crate) use authority::Authority;
pub(crate) use body::RequestBody;
use idle::{Idle, Sender};

/// How long connecting may take within the time of the whole call.
const CONNECT_TIME: Duration = Duration::from_secs(20);

/// The greatest size of a response's header in octets, and the greatest number of its fields.
const MAX_HEADER: (usize, usize) = (64 * 1024, 100);

/// A client for HTTPS: streams both ways, keeps connections, follows no redirect, uses no proxy.
///
/// Deadlines are the caller's: a call that is dropped closes its connection.
pub(crate) struct HttpClient {
    tls: Arc<ClientConfig>,
    resolver: Resolver,
    idle: Arc<Idle>,
    /// The certificate that a server has shown last.
    shown: Mutex<Option<Bytes>>,
}

/// A request: what, to where, with which octets.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// An absolute https URL.
    pub(crate) url: String,
    pub(crate) fields: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: RequestBody,
    pub(crate) connection: Use,
}

/// Which connection a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// An idle one if there is one. The server may have just closed it; then the call fails with
    /// [`HttpError::Closed`] and the caller may repeat it.
    Any,
    /// A new one, for what must not be repeated: no octet goes to a connection that might be gone.
    Fresh,
}

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum HttpError {
    /// The URL is not an absolute https URL.
    #[error("the url is not an absolute https url")]
    Url,
    /// There was no connection. Nothing was sent.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection ended before the response did.
    #[error("the connection was closed before the response was complete")]
    Closed {
        /// Whether it had been used before, so that repeating on a new one is worth a try.
        reused: bool,
    },
    /// What came is not HTTP.
    #[error("the response is not HTTP")]
    Protocol,
    /// The body is longer than the caller allows.
    #[error("the response is larger than allowed")]
    TooLarge,
}

impl HttpClient {
    pub(crate) fn new(tls: Arc<ClientConfig>, resolver: Resolver) -> Self {
        Self { tls, resolver, idle: Arc::default(), shown: Mutex::default() }
    }

    /// Sends a request and reads the header of the response. Its body may have `limit` octets.
    pub(crate) async fn send(&self, call: Call, limit: u64) -> Result<Response, HttpError> {
        self.open(&call.url, call.connection).await?.send(call, limit).await
    }

    /// The host of an absolute https URL, without brackets.
    pub(crate) fn host(url: &str) -> Result<String, HttpError> {
        Authority::of(url).map(|authority| authority.host)
    }

    /// A connection for one request to the host of an absolute https URL.
    pub(crate) async fn open(&self, url: &str, connection: Use) -> Result<Line, HttpError> {
        let authority = Authority::of(url)?;
        let idle = match connection {
            Use::Any => self.idle.take(&authority).await,
            Use::Fresh => None,
        };
        let (sender, certificate) = match idle {
            Some(sender) => (sender, None),
            None => self.connect(&authority).await.map(|(sender, shown)| (sender, Some(shown)))?,
        };
        Ok(Line { sender, authority, certificate, idle: self.idle.clone() })
    }

    /// The certificate that a server has shown last, as DER.
    pub(crate) fn server_certificate(&self) -> Option<Bytes> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn connect(&self, authority: &Authority) -> Result<(Sender, Bytes), HttpError> {
        let Authority { host, port } = authority;
        let connected =
            upstream::connect(host, *port, &self.resolver, self.tls.clone(), CONNECT_TIME).await?;
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(connected.certificate.clone());
        let (size, fields) = MAX_HEADER;
        let (line, connection) = http1::Builder::new()
            .max_header_size(size)
            .max_headers(fields)
            .handshake(TokioIo::new(connected.stream))
            .await
            .map_err(|error| failure(&error, false))?;
        // Errors show at `line`, too.
        let task = tokio::spawn(connection).abort_handle();
        Ok((Sender { line, task }, connected.certificate))
    }
}

/// A connection that waits for its request.
pub(crate) struct Line {
    sender: Sender,
    authority: Authority,
    /// What the server showed, as DER; `None` if the connection was used before.
    pub(crate) certificate: Option<Bytes>,
    idle: Arc<Idle>,
}

impl Line {
    /// Sends a request to the host the connection was opened for, and reads the header of the response.
    pub(crate) async fn send(mut self, call: Call, limit: u64) -> Result<Response, HttpError> {
        let reused = self.certificate.is_none();
        let response = self.sender.line.send_request(call.into_request(&self.authority)?).await;
        let response = response.map_err(|error| failure(&error, reused))?;
        let (head, body) = response.into_parts();
        let home = Some((self.idle, self.authority, self.sender));
        Ok(Response { status: head.status, fields: head.headers, body, left: limit, reused, home })
    }
}

impl Call {
    fn into_request(self, authority: &Authority) -> Result<Request<RequestBody>, HttpError> {
        let url: Uri = self.url.parse().map_err(|_| HttpError::Url)?;
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let mut request =
            Request::builder().method(self.method).uri(path).header(HOST, authority.to_string());
        if let Some(fields) = request.headers_mut() {
            fields.extend(self.fields);
        }
        request.body(self.body).map_err(|_| HttpError::Url)
    }
}

/// A response whose body is still to be read.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) fields: HeaderMap,
    body: Incoming,
    left: u64,
    reused: bool,
    /// Where the connection goes when the body is complete.
    home: Option<(Arc<Idle>, Authority, Sender)>,
}

impl Response {
    /// The next octets of the body; `None` at its end, after which the connection serves others.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        loop {
            let Some(frame) = self.body.frame().await else {
                if let Some((idle, authority, sender)) = self.home.take() {
                    idle.keep(authority, sender);
                }
                return Ok(None);
            };
            // Trailers are of no use to anybody here.
            let frame = frame.map_err(|error| failure(&error, self.reused))?;
            if let Ok(octets) = frame.into_data() {
                let len = u64::try_from(octets.len()).unwrap_or(u64::MAX);
                self.left = self.left.checked_sub(len).ok_or(HttpError::TooLarge)?;
                return Ok(Some(octets));
            }
        }
    }

    /// The value of a header field, if it is text.
    pub(crate) fn field(&self, name: HeaderName) -> Option<&str> {
        self.fields.get(name)?.to_str().ok()
    }
}

fn failure(error: &hyper::Error, reused: bool) -> HttpError {
    if error.is_parse() {
        HttpError::Protocol
    } else if !reused && is_refusal(error) {
        HttpError::Connect(ConnectError::Handshake)
    } else {
        HttpError::Closed { reused }
    }
}

/// Whether the server has refused the client's certificate. With TLS 1.3 it says so when the handshake is over for the client
/// and the request is under way; it has read nothing of it.
fn is_refusal(error: &hyper::Error) -> bool {
    let io = std::error::Error::source(error).and_then(|error| error.downcast_ref::<io::Error>());
    let tls = io.and_then(io::Error::get_ref).and_then(|error| error.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::AlertReceived(alert)) = tls else { return false };
    matches!(
        alert,
        AlertDescription::HandshakeFailure
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError
            | AlertDescription::CertificateRequired
    )
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use kim_testbed::{Testbed, TestbedConfig};
    use kim_tls::{ClientAuth, Identity, Pins, ServerTrust, client_config};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    #[test]
    fn only_absolute_https_urls_are_called() {
        let authority = |url| Authority::of(url).map(|authority| authority.to_string());
        assert_eq!(authority("https://192.0.2.10/connector.sds"), Ok("192.0.2.10:443".into()));
        assert_eq!(authority("https://[2001:db8::1]:8443/a"), Ok("[2001:db8::1]:8443".into()));
        for url in ["http://kon/a", "/connector.sds", "", "https://", "https://user:pass@kon/", "ftp://kon/a"]
        {
            assert_eq!(authority(url), Err(HttpError::Url), "{url}");
        }
    }

    /// The service directory of a testbed, read to its end.
    async fn read(client: &HttpClient, url: &str, connection: Use, limit: u64) -> Result<usize, HttpError> {
        let (method, url) = (Method::GET, url.to_owned());
        let call = Call { method, url, fields: Vec::new(), body: RequestBody::none(), connection };
        let mut response = client.send(call, limit).await?;
        assert_eq!(response.status, StatusCode::OK);
        let mut len = 0;
        while let Some(octets) = response.chunk().await? {
            len += octets.len();
        }
        Ok(len)
    }

    #[tokio::test]
    async fn connections_are_used_again_and_bodies_have_a_limit() {
        let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
        let pins = Pins::from_pem(testbed.konnektor_certificate_pem().as_bytes()).unwrap();
        let (file, password) = testbed.konnektor_client_pkcs12();
        let identity = Identity::from_pkcs12(&file, &password).unwrap();
        let client = HttpClient::new(
            client_config(ServerTrust::Pins(pins), Some(&identity)).unwrap(),
            Resolver::new(None),
        );
        let url = testbed.konnektor_url();
        let idle = || client.idle.lock().values().map(Vec::len).sum::<usize>();

        let len = read(&client, &url, Use::Any, 1_000_000).await.unwrap();
        assert_eq!(idle(), 1);
        assert_eq!(read(&client, &url, Use::Any, u64::try_from(len).unwrap()).await, Ok(len));
        assert_eq!(idle(), 1);
        assert_eq!(read(&client, &url, Use::Fresh, 1_000_000).await, Ok(len));
        assert_eq!(idle(), 2);
        // The rest of a body that is too large is not read: the connection is not used again.
        assert_eq!(read(&client, &url, Use::Any, 10).await, Err(HttpError::TooLarge));
        assert_eq!(idle(), 1);
    }

    /// A server that answers every request before it has read its body, and never reads that.
    async fn hasty(identity: &Identity) -> (SocketAddr, Arc<AtomicUsize>) {
        let tls = TlsAcceptor::from(kim_tls::server_config(identity, ClientAuth::Off).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, accepted) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let count = accepted.clone();
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let mut stream = tls.accept(stream).await.unwrap();
                stream.read_u8().await.unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
                stream.flush().await.unwrap();
                open.push(stream);
            }
        });
        (address, accepted)
    }

    #[tokio::test]
    async fn a_connection_whose_request_is_never_taken_is_not_waited_for() {
        let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
        let (file, password) = testbed.clientmodul_pkcs12();
        let identity = Identity::from_pkcs12(&file, &password).unwrap();
        let (address, accepted) = hasty(&identity).await;
        let der = STANDARD.encode(identity.certificate());
        let pem = format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n");
        let trust = ServerTrust::Pins(Pins::from_pem(pem.as_bytes()).unwrap());
        let client = HttpClient::new(client_config(trust, None).unwrap(), Resolver::new(None));
        for connections in [1, 2] {
            let chunks = std::iter::repeat_n(Bytes::from(vec![0; 64 * 1024]), 1024);
            let call = Call {
                method: Method::POST,
                url: format!("https://{address}/"),
                fields: Vec::new(),
                body: RequestBody::new(64 * 1024 * 1024, chunks),
                connection: Use::Any,
            };
            let answer = async { client.send(call, 0).await?.chunk().await };
            let answer = tokio::time::timeout(Duration::from_secs(20), answer).await;
            assert_eq!(answer.unwrap(), Ok(None));
            assert_eq!(accepted.load(Ordering::Relaxed), connections);
        }
    }
}
