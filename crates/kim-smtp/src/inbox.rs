//! Octets that arrived and were not used yet: [`Inbox`].

use std::fmt;

use kim_types::lines::{Line, LineReader};
use zeroize::{Zeroize, Zeroizing};

/// What one peer sent, read by line or as it comes. Lines are wiped, because passwords pass through it.
///
/// It holds no more than the driver passed in while the machine wanted the peer to be read.
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

    /// Whether all octets are used.
    pub(crate) fn is_empty(&self) -> bool {
        self.octets.len() == self.used
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
        let unused = self.octets.len().saturating_sub(self.used);
        write!(f, "[{unused} octets{}]", if self.closed { ", closed" } else { "" })
    }
}
