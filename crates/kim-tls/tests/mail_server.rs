//! TLS towards mail programs.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/pki.rs"]
mod pki;

use std::io;
use std::sync::Arc;

use kim_tls::{Anchors, ClientAuth, Distrust, Identity, Pins, ServerTrust, client_config, server_config};
use kim_types::Secret;
use pki::{Kind, Pair, Says, authority};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::{TlsAcceptor, TlsConnector};

fn identity(pair: &Pair) -> Identity {
    Identity::from_pem(&pair.pem(), &Secret::new(pair.key_pem())).unwrap()
}

/// What the server hears of the client: whether it has a certificate, or why it was refused.
async fn meet(server: Arc<ServerConfig>, client: Arc<ClientConfig>) -> io::Result<bool> {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let client = async move {
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(client).connect(name, near).await?;
        stream.read_u8().await
    };
    let server = async move {
        let mut stream = TlsAcceptor::from(server).accept(far).await?;
        stream.write_u8(1).await?;
        stream.flush().await?;
        Ok(stream.get_ref().1.peer_certificates().is_some())
    };
    let (_, known) = tokio::join!(client, server);
    known
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2181
#[tokio::test]
async fn clients_show_a_certificate_as_the_server_is_configured() {
    for kind in [Kind::Rsa, Kind::P256, Kind::BrainpoolP256] {
        let (ours, theirs) = (authority(kind), authority(kind));
        let server = ours.issue(&Says::server(kind, "localhost"));
        let known = identity(&ours.issue(&Says::client(kind)));
        let stranger = identity(&theirs.issue(&Says::client(kind)));
        let trust = || ServerTrust::Pins(Pins::from_pem(&server.pem()).unwrap());
        let client = |identity| client_config(trust(), identity).unwrap();
        let anchors = || Anchors::from_pem(&ours.pem()).unwrap();
        let server = |clients| server_config(&identity(&server), clients).unwrap();

        let off = server(ClientAuth::Off);
        assert!(!meet(off.clone(), client(None)).await.unwrap(), "{kind:?}");
        assert!(!meet(off, client(Some(&known))).await.unwrap());

        let optional = server(ClientAuth::Optional(anchors()));
        assert!(!meet(optional.clone(), client(None)).await.unwrap());
        assert!(meet(optional.clone(), client(Some(&known))).await.unwrap());
        let refused = meet(optional, client(Some(&stranger))).await.unwrap_err();
        assert!(Distrust::in_io(&refused).is_some());

        let required = server(ClientAuth::Required(anchors()));
        assert!(meet(required.clone(), client(Some(&known))).await.unwrap());
        assert!(meet(required, client(None)).await.is_err());
    }
}
