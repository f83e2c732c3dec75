//! Reads traces.

use std::fmt;
use std::path::Path;
use std::time::Duration;

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
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) client: Vec<u8>,
    pub(crate) server: Vec<u8>,
    pub(crate) content: Vec<u8>,
    pub(crate) calls: Vec<String>,
    pub(crate) events: Vec<String>,
    pub(crate) close_server: bool,
    pub(crate) closed: bool,
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

pub(crate) fn read(path: &Path) -> Vec<Block> {
    let mut blocks = vec![Block { line: 0, act: Act::Start, expected: Seen::default() }];
    for (number, line) in lines(path) {
        let (mark, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match mark {
            "" | "#" | "Spec:" | "Row:" => {}
            "C:" | "M<:" | "D>:" => push_octets(&mut blocks, number, mark, octets(rest)),
            "!" if act(rest).is_some() => {
                let act = act(rest).expect("checked");
                blocks.push(Block { line: number, act, expected: Seen::default() });
            }
            _ => {
                let seen = &mut blocks.last_mut().expect("the start").expected;
                match (mark, rest) {
                    ("S:", text) => seen.client.extend(octets(text)),
                    ("M>:", text) => seen.server.extend(octets(text)),
                    ("D<:", text) => seen.content.extend(octets(text)),
                    ("=", event) => seen.events.push(event.to_owned()),
                    ("!", "close server") => seen.close_server = true,
                    ("!", "closed") => seen.closed = true,
                    ("!", call) if call.starts_with("login ") || call.starts_with("process ") => {
                        seen.calls.push(call.to_owned());
                    }
                    _ => panic!("{}:{number}: {line}", path.display()),
                }
            }
        }
    }
    blocks
}

/// Octets sent right after one another by the same side are one input.
fn push_octets(blocks: &mut Vec<Block>, line: usize, mark: &str, octets: Vec<u8>) {
    let last = blocks.last_mut().filter(|block| block.expected == Seen::default());
    match (mark, last.map(|block| &mut block.act)) {
        ("C:", Some(Act::Client(more)))
        | ("M<:", Some(Act::Server(more)))
        | ("D>:", Some(Act::Content(more))) => {
            more.extend(octets);
        }
        _ => {
            let act = match mark {
                "C:" => Act::Client(octets),
                "M<:" => Act::Server(octets),
                _ => Act::Content(octets),
            };
            blocks.push(Block { line, act, expected: Seen::default() });
        }
    }
}

fn act(text: &str) -> Option<Act> {
    const ANSWERS: [&str; 8] =
        ["connected", "refused", "deliver", "report", "pass", "reply", "reset", "done"];
    Some(match text {
        "end" => Act::End,
        "client closed" => Act::ClientClosed,
        "server closed" => Act::ServerClosed,
        "stop" => Act::Stop,
        _ if text.split(' ').next().is_some_and(|word| ANSWERS.contains(&word)) => {
            Act::Answer(text.to_owned())
        }
        _ => {
            let seconds: u64 = text.strip_prefix("wait ")?.strip_suffix('s')?.parse().expect("seconds");
            Act::Pass(Duration::from_secs(seconds))
        }
    })
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

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (mark, octets) in [("S:", &self.client), ("M>:", &self.server), ("D<:", &self.content)] {
            for line in octets.split_inclusive(|octet| *octet == b'\n') {
                writeln!(f, "{mark} {}", line.escape_ascii())?;
            }
        }
        self.calls.iter().try_for_each(|call| writeln!(f, "! {call}"))?;
        self.events.iter().try_for_each(|event| writeln!(f, "= {event}"))?;
        if self.close_server {
            writeln!(f, "! close server")?;
        }
        if self.closed {
            writeln!(f, "! closed")?;
        }
        Ok(())
    }
}
