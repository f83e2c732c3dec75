//! Dot-stuffing: how SMTP and POP3 mark the end of a message inside a stream.
//!
//! A message ends with `CRLF . CRLF`; a line that begins with a dot gets a second one on the wire. For what is read, only
//! CRLF begins a line, so `LF . CR LF` and the like are content. For what is written, LF alone does so too: many programs
//! take it for the end of a line, and would take the next dot for the end of the message.
//!
//! Spec: RFC 5321 §4.5.2, RFC 1939 §3.

use memchr::memmem;

/// Removes dot-stuffing and finds the end of a message.
///
/// ```
/// use kim_types::dots::Unstuffer;
///
/// let mut reader = Unstuffer::new();
/// let (mut wire, mut content): (&[u8], _) = (b"a\r\n..b\r\n.\r\nQUIT\r\n", Vec::new());
/// assert!(reader.read(&mut wire, &mut content));
/// assert_eq!((content.as_slice(), wire), (&b"a\r\n.b\r\n"[..], &b"QUIT\r\n"[..]));
/// ```
///
/// Spec: RFC 5321 §4.5.2, RFC 1939 §3.
#[derive(Debug, Clone, Default)]
pub struct Unstuffer(Place);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// At the first octet of a line.
    #[default]
    LineStart,
    /// Inside a line.
    Inside,
    /// After a CR inside a line (already handed on).
    Cr,
    /// After a dot at the start of a line (held back).
    Dot,
    /// After a dot and a CR at the start of a line (both held back).
    DotCr,
    /// After the final dot line.
    End,
}

impl Unstuffer {
    /// At the start of a message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes octets from the front of `wire`, appends content to `content`; true when the end of the message was read.
    ///
    /// The CRLF before the final dot belongs to the content. After the end nothing more is taken.
    pub fn read(&mut self, wire: &mut &[u8], content: &mut Vec<u8>) -> bool {
        while self.0 != Place::End {
            if self.0 == Place::Inside {
                // The bulk of a message: whole runs of lines up to the next one that begins with a dot.
                let dot = memmem::find(wire, b"\r\n.");
                let (text, rest) = wire.split_at(dot.map_or(wire.len(), |at| at.saturating_add(2)));
                content.extend_from_slice(text);
                *wire = rest;
                self.0 = match text {
                    [.., b'\r', b'\n'] => Place::LineStart,
                    [.., b'\r'] => Place::Cr,
                    _ => Place::Inside,
                };
            }
            let Some((&octet, rest)) = wire.split_first() else { return false };
            *wire = rest;
            self.0 = match (self.0, octet) {
                (Place::LineStart, b'.') => Place::Dot,
                (Place::Dot, b'\r') => Place::DotCr,
                (Place::DotCr, b'\n') => Place::End,
                (Place::DotCr, _) => {
                    // ".\rX": the dot was stuffing, the CR is content, X is looked at again.
                    content.push(b'\r');
                    self.0 = Place::Cr;
                    self.inside(octet, content)
                }
                _ => self.inside(octet, content),
            };
        }
        true
    }

    fn inside(&self, octet: u8, content: &mut Vec<u8>) -> Place {
        content.push(octet);
        match (self.0, octet) {
            (Place::Cr, b'\n') => Place::LineStart,
            (_, b'\r') => Place::Cr,
            _ => Place::Inside,
        }
    }
}

/// Adds dot-stuffing and the end of a message.
///
/// A dot after a bare LF is doubled as well. Readers that end lines there remove it again; to the others the mail has a dot
/// more at this place, where RFC 5322 allows no LF at all. Otherwise what follows would be commands or replies to the first.
///
/// ```
/// use kim_types::dots::Stuffer;
///
/// let (mut writer, mut wire) = (Stuffer::new(), Vec::new());
/// writer.write(b".a\r\n.b", &mut wire);
/// writer.finish(&mut wire);
/// assert_eq!(wire, b"..a\r\n..b\r\n.\r\n");
/// ```
///
/// Spec: RFC 5321 §4.5.2, RFC 1939 §3.
#[derive(Debug, Clone)]
pub struct Stuffer {
    /// After LF, or at the start.
    line_start: bool,
    /// After CRLF, or at the start.
    line_complete: bool,
    /// After CR.
    cr: bool,
}

impl Default for Stuffer {
    fn default() -> Self {
        Self { line_start: true, line_complete: true, cr: false }
    }
}

