//! PROXY, between DATA and the end of the mail: content goes to the driver as it comes.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019; KIM 1.5.4, A_19355; RFC 5321 §4.1.1.4, §4.5.2.

use std::time::Instant;

use kim_types::Envelope;
use kim_types::dots::Unstuffer;

use crate::machine::{State, Step};
use crate::process::Process;
use crate::proxy::Relay;
use crate::session::Session;
use crate::{Event, Output, replies};

/// A mail that is coming in.
#[derive(Debug)]
pub(crate) struct Receive {
    envelope: Envelope,
    unstuffer: Unstuffer,
    /// How many octets the mail may still have; `None` once it had too many.
    room: Option<u64>,
    /// Since when the MTA owes a reply to NOOP.
    kept_alive: Option<Instant>,
}

impl Receive {
    pub(crate) fn new(envelope: Envelope, max_size: u64) -> Self {
        Self { envelope, unstuffer: Unstuffer::new(), room: Some(max_size), kept_alive: None }
    }

    /// Whether nothing may be handed out in this turn, because content of another mail was declared void in it.
    pub(crate) fn is_held_back(&self, session: &Session) -> bool {
        session.discarded && self.room.is_some()
    }

    /// When the MTA shall get a NOOP, or is silent for too long after one.
    pub(crate) fn server_deadline(&self, session: &Session) -> Option<Instant> {
        match self.kept_alive {
            Some(since) => since.checked_add(session.config.timeout_server),
            None => session.spoken.checked_add(session.config.keep_alive),
        }
    }

    /// The time of [`Receive::server_deadline`] has come.
    pub(crate) fn keep_alive(&mut self, session: &mut Session, now: Instant, out: &mut Output) {
        match self.kept_alive {
            Some(_) => session.server.time_out(),
            None => {
                out.command("NOOP");
                self.kept_alive = Some(now);
            }
        }
    }

    /// Ends the session.
    pub(crate) fn leave(&self, session: &mut Session, out: &mut Output) -> State {
        match self.kept_alive {
            None => session.say_goodbye(out),
            Some(_) => session.hang_up(out),
        }
    }

    /// Declares what was handed out void, unless it was already.
    pub(crate) fn discard(&self, session: &mut Session, out: &mut Output) {
        if self.room.is_some() {
            session.discard_message(out);
        }
    }

    pub(crate) fn step(mut self, session: &mut Session, out: &mut Output) -> Step {
        if self.is_held_back(session) {
            return Step::Wait(self.into());
        }
        if session.client.is_empty() {
            return self.wait(session, out);
        }
        if !self.read(session, out) {
            return Step::Go(self.into());
        }
        let kept_alive = self.kept_alive.is_some();
        Step::Go(match self.room {
            Some(_) => Process::begin(self.envelope, kept_alive, session, out),
            None if kept_alive => session.refuse(replies::TOO_LARGE, Relay::KeepingAlive, out),
            None => session.refuse(replies::TOO_LARGE, Relay::Commands(None), out),
        })
    }

    /// Takes what there is; true at the end of the mail.
    fn read(&mut self, session: &mut Session, out: &mut Output) -> bool {
        let start = out.content.len();
        let ended = session.client.read(|wire| self.unstuffer.read(wire, &mut out.content));
        let added = out.content.len().saturating_sub(start) as u64;
        let room = self.room.and_then(|room| room.checked_sub(added));
        if room.is_none() {
            out.content.truncate(start);
            self.discard(session, out);
        }
        self.room = room;
        ended
    }

    fn wait(mut self, session: &mut Session, out: &mut Output) -> Step {
        if session.client.is_closed() {
            self.discard(session, out);
            out.events.push(Event::ClientLost);
            return Step::Go(self.leave(session, out));
        }
        loop {
            match session.server.reply() {
                None => return Step::Wait(self.into()),
                // The client must not profit from it: it is the one that is waited for.
                Some(Ok(reply)) if self.kept_alive.is_some() && reply.code() != 421 => self.kept_alive = None,
                Some(unasked) => {
                    self.discard(session, out);
                    return Step::Go(session.end_with_server(unasked, out));
                }
            }
        }
    }
}
