//! A Konnektor on a port: [`KonnektorServer`].

use std::convert::Infallible;
use std::io;
use std::pin::Pin;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use openssl::ssl::{Ssl, SslAcceptor};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_openssl::SslStream;

use super::{Delivery, HttpRequest, HttpResponse, Konnektor, events};
use crate::listener::ServerTls;
use crate::port::Port;

/// The greatest body that is read: a document of 25 MiB in base64, and room for 1,000 certificates.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// A Konnektor on a port of 127.0.0.1 that the system chose. It stops when it is dropped.
#[derive(Debug)]
pub(crate) struct KonnektorServer {
    port: Port,
    konnektor: Konnektor,
    acceptor: Sender,
    sending: JoinHandle<()>,
}

/// Where the server takes its key and certificate from.
struct Sender(watch::Sender<SslAcceptor>);

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SslAcceptor")
    }
}

impl KonnektorServer {
    /// Starts the server.
    ///
    /// # Errors
    /// The port cannot be opened, or the key does not fit.
    pub(crate) async fn start(tls: ServerTls, konnektor: Konnektor) -> io::Result<Self> {
        let acceptor = Sender(watch::Sender::new(tls.into_acceptor()?));
        let port = acceptor.open_port(&konnektor).await?;
        let sending = tokio::spawn(events::send(konnektor.clone()));
        Ok(Self { port, konnektor, acceptor, sending })
    }

    /// Opens one more port, behind which all is the same.
    ///
    /// # Errors
    /// There is none.
    pub(crate) async fn open_port(&self) -> io::Result<Port> {
        self.acceptor.open_port(&self.konnektor).await
    }

    /// Takes another key and certificate and closes all connections, as after a restart.
    ///
    /// # Errors
    /// The key does not fit.
    pub(crate) fn restart(&self, tls: ServerTls) -> io::Result<()> {
        self.acceptor.0.send_replace(tls.into_acceptor()?);
        Ok(())
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> &Port {
        &self.port
    }
}

impl Sender {
    async fn open_port(&self, konnektor: &Konnektor) -> io::Result<Port> {
        let (current, konnektor) = (self.0.subscribe(), konnektor.clone());
        Port::open_any(move |listener| accept(listener, konnektor.clone(), current.clone())).await
    }
}

impl Drop for KonnektorServer {
    fn drop(&mut self) {
        self.sending.abort();
    }
}

async fn accept(listener: TcpListener, konnektor: Konnektor, mut current: watch::Receiver<SslAcceptor>) {
    current.mark_unchanged();
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Ok(()) = current.changed() => {
                connections.abort_all();
                continue;
            }
        };
        // A connection that cannot be accepted or secured is the client's trouble.
        let Ok((stream, _)) = accepted else { continue };
        if let Ok(ssl) = Ssl::new(current.borrow().context()) {
            connections.spawn(serve(stream, ssl, konnektor.clone(), current.clone()));
        }
    }
}

async fn serve(
    stream: TcpStream,
    ssl: Ssl,
    konnektor: Konnektor,
    current: watch::Receiver<SslAcceptor>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = SslStream::new(ssl, stream)?;
    Pin::new(&mut stream).accept().await.map_err(io::Error::other)?;
    konnektor.record_tls(stream.ssl().version_str());
    let certificate = stream.ssl().peer_certificate().and_then(|certificate| certificate.to_der().ok());
    let service = service_fn(move |request| {
        let (konnektor, certificate, restarted) =
            (konnektor.clone(), certificate.clone(), current.has_changed());
        async move {
            // The connection is about to be closed; nothing goes through it any more.
            if !matches!(restarted, Ok(false)) {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            answer(konnektor, certificate, request).await
        }
    });
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.map_err(io::Error::other)
}

/// An error ends the connection.
async fn answer(
    konnektor: Konnektor,
    client_certificate: Option<Vec<u8>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(http_response(HttpResponse::plain(413)));
    };
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let request = HttpRequest {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        client_certificate,
        body: body.to_bytes().to_vec(),
    };
    // Cryptography of 25 MiB would hold up the other connections.
    let handled = tokio::task::spawn_blocking(move || konnektor.handle(&request)).await;
    let response = handled.map_err(io::Error::other)?;
    match response.delivery {
        Delivery::Now => Ok(http_response(response)),
        Delivery::After(time) => {
            tokio::time::sleep(time).await;
            Ok(http_response(response))
        }
        Delivery::Close => Err(io::ErrorKind::ConnectionAborted.into()),
        Delivery::Never => {
            let never: Infallible = std::future::pending().await;
            match never {}
        }
    }
}

fn http_response(response: HttpResponse) -> Response<Full<Bytes>> {
    let mut out = Response::new(Full::new(Bytes::from(response.body)));
    *out.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    out.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(response.content_type));
    if response.status == 401 {
        out.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Konnektor\""));
    }
    out
}
