//! Commands of the client, as far as the module has to understand them.

/// The verbs that are treated in some way of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Apop,
    Auth,
    Capa,
    Lang,
    List,
    Pass,
    Quit,
    Retr,
    Stls,
    Top,
    Uidl,
    User,
    Other,
}

const VERBS: &[(&str, Verb)] = &[
    ("APOP", Verb::Apop),
    ("AUTH", Verb::Auth),
    ("CAPA", Verb::Capa),
    ("LANG", Verb::Lang),
    ("LIST", Verb::List),
    ("PASS", Verb::Pass),
    ("QUIT", Verb::Quit),
    ("RETR", Verb::Retr),
    ("STLS", Verb::Stls),
    ("TOP", Verb::Top),
    ("UIDL", Verb::Uidl),
    ("USER", Verb::User),
];

/// Splits a line into its verb and everything after the first blank behind it.
///
/// Blanks before the verb are skipped: a lenient server would do so, and what it takes for RETR must be RETR here too.
pub(crate) fn split(line: &[u8]) -> (Verb, &[u8]) {
    let line = line.trim_ascii_start();
    let mut halves = line.splitn(2, |octet| octet.is_ascii_whitespace());
    let word = halves.next().unwrap_or_default();
    let verb = VERBS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
    (verb.map_or(Verb::Other, |(_, verb)| *verb), halves.next().unwrap_or_default())
}

/// The words of an argument.
pub(crate) fn words(argument: &[u8]) -> impl Iterator<Item = &[u8]> {
    argument.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// The message number of `RETR msg`.
pub(crate) fn message_number(argument: &[u8]) -> Option<u32> {
    let mut words = words(argument);
    let number = digits(words.next()?)?.parse().ok()?;
    words.next().is_none().then_some(number)
}

/// The message number of `TOP msg lines`, as it was written, and whether any lines were asked for.
pub(crate) fn top_arguments(argument: &[u8]) -> Option<(&str, bool)> {
    let mut words = words(argument);
    let (message, lines) = (digits(words.next()?)?, digits(words.next()?)?);
    words.next().is_none().then_some((message, lines.bytes().any(|digit| digit != b'0')))
}

fn digits(word: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(word).ok()?;
    text.bytes().all(|octet| octet.is_ascii_digit()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_read_without_case_and_arguments_kept() {
        assert_eq!(split(b"pass  a b "), (Verb::Pass, &b" a b "[..]));
        assert_eq!(split(b"QUIT"), (Verb::Quit, &b""[..]));
        assert_eq!(split(b"XQUIT now"), (Verb::Other, &b"now"[..]));
        assert_eq!(split(b""), (Verb::Other, &b""[..]));
    }

    #[test]
    fn what_a_lenient_server_takes_for_retr_is_retr() {
        for line in [&b"  RETR 1"[..], b"\tretr 1", b"Retr\t1"] {
            assert_eq!(split(line).0, Verb::Retr);
        }
    }

    #[test]
    fn numbers_are_digits_only() {
        assert_eq!(message_number(b"17"), Some(17));
        assert_eq!(message_number(b" 17 "), Some(17));
        for wrong in [&b""[..], b"+1", b"1 2", b"a", b"4294967296", b"-1"] {
            assert_eq!(message_number(wrong), None);
        }
        assert_eq!(top_arguments(b"3 0"), Some(("3", false)));
        assert_eq!(top_arguments(b"3 99999999999999999999"), Some(("3", true)));
        assert_eq!(top_arguments(b"3"), None);
        assert_eq!(top_arguments(b"3 0 1"), None);
        assert_eq!(top_arguments(b"3 x"), None);
    }
}
