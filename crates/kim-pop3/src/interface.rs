//! What goes into a session and what comes out: [`Input`], [`Output`], [`Wait`].

use std::fmt;
use std::time::Instant;

use crate::{Answer, Call, Event};

/// What happens to a session.
///
/// `Debug` shows no octets.
///
/// Spec: none — the seam between protocol and I/O.
pub enum Input<'a> {
    /// The client is connected, first of all.
    Start,
    /// Octets of the client.
    Client(&'a [u8]),
    /// The client closed the connection or it was lost.
    ClientClosed,
    /// Octets of the server.
    Server(&'a [u8]),
    /// The server closed the connection or it was lost.
    ServerClosed,
    /// The answer to [`Output::call`].
    Answer(Answer),
    /// Octets of the mail that is delivered, or is going to be as soon as its [`Call::Open`] is answered; without dot-stuffing.
    Content(&'a [u8]),
    /// The mail that is delivered is complete.
    ContentEnd,
    /// It is the time that `until` of [`Wait::For`] named, or later.
    Tick,
    /// The module is shutting down: what was begun is finished, then the session ends instead of waiting for another
    /// command. Nothing is deleted, as there was no QUIT.
    Stop,
}

/// What a session wants done. Every call of [`Proxy::handle`](crate::Proxy::handle) appends; the driver takes out what it has done.
///
/// During the login [`server`](Self::server) holds the password: to wipe it after it was sent is the driver's.
///
/// `Debug` shows no octets.
///
/// Spec: none — the seam between protocol and I/O.
#[derive(Default)]
pub struct Output {
    /// Octets for the client.
    pub client: Vec<u8>,
    /// Octets for the server.
    pub server: Vec<u8>,
    /// Octets of the message being fetched, without dot-stuffing, from [`Event::MessageStarted`] to [`Call::Open`].
    pub content: Vec<u8>,
    /// A question to the driver. The next one does not come before this one is answered.
    pub call: Option<Call>,
    /// Whether the connection to the server shall be closed now; octets that still come from it must not be put in.
    pub close_server: bool,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// What a session waits for.
///
/// Spec: none — the seam between protocol and I/O.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// For any of these; a peer that is not named must not be read, so that its sender slows down.
    ///
    /// That a peer is gone may be put in at any time.
    For {
        /// Octets of the client.
        client: bool,
        /// Octets of the server.
        server: bool,
        /// [`Input::Content`] or [`Input::ContentEnd`].
        content: bool,
        /// [`Input::Tick`] at this time.
        until: Option<Instant>,
    },
    /// For nothing: send what is in [`Output::client`] and [`Output::server`], then close both connections and stop
    /// working on an open call.
    Closed,
}

impl Output {
    /// Appends a line for the client.
    pub(crate) fn say(&mut self, line: &str) {
        send(&mut self.client, line.as_bytes());
    }

    /// Appends a line for the client, as the server sent it.
    pub(crate) fn relay(&mut self, line: &[u8]) {
        send(&mut self.client, line);
    }

    /// Appends a line for the server.
    pub(crate) fn command(&mut self, line: &[u8]) {
        send(&mut self.server, line);
    }
}

fn send(peer: &mut Vec<u8>, line: &[u8]) {
    // Enough at once: growing would leave a copy of a password behind.
    peer.reserve(line.len().saturating_add(2));
    peer.extend_from_slice(line);
    peer.extend_from_slice(b"\r\n");
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("Start"),
            Self::Client(octets) => write!(f, "Client([{} octets])", octets.len()),
            Self::ClientClosed => f.write_str("ClientClosed"),
            Self::Server(octets) => write!(f, "Server([{} octets])", octets.len()),
            Self::ServerClosed => f.write_str("ServerClosed"),
            Self::Answer(answer) => f.debug_tuple("Answer").field(answer).finish(),
            Self::Content(octets) => write!(f, "Content([{} octets])", octets.len()),
            Self::ContentEnd => f.write_str("ContentEnd"),
            Self::Tick => f.write_str("Tick"),
            Self::Stop => f.write_str("Stop"),
        }
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("client", &format_args!("[{} octets]", self.client.len()))
            .field("server", &format_args!("[{} octets]", self.server.len()))
            .field("content", &format_args!("[{} octets]", self.content.len()))
            .field("call", &self.call)
            .field("close_server", &self.close_server)
            .field("events", &self.events)
            .finish()
    }
}
