//! TLS in front of a [`Session`]: [`serve_sessions`].

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use openssl::pkey::{PKey, Private};
use openssl::ssl::{Ssl, SslAcceptor, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_openssl::SslStream;

use crate::port::Port;
use crate::session::{Next, Session, Step};

/// Whether a server wants a certificate of its clients.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2182-01 (client certificate C.CM.TLS-CS).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuth {
    /// The client is not asked.
    Off,
    /// The client is asked; a certificate that does not chain to the test PKI ends the handshake.
    Optional,
    /// A client without a certificate of the test PKI gets no connection.
    #[default]
    Required,
}

/// The key, the certificates and the rules of a TLS server.
pub(crate) struct ServerTls {
    pub(crate) certificate: X509,
    pub(crate) key: PKey<Private>,
    /// The certificates between the server's and the root, without either.
    pub(crate) chain: Vec<X509>,
    pub(crate) client_auth: ClientAuth,
    /// What certificates of clients chain to.
    pub(crate) client_anchors: Vec<X509>,
    /// Whether TLS 1.3 is spoken beside TLS 1.2.
    pub(crate) tls13: bool,
}

/// Opens a port with a server whose sessions are made by `open`.
///
/// # Errors
/// The port cannot be opened, or the key does not fit.
pub(crate) async fn serve_sessions<S, F>(tls: ServerTls, open: F) -> io::Result<Port>
where
    S: Session + Send + 'static,
    F: Fn(SocketAddr) -> S + Send + Sync + 'static,
{
    let (acceptor, open) = (tls.into_acceptor()?, Arc::new(open));
    Port::open_any(move |listener| accept(listener, acceptor.clone(), open.clone())).await
}

async fn accept<S, F>(listener: TcpListener, acceptor: SslAcceptor, open: Arc<F>)
where
    S: Session + Send + 'static,
    F: Fn(SocketAddr) -> S,
{
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        // A connection that cannot be accepted or secured is the client's trouble.
        let Ok((stream, peer)) = listener.accept().await else { continue };
        if let Ok(ssl) = Ssl::new(acceptor.context()) {
            connections.spawn(serve(stream, ssl, open(peer)));
        }
    }
}

impl ServerTls {
    pub(crate) fn into_acceptor(self) -> io::Result<SslAcceptor> {
        let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
        builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
        if !self.tls13 {
            builder.set_max_proto_version(Some(SslVersion::TLS1_2))?;
        }
        builder.set_groups_list("brainpoolP256r1:brainpoolP384r1:P-256:P-384")?;
        builder.set_private_key(&self.key)?;
        builder.set_certificate(&self.certificate)?;
        builder.check_private_key()?;
        for certificate in self.chain {
            builder.add_extra_chain_cert(certificate)?;
        }
        let mode = match self.client_auth {
            ClientAuth::Off => SslVerifyMode::NONE,
            ClientAuth::Optional => SslVerifyMode::PEER,
            ClientAuth::Required => SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
        };
        builder.set_verify(mode);
        if self.client_auth != ClientAuth::Off {
            let mut store = X509StoreBuilder::new()?;
            for anchor in self.client_anchors {
                builder.add_client_ca(&anchor)?;
                store.add_cert(anchor)?;
            }
            builder.set_verify_cert_store(store.build())?;
            // A client resumes only sessions of the same server; without an id OpenSSL refuses to resume at all.
            builder.set_session_id_context(b"kim-testbed")?;
        }
        Ok(builder.build())
    }
}

/// Speaks TLS with one client and runs its session to the end.
async fn serve(stream: TcpStream, ssl: Ssl, mut session: impl Session) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = SslStream::new(ssl, stream)?;
    Pin::new(&mut stream).accept().await.map_err(io::Error::other)?;
    let mut out = Vec::new();
    let step = session.greet(&mut out);
    let mut open = send(&mut stream, step, &mut out).await?;
    let mut buffer = vec![0; 64 * 1024];
    while open {
        let read = stream.read(&mut buffer).await?;
        let mut input = buffer.get(..read).unwrap_or_default();
        if input.is_empty() {
            break;
        }
        while open && !input.is_empty() {
            let step = session.receive(&mut input, &mut out);
            open = send(&mut stream, step, &mut out).await?;
        }
    }
    // The peer may be gone already.
    let _ = stream.shutdown().await;
    Ok(())
}

/// Sends what the session appended; `false` when the connection ends.
async fn send(stream: &mut SslStream<TcpStream>, step: Step, out: &mut Vec<u8>) -> io::Result<bool> {
    if let Some(delay) = step.delay {
        pause(delay).await;
    }
    stream.write_all(out).await?;
    stream.flush().await?;
    out.clear();
    match step.next {
        Next::Continue => Ok(true),
        Next::Close => Ok(false),
        Next::Silence => {
            let mut buffer = vec![0; 4096];
            while stream.read(&mut buffer).await? > 0 {}
            Ok(false)
        }
    }
}

/// A planned delay is the only reason to wait for the clock.
fn pause(delay: Duration) -> impl Future<Output = ()> {
    tokio::time::sleep(delay)
}
