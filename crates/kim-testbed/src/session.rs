//! One connection of a server as a plain state machine: [`Session`].

use std::time::Duration;

/// The server's end of one connection, without socket and clock.
///
/// Spec: none — the shape of the testbed's servers.
pub trait Session {
    /// Called once when the connection is open; appends the greeting, if the protocol has one.
    fn greet(&mut self, out: &mut Vec<u8>) -> Step;

    /// Takes octets of the client from the front of `input`, carries at most one command out and appends the answer.
    ///
    /// Called again until `input` is empty.
    fn receive(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Step;
}

/// What to do with the octets a [`Session`] appended, and then.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Wait this long before the octets are sent.
    pub delay: Option<Duration>,
    /// What follows when they are sent.
    pub next: Next,
}

/// How a connection goes on.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The client may go on.
    Continue,
    /// The server closes the connection.
    Close,
    /// The server reads on and never answers again.
    Silence,
}

impl Step {
    pub(crate) const CONTINUE: Self = Self { delay: None, next: Next::Continue };
    pub(crate) const CLOSE: Self = Self { delay: None, next: Next::Close };
    pub(crate) const SILENCE: Self = Self { delay: None, next: Next::Silence };
}
