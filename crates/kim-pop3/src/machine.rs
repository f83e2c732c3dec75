//! The session as a whole: [`Proxy`], its states and its timer.

use std::time::Instant;

use crate::connect::Connect;
use crate::login::Login;
use crate::process::Process;
use crate::proxy::Relay;
use crate::session::{MAX_BACKLOG_OCTETS, Session};
use crate::{Config, Event, Input, Output, Wait, replies};

/// One session: a client on one side, after login its POP3 server on the other.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, §4.1 (CONNECT, PROXY, PROCESS of the POP3 proxy).
#[derive(Debug)]
pub struct Proxy {
    session: Session,
    state: State,
}

/// Where a session stands.
#[derive(Debug)]
pub(crate) enum State {
    /// Before [`Input::Start`].
    New,
    /// Waiting for credentials.
    Connect(Connect),
    /// Trying credentials.
    Login(Login),
    /// Passing commands and replies on.
    Proxy(Relay),
    /// Fetching, opening and delivering a message.
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
    /// 2. The state steps until it can do no more. One command of the client is finished before the next is looked at.
    /// 3. The state says whom it waits for. A timer runs while that is the client or the server, and for the next NOOP
    ///    while that is the driver.
    ///
    /// How the octets of a peer are cut into inputs makes no difference.
    pub fn handle(&mut self, input: Input<'_>, now: Instant, out: &mut Output) -> Wait {
        let (heard, said) = (matches!(input, Input::Server(_)), out.server.len());
        let state = std::mem::replace(&mut self.state, State::Closed);
        let mut state = self.take(input, state, now, out);
        self.state = loop {
            match state.step(&mut self.session, out) {
                Step::Go(next) => {
                    self.session.since = now;
                    state = next;
                }
                Step::Wait(same) if self.session.stopping && same.waits_for() == Party::Client => {
                    out.events.push(Event::Stopped);
                    break State::Closed;
                }
                Step::Wait(same) => break same,
            }
        };
        if heard || out.server.len() > said {
            self.session.spoken = now;
        }
        self.wait()
    }

    fn take(&mut self, input: Input<'_>, state: State, now: Instant, out: &mut Output) -> State {
        let session = &mut self.session;
        match state.waits_for() {
            // The driver takes the time it takes; the timer starts when it is done.
            Party::Driver => session.since = now,
            // Any octet is a sign of life of a server. Of a client, only a whole command is.
            Party::Server if matches!(input, Input::Server(_)) => session.since = now,
            Party::Server | Party::Client => {}
        }
        match (input, state) {
            (Input::Answer(_) | Input::Content(_) | Input::ContentEnd, State::Closed) => {
                out.events.push(Event::InputIgnored);
                State::Closed
            }
            (_, State::Closed) => State::Closed,
            (Input::Start, State::New) => {
                out.say(replies::GREETING);
                Connect::start().into()
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
                // Octets of a connection that was given up are nobody's.
                if state.has_server() {
                    session.server.push(octets);
                }
                state
            }
            (Input::ServerClosed, state) => {
                if state.has_server() {
                    session.server.close();
                }
                state
            }
            (Input::Stop, state) => {
                session.stopping = true;
                state
            }
            (Input::Answer(answer), State::Login(login)) => login.answer(answer, session, out),
            (Input::Answer(answer), State::Process(process)) => process.answer(answer, out),
            (Input::Content(octets), State::Process(process)) => process.content(octets, out),
            (Input::ContentEnd, State::Process(process)) => process.content_end(out),
            (Input::Answer(_) | Input::Content(_) | Input::ContentEnd, state) => {
                out.events.push(Event::InputIgnored);
                state
            }
            (Input::Tick, state) => match self.deadline(&state) {
                Some(deadline) if deadline <= now => self.time_out(state, out),
                _ => state,
            },
        }
    }

    fn wait(&self) -> Wait {
        if matches!(self.state, State::Closed) {
            return Wait::Closed;
        }
        let Session { client, server, .. } = &self.session;
        Wait::For {
            client: !client.is_closed() && client.len() < MAX_BACKLOG_OCTETS,
            server: self.state.reads_server() && !server.is_closed(),
            content: self.state.wants_content(),
            until: self.deadline(&self.state),
        }
    }

    fn deadline(&self, state: &State) -> Option<Instant> {
        let Session { config, since, spoken, server, .. } = &self.session;
        match (state.waits_for(), state) {
            (Party::Client, _) => since.checked_add(config.timeout_client),
            (Party::Server, _) => since.checked_add(config.timeout_server),
            (Party::Driver, State::Process(process)) if !process.is_kept_alive() && !server.is_closed() => {
                spoken.checked_add(config.keep_alive)
            }
            (Party::Driver, _) => None,
        }
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2038 (server), KOM-LE-A_2039 (client; no QUIT, so nothing is deleted).
    fn time_out(&self, state: State, out: &mut Output) -> State {
        if state.waits_for() == Party::Client {
            out.events.push(Event::ClientTimeout);
            return State::Closed;
        }
        if state.waits_for() == Party::Server {
            out.say(replies::TIMEOUT);
            out.events.push(Event::ServerTimeout);
            if matches!(state, State::Process(_)) {
                out.events.push(Event::MessageDiscarded);
            }
            return State::Closed;
        }
        match state {
            State::Process(process) => process.keep_alive(out).into(),
            state => state,
        }
    }
}

impl State {
    fn step(self, session: &mut Session, out: &mut Output) -> Step {
        match self {
            Self::Connect(connect) => connect.step(session, out),
            Self::Login(login) => login.step(session, out),
            Self::Proxy(relay) => relay.step(session, out),
            Self::Process(process) => process.step(session, out),
            Self::New | Self::Closed => Step::Wait(self),
        }
    }

    fn waits_for(&self) -> Party {
        match self {
            Self::New | Self::Closed => Party::Driver,
            Self::Connect(_) => Party::Client,
            Self::Login(login) => login.waits_for(),
            Self::Proxy(relay) => relay.waits_for(),
            Self::Process(process) => process.waits_for(),
        }
    }

    /// Whether there is a connection to a server.
    fn has_server(&self) -> bool {
        match self {
            Self::New | Self::Connect(_) | Self::Closed => false,
            Self::Login(login) => login.waits_for() == Party::Server,
            Self::Proxy(_) | Self::Process(_) => true,
        }
    }

    /// Whether octets of the server are of use now. Between commands they are: that is how its end is noticed.
    fn reads_server(&self) -> bool {
        match self {
            Self::Proxy(_) => true,
            Self::Process(process) if process.is_kept_alive() => true,
            _ => self.waits_for() == Party::Server,
        }
    }

    fn wants_content(&self) -> bool {
        matches!(self, Self::Process(process) if process.wants_content())
    }
}

macro_rules! state_from {
    ($($variant:ident($inner:ty)),*) => {$(
        impl From<$inner> for State {
            fn from(inner: $inner) -> Self {
                Self::$variant(inner)
            }
        }
    )*};
}

state_from!(Connect(Connect), Login(Login), Proxy(Relay), Process(Process));
