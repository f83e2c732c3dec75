//! What was said to a mail server: [`Transcript`].

use std::sync::Mutex;

use crate::lock::lock;

/// The commands a server received, in order, for assertions.
///
/// Holds at most [`Transcript::MAX_EXCHANGES`]; what comes later is counted by nobody. Credentials are not kept.
///
/// Spec: none — a tool for tests.
#[derive(Debug)]
pub struct Transcript<C>(Mutex<Vec<Exchange<C>>>);

/// One command and how it was answered.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange<C> {
    /// The connection, counted from 1 for each server.
    pub connection: u64,
    /// The command.
    pub command: C,
    /// The line as received; of a login the words before the credentials, of a message its octets, of the greeting nothing.
    pub line: String,
    /// The first line of the answer without its line end; empty when a fault prevented it.
    pub reply: String,
}

impl<C> Default for Transcript<C> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<C: Copy + PartialEq> Transcript<C> {
    /// The greatest number of exchanges that are kept.
    pub const MAX_EXCHANGES: usize = 1_000_000;

    /// All exchanges so far.
    pub fn all(&self) -> Vec<Exchange<C>> {
        lock(&self.0).clone()
    }

    /// The lines of every `command` so far.
    pub fn lines(&self, command: C) -> Vec<String> {
        let exchanges = lock(&self.0);
        exchanges.iter().filter(|exchange| exchange.command == command).map(|e| e.line.clone()).collect()
    }

    /// How often `command` was received so far.
    pub fn count(&self, command: C) -> usize {
        lock(&self.0).iter().filter(|exchange| exchange.command == command).count()
    }

    /// Forgets everything so far.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }

    pub(super) fn push(&self, exchange: Exchange<C>) {
        let mut exchanges = lock(&self.0);
        if exchanges.len() < Self::MAX_EXCHANGES {
            exchanges.push(exchange);
        }
    }
}
