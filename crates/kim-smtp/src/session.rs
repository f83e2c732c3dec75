//! What all states of a session share: [`Session`].

use std::time::Instant;

use kim_types::{Inbox, Reply};

use crate::call::CallId;
use crate::capabilities::Capabilities;
use crate::connect::Connect;
use crate::machine::State;
use crate::replies::{self, Text};
use crate::server::{self, Fault, Server};
use crate::{Config, Event, LoginFailure, Output};

/// The longest command line of a client in octets, without its CRLF. Longer ones are answered 500 5.5.2.
///
/// Lines of a mail have no limit.
///
/// Spec: none — RFC 5321 §4.5.3.1.4 asks for 512; a user name of KIM in AUTH PLAIN needs more.
pub const MAX_COMMAND_OCTETS: usize = 2048;

/// The peers, the settings and the counters of a session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) config: Config,
    pub(crate) client: Inbox,
    pub(crate) server: Server,
    /// What the MTA can do.
    pub(crate) capabilities: Capabilities,
    /// Since when the session waits for whom it waits.
    pub(crate) since: Instant,
    /// When the MTA was last told or said something.
    pub(crate) spoken: Instant,
    /// Whether content handed out in this turn was declared void: that of another mail has to wait for the next turn.
    pub(crate) discarded: bool,
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
            server: Server::default(),
            capabilities: Capabilities::default(),
            since: now,
            spoken: now,
            discarded: false,
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

    /// Refuses a command and goes on with `state`, unless the client was refused too often.
    pub(crate) fn refuse(&mut self, reply: Text, state: impl Into<State>, out: &mut Output) -> State {
        out.events.push(Event::CommandRefused { code: reply.0 });
        self.count_refusal(reply, state.into(), out)
    }

    /// Refuses a login: back to CONNECT, unless the client was refused too often.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2015-01, KOM-LE-A_2016 (no refusal is a reason to close).
    pub(crate) fn fail_login(&mut self, failure: LoginFailure, out: &mut Output) -> State {
        let reply = replies::refusal(&failure);
        out.events.push(Event::LoginFailed(failure));
        self.count_refusal(reply, Connect::Command.into(), out)
    }

    fn count_refusal(&mut self, reply: Text, state: State, out: &mut Output) -> State {
        out.reply(reply);
        self.errors = self.errors.saturating_add(1);
        if self.errors < self.config.max_errors {
            return state;
        }
        out.events.push(Event::TooManyErrors);
        out.reply(replies::TOO_MANY_ERRORS);
        self.say_goodbye(out)
    }

    /// Whether the time of a client that is waited for is over.
    pub(crate) fn client_is_late(&self, now: Instant) -> bool {
        self.since.checked_add(self.config.timeout_client).is_some_and(|deadline| deadline <= now)
    }

    /// Forgives the client its errors: a mail of it was taken over.
    pub(crate) fn forgive_errors(&mut self) {
        self.errors = 0;
    }

    /// Ends the session, taking leave of an MTA that waits for a command.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2017.
    pub(crate) fn say_goodbye(&mut self, out: &mut Output) -> State {
        self.leave_server(out);
        State::Closed
    }

    /// Declares what was handed out of the mail being received void.
    pub(crate) fn discard_message(&mut self, out: &mut Output) {
        self.discarded = true;
        out.events.push(Event::MessageDiscarded);
    }

    /// Ends the session because its MTA cannot be used any more.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2016.
    pub(crate) fn end_with_server(&mut self, heard: Result<Reply, Fault>, out: &mut Output) -> State {
        let (event, reply) = server::end(heard, replies::SERVER_GONE);
        out.events.push(event);
        out.reply(reply);
        self.hang_up(out)
    }

    /// Ends the session in the midst of a dialogue with the MTA.
    pub(crate) fn hang_up(&mut self, out: &mut Output) -> State {
        self.drop_server(out);
        State::Closed
    }

    /// Closes the connection to an MTA that waits for a command.
    pub(crate) fn leave_server(&mut self, out: &mut Output) {
        if self.server.is_open() {
            out.command("QUIT");
        }
        self.drop_server(out);
    }

    /// Closes the connection to the MTA, if there is one.
    pub(crate) fn drop_server(&mut self, out: &mut Output) {
        out.close_server |= self.server.forget();
    }
}
