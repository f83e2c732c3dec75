//! The session as a whole: [`Proxy`].

use std::time::Instant;

use crate::connect::Connect;
use crate::login::Login;
use crate::process::Process;
use crate::proxy::Relay;
use crate::receive::Receive;
use crate::session::Session;
use crate::{Config, Event, Input, Output, Wait, replies};

/// One session: a client on one side, after login its MTA on the other.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, §3 (CONNECT, PROXY, PROCESS of the SMTP proxy).
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
    /// 3. The state says whom it waits for; the timer is theirs, or that of a NOOP for the MTA if it is due before.
    ///
    /// How the octets of a peer are cut into inputs makes no difference. One call never hands out content of two mails:
    /// after [`Event::MessageDiscarded`] the timer is due at once if the next mail is already there.
    pub fn handle(&mut self, input: Input<'_>, now: Instant, out: &mut Output) -> Wait {
        self.session.discarded = false;
        let (heard, said) = (matches!(input, Input::Server(_)), out.server.len());
        let state = std::mem::replace(&mut self.state, State::Closed);
        let mut state = self.take(input, state, now, out);
        self.state = loop {
            match state.step(&mut self.session, out) {
                Step::Go(next) => {
                    self.session.since = now;
                    state = next;
                }
                Step::Wait(same) if self.session.stopping && same.is_idle() => break self.stop(out),
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
            (Input::Stop, state) => {
                session.stopping = true;
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

    /// Spec: RFC 5321 §3.8 (421 to a client when the service shuts down).
    fn stop(&mut self, out: &mut Output) -> State {
        out.events.push(Event::Stopped);
        out.reply(replies::STOPPING);
        self.session.say_goodbye(out)
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
        let Session { config, since, spoken, .. } = &self.session;
        match (state.waits_for(), state) {
            (_, State::Receive(receive)) if receive.is_held_back(&self.session) => Some(*since),
            (Party::Client, State::Receive(receive)) => {
                let client = since.checked_add(config.timeout_client);
                client.into_iter().chain(receive.server_deadline(&self.session)).min()
            }
            (Party::Client, _) => since.checked_add(config.timeout_client),
            (Party::Server, _) => since.checked_add(config.timeout_server),
            (Party::Driver, State::Process(_)) if self.session.server.is_open() && !state.wants_content() => {
                spoken.checked_add(config.keep_alive)
            }
            (Party::Driver, _) => None,
        }
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2016 (MTA), KOM-LE-A_2017 (client).
    fn time_out(&mut self, state: State, now: Instant, out: &mut Output) -> State {
        let session = &mut self.session;
        match (state.waits_for(), state) {
            (Party::Client, State::Receive(mut receive)) if !session.client_is_late(now) => {
                receive.keep_alive(session, now, out);
                receive.into()
            }
            (Party::Client, state) => {
                out.events.push(Event::ClientTimeout);
                out.reply(replies::IDLE);
                let State::Receive(receive) = state else { return session.say_goodbye(out) };
                receive.discard(session, out);
                receive.leave(session, out)
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

    /// Whether nothing was promised to the client that is not done.
    fn is_idle(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Proxy(Relay::Commands(_)))
    }

    fn wants_content(&self) -> bool {
        matches!(self, Self::Process(process) if process.wants_content())
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