impl Stuffer {
    /// At the start of a message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends content to `wire`, with a second dot where a line begins with one.
    pub fn write(&mut self, content: &[u8], wire: &mut Vec<u8>) {
        let [.., last] = content else { return };
        if self.line_start && content.starts_with(b".") {
            wire.push(b'.');
        }
        let mut rest = content;
        while let Some((lines, dot)) =
            memmem::find(rest, b"\n.").and_then(|at| rest.split_at_checked(at.saturating_add(1)))
        {
            wire.extend_from_slice(lines);
            wire.push(b'.');
            rest = dot;
        }
        wire.extend_from_slice(rest);
        self.line_start = *last == b'\n';
        self.line_complete = match content {
            [.., b'\r', b'\n'] => true,
            [b'\n'] => self.cr,
            _ => false,
        };
        self.cr = *last == b'\r';
    }

    /// Appends the end of the message, with a CRLF before it unless the content ended in one.
    pub fn finish(self, wire: &mut Vec<u8>) {
        if !self.line_complete {
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b".\r\n");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unstuff(wire: &[u8], chunk: usize) -> (Vec<u8>, bool, usize) {
        let (mut reader, mut content, mut used) = (Unstuffer::new(), Vec::new(), 0);
        for part in wire.chunks(chunk) {
            let mut rest = part;
            let end = reader.read(&mut rest, &mut content);
            used += part.len() - rest.len();
            if end {
                return (content, true, used);
            }
        }
        (content, false, used)
    }

    #[test]
    fn smuggled_ends_are_content() {
        for smuggled in
            ["\n.\n", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\r.\r", "\r\n.x\r\n", "\r\n.\r\r\n"]
        {
            let wire = format!("a{smuggled}b\r\n.\r\n");
            let (content, end, used) = unstuff(wire.as_bytes(), 1);
            assert!(end, "{smuggled:?}");
            assert_eq!(used, wire.len(), "{smuggled:?}");
            let expected = format!("a{}b\r\n", smuggled.replace("\r\n.", "\r\n"));
            assert_eq!(String::from_utf8(content).unwrap(), expected, "{smuggled:?}");
        }
    }

    #[test]
    fn an_empty_message_is_a_lone_dot() {
        assert_eq!(unstuff(b".\r\nrest", 99), (Vec::new(), true, 3));
        let mut wire = Vec::new();
        Stuffer::new().finish(&mut wire);
        assert_eq!(wire, b".\r\n");
    }

    fn stuff(text: &str, chunk: usize) -> Vec<u8> {
        let (mut writer, mut wire) = (Stuffer::new(), Vec::new());
        text.as_bytes().chunks(chunk).for_each(|part| writer.write(part, &mut wire));
        writer.finish(&mut wire);
        wire
    }

    /// A mail with `LF . CRLF` made Python and mpop take the rest of it for replies of the server.
    #[test]
    fn programs_that_end_lines_at_lf_read_on_to_the_end() {
        assert_eq!(stuff("a\n.\r\n+OK\r\n", 1), b"a\n..\r\n+OK\r\n.\r\n");
        assert_eq!(stuff(".\n.\n", 1), b"..\n..\n\r\n.\r\n");
    }

    proptest! {
        #[test]
        fn no_reader_finds_an_end_before_the_end(text in "[.a\r\n]{0,60}", chunk in 1usize..9) {
            let wire = stuff(&text, chunk);
            let lines: Vec<_> = wire.split_inclusive(|&octet| octet == b'\n').collect();
            let end = lines.iter().position(|line| line.trim_ascii_end() == b".");
            prop_assert_eq!(end, Some(lines.len() - 1));
        }

        #[test]
        fn unstuff_after_stuff_gives_the_content_back(
            text in "[.a\r\n]{0,60}", chunk_in in 1usize..9, chunk_out in 1usize..9,
        ) {
            let wire = stuff(&text, chunk_in);
            let (content, end, used) = unstuff(&wire, chunk_out);
            let ended = text.is_empty() || text.ends_with("\r\n");
            let expected = if ended { text } else { format!("{text}\r\n") };
            // A dot after LF alone is doubled for others and stays so for us.
            let expected = expected.replace("\r\n", "\u{1}").replace("\n.", "\n..").replace('\u{1}', "\r\n");
            prop_assert!(end);
            prop_assert_eq!(used, wire.len());
            prop_assert_eq!(String::from_utf8(content).unwrap(), expected);
        }
    }
}
