//! Every trace in `tests/traces` comes out as written, however the octets are cut. The notation is in its README.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

use std::time::Instant;

use kim_smtp::{Answer, Call, Config, Input, LoginRefusal, Output, Process, Proxy, Wait};
use kim_trace::{Machine, Notation, Seen, Traces};
use kim_types::{Address, Envelope, Recipient, Reply};

const TRACES: Traces<'_> = Traces {
    folder: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/traces"),
    notation: Notation {
        from_server: "M<:",
        to_server: "M>:",
        from_driver: "D>:",
        to_driver: "D<:",
        calls: &["login", "process"],
        answers: &["connected", "refused", "deliver", "report", "pass", "reply", "reset", "done"],
    },
};

#[test]
fn every_trace_comes_out_as_written_however_the_octets_are_cut() {
    let config = Config { max_errors: 6, max_recipients: 3, ..Config::default() };
    TRACES.replay(41, |now| Session { proxy: Proxy::new(config.clone(), now), envelope: None });
}

#[test]
fn every_row_is_proved_by_a_trace_that_claims_it() {
    TRACES.prove_rows();
}

#[derive(Debug)]
struct Session {
    proxy: Proxy,
    /// That of the mail being processed.
    envelope: Option<Envelope>,
}

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
        match self.proxy.handle(input, now, out) {
            Wait::For { client, server, content, until } => {
                kim_trace::Wait::For { client, server, content, until }
            }
            Wait::Closed => kim_trace::Wait::Closed,
        }
    }

    fn seen(&mut self, out: Output) -> (Seen, Option<Call>) {
        let calls = out.call.iter().map(|call| match call {
            Call::Login(login) => format!("login {}", login.user().address),
            Call::Process(process) => {
                self.envelope = process.envelope().cloned().or(self.envelope.take());
                describe(process)
            }
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
        let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
        match (call, word, rest) {
            (Call::Login(login), "connected", _) => login.connected(),
            (Call::Login(login), "refused", "UnknownContext") => login.refused(LoginRefusal::UnknownContext),
            (Call::Login(login), "refused", "UnknownKonnektor") => {
                login.refused(LoginRefusal::UnknownKonnektor)
            }
            (Call::Login(login), "refused", "Unreachable") => login.refused(LoginRefusal::Unreachable),
            (Call::Process(process), "deliver", size) => {
                let envelope = self.envelope.clone().expect("a mail");
                process.deliver(envelope, size.parse().expect("octets"))
            }
            (Call::Process(process), "report", size) => {
                let sender: Address = "erika.kanarie@elefant.kim.telematik".parse().expect("an address");
                let recipients = vec![Recipient::new(sender.clone())];
                let envelope = Envelope { sender, ret: None, envid: None, recipients };
                process.deliver(envelope, size.parse().expect("octets"))
            }
            (Call::Process(process), "pass", _) => {
                let reply = process.delivery().expect("a delivery").reply.clone();
                process.reply(reply)
            }
            (Call::Process(process), "reply", reply) => {
                let (code, text) = reply.split_once(' ').expect("a code and a text");
                process.reply(Reply::new(code.parse().expect("a code"), text))
            }
            (Call::Process(process), "reset", _) => process.reset(),
            (Call::Process(process), "done", _) => process.done(),
            (call, ..) => panic!("{words} does not answer {call:?}"),
        }
    }
}

fn describe(process: &Process) -> String {
    if let Some(envelope) = process.envelope() {
        let recipients: Vec<_> = envelope.recipients.iter().map(|one| one.address.to_string()).collect();
        return format!("process {} > {}", envelope.sender, recipients.join(" "));
    }
    match process.delivery() {
        Some(delivery) => {
            let verdict = match (delivery.accepted, delivery.in_doubt) {
                (true, _) => "accepted",
                (false, false) => "not accepted",
                (false, true) => "in doubt",
            };
            let refused: String = delivery
                .refused
                .iter()
                .map(|(address, reply)| format!(", {} to {address}", reply.code()))
                .collect();
            format!("process {} {verdict}{refused}", delivery.reply.code())
        }
        None => "process the rest".to_owned(),
    }
}
