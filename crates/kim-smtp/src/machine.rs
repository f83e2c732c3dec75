//! The session as a whole: [`Proxy`], and what goes in and out.

use std::fmt;
use std::time::Instant;

use kim_types::Reply;

use crate::connect::Connect;
use crate::login::Login;
use crate::process::Process;
use crate::proxy::Relay;
use crate::receive::Receive;
use crate::session::Session;
use crate::{Answer, Call, Config, Event, replies};

/// One session: a client on one side, after login its MTA on the other.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, §3 (CONNECT, PROXY, PROCESS of the SMTP proxy).
#[derive(Debug)]
pub struct Proxy {
    session: Session,
    state: State,
}

/// What happens to a session.
///
/// `Debug` shows no octets.
///
/// Spec: none — the seam between protocol and I/O.
pub enum Input<'a> {
    /// The client is connected, first of all.
    Start,
    /// Octets of the client.
    Client(&'a [u8]),
    /// The client closed the connection or it was lost.
    ClientClosed,
    /// Octets of the MTA.
    Server(&'a [u8]),
    /// The MTA closed the connection or it was lost.
    ServerClosed,
    /// The answer to [`Output::call`].
    Answer(Answer),
    /// Octets of the message that is delivered, without dot-stuffing.
    Content(&'a [u8]),
    /// The message that is delivered is complete.
    ContentEnd,
    /// It is the time that `until` of [`Wait::For`] named, or later.
    Tick,
}

/// What a session wants done. Every call of [`Proxy::handle`] appends; the driver takes out what it has done.
///
/// `Debug` shows no octets.
///
/// Spec: none — the seam between protocol and I/O.
#[derive(Default)]
pub struct Output {
    /// Octets for the client.
    pub client: Vec<u8>,
    /// Octets for the MTA.
    pub server: Vec<u8>,
    /// Octets of the mail that is received, without dot-stuffing, up to [`Call::Process`] or [`Event::MessageDiscarded`].
    pub content: Vec<u8>,
    /// A question to the driver. The next one does not come before this one is answered.
    pub call: Option<Call>,
    /// Whether the connection to the MTA shall be closed once [`server`](Self::server) is sent; octets that still come
    /// from it must not be put in.
    pub close_server: bool,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// What a session waits for.
///
/// Spec: none — the seam between protocol and I/O.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// For any of these; a peer that is not named must not be read, so that its sender slows down.
    ///
    /// That a peer is gone may be put in at any time.
    For {
        /// Octets of the client.
        client: bool,
        /// Octets of the MTA.
        server: bool,
        /// [`Input::Content`] or [`Input::ContentEnd`].
        content: bool,
        /// [`Input::Tick`] at this time.
        until: Option<Instant>,
    },
    /// For nothing: send what is in [`Output::client`] and [`Output::server`], then close both connections and stop
    /// working on an open call.
    Closed,
}

/// Where a session stands.
#[derive(Debug)]
pub(crate) enum State {
    /// Before [`Input::Start`].
    New,
    /// CONNECT: no user yet.
    Connect(Connect),
    /// CONNECT: trying credentials.
    Login(Login),
    /// PROXY: passing commands and replies on.
    Proxy(Relay),
    /// PROXY: between DATA and the end of the mail.
    Receive(Receive),
    /// PROCESS: between the end of the mail and the next command.
    Process(Process),
    /// Over.
    Closed,
}

/// What came of one step of a state.
pub(crate) enum Step {
    /// Something was done; there may be more to do.
    Go(State),
    /// Nothing can be done before there is more input.
    Wait(State),
}

/// Who has to do something for the session to go on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    Client,
    Server,
    Driver,
}

impl Proxy {
    /// A session that begins with [`Input::Start`].
    pub fn new(config: Config, now: Instant) -> Self {
        Self { session: Session::new(config, now), state: State::New }
    }

    /// Takes an input in, does all that can be done, and says what to wait for.
    ///
    /// 1. The input is put where the states look for it.
    /// 2. The state steps until it can do no more. One command of the client is finished before the next is looked at,
    ///    and octets of the client are used before those of the MTA.
    /// 3. The state says whom it waits for; the timer is theirs.
    ///
    /// How the octets of a peer are cut into inputs makes no difference. One call never hands out content of two mails:
    /// after [`Event::MessageDiscarded`] the timer is due at once if the next mail is already there.
    pub fn handle(&mut self, input: Input<'_>, now: Instant, out: &mut Output) -> Wait {
        self.session.discarded = false;
        let state = std::mem::replace(&mut self.state, State::Closed);
        let mut state = self.take(input, state, now, out);
        self.state = loop {
            match state.step(&mut self.session, out) {
                Step::Go(next) => {
                    self.session.since = now;
                    state = next;
                }
                Step::Wait(same) => break same,
            }
        };
        self.wait()
    }

    fn take(&mut self, input: Input<'_>, state: State, now: Instant, out: &mut Output) -> State {
        let session = &mut self.session;
        match (input, state) {
            (Input::Answer(_) | Input::Content(_) | Input::ContentEnd, State::Closed) => {
                out.events.push(Event::InputIgnored);
                State::Closed
            }
            (_, State::Closed) => State::Closed,
            (Input::Start, State::New) => {
                session.since = now;
                out.reply(replies::GREETING);
                Connect::Command.into()
            }
            (Input::Start, state) => state,
            (Input::Client(octets), state) => {
                session.client.push(octets);
                state
            }
            (Input::ClientClosed, state) => {
                session.client.close();
                state
            }
            (Input::Server(octets), state) => {
                session.server.push(octets);
                state
            }
            (Input::ServerClosed, state) => {
                session.server.close();
                state
            }
            (Input::Answer(answer), State::Login(login)) => {
                session.since = now;
                login.answer(answer, session, out)
            }
            (Input::Answer(answer), State::Process(process)) => {
                session.since = now;
                process.answer(answer, session, out)
            }
            (Input::Content(octets), State::Process(process)) => process.content(octets, out),
            (Input::ContentEnd, State::Process(process)) => {
                session.since = now;
                process.content_end(session, out)
            }
            (Input::Answer(_) | Input::Content(_) | Input::ContentEnd, state) => {
                out.events.push(Event::InputIgnored);
                state
            }
            (Input::Tick, state) => match self.deadline(&state) {
                Some(deadline) if deadline <= now => self.time_out(state, now, out),
                _ => state,
            },
        }
    }

    fn wait(&self) -> Wait {
        if matches!(self.state, State::Closed) {
            return Wait::Closed;
        }
        Wait::For {
            client: self.state.waits_for() == Party::Client && !self.session.client.is_closed(),
            server: self.session.server.is_open(),
            content: self.state.wants_content(),
            until: self.deadline(&self.state),
        }
    }

    fn deadline(&self, state: &State) -> Option<Instant> {
        let Session { config, since, .. } = &self.session;
        if matches!(state, State::Receive(receive) if receive.is_held_back(&self.session)) {
            return Some(*since);
        }
        match (state.waits_for(), state) {
            (Party::Client, _) => since.checked_add(config.timeout_client),
            (Party::Server, _) => since.checked_add(config.timeout_server),
            (Party::Driver, State::Process(_)) if self.session.server.is_open() && !state.wants_content() => {
                since.checked_add(config.keep_alive)
            }
            (Party::Driver, _) => None,
        }
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2016 (MTA), KOM-LE-A_2017 (client).
    fn time_out(&mut self, state: State, now: Instant, out: &mut Output) -> State {
        let session = &mut self.session;
        match (state.waits_for(), state) {
            (Party::Client, state) => {
                out.events.push(Event::ClientTimeout);
                if let State::Receive(receive) = &state {
                    receive.discard(session, out);
                }
                out.reply(replies::IDLE);
                session.say_goodbye(out)
            }
            (Party::Server, state) => {
                session.server.time_out();
                state
            }
            (Party::Driver, State::Process(process)) => {
                session.since = now;
                process.keep_alive(out).into()
            }
            (Party::Driver, state) => state,
        }
    }
}

impl State {
    fn step(self, session: &mut Session, out: &mut Output) -> Step {
        match self {
            Self::Connect(connect) => connect.step(session, out),
            Self::Login(login) => login.step(session, out),
            Self::Proxy(relay) => relay.step(session, out),
            Self::Receive(receive) => receive.step(session, out),
            Self::Process(process) => process.step(session, out),
            Self::New | Self::Closed => Step::Wait(self),
        }
    }

    fn waits_for(&self) -> Party {
        match self {
            Self::New | Self::Closed => Party::Driver,
            Self::Connect(_) | Self::Receive(_) => Party::Client,
            Self::Login(login) => login.waits_for(),
            Self::Proxy(relay) => relay.waits_for(),
            Self::Process(process) => process.waits_for(),
        }
    }

    fn wants_content(&self) -> bool {
        matches!(self, Self::Process(process) if process.wants_content())
    }
}

impl Output {
    /// Appends a reply for the client.
    pub(crate) fn reply(&mut self, reply: impl Into<Reply>) {
        self.client.extend_from_slice(reply.into().wire());
    }

    /// Appends a command for the MTA.
    pub(crate) fn command(&mut self, line: impl AsRef<[u8]>) {
        self.server.extend_from_slice(line.as_ref());
        self.server.extend_from_slice(b"\r\n");
    }
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("Start"),
            Self::Client(octets) => write!(f, "Client([{} octets])", octets.len()),
            Self::ClientClosed => f.write_str("ClientClosed"),
            Self::Server(octets) => write!(f, "Server([{} octets])", octets.len()),
            Self::ServerClosed => f.write_str("ServerClosed"),
            Self::Answer(answer) => f.debug_tuple("Answer").field(answer).finish(),
            Self::Content(octets) => write!(f, "Content([{} octets])", octets.len()),
            Self::ContentEnd => f.write_str("ContentEnd"),
            Self::Tick => f.write_str("Tick"),
        }
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("client", &format_args!("[{} octets]", self.client.len()))
            .field("server", &format_args!("[{} octets]", self.server.len()))
            .field("content", &format_args!("[{} octets]", self.content.len()))
            .field("call", &self.call)
            .field("close_server", &self.close_server)
            .field("events", &self.events)
            .finish()
    }
}

macro_rules! is_a_state {
    ($($variant:ident($inner:ty)),*) => {$(
        impl From<$inner> for State {
            fn from(inner: $inner) -> Self {
                Self::$variant(inner)
            }
        }
    )*};
}

is_a_state!(Connect(Connect), Login(Login), Proxy(Relay), Receive(Receive), Process(Process));
