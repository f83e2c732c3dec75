//! Whatever comes in, nothing panics, and how the octets are cut makes no difference.
#![expect(clippy::disallowed_methods, reason = "a test makes up a time")]

use std::time::{Duration, Instant};

use kim_smtp::{Answer, Call, Config, Event, Input, LoginRefusal, Output, Proxy, Wait};
use kim_types::{Envelope, Recipient, Reply};
use proptest::prelude::*;

/// Something that happens to a session.
#[derive(Debug, Clone)]
enum Act {
    Client(Vec<u8>),
    Server(Vec<u8>),
    Content(Vec<u8>),
    ContentEnd,
    ClientClosed,
    ServerClosed,
    Answer(u8),
    Wait(u16),
    Stop,
}

/// All that came out of a session.
#[derive(Debug, Default, PartialEq, Eq)]
struct Record {
    client: Vec<u8>,
    server: Vec<u8>,
    content: Vec<u8>,
    calls: usize,
    close_server: usize,
    events: Vec<String>,
    closed: bool,
}

const COMMANDS: &[&str] = &[
    "EHLO x\r\n",
    "AUTH PLAIN AGFAYi5raW0udGVsZW1hdGlrIyNNI0MjVwBwYXNz\r\n",
    "AUTH LOGIN\r\n",
    "YUBiLmtpbS50ZWxlbWF0aWsjI00jQyNX\r\n",
    "cGFzcw==\r\n",
    "MAIL FROM:<a@b.kim.telematik>\r\nRCPT TO:<c@d.kim.telematik>\r\nDATA\r\n",
    "text\r\n..\r\n\r\n.\r\n",
    "NOOP\r\n",
    "RSET\r\n",
    "QUIT\r\n",
    "\r",
    "\n",
    ".",
];

const REPLIES: &[&str] = &[
    "220 x\r\n",
    "250-x\r\n250-SIZE\r\n250-DSN\r\n250 AUTH PLAIN LOGIN\r\n",
    "235 OK\r\n",
    "250 OK\r\n",
    "250 OK\r\n",
    "334\r\n",
    "354 go\r\n",
    "550 no\r\n",
    "421 bye\r\n",
    "250-",
];

fn octets(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        8 => proptest::sample::select(words).prop_map(|word| word.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(word, 1..4).prop_map(|words| words.concat())
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => octets(COMMANDS).prop_map(Act::Client),
        8 => octets(REPLIES).prop_map(Act::Server),
        6 => any::<u8>().prop_map(Act::Answer),
        3 => proptest::collection::vec(prop_oneof![Just(b'.'), Just(b'\r'), Just(b'\n'), any::<u8>()], 0..9)
            .prop_map(Act::Content),
        2 => Just(Act::ContentEnd),
        1 => Just(Act::ClientClosed),
        1 => Just(Act::ServerClosed),
        2 => (0..400u16).prop_map(Act::Wait),
    ]
}

/// A session that is logged in, has begun with a mail, and has all of it: as many steps as are wanted.
fn prelude() -> Vec<Act> {
    let client = |index: usize| Act::Client(COMMANDS.get(index).copied().unwrap_or_default().into());
    let server = |index: usize| Act::Server(REPLIES.get(index).copied().unwrap_or_default().into());
    vec![client(1), Act::Answer(0), server(0), server(1), server(2), client(5), client(6)]
}

fn play(acts: &[Act], chunk: usize, start: Instant) -> Record {
    let (mut proxy, mut record, mut call, mut now) =
        (Proxy::new(Config { max_errors: 5, ..Config::default() }, start), Record::default(), None, start);
    let mut envelope = None;
    let mut handle = |input: Input<'_>, now, call: &mut Option<Call>| {
        let mut out = Output::default();
        let wait = proxy.handle(input, now, &mut out);
        record.client.extend(out.client);
        record.server.extend(out.server);
        record.content.extend(out.content);
        record.close_server += usize::from(out.close_server);
        // Content nobody wants is ignored piece by piece.
        let events = out.events.iter().filter(|event| **event != Event::InputIgnored);
        record.events.extend(events.map(|event| format!("{event:?}")));
        if let Some(new) = out.call {
            assert!(call.is_none(), "a second call while one is open");
            record.calls += 1;
            *call = Some(new);
        }
        record.closed = wait == Wait::Closed;
    };
    handle(Input::Start, now, &mut call);
    for act in acts {
        match act {
            Act::Client(octets) => {
                octets.chunks(chunk).for_each(|piece| handle(Input::Client(piece), now, &mut call));
            }
            Act::Server(octets) => {
                octets.chunks(chunk).for_each(|piece| handle(Input::Server(piece), now, &mut call));
            }
            Act::Content(octets) => {
                octets.chunks(chunk).for_each(|piece| handle(Input::Content(piece), now, &mut call));
            }
            Act::ContentEnd => handle(Input::ContentEnd, now, &mut call),
            Act::ClientClosed => handle(Input::ClientClosed, now, &mut call),
            Act::ServerClosed => handle(Input::ServerClosed, now, &mut call),
            Act::Stop => handle(Input::Stop, now, &mut call),
            Act::Answer(choice) => {
                if let Some(open) = call.take() {
                    handle(Input::Answer(answer(open, *choice, &mut envelope)), now, &mut call);
                }
            }
            Act::Wait(seconds) => {
                now += Duration::from_secs((*seconds).into());
                handle(Input::Tick, now, &mut call);
            }
        }
    }
    record
}

