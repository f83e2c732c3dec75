//! Every trace in `tests/traces` comes out as written, however the octets are cut. The notation is in its README.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]
#![expect(clippy::disallowed_methods, reason = "a test reads its traces and makes up a time")]

#[path = "trace/rows.rs"]
mod rows;
#[path = "trace/script.rs"]
mod script;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use kim_smtp::{Answer, Call, Config, Event, Input, LoginRefusal, Output, Process, Proxy, Wait};
use kim_types::{Address, Envelope, Recipient, Reply};
use script::{Act, Block, Seen};

#[test]
fn every_trace_comes_out_as_written_however_the_octets_are_cut() {
    let traces = traces();
    assert!(traces.len() > 40, "the traces are missing");
    for path in traces {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let blocks = script::read(&path);
        for chunk in [1, 2, 7, usize::MAX] {
            replay(&blocks, chunk, &name);
        }
    }
}

#[test]
fn every_row_is_proved_by_a_trace_that_claims_it() {
    let rows = rows::read(&directory());
    let mut proved = BTreeSet::new();
    for path in traces() {
        let trace: Vec<String> = script::lines(&path).into_iter().map(|(_, line)| line).collect();
        for claim in trace.iter().filter_map(|line| line.strip_prefix("Row: ")) {
            let name = path.display();
            let proof = rows.get(claim).unwrap_or_else(|| panic!("{name}: there is no row {claim}"));
            assert!(rows::prove(proof, &trace), "{name}: {claim} is not proved by {proof:?}");
            proved.insert(claim.to_owned());
        }
    }
    let open: Vec<_> = rows.keys().filter(|row| !proved.contains(*row)).collect();
    assert!(open.is_empty(), "no trace claims {open:#?}");
}

fn directory() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/traces")).to_owned()
}

fn traces() -> Vec<PathBuf> {
    let files =
        std::fs::read_dir(directory()).expect("the traces").map(|entry| entry.expect("a trace").path());
    let mut traces: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "trace")).collect();
    traces.sort();
    traces
}

fn replay(blocks: &[Block], chunk: usize, name: &str) {
    let mut stage = Stage::new(chunk);
    for block in blocks {
        let at = format!("{name}:{} in pieces of {chunk}", block.line);
        stage.act(&block.act, &at);
        let seen = stage.seen();
        assert_eq!(seen, block.expected, "\n{at}\nseen:\n{seen}\nexpected:\n{}", block.expected);
    }
}

/// A session with a driver that does what the trace says.
struct Stage {
    proxy: Proxy,
    now: Instant,
    chunk: usize,
    wait: Wait,
    call: Option<Call>,
    /// That of the mail being processed.
    envelope: Option<Envelope>,
    out: Output,
    seen: Seen,
}

impl Stage {
    fn new(chunk: usize) -> Self {
        let now = Instant::now();
        let proxy = Proxy::new(Config { max_errors: 6, max_recipients: 3, ..Config::default() }, now);
        let (out, seen) = (Output::default(), Seen::default());
        Self { proxy, now, chunk, wait: Wait::Closed, call: None, envelope: None, out, seen }
    }

    fn act(&mut self, act: &Act, at: &str) {
        match act {
            Act::Start => self.handle(Input::Start),
            Act::Client(octets) => {
                assert!(matches!(self.wait, Wait::For { client: true, .. }), "{at}: the client is not read");
                octets.chunks(self.chunk).for_each(|piece| self.handle(Input::Client(piece)));
            }
            Act::Server(octets) => {
                assert!(matches!(self.wait, Wait::For { server: true, .. }), "{at}: the MTA is not read");
                octets.chunks(self.chunk).for_each(|piece| self.handle(Input::Server(piece)));
            }
            Act::Content(octets) => {
                assert!(matches!(self.wait, Wait::For { content: true, .. }), "{at}: no content is wanted");
                octets.chunks(self.chunk).for_each(|piece| self.handle(Input::Content(piece)));
            }
            Act::End => self.handle(Input::ContentEnd),
            Act::ClientClosed => self.handle(Input::ClientClosed),
            Act::ServerClosed => self.handle(Input::ServerClosed),
            Act::Stop => self.handle(Input::Stop),
            Act::Pass(time) => {
                self.now += *time;
                if matches!(self.wait, Wait::For { until: Some(until), .. } if until <= self.now) {
                    self.handle(Input::Tick);
                }
            }
            Act::Answer(words) => {
                let call = self.call.take().unwrap_or_else(|| panic!("{at}: no call is open"));
                let answer = self.answer(call, words);
                self.check_redacted(&answer);
                self.handle(Input::Answer(answer));
            }
        }
    }

    fn answer(&self, call: Call, words: &str) -> Answer {
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
                let envelope = Envelope { sender, size: None, ret: None, envid: None, recipients };
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

    fn handle(&mut self, input: Input<'_>) {
        self.check_redacted(&input);
        self.wait = self.proxy.handle(input, self.now, &mut self.out);
        self.check_redacted(&self.out);
        self.check_redacted(&self.proxy);
        let out = std::mem::take(&mut self.out);
        self.seen.client.extend(out.client);
        self.seen.server.extend(out.server);
        self.seen.content.extend(out.content);
        self.seen.close_server |= out.close_server;
        self.seen.events.extend(out.events.iter().map(|event: &Event| format!("{event:?}")));
        if let Some(call) = out.call {
            assert!(self.call.is_none(), "a second call while one is open");
            self.seen.calls.push(match &call {
                Call::Login(login) => format!("login {}", login.user().address),
                Call::Process(process) => {
                    self.envelope = process.envelope().cloned().or(self.envelope.take());
                    describe(process)
                }
            });
            self.call = Some(call);
        }
    }

    fn seen(&mut self) -> Seen {
        Seen { closed: self.wait == Wait::Closed, ..std::mem::take(&mut self.seen) }
    }

    fn check_redacted(&self, value: &dyn std::fmt::Debug) {
        let printed = format!("{value:?} {value:#?}").to_lowercase();
        assert!(!printed.contains("kanarie"), "personal data in {printed}");
        assert!(!printed.contains("97, 110, 97, 114"), "octets of personal data in {printed}");
        for password in ["z2vozwlt", "s2fuyxjp"] {
            assert!(!printed.contains(password), "a password in base64 in {printed}");
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
            let verdict = if delivery.accepted { "accepted" } else { "not accepted" };
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
