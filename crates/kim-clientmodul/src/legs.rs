//! The two connections of a session, read and written with back-pressure: [`Legs`].

use std::io;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use zeroize::Zeroize as _;

/// How much of a peer is read ahead while the machine does not want it; reading on is how a lost peer is noticed.
const READ_AHEAD: usize = 64 * 1024;

/// How much room a peer gets that says little; one that fills it gets twice as much, up to [`READ_AHEAD`].
const ROOM: usize = 8 * 1024;

/// What is not longer than this may be a command with a password, and is wiped. Of a mail this would cost too much.
const COMMAND: usize = 8 * 1024;

/// How long a server that takes nothing more is heard: it may have said why.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How much of a mail the machine is given at once: what a slow peer has not taken yet lies in memory a second time.
pub(crate) const BLOCK: usize = 64 * 1024;

/// A connection, plain or TLS.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// How long a peer may accept no octet.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) client: Duration,
    pub(crate) server: Duration,
}

/// One side of a session.
struct Leg {
    connection: Box<dyn Connection>,
    patience: Duration,
    ahead: BytesMut,
    /// How much is read at once.
    room: usize,
    closed: bool,
    close_reported: bool,
}

impl Leg {
    fn new(connection: Box<dyn Connection>, patience: Duration) -> Self {
        let ahead = BytesMut::new();
        Self { connection, patience, ahead, room: ROOM, closed: false, close_reported: false }
    }

    /// Reads more, or never ends if there is nothing to read any more. Safe to cancel.
    async fn fill(&mut self) {
        if self.closed || self.ahead.len() >= READ_AHEAD {
            return std::future::pending().await;
        }
        self.ahead.reserve(self.room.min(READ_AHEAD.saturating_sub(self.ahead.len())));
        match self.connection.read_buf(&mut self.ahead).await {
            Ok(0) | Err(_) => self.closed = true,
            Ok(read) if read >= self.room => self.room = self.room.saturating_mul(2).min(READ_AHEAD),
            Ok(_) => self.room = ROOM,
        }
    }

    /// What the machine may be told now.
    fn take(&mut self, wanted: bool) -> Option<Heard> {
        if wanted && !self.ahead.is_empty() {
            // Not split off: an idle peer keeps no buffer of the size its last octets needed.
            return Some(Heard::Octets(std::mem::take(&mut self.ahead).freeze()));
        }
        // A lost peer is reported at once, wanted or not, but after everything it said before.
        if self.closed && !self.close_reported && self.ahead.is_empty() {
            self.close_reported = true;
            return Some(Heard::Closed);
        }
        None
    }

    async fn say(&mut self, octets: &[u8]) -> io::Result<()> {
        let mut rest = octets;
        while !rest.is_empty() {
            let written = tokio::time::timeout(self.patience, self.connection.write(rest)).await??;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            rest = rest.get(written..).unwrap_or_default();
        }
        tokio::time::timeout(self.patience, self.connection.flush()).await?
    }

