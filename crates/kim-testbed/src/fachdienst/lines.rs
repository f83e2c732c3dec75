//! Command lines of SMTP and POP3.

/// Splits octets into command lines that end in CRLF; a bare CR or LF is part of the line.
#[derive(Debug, Default)]
pub(super) struct CommandLines {
    line: Vec<u8>,
    too_long: bool,
}

/// A command line without its CRLF.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CommandLine {
    /// The line, with octets that are not UTF-8 replaced.
    Text(String),
    /// The line had more than [`CommandLines::MAX_OCTETS`].
    TooLong,
}

impl CommandLines {
    /// The longest line in octets, its CRLF included: the longest AUTH line of RFC 4954 §4.
    pub(super) const MAX_OCTETS: usize = 12_288;

    /// Takes octets from the front of `input` up to the end of a line; `None` when the line is not finished.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Option<CommandLine> {
        while let Some((&octet, rest)) = input.split_first() {
            *input = rest;
            if self.line.len() >= Self::MAX_OCTETS {
                // The last octet is kept, so that the end of the line is still seen.
                self.too_long = true;
                self.line.drain(..Self::MAX_OCTETS.saturating_sub(1));
            }
            self.line.push(octet);
            if self.line.ends_with(b"\r\n") {
                let line = std::mem::take(&mut self.line);
                let text = line.strip_suffix(b"\r\n").unwrap_or(&line);
                return Some(if std::mem::take(&mut self.too_long) {
                    CommandLine::TooLong
                } else {
                    CommandLine::Text(String::from_utf8_lossy(text).into_owned())
                });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_crlf_only_and_chunks_do_not_matter() {
        let mut lines = CommandLines::default();
        let mut found = Vec::new();
        for octet in b"NOOP\nx\r\nQUIT\r\r\n" {
            found.extend(lines.next(&mut std::slice::from_ref(octet)));
        }
        let text = |text: &str| CommandLine::Text(text.to_owned());
        assert_eq!(found, [text("NOOP\nx"), text("QUIT\r")]);
    }

    #[test]
    fn a_long_line_is_reported_once_and_not_kept() {
        let mut lines = CommandLines::default();
        let mut input: &[u8] = &[b'x'; 3 * CommandLines::MAX_OCTETS];
        assert_eq!(lines.next(&mut input), None);
        assert!(lines.line.capacity() <= 2 * CommandLines::MAX_OCTETS);
        let mut input: &[u8] = b"\r\nNOOP\r\n";
        assert_eq!(lines.next(&mut input), Some(CommandLine::TooLong));
        assert_eq!(lines.next(&mut input), Some(CommandLine::Text("NOOP".into())));
    }
}
