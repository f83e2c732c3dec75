#![no_main]
//! Any order of octets, closes, answers and time: nothing panics, and how the octets are cut makes no difference.

use std::time::{Duration, Instant};

use kim_fuzz::records;
use kim_smtp::{Answer, Call, Config, Input, LoginRefusal, Output, Proxy, Wait};
use kim_types::{Recipient, Reply};
use libfuzzer_sys::fuzz_target;

/// What came out, and for whom.
#[derive(Debug, Default, PartialEq, Eq)]
struct Record {
    client: Vec<u8>,
    server: Vec<u8>,
    content: Vec<u8>,
    calls: usize,
}

fn play(ops: &[u8], chunk: usize, start: Instant) -> Record {
    let mut proxy = Proxy::new(Config { max_errors: 5, ..Config::default() }, start);
    let (mut record, mut call, mut now, mut closed) = (Record::default(), None, start, false);
    let mut handle = |input: Input<'_>, now, call: &mut Option<Call>| {
        let mut out = Output::default();
        let wait = proxy.handle(input, now, &mut out);
        let is_silent = out.client.is_empty() && out.server.is_empty() && out.call.is_none();
        assert!(!closed || (is_silent && wait == Wait::Closed), "a session that is over says nothing");
        closed = wait == Wait::Closed;
        record.client.extend(out.client);
        record.server.extend(out.server);
        record.content.extend(out.content);
        if let Some(new) = out.call {
            assert!(call.is_none(), "a second call while one is open");
            record.calls += 1;
            *call = Some(new);
        }
    };
    handle(Input::Start, now, &mut call);
    for (kind, octets) in records(ops) {
        match kind {
            b'C' => octets.chunks(chunk).for_each(|part| handle(Input::Client(part), now, &mut call)),
            b'S' => octets.chunks(chunk).for_each(|part| handle(Input::Server(part), now, &mut call)),
            b'D' => octets.chunks(chunk).for_each(|part| handle(Input::Content(part), now, &mut call)),
            b'E' => handle(Input::ContentEnd, now, &mut call),
            b'c' => handle(Input::ClientClosed, now, &mut call),
            b's' => handle(Input::ServerClosed, now, &mut call),
            b'!' => handle(Input::Stop, now, &mut call),
            b'A' => {
                if let Some(open) = call.take() {
                    handle(Input::Answer(answer(open, octets)), now, &mut call);
                }
            }
            _ => {
                now += Duration::from_secs(octets.first().map_or(0, |tens| u64::from(*tens) * 10));
                handle(Input::Tick, now, &mut call);
            }
        }
    }
    record
}

/// The first octet is what to answer, the others are the length of what is delivered.
fn answer(call: Call, octets: &[u8]) -> Answer {
    let (choice, rest) = octets.split_first().map_or((0, octets), |(choice, rest)| (*choice, rest));
    let length = rest.iter().take(2).fold(0, |length, octet| length << 8 | u64::from(*octet));
    match call {
        Call::Login(login) if choice % 8 == 7 => login.refused(LoginRefusal::Unreachable),
        Call::Login(login) => login.connected(),
        Call::Process(process) => match (choice % 8, process.envelope().cloned()) {
            (0..5, Some(mut envelope)) => {
                for recipient in &mut envelope.recipients {
                    *recipient = Recipient::new(recipient.address.clone());
                }
                process.deliver(envelope, length)
            }
            (5, _) => process.reset(),
            (6, _) => process.reply(Reply::new(250, "OK")),
            _ => process.done(),
        },
    }
}

// What each record does is its first octet: see `play`.
fuzz_target!(|ops: &[u8]| {
    let start = Instant::now();
    assert_eq!(play(ops, 1, start), play(ops, usize::MAX, start));
});
