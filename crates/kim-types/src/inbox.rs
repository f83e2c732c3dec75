//! Octets that arrived and were not used yet: [`Inbox`].

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use crate::lines::{Line, LineReader, grow};

/// What one peer sent, read by line or as it comes.
///
/// Lines are wiped, because passwords pass through it; content, which comes by the hundred megabytes, is not. It holds no
/// more than was pushed and not read, and no room when there is nothing. `Debug` prints lengths only.
///
/// ```
/// use kim_types::Inbox;
/// use kim_types::lines::Line;
///
/// let mut inbox = Inbox::new(512);
/// inbox.push(b"DATA\r\na mail");
/// assert_eq!(inbox.line(), Some(Line::Whole(b"DATA".to_vec())));
/// let content = inbox.read(|octets| std::mem::take(octets).to_vec());
/// assert_eq!((content.as_slice(), inbox.is_empty()), (&b"a mail"[..], true));
/// ```
///
/// Spec: RFC 5321 §2.3.8, RFC 1939 §3.
pub struct Inbox {
    octets: Zeroizing<Vec<u8>>,
    used: usize,
    lines: LineReader,
    closed: bool,
}

impl Inbox {
    /// An inbox for lines of at most `max_line` octets.
    pub fn new(max_line: usize) -> Self {
        Self { octets: Vec::new().into(), used: 0, lines: LineReader::new(max_line), closed: false }
    }

    /// Appends what the peer sent.
    pub fn push(&mut self, octets: &[u8]) {
        if self.used > 0 {
            self.octets = self.octets.get(self.used..).unwrap_or_default().to_vec().into();
            self.used = 0;
        }
        let len = self.octets.len().saturating_add(octets.len());
        if len > self.octets.capacity() {
            let room = len.max(self.octets.capacity().saturating_mul(2));
            grow(&mut self.octets, room);
        }
        self.octets.extend_from_slice(octets);
    }

    /// Notes that nothing more will come.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Whether nothing more will come; there may still be unused octets.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// How many octets are unused.
    pub fn len(&self) -> usize {
        self.octets.len().saturating_sub(self.used)
    }

    /// Whether all octets are used.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next line, if it is complete. What was read is wiped.
    pub fn line(&mut self) -> Option<Line> {
        let start = self.used;
        let mut rest = self.octets.get(start..).unwrap_or_default();
        let line = self.lines.next(&mut rest);
        self.used = self.octets.len().saturating_sub(rest.len());
        self.octets.get_mut(start..self.used).unwrap_or_default().zeroize();
        if self.is_empty() {
            (self.octets, self.used) = (Zeroizing::default(), 0);
        }
        line
    }

    /// Lets `read` take octets from the front, as many as it likes.
    pub fn read<T>(&mut self, read: impl FnOnce(&mut &[u8]) -> T) -> T {
        let mut rest = self.octets.get(self.used..).unwrap_or_default();
        let result = read(&mut rest);
        self.used = self.octets.len().saturating_sub(rest.len());
        if self.is_empty() {
            // Taken out of what would wipe it.
            (_, self.used) = (std::mem::take(&mut *self.octets), 0);
        }
        result
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} octets{}]", self.len(), if self.closed { ", closed" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_content_are_taken_in_turn_and_nothing_is_lost_in_between() {
        let mut inbox = Inbox::new(8);
        let text = b"NOOP\r\n12345RSET\r\n67";
        for cut in 0..text.len() {
            let (first, second) = text.split_at(cut);
            inbox.push(first);
            let mut line = inbox.line();
            inbox.push(second);
            line = line.or_else(|| inbox.line());
            assert_eq!(line, Some(Line::Whole(b"NOOP".to_vec())), "cut at {cut}");
            let five = inbox.read(|octets| {
                let (five, rest) = octets.split_at(5);
                *octets = rest;
                five.to_vec()
            });
            assert_eq!(five, b"12345", "cut at {cut}");
            assert_eq!(inbox.line(), Some(Line::Whole(b"RSET".to_vec())), "cut at {cut}");
            assert_eq!((inbox.len(), inbox.is_empty()), (2, false));
            inbox.read(|octets| *octets = &[]);
            assert!(inbox.is_empty());
        }
    }

    #[test]
    fn debug_prints_lengths_only() {
        let mut inbox = Inbox::new(8);
        inbox.push(b"PASS geheim\r\n");
        inbox.close();
        assert_eq!(format!("{inbox:?}"), "[13 octets, closed]");
    }
}
