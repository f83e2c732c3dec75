//! A TLS server of OpenSSL at the other end of a pipe.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use openssl::ssl::{Ssl, SslContext, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::store::X509StoreBuilder;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_openssl::SslStream;
use tokio_rustls::TlsConnector;

use crate::pki::Pair;

/// What the server wants.
pub(crate) struct Server<'a> {
    pub(crate) identity: &'a Pair,
    pub(crate) groups: &'a str,
    /// The authority of the clients; without one it asks for no certificate.
    pub(crate) clients: Option<&'a Pair>,
    pub(crate) tls_1_3: bool,
}

/// What was agreed upon, as the server sees it.
#[derive(Debug)]
pub(crate) struct Agreed {
    pub(crate) version: SslVersion,
    pub(crate) client_certificate: Option<Vec<u8>>,
    /// The server's certificate, as the client sees it.
    pub(crate) server_certificate: Vec<u8>,
}

impl Server<'_> {
    fn context(&self) -> SslContext {
        let mut context = SslContext::builder(SslMethod::tls_server()).unwrap();
        context.set_certificate(&self.identity.certificate).unwrap();
        context.set_private_key(&self.identity.key).unwrap();
        context.set_groups_list(self.groups).unwrap();
        context.set_min_proto_version(Some(SslVersion::TLS1_2)).unwrap();
        let max = if self.tls_1_3 { SslVersion::TLS1_3 } else { SslVersion::TLS1_2 };
        context.set_max_proto_version(Some(max)).unwrap();
        if let Some(clients) = self.clients {
            let mut store = X509StoreBuilder::new().unwrap();
            store.add_cert(clients.certificate.clone()).unwrap();
            context.set_verify_cert_store(store.build()).unwrap();
            context.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        }
        context.build()
    }

    /// A handshake, and a word each way, because in TLS 1.3 a server refuses only after the client is done.
    pub(crate) async fn meet(&self, client: Arc<ClientConfig>) -> io::Result<Agreed> {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let ssl = Ssl::new(&self.context()).unwrap();
        let server = async move {
            let mut stream = SslStream::new(ssl, far).unwrap();
            Pin::new(&mut stream).accept().await.map_err(io::Error::other)?;
            stream.write_all(b"hello").await?;
            stream.read_exact(&mut [0; 5]).await?;
            let ssl = stream.ssl();
            let certificate = ssl.peer_certificate().map(|certificate| certificate.to_der().unwrap());
            Ok::<_, io::Error>((ssl.version2().unwrap(), certificate))
        };
        let client = async move {
            let name = ServerName::try_from("unused.example").unwrap();
            let mut stream = TlsConnector::from(client).connect(name, near).await?;
            stream.read_exact(&mut [0; 5]).await?;
            stream.write_all(b"hello").await?;
            stream.flush().await?;
            Ok::<_, io::Error>(stream.get_ref().1.peer_certificates().unwrap()[0].to_vec())
        };
        let (server, client) = tokio::join!(server, client);
        let server_certificate = client?;
        let (version, client_certificate) = server?;
        Ok(Agreed { version, client_certificate, server_certificate })
    }
}
