//! Octets that arrived and were not used yet: [`Inbox`].

use std::fmt;

use kim_types::lines::{Line, LineReader};
use zeroize::{Zeroize, Zeroizing};

/// What one peer sent, read by line or as it comes. Lines are wiped, because passwords pass through it.
pub(crate) struct Inbox {
    octets: Zeroizing<Vec<u8>>,
    used: usize,
    lines: LineReader,
    closed: bool,
}

impl Inbox {
    /// An inbox for lines of at most `max_line` octets.
    pub(crate) fn new(max_line: usize) -> Self {
        Self { octets: Vec::new().into(), used: 0, lines: LineReader::new(max_line), closed: false }
    }

    /// Appends what the peer sent.
    pub(crate) fn push(&mut self, octets: &[u8]) {
        self.octets.drain(..std::mem::take(&mut self.used));
        self.octets.extend_from_slice(octets);
    }

    /// Notes that nothing more will come.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    /// Whether nothing more will come; there may still be unused octets.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// How many octets are unused.
    pub(crate) fn len(&self) -> usize {
        self.octets.len().saturating_sub(self.used)
    }

    /// The next line, if it is complete. What was read is wiped.
    pub(crate) fn line(&mut self) -> Option<Line> {
        let start = self.used;
        let mut rest = self.octets.get(start..).unwrap_or_default();
        let line = self.lines.next(&mut rest);
        self.used = self.octets.len().saturating_sub(rest.len());
        self.octets.get_mut(start..self.used).unwrap_or_default().zeroize();
        self.give_back();
        line
    }

    /// Lets `read` take octets from the front, as many as it likes.
    pub(crate) fn read<T>(&mut self, read: impl FnOnce(&mut &[u8]) -> T) -> T {
        let mut rest = self.octets.get(self.used..).unwrap_or_default();
        let result = read(&mut rest);
        self.used = self.octets.len().saturating_sub(rest.len());
        self.give_back();
        result
    }

    /// Gives the room of used octets back, so that a session that waits holds none.
    fn give_back(&mut self) {
        if self.used == self.octets.len() {
            (self.octets, self.used) = (Zeroizing::default(), 0);
        }
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} octets{}]", self.len(), if self.closed { ", closed" } else { "" })
    }
}
