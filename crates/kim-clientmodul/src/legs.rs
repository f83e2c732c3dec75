//! The two connections of a session, read and written with back-pressure: [`Legs`].

use std::io;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;

/// How much of a peer is read ahead while the machine does not want it; reading on is how a lost peer is noticed.
const READ_AHEAD: usize = 64 * 1024;

/// A connection, plain or TLS.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// One side of a session.
struct Leg {
    connection: Box<dyn Connection>,
    ahead: BytesMut,
    closed: bool,
    close_reported: bool,
}

impl Leg {
    fn new(connection: Box<dyn Connection>) -> Self {
        Self { connection, ahead: BytesMut::new(), closed: false, close_reported: false }
    }

    /// Reads more, or never ends if there is nothing to read any more. Safe to cancel.
    async fn fill(&mut self) {
        if self.closed || self.ahead.len() >= READ_AHEAD {
            return std::future::pending().await;
        }
        self.ahead.reserve(8 * 1024);
        match self.connection.read_buf(&mut self.ahead).await {
            Ok(0) | Err(_) => self.closed = true,
            Ok(_) => {}
        }
    }

    /// What the machine may be told now.
    fn take(&mut self, wanted: bool) -> Option<Heard> {
        if wanted && !self.ahead.is_empty() {
            return Some(Heard::Octets(self.ahead.split().freeze()));
        }
        // A lost peer is reported at once, wanted or not, but after everything it said before.
        if self.closed && !self.close_reported && self.ahead.is_empty() {
            self.close_reported = true;
            return Some(Heard::Closed);
        }
        None
    }

    async fn say(&mut self, octets: &mut Vec<u8>, patience: Duration) -> io::Result<()> {
        let mut rest = octets.as_slice();
        while !rest.is_empty() {
            let written = tokio::time::timeout(patience, self.connection.write(rest)).await??;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            rest = rest.get(written..).unwrap_or_default();
        }
        octets.clear();
        tokio::time::timeout(patience, self.connection.flush()).await?
    }
}

/// What one side said.
enum Heard {
    Octets(Bytes),
    Closed,
}

/// What concerns the machine.
pub(crate) enum Happened {
    ClientSaid(Bytes),
    ClientClosed,
    ServerSaid(Bytes),
    ServerClosed,
    Tick,
    /// The module is shutting down; reported once.
    Stop,
}

/// The client's connection and, after the login, the server's.
pub(crate) struct Legs {
    client: Leg,
    server: Option<Leg>,
    patience: Duration,
    stop: watch::Receiver<bool>,
    stop_reported: bool,
}

impl Legs {
    /// A session with a client only; `patience` is how long a peer may accept no octet, `stop` becomes true at shutdown.
    pub(crate) fn new(client: Box<dyn Connection>, patience: Duration, stop: watch::Receiver<bool>) -> Self {
        Self { client: Leg::new(client), server: None, patience, stop, stop_reported: false }
    }

    pub(crate) fn connect_server(&mut self, server: Box<dyn Connection>) {
        self.server = Some(Leg::new(server));
    }

    /// Closes the connection to the server, politely towards TLS.
    pub(crate) async fn close_server(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = tokio::time::timeout(Duration::from_secs(1), server.connection.shutdown()).await;
        }
    }

    /// Closes both connections.
    pub(crate) async fn close(mut self) {
        self.close_server().await;
        let _ = tokio::time::timeout(Duration::from_secs(1), self.client.connection.shutdown()).await;
    }

    /// Writes what the machine has to say and empties both buffers. A peer that takes nothing is treated as gone: its
    /// close is reported by the next [`Legs::next`].
    pub(crate) async fn say(&mut self, to_client: &mut Vec<u8>, to_server: &mut Vec<u8>) {
        if let Some(server) = &mut self.server {
            server.closed |= server.say(to_server, self.patience).await.is_err();
        }
        self.client.closed |= self.client.say(to_client, self.patience).await.is_err();
        to_client.clear();
        to_server.clear();
    }

    /// Waits for the next thing that concerns the machine. Safe to cancel.
    pub(crate) async fn next(&mut self, client: bool, server: bool, until: Option<Instant>) -> Happened {
        loop {
            match self.server.as_mut().and_then(|leg| leg.take(server)) {
                Some(Heard::Octets(octets)) => return Happened::ServerSaid(octets),
                Some(Heard::Closed) => return Happened::ServerClosed,
                None => {}
            }
            match self.client.take(client) {
                Some(Heard::Octets(octets)) => return Happened::ClientSaid(octets),
                Some(Heard::Closed) => return Happened::ClientClosed,
                None => {}
            }
            let server_filled = async {
                match &mut self.server {
                    Some(leg) => leg.fill().await,
                    None => std::future::pending().await,
                }
            };
            let timer = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until.into()).await,
                    None => std::future::pending().await,
                }
            };
            let stopped = async {
                match self.stop_reported {
                    false => drop(self.stop.wait_for(|stop| *stop).await),
                    true => std::future::pending().await,
                }
            };
            tokio::select! {
                () = server_filled => {}
                () = self.client.fill() => {}
                () = timer => return Happened::Tick,
                () = stopped => {
                    self.stop_reported = true;
                    return Happened::Stop;
                }
            }
        }
    }
}
