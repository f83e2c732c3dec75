//! Listeners: who may connect, how many at once, and how it ends.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use crate::clientmodul::Clientmodul;
use crate::legs::Connection;
use crate::{pop3, smtp};

/// The protocol of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Sending.
    Smtp,
    /// Fetching.
    Pop3,
}

/// Limits of a listener.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// Sessions at once. Default: 2,000.
    pub sessions: usize,
    /// Sessions at once from one address. Default: 1,000, because a practice may share one address.
    pub sessions_per_peer: usize,
    /// How long a TLS handshake may take. Default: 10 seconds.
    pub handshake: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self { sessions: 2_000, sessions_per_peer: 1_000, handshake: Duration::from_secs(10) }
    }
}

/// Why a listener was not started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Without TLS only this machine may connect.
    #[error("{0} is not a loopback address: TLS is needed there")]
    PlainOffLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}")]
    Bind(SocketAddr, #[source] io::Error),
}

/// A listener that is bound but does not serve yet.
pub struct Server {
    listener: TcpListener,
    protocol: Protocol,
    tls: Option<TlsAcceptor>,
    limits: ServerLimits,
}

impl Server {
    /// Binds a listener. Port 0 lets the system choose one.
    ///
    /// # Errors
    /// [`ListenError::PlainOffLoopback`] without TLS on an address other machines can reach.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2066, KOM-LE-A_2067, KOM-LE-A_2181.
    pub async fn bind(
        address: SocketAddr,
        protocol: Protocol,
        tls: Option<Arc<rustls::ServerConfig>>,
        limits: ServerLimits,
    ) -> Result<Self, ListenError> {
        if tls.is_none() && !address.ip().is_loopback() {
            return Err(ListenError::PlainOffLoopback(address));
        }
        let listener = TcpListener::bind(address).await.map_err(|error| ListenError::Bind(address, error))?;
        Ok(Self { listener, protocol, tls: tls.map(TlsAcceptor::from), limits })
    }

    /// The address that was bound.
    ///
    /// # Errors
    /// The system does not know it.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Accepts clients until `stop` becomes true; then waits for the sessions to end, at most `grace`.
    ///
    /// `clientmodul` is read for every new session, so that a new configuration concerns new sessions only.
    pub async fn serve(
        self,
        clientmodul: watch::Receiver<Clientmodul>,
        mut stop: watch::Receiver<bool>,
        grace: Duration,
    ) {
        let places = Arc::new(Semaphore::new(self.limits.sessions));
        let peers = Peers::default();
        let mut sessions = tokio::task::JoinSet::new();
        loop {
            while sessions.try_join_next().is_some() {}
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, or a client that left already: neither is a reason to stop, nor to spin.
                    warn!(%error, "accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let place = places.clone().try_acquire_owned().ok();
            let Some(place) = place.zip(peers.enter(peer.ip(), self.limits.sessions_per_peer)) else {
                debug!("too many sessions");
                continue;
            };
            let (tls, protocol, handshake) = (self.tls.clone(), self.protocol, self.limits.handshake);
            let clientmodul = clientmodul.borrow().clone();
            sessions.spawn(async move {
                let _place: (OwnedSemaphorePermit, PeerPlace) = place;
                session(clientmodul, protocol, stream, tls, handshake).await;
            });
        }
        drop(self.listener);
        let finished = async { while sessions.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, finished).await.is_err() {
            warn!("sessions were cut off at shutdown");
        }
    }
}

async fn session(
    clientmodul: Clientmodul,
    protocol: Protocol,
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    handshake: Duration,
) {
    // Dialogues of short lines: waiting to fill packets would cost 40 ms each.
    let _ = stream.set_nodelay(true);
    let connection: Box<dyn Connection> = match tls {
        None => Box::new(stream),
        Some(tls) => match tokio::time::timeout(handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => Box::new(stream),
            Ok(Err(error)) => return debug!(%error, "handshake"),
            Err(_) => return debug!("handshake took too long"),
        },
    };
    match protocol {
        Protocol::Smtp => smtp::run(clientmodul, connection).await,
        Protocol::Pop3 => pop3::run(clientmodul, connection).await,
    }
}

/// How many sessions each address has.
#[derive(Clone, Default)]
struct Peers(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A session counted for an address, until it is dropped.
struct PeerPlace {
    peers: Peers,
    address: IpAddr,
}

impl Peers {
    fn enter(&self, address: IpAddr, limit: usize) -> Option<PeerPlace> {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = peers.entry(address).or_default();
        if *count >= limit {
            return None;
        }
        *count = count.saturating_add(1);
        Some(PeerPlace { peers: self.clone(), address })
    }
}

impl Drop for PeerPlace {
    fn drop(&mut self) {
        let mut peers = self.peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = peers.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                peers.remove(&self.address);
            }
        }
    }
}
