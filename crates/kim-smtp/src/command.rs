//! Command lines of the client: [`Command`].

/// A command line: what it asks for, and its argument without blanks at either end.
///
/// Spec: RFC 5321 §4.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Command<'a> {
    pub(crate) verb: Verb,
    pub(crate) argument: &'a str,
}

/// What a command asks for, as far as the module treats it in a way of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Helo,
    Ehlo,
    Auth,
    Mail,
    Rcpt,
    Data,
    Rset,
    Noop,
    Quit,
    /// A command that would carry a mail past the module, or turn the connection into something else.
    NotOffered,
    /// Everything else.
    Other,
}

const VERBS: &[(&str, Verb)] = &[
    ("HELO", Verb::Helo),
    ("EHLO", Verb::Ehlo),
    ("AUTH", Verb::Auth),
    ("MAIL", Verb::Mail),
    ("RCPT", Verb::Rcpt),
    ("DATA", Verb::Data),
    ("RSET", Verb::Rset),
    ("NOOP", Verb::Noop),
    ("QUIT", Verb::Quit),
    ("STARTTLS", Verb::NotOffered),
    ("BDAT", Verb::NotOffered),
    ("BURL", Verb::NotOffered),
    ("SEND", Verb::NotOffered),
    ("SOML", Verb::NotOffered),
    ("SAML", Verb::NotOffered),
    ("TURN", Verb::NotOffered),
    ("ATRN", Verb::NotOffered),
];

impl<'a> Command<'a> {
    /// Reads a line.
    ///
    /// `None` if it does not begin with a verb or has anything but printable ASCII. What an MTA could read in another
    /// way than we do (a blank or tab before the verb, a bare CR or LF inside the line) must never be passed on.
    ///
    /// The name in HELO and EHLO is used nowhere and passed on to nobody: some computers have an umlaut in theirs.
    pub(crate) fn parse(line: &'a [u8]) -> Option<Self> {
        let mut halves = line.splitn(2, |octet| *octet == b' ');
        let word = halves.next().unwrap_or_default();
        let argument = halves.next().unwrap_or_default();
        if word.is_empty() || !word.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        let known = VERBS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word));
        let verb = known.map_or(Verb::Other, |(_, verb)| *verb);
        if matches!(verb, Verb::Helo | Verb::Ehlo) {
            let is_line = !argument.iter().any(|octet| matches!(octet, 0 | b'\r' | b'\n'));
            return is_line.then_some(Self { verb, argument: "" });
        }
        if !argument.iter().all(|octet| matches!(octet, b' '..=b'~')) {
            return None;
        }
        Some(Self { verb, argument: std::str::from_utf8(argument).ok()?.trim_matches(' ') })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter() {
        for line in ["DATA", "data", "Data "] {
            assert_eq!(Command::parse(line.as_bytes()).unwrap(), Command { verb: Verb::Data, argument: "" });
        }
    }

    #[test]
    fn what_is_not_known_is_other() {
        let command = Command::parse(b"VRFY a b ").unwrap();
        assert_eq!(command, Command { verb: Verb::Other, argument: "a b" });
        assert_eq!(Command::parse(b"DATAX").unwrap().verb, Verb::Other);
    }

    #[test]
    fn what_an_mta_could_read_in_another_way_is_no_command() {
        for line in
            [" DATA", "\tDATA", "DATA\t", "", " ", "NOOP\nMAIL", "NOOP\rx", "NOOP\0", "DATA;", "NOOP \u{e4}"]
        {
            assert_eq!(Command::parse(line.as_bytes()), None, "{line:?}");
        }
        assert_eq!(Command::parse(b"NOOP \xff"), None);
    }

    #[test]
    fn a_computer_may_have_any_name() {
        for line in [&b"EHLO PRAXIS-M\xdcLLER"[..], "HELO Büro-Süd".as_bytes(), b"EHLO \t", b"helo"] {
            assert!(Command::parse(line).is_some(), "{line:?}");
        }
        for line in [&b"EHLO a\nb"[..], b"EHLO a\rb", b"HELO \0", b"EHLO\xa0x"] {
            assert_eq!(Command::parse(line), None, "{line:?}");
        }
    }
}
