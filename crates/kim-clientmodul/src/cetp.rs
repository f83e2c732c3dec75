//! Events of a Konnektor: [`EventListener`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kim_konnektor::{CetpDecoder, Event};
use kim_types::Iccsn;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::clientmodul::Clientmodul;
use crate::server::{Peers, Seldom};

/// How many connections are read at a time.
const MAX_CONNECTIONS: usize = 64;

/// How many of them an address may have; a Konnektor opens one or one for each event.
const MAX_CONNECTIONS_PER_PEER: usize = 16;

/// How long a connection may go without a complete event, and a TLS handshake may take.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// Takes the events a Konnektor sends (CETP) and makes the Clientmodul forget what they make outdated.
///
/// After a restart (BOOTUP) the service directories are read anew, Konnektors that did not answer are tried at once, and
/// [`subscribe`](crate::subscribe()) makes its subscriptions anew. After CARD/INSERTED and CARD/REMOVED it is forgotten which
/// certificates the card has: an HSM-B may come back with new ones. Handles need no event, they are asked for with every
/// mail. One port serves all Konnektors: an event decides nothing by itself, so whoever sends a false one causes questions to
/// the Konnektors and nothing else.
///
/// Who listens has to subscribe.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076; gemSpec_Kon 5.18.0, TIP1-A_4595 (CETP).
pub struct EventListener {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl EventListener {
    /// Opens the port; with `tls` for Konnektors that send events over TLS.
    ///
    /// # Errors
    /// The port cannot be opened.
    pub async fn bind(address: SocketAddr, tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, tls: tls.map(TlsAcceptor::from) })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Takes the events of all Konnektors, and hands each on, until it is dropped. `clientmodul` is looked at with every
    /// event, so that a new configuration gets them.
    pub async fn serve(
        self,
        clientmodul: watch::Receiver<Clientmodul>,
        event: impl Fn(&Event) + Send + Sync + 'static,
    ) {
        let (places, peers) = (Arc::new(Semaphore::new(MAX_CONNECTIONS)), Peers::default());
        let mut failing = Seldom::default();
        let taken = Arc::new(move |reported: &Event| {
            take(&clientmodul.borrow(), reported);
            event(reported);
        });
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            // The semaphore is never closed.
            let Ok(place) = places.clone().acquire_owned().await else { continue };
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, or a sender that left already: neither is a reason to stop, nor to spin.
                    if failing.is_due(Instant::now()) {
                        tracing::warn!(%error, "a sender of events could not be accepted");
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let Some(peer_place) = peers.enter(peer.ip(), MAX_CONNECTIONS_PER_PEER) else { continue };
            let (tls, taken) = (self.tls.clone(), taken.clone());
            connections.spawn(async move {
                let _places = (place, peer_place);
                match tls {
                    None => read(stream, &*taken).await,
                    Some(tls) => match tokio::time::timeout(IDLE_TIME, tls.accept(stream)).await {
                        Ok(Ok(stream)) => read(stream, &*taken).await,
                        _ => tracing::warn!("no TLS connection with the sender of events"),
                    },
                }
            });
        }
    }
}

/// Forgets what an event makes outdated.
fn take(clientmodul: &Clientmodul, event: &Event) {
    if event.is_about("BOOTUP") {
        let konnektors = clientmodul.konnektors().flat_map(|konnektors| konnektors.iter());
        konnektors.for_each(|konnektor| konnektor.restarted(Instant::now()));
    } else if event.is_about("CARD/INSERTED") || event.is_about("CARD/REMOVED") {
        let card = event.parameter("ICCSN").and_then(|iccsn| iccsn.0.trim().parse::<Iccsn>().ok());
        clientmodul.shared().cards.forget(|known| card.as_ref().is_none_or(|card| card == known));
    }
}

/// Reads events until the sender closes, has none for long, or says something that is no event. One that cannot be read is
/// passed over.
async fn read(stream: impl AsyncRead + Unpin, taken: &(impl Fn(&Event) + ?Sized)) {
    read_within(IDLE_TIME, stream, taken).await;
}

/// `patience` is for each event, however many octets of it come meanwhile.
async fn read_within(
    patience: Duration,
    mut stream: impl AsyncRead + Unpin,
    taken: &(impl Fn(&Event) + ?Sized),
) {
    let mut decoder = CetpDecoder::default();
    let mut buffer = vec![0; 8 * 1024];
    let mut deadline = Instant::now() + patience;
    let mut complained = false;
    while let Ok(Ok(length @ 1..)) = tokio::time::timeout_at(deadline.into(), stream.read(&mut buffer)).await
    {
        let events = match decoder.push(buffer.get(..length).unwrap_or_default()) {
            Ok(events) => events,
            Err(error) => {
                tracing::warn!(%error, "the sender of events is no Konnektor");
                return;
            }
        };
        for event in events {
            deadline = Instant::now() + patience;
            match event {
                Ok(event) => taken(&event),
                Err(error) if !std::mem::replace(&mut complained, true) => {
                    tracing::warn!(%error, "an event cannot be read");
                }
                Err(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    const FRAME: &[u8] =
        b"CETP\0\0\0\xa2<Event xmlns='http://ws.gematik.de/conn/EventService/v7.2'><Topic>BOOTUP</Topic>\
        <Type>Operation</Type><Severity>Info</Severity><SubscriptionID/><Message/></Event>";

    /// Reads what is sent, with this patience, and gives the number of events.
    async fn events(
        patience: Duration,
        sent: impl Future<Output = ()>,
        stream: impl AsyncRead + Unpin,
    ) -> usize {
        let events = std::sync::Mutex::new(0);
        let taken = |_: &Event| *events.lock().unwrap() += 1;
        tokio::select! {
            () = read_within(patience, stream, &taken) => {}
            () = async { sent.await; std::future::pending().await } => {}
        }
        events.into_inner().unwrap()
    }

    #[tokio::test]
    async fn a_frame_without_an_event_is_passed_over() {
        let (mut sender, stream) = tokio::io::duplex(1024);
        let sent = async {
            for frame in [FRAME, b"CETP\0\0\0\x04<a/>", FRAME] {
                sender.write_all(frame).await.unwrap();
            }
            sender.shutdown().await.unwrap();
        };
        assert_eq!(events(IDLE_TIME, sent, stream).await, 2);
    }

    /// Otherwise a few who send an octet now and then would hold all places.
    #[tokio::test]
    async fn an_event_that_trickles_in_is_not_waited_for() {
        let (mut sender, stream) = tokio::io::duplex(1024);
        let sent = async {
            sender.write_all(FRAME).await.unwrap();
            for octet in FRAME {
                // The reader is gone after some of them.
                sender.write_all(&[*octet]).await.unwrap_or_default();
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        assert_eq!(events(Duration::from_millis(50), sent, stream).await, 1);
    }
}