    /// Reads what a peer said that takes nothing more.
    async fn hear_last_words(&mut self) {
        let read = async {
            while !self.closed && self.ahead.len() < READ_AHEAD {
                self.fill().await;
            }
        };
        let _ = tokio::time::timeout(LAST_WORDS, read).await;
        self.closed = true;
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

impl Happened {
    /// Overwrites what may be a password.
    pub(crate) fn wipe(self) {
        if let Self::ClientSaid(octets) = self
            && octets.len() <= COMMAND
            && let Ok(mut octets) = octets.try_into_mut()
        {
            octets.as_mut().zeroize();
        }
    }
}

/// The client's connection and, after the login, the server's.
pub(crate) struct Legs {
    client: Leg,
    server: Option<Leg>,
    server_patience: Duration,
    stop: watch::Receiver<bool>,
    stop_reported: bool,
}

impl Legs {
    /// A session with a client only; `stop` becomes true at shutdown.
    pub(crate) fn new(client: Box<dyn Connection>, patience: Patience, stop: watch::Receiver<bool>) -> Self {
        let client = Leg::new(client, patience.client);
        Self { client, server: None, server_patience: patience.server, stop, stop_reported: false }
    }

    pub(crate) fn connect_server(&mut self, server: Box<dyn Connection>) {
        self.server = Some(Leg::new(server, self.server_patience));
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

    /// Writes what the machine has to say and takes both buffers, so that no session keeps room for its greatest mail. A
    /// peer that takes nothing is treated as gone: its close is reported by the next [`Legs::next`], that of a server after
    /// what it said before. Commands to the server are wiped.
    pub(crate) async fn say(&mut self, to_client: &mut Vec<u8>, to_server: &mut Vec<u8>) {
        self.say_to_client(to_client).await;
        self.say_to_server(to_server).await;
    }

    /// [`Legs::say`] for the client alone.
    pub(crate) async fn say_to_client(&mut self, octets: &mut Vec<u8>) {
        let octets = std::mem::take(octets);
        if !self.client.closed {
            self.client.closed |= self.client.say(&octets).await.is_err();
        }
    }

    /// [`Legs::say`] for the server alone.
    pub(crate) async fn say_to_server(&mut self, octets: &mut Vec<u8>) {
        let mut octets = std::mem::take(octets);
        if let Some(server) = self.server.as_mut().filter(|server| !server.closed)
            && server.say(&octets).await.is_err()
        {
            server.hear_last_words().await;
        }
        if octets.len() <= COMMAND {
            octets.zeroize();
        }
    }

    /// Whether the client is gone, so that what was said to it last may not have arrived.
    pub(crate) fn client_is_lost(&self) -> bool {
        self.client.closed
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::io::DuplexStream;

    use super::*;

    /// What a peer's system takes without anybody reading it.
    const BUFFER: usize = 1024;
    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(60);

    /// A session with both peers, which are given.
    fn session(client: Duration, server: Duration) -> (Legs, DuplexStream, DuplexStream) {
        let (client_leg, client_end) = tokio::io::duplex(BUFFER);
        let (server_leg, server_end) = tokio::io::duplex(BUFFER);
        // Its sender is gone at once, which means a shutdown: these tests do not look at it.
        let (_, stop) = watch::channel(false);
        let mut legs = Legs::new(Box::new(client_leg), Patience { client, server }, stop);
        legs.stop_reported = true;
        legs.connect_server(Box::new(server_leg));
        (legs, client_end, server_end)
    }

    /// Spec: none — own bound: a peer that stops reading does not hold a session for ever.
    #[tokio::test]
    async fn a_client_that_takes_nothing_is_gone_after_its_time() {
        let (mut legs, _client, _server) = session(SHORT, LONG);
        legs.say(&mut vec![b'x'; BUFFER + 1], &mut Vec::new()).await;
        assert!(matches!(legs.next(true, true, None).await, Happened::ClientClosed));
    }

    /// Spec: none — own bound, as above; the server has a time of its own.
    #[tokio::test]
    async fn a_server_that_takes_nothing_is_gone_after_its_time() {
        let (mut legs, _client, _server) = session(LONG, SHORT);
        legs.say(&mut Vec::new(), &mut vec![b'x'; BUFFER + 1]).await;
        assert!(matches!(legs.next(true, true, None).await, Happened::ServerClosed));
    }

    /// An MTA that refused a message inside it and closed was taken for one that is lost.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2016 (first pass on what was said)
    #[tokio::test]
    async fn a_server_that_takes_nothing_more_is_heard_before_it_is_gone() {
        let (mut legs, _client, mut server) = session(LONG, SHORT);
        server.write_all(b"554 5.3.4 too big\r\n").await.unwrap();
        drop(server);
        legs.say(&mut Vec::new(), &mut vec![b'x'; BUFFER + 1]).await;
        let Happened::ServerSaid(octets) = legs.next(true, true, None).await else { panic!("no octets") };
        assert_eq!(octets, b"554 5.3.4 too big\r\n"[..]);
        assert!(matches!(legs.next(true, true, None).await, Happened::ServerClosed));
    }

    /// Spec: none — back-pressure: what is not taken is not asked for.
    #[tokio::test]
    async fn a_slow_client_holds_the_session_back_and_gets_every_octet() {
        let (mut legs, mut client, _server) = session(LONG, LONG);
        let said: Vec<u8> = (0..=250).cycle().take(4 * BUFFER).collect();
        let (mut to_client, mut to_server) = (said.clone(), Vec::new());
        let mut saying = Box::pin(legs.say(&mut to_client, &mut to_server));
        let mut heard = Vec::new();
        while heard.len() < 3 * BUFFER {
            assert!((&mut saying).now_or_never().is_none(), "not waited at {}", heard.len());
            heard.push(client.read_u8().await.unwrap());
        }
        saying.await;
        let mut rest = vec![0; BUFFER];
        client.read_exact(&mut rest).await.unwrap();
        heard.append(&mut rest);
        assert!(heard == said);
    }

    /// Spec: none — back-pressure: a peer that is not wanted is read ahead only so far.
    #[tokio::test]
    async fn a_server_that_is_not_wanted_is_held_back() {
        let (mut legs, _client, mut server) = session(LONG, LONG);
        let (mut sent, chunk) = (0, [b'x'; BUFFER]);
        loop {
            assert!(legs.next(true, false, None).now_or_never().is_none());
            let Some(written) = server.write(&chunk).now_or_never() else { break };
            sent += written.unwrap();
            assert!(sent <= READ_AHEAD + 16 * BUFFER, "{sent} octets were taken");
        }
        assert!(sent >= READ_AHEAD);
        // Wanted again, all of it arrives.
        let mut heard = 0;
        while heard < sent {
            let Happened::ServerSaid(octets) = legs.next(true, true, None).await else { panic!("no octets") };
            heard += octets.len();
        }
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2016, KOM-LE-A_2017 (first pass on what was said)
    #[tokio::test]
    async fn a_lost_peer_is_noticed_though_it_is_not_wanted_after_all_it_said() {
        let (mut legs, client, mut server) = session(LONG, LONG);
        drop(client);
        assert!(matches!(legs.next(false, false, None).await, Happened::ClientClosed));
        server.write_all(b"421 bye\r\n").await.unwrap();
        drop(server);
        assert!(legs.next(false, false, None).now_or_never().is_none());
        let Happened::ServerSaid(octets) = legs.next(false, true, None).await else { panic!("no octets") };
        assert_eq!(octets, b"421 bye\r\n"[..]);
        assert!(matches!(legs.next(false, false, None).await, Happened::ServerClosed));
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, Tab_Konf_Param (SMTP_TIMEOUT_CLIENT and its like)
    #[tokio::test]
    async fn the_timer_is_the_machines() {
        let (mut legs, _client, _server) = session(LONG, LONG);
        let until = Some(Instant::now() + SHORT);
        assert!(matches!(legs.next(true, true, until).await, Happened::Tick));
    }
}
