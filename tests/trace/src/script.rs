//! Reads traces.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// The words of a protocol in a trace.
///
/// Spec: none — a harness for tests.
#[derive(Debug, Clone, Copy)]
pub struct Notation {
    /// Marks what the server sends.
    pub from_server: &'static str,
    /// Marks what the server receives.
    pub to_server: &'static str,
    /// Marks content that the driver sends.
    pub from_driver: &'static str,
    /// Marks content that the driver receives.
    pub to_driver: &'static str,
    /// The first words of the questions a session asks.
    pub calls: &'static [&'static str],
    /// The first words of the answers.
    pub answers: &'static [&'static str],
}

/// Something that happens to a session, and what must follow from it.
pub(crate) struct Block {
    /// The line of the trace it begins in.
    pub(crate) line: usize,
    pub(crate) act: Act,
    pub(crate) expected: Seen,
}

pub(crate) enum Act {
    Start,
    Client(Vec<u8>),
    Server(Vec<u8>),
    Content(Vec<u8>),
    End,
    ClientClosed,
    ServerClosed,
    Stop,
    Answer(String),
    Pass(Duration),
}

/// Everything that came out of a session in one block.
///
/// Spec: none — a harness for tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Octets for the client.
    pub client: Vec<u8>,
    /// Octets for the server.
    pub server: Vec<u8>,
    /// Octets of content for the driver.
    pub content: Vec<u8>,
    /// Questions, as the traces put them.
    pub calls: Vec<String>,
    /// Events, as `Debug` prints them.
    pub events: Vec<String>,
    /// Whether the connection to the server is to be closed.
    pub close_server: bool,
    /// Whether the session is over.
    pub closed: bool,
}

/// The lines of a trace, those of its parts included, with their numbers in the file they stand in.
pub(crate) fn lines(path: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(path).expect("a trace");
    let lines = text.lines().enumerate();
    let included = lines.flat_map(|(index, line)| match line.strip_prefix("@ ") {
        Some(part) => self::lines(&path.with_file_name(format!("{part}.part"))),
        None => vec![(index + 1, line.to_owned())],
    });
    included.collect()
}

pub(crate) fn read(path: &Path, notation: &Notation) -> Vec<Block> {
    let mut blocks = vec![Block { line: 0, act: Act::Start, expected: Seen::default() }];
    for (number, line) in lines(path) {
        let (mark, rest) = line.split_once(' ').unwrap_or((&line, ""));
        if ["", "#", "Spec:", "Row:"].contains(&mark) {
            continue;
        }
        match notation.act(mark, rest) {
            Some(act) => push(&mut blocks, number, act),
            None => {
                let seen = &mut blocks.last_mut().expect("the start").expected;
                assert!(notation.expect(mark, rest, seen), "{}:{number}: {line}", path.display());
            }
        }
    }
    blocks
}

/// Octets sent right after one another by the same side are one input.
fn push(blocks: &mut Vec<Block>, line: usize, act: Act) {
    let last = blocks.last_mut().filter(|block| block.expected == Seen::default());
    match (act, last.map(|block| &mut block.act)) {
        (Act::Client(octets), Some(Act::Client(more)))
        | (Act::Server(octets), Some(Act::Server(more)))
        | (Act::Content(octets), Some(Act::Content(more))) => more.extend(octets),
        (act, _) => blocks.push(Block { line, act, expected: Seen::default() }),
    }
}

impl Notation {
    /// What happens in a line, if it is not one that says what follows.
    fn act(&self, mark: &str, text: &str) -> Option<Act> {
        Some(match (mark, text) {
            ("C:", text) => Act::Client(octets(text)),
            (mark, text) if mark == self.from_server => Act::Server(octets(text)),
            (mark, text) if mark == self.from_driver => Act::Content(octets(text)),
            ("!", "end") => Act::End,
            ("!", "client closed") => Act::ClientClosed,
            ("!", "server closed") => Act::ServerClosed,
            ("!", "stop") => Act::Stop,
            ("!", text) if begins_with(self.answers, text) => Act::Answer(text.to_owned()),
            ("!", text) => Act::Pass(time(text.strip_prefix("wait ")?)),
            _ => return None,
        })
    }

    /// Notes what a line says must follow; `false` if it says nothing of the kind.
    fn expect(&self, mark: &str, text: &str, seen: &mut Seen) -> bool {
        match (mark, text) {
            ("S:", text) => seen.client.extend(octets(text)),
            (mark, text) if mark == self.to_server => seen.server.extend(octets(text)),
            (mark, text) if mark == self.to_driver => seen.content.extend(octets(text)),
            ("=", event) => seen.events.push(event.to_owned()),
            ("!", "close server") => seen.close_server = true,
            ("!", "closed") => seen.closed = true,
            ("!", call) if begins_with(self.calls, call) => seen.calls.push(call.to_owned()),
            _ => return false,
        }
        true
    }

    /// What was seen, as a trace would say it.
    pub(crate) fn text(&self, seen: &Seen) -> String {
        let mut text = String::new();
        let sides = [("S:", &seen.client), (self.to_server, &seen.server), (self.to_driver, &seen.content)];
        for (mark, octets) in sides {
            for line in octets.split_inclusive(|octet| *octet == b'\n') {
                writeln!(text, "{mark} {}", line.escape_ascii()).expect("memory");
            }
        }
        let calls = seen.calls.iter().map(|call| format!("! {call}\n"));
        text.extend(calls.chain(seen.events.iter().map(|event| format!("= {event}\n"))));
        text.push_str(if seen.close_server { "! close server\n" } else { "" });
        text.push_str(if seen.closed { "! closed\n" } else { "" });
        text
    }
}

fn begins_with(words: &[&str], text: &str) -> bool {
    text.split(' ').next().is_some_and(|first| words.contains(&first))
}

/// `300s`, `5m`.
fn time(text: &str) -> Duration {
    let (number, unit) = match (text.strip_suffix('s'), text.strip_suffix('m')) {
        (Some(seconds), _) => (seconds, 1),
        (_, Some(minutes)) => (minutes, 60),
        _ => panic!("{text} is no time"),
    };
    Duration::from_secs(unit * number.parse::<u64>().expect("a number"))
}

fn octets(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        if octet != b'\\' {
            octets.push(octet);
            continue;
        }
        match rest.next() {
            None => return octets,
            Some(b'r') => octets.push(b'\r'),
            Some(b'n') => octets.push(b'\n'),
            Some(b't') => octets.push(b'\t'),
            Some(b'0') => octets.push(0),
            Some(b'\\') => octets.push(b'\\'),
            Some(b'x') => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                octets.push(u8::from_str_radix(&digits, 16).expect("two hex digits"));
            }
            Some(other) => panic!("\\{} is no escape", char::from(other)),
        }
    }
    octets.extend(b"\r\n");
    octets
}
