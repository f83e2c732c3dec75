//! Every trace in `tests/traces` comes out as written, however the octets are cut. The notation is in its README.
#![expect(clippy::panic, reason = "a test may fail loudly")]

use std::time::Instant;

use kim_pop3::{Answer, Call, Config, Input, LoginRefusal, Output, Proxy, Wait};
use kim_trace::{Machine, Notation, Seen, Traces};

const TRACES: Traces<'_> = Traces {
    folder: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/traces"),
    notation: Notation {
        from_server: "P<:",
        to_server: "P>:",
        from_driver: "D:",
        to_driver: "M:",
        calls: &["login", "open"],
        answers: &["connected", "refused", "deliver"],
    },
};

#[test]
fn every_trace_comes_out_as_written_however_the_octets_are_cut() {
    TRACES.replay(21, |now| Session(Proxy::new(Config { max_errors: 4, ..Config::default() }, now)));
}

#[test]
fn every_row_is_proved_by_a_trace_that_claims_it() {
    TRACES.prove_rows();
}

#[derive(Debug)]
struct Session(Proxy);

impl Machine for Session {
    type Input<'a> = Input<'a>;
    type Output = Output;
    type Call = Call;
    type Answer = Answer;

    fn input(input: kim_trace::Input<'_, Answer>) -> Input<'_> {
        match input {
            kim_trace::Input::Start => Input::Start,
            kim_trace::Input::Client(octets) => Input::Client(octets),
            kim_trace::Input::ClientClosed => Input::ClientClosed,
            kim_trace::Input::Server(octets) => Input::Server(octets),
            kim_trace::Input::ServerClosed => Input::ServerClosed,
            kim_trace::Input::Answer(answer) => Input::Answer(answer),
            kim_trace::Input::Content(octets) => Input::Content(octets),
            kim_trace::Input::ContentEnd => Input::ContentEnd,
            kim_trace::Input::Tick => Input::Tick,
            kim_trace::Input::Stop => Input::Stop,
        }
    }

    fn handle(&mut self, input: Input<'_>, now: Instant, out: &mut Output) -> kim_trace::Wait {
        match self.0.handle(input, now, out) {
            Wait::For { client, server, content, until } => {
                kim_trace::Wait::For { client, server, content, until }
            }
            Wait::Closed => kim_trace::Wait::Closed,
        }
    }

    fn seen(&mut self, out: Output) -> (Seen, Option<Call>) {
        let calls = out.call.iter().map(|call| match call {
            Call::Login(login) => format!("login {}", login.user().address),
            Call::Open(open) => format!("open {}", open.number()),
        });
        let seen = Seen {
            calls: calls.collect(),
            events: out.events.iter().map(|event| format!("{event:?}")).collect(),
            client: out.client,
            server: out.server,
            content: out.content,
            close_server: out.close_server,
            closed: false,
        };
        (seen, out.call)
    }

    fn answer(&mut self, call: Call, words: &str) -> Answer {
        match (call, words) {
            (Call::Login(login), "connected") => login.connected(),
            (Call::Login(login), "refused UnknownContext") => login.refused(LoginRefusal::UnknownContext),
            (Call::Login(login), "refused UnknownKonnektor") => login.refused(LoginRefusal::UnknownKonnektor),
            (Call::Login(login), "refused Unreachable") => login.refused(LoginRefusal::Unreachable),
            (Call::Open(open), "deliver") => open.deliver(),
            (call, words) => panic!("{words} does not answer {call:?}"),
        }
    }
}
