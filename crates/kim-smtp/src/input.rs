//! What goes into a session: [`Input`].

use std::fmt;

use crate::Answer;

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
    /// Octets of the MTA.
    Server(&'a [u8]),
    /// The MTA closed the connection or it was lost.
    ServerClosed,
    /// The answer to [`Output::call`](crate::Output::call).
    Answer(Answer),
    /// Octets of the message that is delivered, without dot-stuffing.
    Content(&'a [u8]),
    /// The message that is delivered is complete.
    ContentEnd,
    /// It is the time that `until` of [`Wait::For`](crate::Wait::For) named, or later.
    Tick,
    /// The module is shutting down: what was begun is finished, then the session ends with 421 instead of waiting for
    /// another command.
    Stop,
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
