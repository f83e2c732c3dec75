//! A [`Kas`] on a port: [`KasServer`].

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request as HyperRequest, Response, StatusCode};
use hyper_util::rt::TokioIo;
use openssl::ssl::Ssl;
use tokio::io::BufStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Sleep;
use tokio_openssl::SslStream;

use super::{Answer, Kas, KasFault, Request};
use crate::listener::ServerTls;

/// The greatest body that is read: the greatest mail and what stands around it.
const MAX_BODY: usize = 736 * 1024 * 1024;

/// How much of what is encrypted is read or sent at once: OpenSSL asks for every record, and for its first five octets alone.
const BUFFER: usize = 256 * 1024;

/// How much a slow service reads or sends at once.
const PORTION: usize = 16 * 1024;

/// The attachment service on a port of 127.0.0.1 that the system chose. It stops when it is dropped.
#[derive(Debug)]
pub(crate) struct KasServer {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl KasServer {
    /// Starts the server.
    ///
    /// # Errors
    /// The port cannot be opened, or the key does not fit.
    pub(crate) async fn start(tls: ServerTls, kas: Kas) -> io::Result<Self> {
        let acceptor = tls.into_acceptor()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                while connections.try_join_next().is_some() {}
                // A connection that cannot be accepted or secured is the client's trouble.
                let Ok((stream, _)) = listener.accept().await else { continue };
                if let Ok(ssl) = Ssl::new(acceptor.context()) {
                    connections.spawn(serve(stream, ssl, kas.clone()));
                }
            }
        });
        Ok(Self { address, accepting })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for KasServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(stream: TcpStream, ssl: Ssl, kas: Kas) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = SslStream::new(ssl, BufStream::with_capacity(BUFFER, BUFFER, stream))?;
    Pin::new(&mut stream).accept().await.map_err(io::Error::other)?;
    let service = service_fn(move |request| answer(kas.clone(), request));
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.map_err(io::Error::other)
}

/// An error ends the connection.
async fn answer(kas: Kas, request: HyperRequest<Incoming>) -> io::Result<Response<Octets>> {
    let (head, body) = request.into_parts();
    let field =
        |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (method, path) = (head.method.as_str(), head.uri.path());
    let Some((operation, fault)) = kas.begin(method, path) else {
        return deliver(Answer::error(404), method == "HEAD").await;
    };
    let body = match fault {
        Some(KasFault::Early(_)) => {
            // Read and thrown away: a connection closed inside a request takes the answer with it.
            tokio::spawn(read(body, None, None));
            Bytes::new()
        }
        _ => read(body, field(CONTENT_LENGTH), fault.clone()).await?,
    };
    let request = Request {
        path: path.to_owned(),
        authorization: field(AUTHORIZATION),
        recipient: field(HeaderName::from_static("recipient")),
        content_type: field(CONTENT_TYPE),
        body,
    };
    let host = field(HOST).unwrap_or_default();
    deliver(kas.carry_out(operation, fault, &host, &request), method == "HEAD").await
}

/// Reads a body into one piece of memory.
async fn read(mut body: Incoming, length: Option<String>, fault: Option<KasFault>) -> io::Result<Bytes> {
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0_usize);
    let mut whole = Vec::with_capacity(length.min(MAX_BODY));
    let mut paid = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(octets) = frame.map_err(io::Error::other)?.into_data() else { continue };
        whole.extend_from_slice(&octets);
        if whole.len() > MAX_BODY {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        while let Some(KasFault::Slow(pause)) = &fault
            && paid.saturating_add(PORTION) <= whole.len()
        {
            paid = paid.saturating_add(PORTION);
            tokio::time::sleep(*pause).await;
        }
    }
    Ok(whole.into())
}

async fn deliver(answer: Answer, head_only: bool) -> io::Result<Response<Octets>> {
    let Answer { status, mut body, fault } = answer;
    // In portions: the HTTP library copies what it is given at once.
    let (mut cut, mut location, mut pause, mut portion) = (None, None, None, BUFFER);
    match fault {
        Some(KasFault::Silence) => {
            let never: Infallible = std::future::pending().await;
            match never {}
        }
        Some(KasFault::Truncated(octets)) => cut = Some(octets),
        Some(KasFault::Corrupted) => {
            let mut changed = body.to_vec();
            changed.iter_mut().rev().take(1).for_each(|octet| *octet ^= 1);
            body = changed.into();
        }
        Some(KasFault::WrongLength) => body = [&body[..], &[0]].concat().into(),
        Some(KasFault::Redirect(url)) => location = Some(url),
        Some(KasFault::Slow(time)) => (pause, portion) = (Some(time), PORTION),
        Some(KasFault::Trickle(time)) => (pause, portion) = (Some(time), 1),
        Some(KasFault::Status(_) | KasFault::Early(_)) | None => {}
    }
    let len = body.len() as u64;
    let whole = cut.unwrap_or(body.len()).min(body.len());
    let left = if head_only { Bytes::new() } else { body.slice(..whole) };
    let missing = if head_only { 0 } else { len.saturating_sub(left.len() as u64) };
    let kind = if status == 200 { "application/octet-stream" } else { "application/json; charset=utf-8" };
    let mut response = Response::new(Octets { left, missing, pause, portion, sleep: None });
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(len));
    if let Some(url) = location {
        response.headers_mut().insert(LOCATION, HeaderValue::from_str(&url).map_err(io::Error::other)?);
    }
    Ok(response)
}

/// A body that ends in an error when octets are missing, and comes in portions when it is slow.
struct Octets {
    left: Bytes,
    missing: u64,
    pause: Option<Duration>,
    portion: usize,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Body for Octets {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left.is_empty() {
            let cut = self.missing > 0;
            return Poll::Ready(cut.then(|| Err(io::ErrorKind::ConnectionAborted.into())));
        }
        if let Some(pause) = self.pause {
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
            ready!(sleep.as_mut().poll(context));
            self.sleep = None;
        }
        let portion = self.left.len().min(self.portion);
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(portion)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.missing == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact((self.left.len() as u64).saturating_add(self.missing))
    }
}
