//! A session with a driver that does what a trace says.

use std::fmt;
use std::time::Instant;

use crate::script::{Act, Seen};

/// What must not be in any `Debug` output, in lower case: the canary of the traces and its octets, two of its passwords in
/// base64.
const CANARIES: [&str; 5] = ["kanarie", "107, 97, 110", "97, 110, 97, 114", "z2vozwlt", "s2fuyxjp"];

/// A session of a protocol, as the traces speak of it.
///
/// Spec: none — a harness for tests.
pub trait Machine: fmt::Debug {
    /// What goes in.
    type Input<'a>: fmt::Debug;
    /// What comes out.
    type Output: fmt::Debug + Default;
    /// A question to the driver.
    type Call;
    /// The answer to it.
    type Answer: fmt::Debug;

    /// The machine's own input.
    fn input(input: Input<'_, Self::Answer>) -> Self::Input<'_>;

    /// Passes an input in.
    fn handle(&mut self, input: Self::Input<'_>, now: Instant, out: &mut Self::Output) -> Wait;

    /// What came out, in the words of a trace, and the question that is in it.
    fn seen(&mut self, out: Self::Output) -> (Seen, Option<Self::Call>);

    /// Answers a question as a trace says.
    fn answer(&mut self, call: Self::Call, words: &str) -> Self::Answer;
}

/// What goes into a machine.
///
/// Spec: none — a harness for tests.
#[expect(missing_docs, reason = "the machines document theirs, of the same names")]
#[derive(Debug)]
pub enum Input<'a, A> {
    Start,
    Client(&'a [u8]),
    ClientClosed,
    Server(&'a [u8]),
    ServerClosed,
    Answer(A),
    Content(&'a [u8]),
    ContentEnd,
    Tick,
    Stop,
}

/// What a machine waits for.
///
/// Spec: none — a harness for tests.
#[expect(missing_docs, reason = "the machines document theirs, of the same names")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    For { client: bool, server: bool, content: bool, until: Option<Instant> },
    Closed,
}

pub(crate) struct Stage<M: Machine> {
    machine: M,
    now: Instant,
    piece: usize,
    wait: Wait,
    call: Option<M::Call>,
    seen: Seen,
}

impl<M: Machine> Stage<M> {
    pub(crate) fn new(machine: M, now: Instant, piece: usize) -> Self {
        Self { machine, now, piece, wait: Wait::Closed, call: None, seen: Seen::default() }
    }

    /// Does what a block says and hands out what came of it.
    pub(crate) fn act(&mut self, act: &Act, at: &str) -> Seen {
        match act {
            Act::Start => self.handle(Input::Start),
            Act::Client(octets) => {
                assert!(matches!(self.wait, Wait::For { client: true, .. }), "{at}: the client is not read");
                octets.chunks(self.piece).for_each(|piece| self.handle(Input::Client(piece)));
            }
            Act::Server(octets) => {
                assert!(matches!(self.wait, Wait::For { server: true, .. }), "{at}: the server is not read");
                octets.chunks(self.piece).for_each(|piece| self.handle(Input::Server(piece)));
            }
            Act::Content(octets) => {
                assert!(matches!(self.wait, Wait::For { content: true, .. }), "{at}: no content is wanted");
                octets.chunks(self.piece).for_each(|piece| self.handle(Input::Content(piece)));
            }
            Act::End => self.handle(Input::ContentEnd),
            Act::ClientClosed => self.handle(Input::ClientClosed),
            Act::ServerClosed => self.handle(Input::ServerClosed),
            Act::Stop => self.handle(Input::Stop),
            Act::Pass(time) => {
                self.now += *time;
                let due = matches!(self.wait, Wait::For { until: Some(until), .. } if until <= self.now);
                self.handle(Input::Tick);
                assert!(due || self.seen == Seen::default(), "{at}: a tick that is not due has an effect");
            }
            Act::Answer(words) => {
                let call = self.call.take().unwrap_or_else(|| panic!("{at}: no call is open"));
                let answer = self.machine.answer(call, words);
                check_redacted(&answer);
                self.handle(Input::Answer(answer));
            }
        }
        Seen { closed: self.wait == Wait::Closed, ..std::mem::take(&mut self.seen) }
    }

    fn handle(&mut self, input: Input<'_, M::Answer>) {
        let (input, mut out) = (M::input(input), M::Output::default());
        check_redacted(&input);
        self.wait = self.machine.handle(input, self.now, &mut out);
        check_redacted(&out);
        check_redacted(&self.machine);
        let (seen, call) = self.machine.seen(out);
        self.seen.client.extend(seen.client);
        self.seen.server.extend(seen.server);
        self.seen.content.extend(seen.content);
        self.seen.calls.extend(seen.calls);
        self.seen.events.extend(seen.events);
        self.seen.close_server |= seen.close_server;
        if call.is_some() {
            assert!(self.call.is_none(), "a second call while one is open");
            self.call = call;
        }
    }
}

fn check_redacted(value: &dyn fmt::Debug) {
    let printed = format!("{value:?} {value:#?}").to_lowercase();
    for canary in CANARIES {
        assert!(!printed.contains(canary), "personal data, {canary}, in {printed}");
    }
}