fn answer(call: Call, choice: u8, envelope: &mut Option<Envelope>) -> Answer {
    match call {
        Call::Login(login) if choice % 8 == 7 => login.refused(LoginRefusal::Unreachable),
        Call::Login(login) => login.connected(),
        Call::Process(process) => {
            if let Some(mail) = process.envelope() {
                *envelope = Some(Envelope {
                    recipients: mail
                        .recipients
                        .iter()
                        .map(|one| Recipient::new(one.address.clone()))
                        .collect(),
                    ..mail.clone()
                });
            }
            match (choice % 8, envelope.clone()) {
                (0..4, Some(envelope)) => process.deliver(envelope, u64::from(choice / 32)),
                (4, _) => process.reset(),
                (5 | 6, _) => process.reply(Reply::new(250, "OK")),
                _ => process.done(),
            }
        }
    }
}

/// Spec: DESIGN — chunking never matters.
#[test]
fn random_sessions_do_not_panic_and_do_not_depend_on_chunking() {
    let start = Instant::now();
    let acts = proptest::collection::vec(act(), 0..40);
    let config = ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(acts in acts, begun in proptest::sample::select(vec![0, 6, 7]), chunk in 1..9usize)| {
        let mut all = prelude();
        all.truncate(begun);
        all.extend(acts);
        prop_assert_eq!(play(&all, chunk, start), play(&all, usize::MAX, start));
    });
}

/// The shutdown waits for the login; the MTA says more than was asked in the same breath. Found by the fuzz target smtp_ops.
#[test]
fn a_session_that_is_let_go_is_told_so_whatever_the_mta_says_unasked() {
    let start = Instant::now();
    let mut acts = prelude();
    acts.truncate(4);
    acts.extend([Act::Stop, Act::Server(b"235 OK\r\n250 what nobody asked for\r\n".to_vec())]);
    let whole = play(&acts, usize::MAX, start);
    assert!(whole.client.ends_with(b"421 4.3.2 Clientmodul wird beendet\r\n"), "{whole:?}");
    assert!(whole.server.ends_with(b"QUIT\r\n"), "{whole:?}");
    assert_eq!(play(&acts, 1, start), whole);
}

/// While a mail comes in, the MTA hears something every minute, one word at a time, and the client nothing of it.
#[test]
fn a_mail_that_comes_in_slowly_neither_loses_the_mta_nor_hears_of_it() {
    let start = Instant::now();
    // Seconds of silence, whether the MTA replies to what it was asked, whether there is content.
    let turns = proptest::collection::vec((0..70u64, any::<bool>(), any::<bool>()), 0..60);
    proptest!(|(turns in turns)| {
        let (mut proxy, mut now, mut out) = (Proxy::new(Config::default(), start), start, Output::default());
        let mut give = |input: Input<'_>, now, out: &mut Output| proxy.handle(input, now, out);
        give(Input::Start, now, &mut out);
        give(Input::Client(COMMANDS[1].as_bytes()), now, &mut out);
        let Some(Call::Login(login)) = out.call.take() else { panic!("no login") };
        give(Input::Answer(login.connected()), now, &mut out);
        for reply in REPLIES.iter().take(3) {
            give(Input::Server(reply.as_bytes()), now, &mut out);
        }
        give(Input::Client(COMMANDS[5].as_bytes()), now, &mut out);
        out = Output::default();
        let (mut silence, mut owes, mut content, mut lost) = (0, None, 0, false);
        for (seconds, replies, speaks) in turns {
            now += Duration::from_secs(seconds);
            silence += seconds;
            give(Input::Tick, now, &mut out);
            // Either may be silent for too long.
            owes = owes.map(|before| before + seconds);
            lost = owes.is_some_and(|seconds| seconds >= 300) || !out.client.is_empty();
            if lost {
                break;
            }
            match std::mem::take(&mut out.server).as_slice() {
                b"" => assert!(owes.is_some() || silence < 60, "{silence} seconds without a word"),
                b"NOOP\r\n" => {
                    assert!(owes.is_none() && silence >= 60);
                    (owes, silence) = (Some(0), 0);
                }
                other => panic!("{}", String::from_utf8_lossy(other)),
            }
            if replies && owes.take().is_some() {
                give(Input::Server(b"250 2.0.0 OK\r\n"), now, &mut out);
                silence = 0;
            }
            if speaks {
                content += 3;
                give(Input::Client(b"a\r\n"), now, &mut out);
            }
        }
        if lost {
            prop_assert!(out.client.starts_with(b"421 4.4.2 "));
            return Ok(());
        }
        give(Input::Client(b".\r\n"), now, &mut out);
        prop_assert_eq!((out.client.len(), out.content.len()), (0, content));
        let Some(Call::Process(process)) = out.call.take() else { panic!("no mail") };
        let Some(envelope) = process.envelope().cloned() else { panic!("no envelope") };
        give(Input::Answer(process.deliver(envelope, 1)), now, &mut out);
        prop_assert_eq!(out.server.starts_with(b"MAIL FROM:"), owes.is_none());
        if owes.is_some() {
            give(Input::Server(b"250 2.0.0 OK\r\n"), now, &mut out);
        }
        prop_assert!(out.server.starts_with(b"MAIL FROM:"));
    });
}
