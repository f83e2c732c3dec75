//! What comes out of a session: [`Output`], [`Wait`].

use std::fmt;
use std::time::Instant;

use kim_types::Reply;

use crate::{Call, Event};

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
    /// Octets for the MTA.
    pub server: Vec<u8>,
    /// Octets of the mail that is received, without dot-stuffing, up to [`Call::Process`] or [`Event::MessageDiscarded`].
    pub content: Vec<u8>,
    /// A question to the driver. The next one does not come before this one is answered.
    pub call: Option<Call>,
    /// Whether the connection to the MTA shall be closed once [`server`](Self::server) is sent; octets that still come
    /// from it must not be put in.
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
        /// Octets of the MTA.
        server: bool,
        /// [`Input::Content`](crate::Input::Content) or [`Input::ContentEnd`](crate::Input::ContentEnd).
        content: bool,
        /// [`Input::Tick`](crate::Input::Tick) at this time.
        until: Option<Instant>,
    },
    /// For nothing: send what is in [`Output::client`] and [`Output::server`], then close both connections and stop
    /// working on an open call.
    Closed,
}

impl Output {
    /// Appends a reply for the client.
    pub(crate) fn reply(&mut self, reply: impl Into<Reply>) {
        self.client.extend_from_slice(reply.into().wire());
    }

    /// Appends a command for the MTA.
    pub(crate) fn command(&mut self, line: impl AsRef<[u8]>) {
        let line = line.as_ref();
        // Enough at once: growing would leave a copy of a password behind.
        self.server.reserve(line.len().saturating_add(2));
        self.server.extend_from_slice(line);
        self.server.extend_from_slice(b"\r\n");
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
