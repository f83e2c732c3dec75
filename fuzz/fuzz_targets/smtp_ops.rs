#![no_main]
//! Any order of octets, closes, answers and time: nothing panics, and how the octets are cut makes no difference.

use std::time::{Duration, Instant};

use kim_smtp::{Answer, Call, Config, Input, LoginRefusal, Output, Proxy, Wait};
use kim_types::{Recipient, Reply};
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};

/// Something that happens to a session.
#[derive(Debug, Arbitrary)]
enum Op {
    /// Lines of [`COMMANDS`].
    Command(u8),
    Client(Vec<u8>),
    /// Lines of [`REPLIES`].
    Reply(u8),
    Server(Vec<u8>),
    Content(Vec<u8>),
    ContentEnd,
    ClientClosed,
    ServerClosed,
    Answer(u8),
    Wait(u16),
    Stop,
}

const COMMANDS: &[&str] = &[
    "EHLO x\r\n",
    "AUTH PLAIN AGFAYi5raW0udGVsZW1hdGlrIyNNI0MjVwBwYXNz\r\n",
    "AUTH LOGIN\r\n",
    "YUBiLmtpbS50ZWxlbWF0aWsjI00jQyNX\r\n",
    "cGFzcw==\r\n",
    "MAIL FROM:<a@b.kim.telematik>\r\nRCPT TO:<c@d.kim.telematik>\r\nDATA\r\n",
    "text\r\n..\r\n\r\n.\r\n",
    "RSET\r\n",
    "QUIT\r\n",
];

const REPLIES: &[&str] = &[
    "220 x\r\n",
    "250-x\r\n250-SIZE\r\n250-DSN\r\n250 AUTH PLAIN LOGIN\r\n",
    "235 OK\r\n",
    "250 OK\r\n",
    "334\r\n",
    "354 go\r\n",
    "550 no\r\n",
    "421 bye\r\n",
];

/// What came out, and for whom.
#[derive(Debug, Default, PartialEq, Eq)]
struct Record {
    client: Vec<u8>,
    server: Vec<u8>,
    content: Vec<u8>,
    calls: usize,
}

fn play(ops: &[Op], chunk: usize, start: Instant) -> Record {
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
    let line = |lines: &[&'static str], index: u8| {
        lines.get(usize::from(index) % lines.len()).map_or("", |line| *line)
    };
    handle(Input::Start, now, &mut call);
    for op in ops {
        match op {
            Op::Command(index) => {
                line(COMMANDS, *index)
                    .as_bytes()
                    .chunks(chunk)
                    .for_each(|part| handle(Input::Client(part), now, &mut call));
            }
            Op::Client(octets) => {
                octets.chunks(chunk).for_each(|part| handle(Input::Client(part), now, &mut call))
            }
            Op::Reply(index) => {
                line(REPLIES, *index)
                    .as_bytes()
                    .chunks(chunk)
                    .for_each(|part| handle(Input::Server(part), now, &mut call));
            }
            Op::Server(octets) => {
                octets.chunks(chunk).for_each(|part| handle(Input::Server(part), now, &mut call))
            }
            Op::Content(octets) => {
                octets.chunks(chunk).for_each(|part| handle(Input::Content(part), now, &mut call))
            }
            Op::ContentEnd => handle(Input::ContentEnd, now, &mut call),
            Op::ClientClosed => handle(Input::ClientClosed, now, &mut call),
            Op::ServerClosed => handle(Input::ServerClosed, now, &mut call),
            Op::Stop => handle(Input::Stop, now, &mut call),
            Op::Answer(choice) => {
                if let Some(open) = call.take() {
                    handle(Input::Answer(answer(open, *choice)), now, &mut call);
                }
            }
            Op::Wait(seconds) => {
                now += Duration::from_secs((*seconds).into());
                handle(Input::Tick, now, &mut call);
            }
        }
    }
    record
}

fn answer(call: Call, choice: u8) -> Answer {
    match call {
        Call::Login(login) if choice % 8 == 7 => login.refused(LoginRefusal::Unreachable),
        Call::Login(login) => login.connected(),
        Call::Process(process) => match (choice % 8, process.envelope().cloned()) {
            (0..5, Some(mut envelope)) => {
                for recipient in &mut envelope.recipients {
                    *recipient = Recipient::new(recipient.address.clone());
                }
                process.deliver(envelope, u64::from(choice / 32))
            }
            (5, _) => process.reset(),
            (6, _) => process.reply(Reply::new(250, "OK")),
            _ => process.done(),
        },
    }
}

fuzz_target!(|ops: Vec<Op>| {
    let start = Instant::now();
    assert_eq!(play(&ops, 1, start), play(&ops, usize::MAX, start));
});
