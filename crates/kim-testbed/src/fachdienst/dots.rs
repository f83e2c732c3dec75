//! Dot-stuffing as the servers do it, written apart from the code under test.

/// Collects the message of DATA up to `CRLF.CRLF`.
#[derive(Debug)]
pub(super) struct Incoming {
    message: Vec<u8>,
    place: Place,
    limit: usize,
    too_large: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart,
    Dot,
    DotCr,
    Cr,
    Line,
}

impl Incoming {
    /// A message of at most `limit` octets; what is more is dropped.
    pub(super) fn new(limit: usize) -> Self {
        Self { message: Vec::new(), place: Place::LineStart, limit, too_large: false }
    }

    /// Takes octets from the front of `input`; `true` when the end of the message was reached.
    pub(super) fn feed(&mut self, input: &mut &[u8]) -> bool {
        while let Some((&octet, rest)) = input.split_first() {
            if self.place == Place::Line && octet != b'\r' {
                self.keep_run(input);
                continue;
            }
            *input = rest;
            self.place = match (self.place, octet) {
                (Place::LineStart, b'.') => Place::Dot,
                (Place::Dot, b'\r') => Place::DotCr,
                (Place::DotCr, b'\n') => return true,
                (place, octet) => {
                    // The dot itself is dropped: it was stuffing. A CR that was held back is not.
                    if place == Place::DotCr {
                        self.keep(b'\r');
                    }
                    self.keep(octet);
                    match (place, octet) {
                        (Place::Cr, b'\n') => Place::LineStart,
                        (_, b'\r') => Place::Cr,
                        _ => Place::Line,
                    }
                }
            };
        }
        false
    }

    /// The message, or `None` when it was larger than allowed.
    pub(super) fn into_message(self) -> Option<Vec<u8>> {
        (!self.too_large).then_some(self.message)
    }

    /// Keeps what comes before the next CR: inside a line nothing else matters.
    fn keep_run(&mut self, input: &mut &[u8]) {
        let end = input.iter().position(|octet| *octet == b'\r').unwrap_or(input.len());
        let (run, rest) = input.split_at_checked(end).unwrap_or((input, &[]));
        *input = rest;
        let room = self.limit.saturating_sub(self.message.len());
        self.too_large |= run.len() > room;
        self.message.extend_from_slice(run.get(..room).unwrap_or(run));
    }

    fn keep(&mut self, octet: u8) {
        if self.message.len() < self.limit {
            self.message.push(octet);
        } else {
            self.too_large = true;
        }
    }
}

/// Appends `message` with dot-stuffing and the final `CRLF.CRLF`.
pub(super) fn append_stuffed(message: &[u8], out: &mut Vec<u8>) {
    out.reserve(message.len().saturating_add(16));
    let start = out.len();
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        let at_line_start = out.len() == start || out.ends_with(b"\r\n");
        if at_line_start && line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if out.len() != start && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(wire: &[u8], limit: usize) -> Option<Vec<u8>> {
        let mut incoming = Incoming::new(limit);
        let ends: Vec<bool> = wire.chunks(1).map(|mut octet| incoming.feed(&mut octet)).collect();
        assert_eq!(
            ends.iter().position(|end| *end),
            wire.len().checked_sub(1),
            "ends with the last octet only"
        );
        incoming.into_message()
    }

    #[test]
    fn messages_come_back_as_they_were_stuffed() {
        for message in
            ["", "a\r\n", ".\r\n", "..\r\n.\r\n", "a\n.\r\n.b\r\n", ".\rx\r\n", ".\r\r\n", "\r\n.\r\n"]
        {
            let mut wire = Vec::new();
            append_stuffed(message.as_bytes(), &mut wire);
            assert_eq!(receive(&wire, 99).as_deref(), Some(message.as_bytes()), "{message:?}");
        }
    }

    #[test]
    fn only_crlf_dot_crlf_ends_a_message() {
        let wire = b"a\n.\nb\n.\r\nc\r\n.\nd\r\n.\re\r\n.\r\n";
        assert_eq!(receive(wire, 99).unwrap(), b"a\n.\nb\n.\r\nc\r\n\nd\r\n\re\r\n");
    }

    #[test]
    fn the_limit_is_exact() {
        assert_eq!(receive(b"12345\r\n.\r\n", 7).unwrap(), b"12345\r\n");
        assert_eq!(receive(b"123456\r\n.\r\n", 7), None);
    }
}
