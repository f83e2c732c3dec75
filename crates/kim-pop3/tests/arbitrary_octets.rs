//! Whatever the peers send: no panic, and how it is cut makes no difference.
#![expect(clippy::disallowed_methods, reason = "a test makes up a time")]

use std::time::{Duration, Instant};

use kim_pop3::{Call, Config, Event, Input, LoginRefusal, Output, Proxy, Wait};
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Client(Vec<u8>),
    Server(Vec<u8>),
    ClientClosed,
    ServerClosed,
    Tick(u16),
    Stop,
}

/// Everything that came out of a session.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    client: Vec<u8>,
    server: Vec<u8>,
    content: Vec<u8>,
    calls: Vec<String>,
    events: Vec<Event>,
    connections_given_up: u32,
    closed: bool,
}

fn client_words() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        4 => Just("USER a@x.kim.telematik##M#C#W\r\nPASS p\r\n".to_owned()),
        3 => "RETR [0-3]\r\n",
        3 => "(TOP 1 [0-9]|LIST|UIDL|LIST 1|STAT|CAPA|QUIT|AUTH PLAIN|NOOP|DELE 1|TOP)\r\n",
        1 => "AUTH PLAIN [A-Za-z=]{0,8}\r\n",
        1 => "[A-Z \\r\\n.*\\x00]{0,9}",
        1 => "x{2040,2060}\r\n",
    ];
    vec(word, 1..4).prop_map(|words| words.concat().into_bytes())
}

fn server_words() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        6 => "(\\+OK\r\n){1,4}",
        3 => Just("SASL PLAIN\r\n.\r\n".to_owned()),
        2 => Just("+ \r\n".to_owned()),
        3 => "\\+OK\r\n[a.\r\n]{0,9}\r\n\\.\r\n",
        2 => Just("-ERR\r\n".to_owned()),
        1 => "[a+.\\r\\n]{0,9}",
        1 => "x{4090,4100}\r\n",
    ];
    vec(word, 1..5).prop_map(|words| words.concat().into_bytes())
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => client_words().prop_map(Step::Client),
        8 => server_words().prop_map(Step::Server),
        1 => vec(any::<u8>(), 0..40).prop_map(Step::Client),
        1 => vec(any::<u8>(), 0..40).prop_map(Step::Server),
        1 => Just(Step::ClientClosed),
        1 => Just(Step::ServerClosed),
        1 => (0u16..400).prop_map(Step::Tick),
        1 => Just(Step::Stop),
    ]
}

/// Runs a session whose driver answers at once; every third call is answered unkindly.
fn run(steps: &[Step], cuts: &[usize]) -> Seen {
    let mut now = Instant::now();
    let config = Config { max_errors: 6, ..Config::default() };
    let (mut proxy, mut seen, mut answered) = (Proxy::new(config, now), Seen::default(), 0u32);
    let mut give = |input: Input<'_>, now: Instant, seen: &mut Seen| {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let mut out = Output::default();
            seen.closed = proxy.handle(input, now, &mut out) == Wait::Closed;
            seen.client.extend(out.client);
            seen.server.extend(out.server);
            seen.content.extend(out.content);
            seen.events.extend(out.events);
            seen.connections_given_up += u32::from(out.close_server);
            seen.calls.extend(out.call.iter().map(|call| format!("{call:?}")));
            answered += u32::from(out.call.is_some());
            next = match out.call {
                Some(Call::Login(login)) if answered % 3 == 0 => {
                    Some(Input::Answer(login.refused(LoginRefusal::Unreachable)))
                }
                Some(Call::Login(login)) => Some(Input::Answer(login.connected())),
                Some(Call::Open(open)) => {
                    let mut out = Output::default();
                    proxy.handle(Input::Answer(open.deliver()), now, &mut out);
                    proxy.handle(Input::Content(b".x\r\n"), now, &mut out);
                    seen.client.extend(out.client);
                    Some(Input::ContentEnd)
                }
                None => None,
            };
        }
    };
    give(Input::Start, now, &mut seen);
    let mut cuts = cuts.iter().cycle();
    for step in steps {
        match step {
            Step::Client(octets) => {
                pieces(octets, &mut cuts).for_each(|piece| give(Input::Client(piece), now, &mut seen));
            }
            Step::Server(octets) => {
                // What is left of a connection that was given up does not belong to the next one.
                let connection = seen.connections_given_up;
                for piece in pieces(octets, &mut cuts) {
                    if seen.connections_given_up == connection {
                        give(Input::Server(piece), now, &mut seen);
                    }
                }
            }
            Step::ClientClosed => give(Input::ClientClosed, now, &mut seen),
            Step::ServerClosed => give(Input::ServerClosed, now, &mut seen),
            Step::Stop => give(Input::Stop, now, &mut seen),
            Step::Tick(seconds) => {
                now += Duration::from_secs(u64::from(*seconds));
                give(Input::Tick, now, &mut seen);
            }
        }
    }
    seen
}

fn pieces<'a>(octets: &'a [u8], cuts: &mut dyn Iterator<Item = &usize>) -> impl Iterator<Item = &'a [u8]> {
    let mut all = Vec::new();
    let mut rest = octets;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.len().min(*cuts.next().unwrap_or(&1)));
        all.push(piece);
        rest = more;
    }
    all.into_iter()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn cutting_makes_no_difference(
        steps in vec(step(), 0..25), cuts in vec(1usize..50, 1..20), logged_in in any::<bool>(),
    ) {
        let mut all = Vec::new();
        if logged_in {
            all.push(Step::Client(b"USER a@x.kim.telematik##M#C#W\r\nPASS p\r\n".to_vec()));
            all.push(Step::Server(b"+OK\r\n-ERR\r\n+OK\r\n+OK\r\n".to_vec()));
        }
        all.extend(steps);
        let whole = run(&all, &[usize::MAX]);
        prop_assert_eq!(&run(&all, &cuts), &whole);
        prop_assert_eq!(&run(&all, &[1]), &whole);
    }
}

/// The shutdown waits for a reply; the server says more than was asked in the same breath. Found by the fuzz target pop3_ops.
#[test]
fn a_session_that_is_let_go_hears_nothing_unasked() {
    let steps = [
        Step::Client(b"USER a@x.kim.telematik##M#C#W\r\nPASS p\r\n".to_vec()),
        Step::Server(b"+OK\r\n-ERR\r\n+OK\r\n+OK\r\n".to_vec()),
        Step::Client(b"RETR 1\r\n".to_vec()),
        Step::Stop,
        Step::Server(b"-ERR\r\nwhat nobody asked for\r\n".to_vec()),
    ];
    let whole = run(&steps, &[usize::MAX]);
    assert!(whole.closed && whole.client.ends_with(b"\r\n-ERR\r\n"), "{whole:?}");
    assert_eq!(run(&steps, &[1]), whole);
}
