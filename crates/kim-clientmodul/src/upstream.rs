//! TCP and TLS to a server of the TI: [`connect`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kim_tls::{Distrust, TlsError};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::resolver::Resolver;

/// A TLS connection and what the server showed.
pub(crate) struct Connected {
    pub(crate) stream: TlsStream<TcpStream>,
    /// The server's certificate as DER, for the Konnektor to check.
    pub(crate) certificate: Bytes,
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum ConnectError {
    /// The configuration of the connection makes no sense.
    #[error(transparent)]
    Settings(#[from] TlsError),
    /// The host is no name and no address.
    #[error("the host is neither a name nor an address")]
    Host,
    /// No TCP connection: wrong host or port, a firewall, or the server is down.
    #[error("no connection: {0}")]
    Unreachable(io::ErrorKind),
    /// Connection and handshake took too long.
    #[error("no connection in time")]
    Timeout,
    /// The server is not the one it should be.
    #[error("the server is not trusted: {0}")]
    Distrust(#[from] Distrust),
    /// No common ground with the server; often it wants another client certificate, or does not speak TLS.
    #[error("the TLS handshake failed")]
    Handshake,
}

/// Connects to a server that speaks TLS from the first octet.
///
/// The host is a name or an IP address without brackets. `patience` is for all of it: resolver, TCP and handshake. Of several
/// addresses the first one counts that can be connected to.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2074.
pub(crate) async fn connect(
    host: &str,
    port: u16,
    resolver: &Resolver,
    tls: Arc<ClientConfig>,
    patience: Duration,
) -> Result<Connected, ConnectError> {
    let name = ServerName::try_from(host).map_err(|_| ConnectError::Host)?.to_owned();
    let until = Instant::now().checked_add(patience);
    tokio::time::timeout(patience, handshake(host, port, resolver, tls, name, until))
        .await
        .unwrap_or(Err(ConnectError::Timeout))
}

async fn handshake(
    host: &str,
    port: u16,
    resolver: &Resolver,
    tls: Arc<ClientConfig>,
    name: ServerName<'static>,
    until: Option<Instant>,
) -> Result<Connected, ConnectError> {
    let addresses = resolver.addresses(host, port).await;
    let addresses = addresses.map_err(|error| ConnectError::Unreachable(error.kind()))?;
    let tcp = first_of(&addresses, until).await?;
    // Replies of a few octets are not held back; if it fails it is only slower.
    let _ = tcp.set_nodelay(true);
    let stream = TlsConnector::from(tls)
        .connect(name, tcp)
        .await
        .map_err(|error| Distrust::in_io(&error).map_or(ConnectError::Handshake, ConnectError::Distrust))?;
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let certificate = shown.map(|certificate| Bytes::copy_from_slice(certificate)).unwrap_or_default();
    Ok(Connected { stream, certificate })
}

/// Connects to the first address that answers. One that says nothing gets its share of the time only: others may be alive.
async fn first_of(addresses: &[SocketAddr], until: Option<Instant>) -> Result<TcpStream, ConnectError> {
    let mut trouble = ConnectError::Unreachable(io::ErrorKind::NotFound);
    for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let time = until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
        let share = time / u32::try_from(left).unwrap_or(u32::MAX);
        match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(error)) => trouble = ConnectError::Unreachable(error.kind()),
            Err(_) => trouble = ConnectError::Timeout,
        }
    }
    Err(trouble)
}

#[cfg(test)]
mod tests {
    use kim_testbed::{Testbed, TestbedConfig};
    use kim_tls::{Anchors, ExpectedName, Identity, ServerKind, ServerTrust, client_config};
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn tls(testbed: &Testbed, name: &str) -> Arc<ClientConfig> {
        let trust = ServerTrust::Anchors {
            anchors: Anchors::from_pem(testbed.fachdienst_trust_pem().as_bytes()).unwrap(),
            name: ExpectedName::Dns(name.to_owned()),
            required_kind: Some(ServerKind::FachdienstServer),
        };
        let (file, password) = testbed.clientmodul_pkcs12();
        client_config(trust, Some(&Identity::from_pkcs12(&file, &password).unwrap())).unwrap()
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2074
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-03
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2182-01
    #[tokio::test]
    async fn a_mail_server_is_reached_if_it_has_the_expected_name() {
        let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
        let port = testbed.smtp_addr().port();
        let expected = tls(&testbed, testbed.fachdienst_name());
        let mut connected =
            connect("127.0.0.1", port, &Resolver::new(None), expected, PATIENCE).await.ok().unwrap();
        assert_eq!(connected.stream.read_u8().await.unwrap(), b'2');
        assert!(!kim_tls::time_left(&connected.certificate, std::time::SystemTime::now()).is_zero());

        let other =
            connect("127.0.0.1", port, &Resolver::new(None), tls(&testbed, "other.example"), PATIENCE).await;
        assert_eq!(other.err(), Some(ConnectError::Distrust(Distrust::Name)));
    }

    /// The Konnektor's certificate has the right authority and name, but another type and role.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-03
    #[tokio::test]
    async fn a_server_of_another_kind_is_refused() {
        let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
        let port = testbed.ldap_addr().port();
        let refused =
            connect("127.0.0.1", port, &Resolver::new(None), tls(&testbed, "konnektor.konlan"), PATIENCE)
                .await;
        assert_eq!(refused.err(), Some(ConnectError::Distrust(Distrust::Kind)));
    }

    #[tokio::test]
    async fn servers_that_do_not_answer_are_told_apart() {
        let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
        let tls = || tls(&testbed, "localhost");
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = silent.local_addr().unwrap().port();
        let patience = Duration::from_millis(200);
        assert_eq!(
            connect("127.0.0.1", port, &Resolver::new(None), tls(), patience).await.err(),
            Some(ConnectError::Timeout)
        );
        drop(silent);
        let refused = ConnectError::Unreachable(io::ErrorKind::ConnectionRefused);
        assert_eq!(
            connect("127.0.0.1", port, &Resolver::new(None), tls(), PATIENCE).await.err(),
            Some(refused)
        );
        assert_eq!(
            connect("not a host", port, &Resolver::new(None), tls(), PATIENCE).await.err(),
            Some(ConnectError::Host)
        );
    }

    /// A port that neither accepts nor refuses: its queue is full. It is so as long as the connections live.
    #[cfg(target_os = "linux")]
    async fn dead() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let (address, mut queue) = (listener.local_addr().unwrap(), Vec::new());
        while let Ok(next) =
            tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await
        {
            queue.push(next.unwrap());
        }
        (address, listener, queue)
    }

    /// Spec: none — a server has several addresses so that one may be down.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn an_address_that_does_not_answer_leaves_time_for_the_next() {
        let (dead, _listener, _queue) = dead().await;
        let alive = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = alive.local_addr().unwrap();
        let until = Instant::now().checked_add(Duration::from_secs(3));
        let tcp = first_of(&[dead, address], until).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), address);
        let until = Instant::now().checked_add(Duration::from_millis(300));
        assert_eq!(first_of(&[dead, dead], until).await.err(), Some(ConnectError::Timeout));
        drop(alive);
        let refused = ConnectError::Unreachable(io::ErrorKind::ConnectionRefused);
        assert_eq!(first_of(&[address], None).await.err(), Some(refused));
    }
}
