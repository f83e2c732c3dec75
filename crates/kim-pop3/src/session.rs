//! What all states of a session share: [`Session`].

use std::time::Instant;

use kim_types::Inbox;

use crate::call::CallId;
use crate::connect::Connect;
use crate::machine::State;
use crate::{Config, Event, LoginFailure, Output, replies};

/// The longest command line of a client in octets, without its CRLF. Longer ones are answered -ERR.
///
/// Spec: none — RFC 2449 §4 asks for 255; a user name of KIM and a response of AUTH need more.
pub const MAX_COMMAND_OCTETS: usize = 2048;

/// The longest reply line of a POP3 server in octets, without its CRLF. A server that sends more is broken.
///
/// Message and listing lines are passed on as they come and have no limit.
///
/// Spec: none — RFC 2449 §4 allows 512.
pub const MAX_REPLY_OCTETS: usize = 4096;

/// How many unused octets of the client are held before it is no longer read.
///
/// Spec: none — a bound for clients that send commands without waiting for replies.
pub const MAX_BACKLOG_OCTETS: usize = 8192;

/// The peers, the settings and the counters of a session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) config: Config,
    pub(crate) client: Inbox,
    pub(crate) server: Inbox,
    /// Since when the session waits for whom it waits.
    pub(crate) since: Instant,
    /// When the server was last told or said something.
    pub(crate) spoken: Instant,
    /// Whether the module is shutting down.
    pub(crate) stopping: bool,
    last_call: CallId,
    errors: u32,
}

impl Session {
    pub(crate) fn new(config: Config, now: Instant) -> Self {
        Self {
            config,
            client: Inbox::new(MAX_COMMAND_OCTETS),
            server: Inbox::new(MAX_REPLY_OCTETS),
            since: now,
            spoken: now,
            stopping: false,
            last_call: CallId::default(),
            errors: 0,
        }
    }

    /// The id for a new call.
    pub(crate) fn next_call(&mut self) -> CallId {
        self.last_call = self.last_call.next();
        self.last_call
    }

    /// Forgets what came from the last server: another connection begins.
    pub(crate) fn forget_server(&mut self) {
        self.server = Inbox::new(MAX_REPLY_OCTETS);
    }

    /// Refuses a command and goes on with `state`, unless the client was refused too often.
    pub(crate) fn refuse(&mut self, reply: &str, state: impl Into<State>, out: &mut Output) -> State {
        out.say(reply);
        self.errors = self.errors.saturating_add(1);
        if self.errors < self.config.max_errors {
            return state.into();
        }
        out.events.push(Event::TooManyErrors);
        State::Closed
    }

    /// Refuses a line that was too long to be kept.
    pub(crate) fn refuse_long_line(&mut self, state: impl Into<State>, out: &mut Output) -> State {
        out.events.push(Event::LineTooLong);
        self.refuse(replies::LINE, state, out)
    }

    /// Refuses a login: back to CONNECT.
    pub(crate) fn fail_login(&mut self, failure: LoginFailure, out: &mut Output) -> State {
        let reply = replies::refusal(&failure);
        out.events.push(Event::LoginFailed(failure));
        self.refuse(reply, Connect::start(), out)
    }
}

/// The end of a session whose client is gone.
pub(crate) fn lose_client(out: &mut Output) -> State {
    out.events.push(Event::ClientLost);
    State::Closed
}

/// The end of a session whose server is gone.
pub(crate) fn lose_server(out: &mut Output) -> State {
    out.events.push(Event::ServerLost);
    State::Closed
}
