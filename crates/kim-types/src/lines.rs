//! Line boundaries on a connection: [`LineReader`].
//!
//! SMTP and POP3 lines end in CRLF. A bare LF or CR is an octet of a line like any other, never its end: reading it as an
//! end is what makes SMTP smuggling possible. Boundaries come first, parsing second.
//!
//! Spec: RFC 5321 §2.3.8, RFC 1939 §3.

use zeroize::Zeroizing;

/// For how many octets of a line there is room at first.
const ROOM: usize = 64;

/// Collects octets into lines with a limit.
///
/// The reader never holds more than the limit: the octets of an over-long line are dropped as they arrive and the line is
/// reported once, as [`Line::TooLong`], when its end is seen. It leaves no copy of what it held: that may be a password.
///
/// ```
/// use kim_types::lines::{Line, LineReader};
///
/// let mut reader = LineReader::new(8);
/// let mut input: &[u8] = b"NOOP\r\nA LONG LINE\r\nQU";
/// assert_eq!(reader.next(&mut input), Some(Line::Whole(b"NOOP".to_vec())));
/// assert_eq!(reader.next(&mut input), Some(Line::TooLong));
/// assert_eq!(reader.next(&mut input), None); // "QU" is kept until the rest comes
/// ```
///
/// Spec: RFC 5321 §2.3.8, RFC 1939 §3.
#[derive(Clone)]
pub struct LineReader {
    limit: usize,
    line: Zeroizing<Vec<u8>>,
    too_long: bool,
    cr: bool,
}

/// A line without its CRLF.
///
/// Spec: RFC 5321 §2.3.8.
#[derive(Clone, PartialEq, Eq)]
pub enum Line {
    /// A line within the limit.
    Whole(Vec<u8>),
    /// A line that exceeded the limit; its octets are gone.
    TooLong,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(line) => write!(f, "Whole([{} octets])", line.len()),
            Self::TooLong => f.write_str("TooLong"),
        }
    }
}

impl std::fmt::Debug for LineReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A line may be a password.
        write!(f, "LineReader([{} of {} octets])", self.line.len(), self.limit)
    }
}

impl LineReader {
    /// A reader for lines of at most `limit` octets, CRLF not counted.
    pub fn new(limit: usize) -> Self {
        Self { limit, line: Vec::new().into(), too_long: false, cr: false }
    }

    /// Takes octets from the front of `input` up to the end of a line.
    ///
    /// `None` means that `input` is used up and the line is not finished.
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Line> {
        while let Some((&octet, rest)) = input.split_first() {
            *input = rest;
            if self.cr && octet == b'\n' {
                self.cr = false;
                let mut line = std::mem::take(&mut self.line);
                return Some(if std::mem::take(&mut self.too_long) {
                    Line::TooLong
                } else {
                    Line::Whole(std::mem::take(&mut *line))
                });
            }
            if std::mem::replace(&mut self.cr, octet == b'\r') {
                self.keep(b'\r');
            }
            if octet != b'\r' {
                self.keep(octet);
            }
        }
        None
    }

    fn keep(&mut self, octet: u8) {
        if self.line.len() >= self.limit {
            self.too_long = true;
            return;
        }
        if self.line.len() == self.line.capacity() {
            let room = self.line.len().saturating_mul(2).max(ROOM).min(self.limit);
            grow(&mut self.line, room);
        }
        self.line.push(octet);
    }
}

/// Gives `octets` room for `room` of them. A vector that grows by itself leaves a copy behind that nobody wipes.
pub(crate) fn grow(octets: &mut Zeroizing<Vec<u8>>, room: usize) {
    let mut larger = Zeroizing::new(Vec::with_capacity(room));
    larger.extend_from_slice(octets);
    *octets = larger;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&[u8]], limit: usize) -> Vec<Line> {
        let mut reader = LineReader::new(limit);
        let mut lines = Vec::new();
        for chunk in chunks {
            let mut input = *chunk;
            while let Some(line) = reader.next(&mut input) {
                lines.push(line);
            }
        }
        lines
    }

    #[test]
    fn bare_cr_and_lf_do_not_end_a_line() {
        let whole = |text: &[u8]| Line::Whole(text.to_vec());
        assert_eq!(read(&[b"a\nb\rc\r\r\n\r\n"], 99), [whole(b"a\nb\rc\r"), whole(b"")]);
    }

    #[test]
    fn chunks_do_not_matter() {
        let text = b"NOOP\r\n\nx\r\r\nlong long long\r\n";
        let all = read(&[text], 9);
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(read(&single, 9), all);
        assert_eq!(all.len(), 3);
        assert_eq!(all.last(), Some(&Line::TooLong));
    }

    #[test]
    fn the_limit_is_exact_and_a_long_line_costs_no_memory() {
        assert_eq!(read(&[b"12345678\r\n"], 8), [Line::Whole(b"12345678".to_vec())]);
        assert_eq!(read(&[b"123456789\r\nok\r\n"], 8), [Line::TooLong, Line::Whole(b"ok".to_vec())]);
        let mut reader = LineReader::new(8);
        let mut flood: &[u8] = &[b'x'; 100_000];
        assert_eq!(reader.next(&mut flood), None);
        assert!(reader.line.capacity() <= 16);
    }
}
