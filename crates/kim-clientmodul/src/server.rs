//! Listeners: who may connect, how many at once, and how it ends.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, error, warn};

use crate::clientmodul::Clientmodul;
use crate::legs::Connection;
use crate::{pop3, smtp};

/// How often at most the log is told that there are too many clients, or that they cannot be accepted.
const WARN_STEP: Duration = Duration::from_secs(60);

/// The protocol of a listener.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2006 (RFC 5321, RFC 1939).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Sending.
    Smtp,
    /// Fetching.
    Pop3,
}

/// Limits of a listener.
///
/// Spec: none — bounds of our own.
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
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2066, KOM-LE-A_2067, A_25232.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Without TLS only this machine may connect.
    #[error("{0} is not a loopback address: TLS is needed there")]
    PlainOffLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Bind(SocketAddr, #[source] io::Error),
}

/// A listener that is bound but does not serve yet.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2066, KOM-LE-A_2067, KOM-LE-A_2181.
pub struct Server {
    listener: TcpListener,
    protocol: Protocol,
    tls: Option<TlsSwitch>,
    limits: ServerLimits,
}

/// Gives a listener another certificate, or other rules for certificates of its clients, while it serves.
///
/// Cheap to clone. Connections that stand keep what they began with.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2181, A_25232 (certificates are renewed).
#[derive(Clone)]
pub struct TlsSwitch(watch::Sender<Arc<rustls::ServerConfig>>);

impl TlsSwitch {
    /// Uses `tls` from the next connection on.
    pub fn replace(&self, tls: Arc<rustls::ServerConfig>) {
        self.0.send_replace(tls);
    }

    fn acceptor(&self) -> TlsAcceptor {
        self.0.borrow().clone().into()
    }
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
        let tls = tls.map(|tls| TlsSwitch(watch::Sender::new(tls)));
        Ok(Self { listener, protocol, tls, limits })
    }

    /// The address that was bound.
    ///
    /// # Errors
    /// The system does not know it.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What changes its TLS later; `None` if it has none.
    pub fn tls(&self) -> Option<TlsSwitch> {
        self.tls.clone()
    }

    /// Accepts clients until `stop` becomes true or its sender is gone. Then sessions end as soon as nothing promised to
    /// the client is left to do: idle ones at once, those with a mail in work after it, all of them after `grace`.
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
        let mut sessions = JoinSet::new();
        let (mut refusing, mut failing) = (Seldom::default(), Seldom::default());
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                Some(ended) = sessions.join_next() => {
                    note_end(ended);
                    continue;
                }
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, or a client that left already: neither is a reason to stop, nor to spin.
                    if failing.is_due(Instant::now()) {
                        warn!(%error, "a client could not be accepted");
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let place = places.clone().try_acquire_owned().ok();
            let Some(place) = place.zip(peers.enter(peer.ip(), self.limits.sessions_per_peer)) else {
                if refusing.is_due(Instant::now()) {
                    warn!("too many sessions: clients are turned away");
                }
                continue;
            };
            let tls = self.tls.as_ref().map(TlsSwitch::acceptor);
            let (protocol, handshake) = (self.protocol, self.limits.handshake);
            let clientmodul = clientmodul.borrow().clone();
            let stop = stop.clone();
            sessions.spawn(async move {
                let _place: (OwnedSemaphorePermit, PeerPlace) = place;
                match protected(stream, tls, handshake, stop.clone()).await {
                    Some(connection) if protocol == Protocol::Smtp => {
                        smtp::run(clientmodul, connection, stop).await
                    }
                    Some(connection) => pop3::run(clientmodul, connection, stop).await,
                    None => {}
                }
            });
        }
        drop(self.listener);
        let finished = async {
            while let Some(ended) = sessions.join_next().await {
                note_end(ended);
            }
        };
        if tokio::time::timeout(grace, finished).await.is_err() {
            warn!("sessions were cut off at shutdown");
        }
    }
}

/// A session that panicked took nothing but itself down; that it did is a mistake to be reported.
fn note_end(ended: Result<(), JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        error!("a session ended by a panic");
    }
}

/// The connection to a client, secured if that is wanted; `None` if it fails or the module is shut down meanwhile.
async fn protected(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    patience: Duration,
    mut stop: watch::Receiver<bool>,
) -> Option<Box<dyn Connection>> {
    // Dialogues of short lines: waiting to fill packets would cost 40 ms each.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return Some(Box::new(stream)) };
    let handshake = tokio::select! {
        handshake = tokio::time::timeout(patience, tls.accept(stream)) => handshake,
        _ = stop.wait_for(|stop| *stop) => return None,
    };
    match handshake {
        Ok(Ok(stream)) => return Some(Box::new(stream)),
        Ok(Err(error)) => debug!(%error, "handshake"),
        Err(_) => debug!("handshake took too long"),
    }
    None
}

/// Lets a warning through now and then: many clients must not mean as many records.
#[derive(Default)]
pub(crate) struct Seldom(Option<Instant>);

impl Seldom {
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.0.is_none_or(|last| now.saturating_duration_since(last) >= WARN_STEP);
        if due {
            self.0 = Some(now);
        }
        due
    }
}

/// How many sessions or connections each address has.
#[derive(Clone, Default)]
pub(crate) struct Peers(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A session counted for an address, until it is dropped.
pub(crate) struct PeerPlace {
    peers: Peers,
    address: IpAddr,
}

impl Peers {
    pub(crate) fn enter(&self, address: IpAddr, limit: usize) -> Option<PeerPlace> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_comes_once_a_minute_at_most() {
        let (mut seldom, start) = (Seldom::default(), Instant::now());
        let due =
            [0, 1, 59, 60, 61, 119, 120].map(|second| seldom.is_due(start + Duration::from_secs(second)));
        assert_eq!(due, [true, false, false, true, false, false, true]);
    }
}
