//! PROCESS: a message is fetched from the server, opened by the driver and delivered to the client.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, A_19367, KOM-LE-A_2040, KOM-LE-A_2042.

use kim_types::dots::{Stuffer, Unstuffer};

use crate::call::{CallId, Open, Verdict};
use crate::machine::{Party, State, Step};
use crate::proxy::Relay;
use crate::session::{self, Session};
use crate::{Answer, Call, Event, Output};

/// A message on its way.
#[derive(Debug)]
pub(crate) struct Process {
    number: u32,
    stage: Stage,
    /// Whether the server owes a reply to NOOP.
    kept_alive: bool,
}

/// How far it has come.
#[derive(Debug)]
enum Stage {
    /// It comes from the server.
    Fetching(Unstuffer),
    /// It is with the driver, which may give its first octets already.
    Opening(CallId, Stuffer),
    /// It goes to the client.
    Delivering(Stuffer),
}

impl Process {
    /// The server agreed to send the message.
    pub(crate) fn fetch(number: u32, out: &mut Output) -> Self {
        out.events.push(Event::MessageStarted { number });
        Self { number, stage: Stage::Fetching(Unstuffer::new()), kept_alive: false }
    }

    /// Whether the server was asked for a sign of life and did not answer yet.
    pub(crate) fn is_kept_alive(&self) -> bool {
        self.kept_alive
    }

    /// Lets the server know that the session is alive.
    pub(crate) fn keep_alive(self, out: &mut Output) -> Self {
        out.command(b"NOOP");
        Self { kept_alive: true, ..self }
    }

    pub(crate) fn step(mut self, session: &mut Session, out: &mut Output) -> Step {
        // Commands sent ahead may delete the message that was not delivered: they are dropped with it.
        if session.client.is_closed() {
            out.events.push(Event::MessageDiscarded);
            return Step::Go(session::lose_client(out));
        }
        let Stage::Fetching(mut end) = self.stage else {
            if self.kept_alive && session.server.line().is_some() {
                self.kept_alive = false;
            }
            return Step::Wait(self.into());
        };
        if session.server.read(|wire| end.read(wire, &mut out.content)) {
            let id = session.next_call();
            out.call = Some(Call::Open(Open::new(id, self.number)));
            return Step::Go(Self { stage: Stage::Opening(id, Stuffer::new()), ..self }.into());
        }
        if session.server.is_closed() {
            out.events.push(Event::MessageDiscarded);
            return Step::Go(session::lose_server(out));
        }
        Step::Wait(Self { stage: Stage::Fetching(end), ..self }.into())
    }

    pub(crate) fn answer(self, answer: Answer, out: &mut Output) -> State {
        match (self.stage, answer.verdict) {
            (Stage::Opening(id, stuffer), Verdict::Deliver) if id == answer.id => {
                Self { stage: Stage::Delivering(stuffer), ..self }.into()
            }
            (stage, _) => Self { stage, ..self }.ignore(out),
        }
    }

    pub(crate) fn content(mut self, octets: &[u8], out: &mut Output) -> State {
        match &mut self.stage {
            Stage::Opening(_, stuffer) | Stage::Delivering(stuffer) => {
                stuffer.write(octets, &mut out.client);
                self.into()
            }
            Stage::Fetching(_) => self.ignore(out),
        }
    }

    pub(crate) fn content_end(self, out: &mut Output) -> State {
        match self.stage {
            Stage::Delivering(stuffer) => {
                stuffer.finish(&mut out.client);
                out.events.push(Event::MessageDelivered { number: self.number });
                if self.kept_alive { Relay::KeepingAlive.into() } else { Relay::Idle.into() }
            }
            Stage::Fetching(_) | Stage::Opening(..) => self.ignore(out),
        }
    }

    pub(crate) fn waits_for(&self) -> Party {
        match self.stage {
            Stage::Fetching(_) => Party::Server,
            Stage::Opening(..) | Stage::Delivering(_) => Party::Driver,
        }
    }

    pub(crate) fn wants_content(&self) -> bool {
        matches!(self.stage, Stage::Delivering(_))
    }

    fn ignore(self, out: &mut Output) -> State {
        out.events.push(Event::InputIgnored);
        self.into()
    }
}
