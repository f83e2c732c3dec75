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

/// How many connections are read at a time; a Konnektor opens one or one for each event.
const MAX_CONNECTIONS: usize = 8;

/// How long a connection may say nothing, and a TLS handshake may take.
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
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let taken = Arc::new(move |reported: &Event| {
            take(&clientmodul.borrow(), reported);
            event(reported);
        });
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            // The semaphore is never closed, and a connection that cannot be accepted is the sender's trouble.
            let Ok(place) = places.clone().acquire_owned().await else { continue };
            let Ok((stream, _)) = self.listener.accept().await else { continue };
            let (tls, taken) = (self.tls.clone(), taken.clone());
            connections.spawn(async move {
                let _place = place;
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

/// Reads events until the sender closes, says nothing for long, or something that is no event.
async fn read(mut stream: impl AsyncRead + Unpin, taken: &(impl Fn(&Event) + ?Sized)) {
    let mut decoder = CetpDecoder::default();
    let mut buffer = vec![0; 8 * 1024];
    while let Ok(Ok(length @ 1..)) = tokio::time::timeout(IDLE_TIME, stream.read(&mut buffer)).await {
        match decoder.push(buffer.get(..length).unwrap_or_default()) {
            Ok(events) => events.iter().for_each(taken),
            Err(error) => {
                tracing::warn!(%error, "the sender of events is no Konnektor");
                return;
            }
        }
    }
}
