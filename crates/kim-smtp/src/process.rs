//! PROCESS: between the end of a mail and the next command the driver says what to do, step by step.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2016, KOM-LE-A_2019, KOM-LE-A_2021, KOM-LE-A_2025, KOM-LE-A_2176-01.

use kim_types::{Delivery, Envelope, Reply};

use crate::call::{Answer, CallId, Order, Subject};
use crate::deliver::{Deliver, Outcome};
use crate::machine::{Party, State, Step};
use crate::proxy::Relay;
use crate::server::{self, Fault};
use crate::session::Session;
use crate::{Call, Event, Output, replies};

/// A mail that is being processed.
#[derive(Debug)]
pub(crate) struct Process {
    stage: Stage,
    course: Course,
}

/// What has happened to a mail so far.
#[derive(Debug, Default)]
struct Course {
    /// Whether the client has its reply.
    replied: bool,
    /// Whether an attempt to deliver came to an end.
    delivered: bool,
    /// Why the MTA cannot be used any more. The driver is told when it wants to use it, and the session ends when it is
    /// done: so it can always clean up.
    lost: Option<Reply>,
}

/// What processing waits for.
#[derive(Debug)]
enum Stage {
    /// The answer of the driver.
    Calling(CallId),
    /// The MTA's reply to NOOP, before the answer of the driver or after.
    KeepingAlive(CallId, Option<Order>),
    /// The MTA's reply to RSET, and what the driver is told after it.
    Resetting(Subject),
    /// A delivery.
    Delivering(Box<Deliver>),
}

impl Process {
    /// Begins when the content of a mail is complete; `kept_alive` if the MTA owes a reply to NOOP.
    pub(crate) fn begin(
        envelope: Envelope,
        kept_alive: bool,
        session: &mut Session,
        out: &mut Output,
    ) -> State {
        let id = ask(Subject::Mail(envelope), session, out);
        let stage = if kept_alive { Stage::KeepingAlive(id, None) } else { Stage::Calling(id) };
        Course::default().at(stage)
    }

    pub(crate) fn waits_for(&self) -> Party {
        match &self.stage {
            Stage::Calling(_) => Party::Driver,
            Stage::Delivering(delivery) if delivery.wants_content() => Party::Driver,
            _ => Party::Server,
        }
    }

    pub(crate) fn wants_content(&self) -> bool {
        matches!(&self.stage, Stage::Delivering(delivery) if delivery.wants_content())
    }

    /// Lets the MTA know that the session is alive.
    pub(crate) fn keep_alive(mut self, out: &mut Output) -> Self {
        if let Stage::Calling(id) = self.stage {
            out.command("NOOP");
            self.stage = Stage::KeepingAlive(id, None);
        }
        self
    }

    pub(crate) fn answer(self, answer: Answer, session: &mut Session, out: &mut Output) -> State {
        let Self { stage, course } = self;
        match stage {
            Stage::Calling(id) if id == answer.id => course.execute(answer.order, session, out),
            Stage::KeepingAlive(id, None) if id == answer.id => {
                course.at(Stage::KeepingAlive(id, Some(answer.order)))
            }
            _ => {
                out.events.push(Event::InputIgnored);
                course.at(stage)
            }
        }
    }

    pub(crate) fn content(mut self, octets: &[u8], out: &mut Output) -> State {
        match &mut self.stage {
            Stage::Delivering(delivery) if delivery.wants_content() => delivery.content(octets, out),
            _ => out.events.push(Event::InputIgnored),
        }
        self.into()
    }

    pub(crate) fn content_end(self, session: &mut Session, out: &mut Output) -> State {
        let Self { stage, mut course } = self;
        match stage {
            Stage::Delivering(delivery) if delivery.wants_content() => match delivery.content_end(out) {
                Ok(delivery) => course.at(Stage::Delivering(Box::new(delivery))),
                Err(refused) => {
                    out.events.push(Event::ContentIncomplete);
                    session.drop_server(out);
                    let reply = course.lost.insert(replies::NOT_PROCESSED.into()).clone();
                    let delivery = Delivery { reply, accepted: false, in_doubt: false, refused };
                    course.conclude(delivery, session, out)
                }
            },
            stage => {
                out.events.push(Event::InputIgnored);
                course.at(stage)
            }
        }
    }

    pub(crate) fn step(self, session: &mut Session, out: &mut Output) -> Step {
        if session.client.is_closed() && !self.is_committed() {
            out.events.push(Event::ClientLost);
            return Step::Go(match self.stage {
                Stage::Calling(_) => session.say_goodbye(out),
                _ => session.hang_up(out),
            });
        }
        let Some(heard) = session.server.reply() else { return Step::Wait(self.into()) };
        let Self { stage, mut course } = self;
        Step::Go(match stage {
            Stage::Calling(_) => {
                course.lose_server(heard, session, out);
                course.at(stage)
            }
            Stage::KeepingAlive(id, order) => {
                course.expect_reply(heard, session, out);
                match order {
                    Some(order) => course.execute(order, session, out),
                    None => course.at(Stage::Calling(id)),
                }
            }
            Stage::Resetting(subject) => {
                course.expect_reply(heard, session, out);
                course.call(subject, session, out)
            }
            Stage::Delivering(delivery) => match delivery.go_on(heard, out) {
                Outcome::Waiting(delivery) => course.at(Stage::Delivering(Box::new(delivery))),
                Outcome::Over(delivery) => course.conclude(delivery, session, out),
                Outcome::Refused(delivery) => {
                    out.command("RSET");
                    course.delivered = true;
                    course.at(Stage::Resetting(Subject::Delivery(delivery)))
                }
                Outcome::Interrupted(delivery) => {
                    out.events.push(Event::ServerBroken);
                    session.drop_server(out);
                    course.lost = Some(delivery.reply.clone());
                    course.conclude(delivery, session, out)
                }
                Outcome::Lost { heard, refused, in_doubt } => {
                    let reply = course.lose_server(heard, session, out);
                    course.conclude(Delivery { reply, accepted: false, in_doubt, refused }, session, out)
                }
            },
        })
    }

    /// Whether the mail, or the reply to it, has left the module: then what was begun is finished even if the client is
    /// gone. Until then a mail that nobody waits for is not sent.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2017.
    fn is_committed(&self) -> bool {
        let complete = matches!(&self.stage, Stage::Delivering(delivery) if delivery.is_complete());
        self.course.replied || self.course.delivered || complete
    }
}

impl Course {
    fn at(self, stage: Stage) -> State {
        Process { stage, course: self }.into()
    }

    fn execute(mut self, order: Order, session: &mut Session, out: &mut Output) -> State {
        match (order, &self.lost) {
            (Order::Deliver { .. }, Some(lost)) => {
                let reply = lost.clone();
                self.conclude(
                    Delivery { reply, accepted: false, in_doubt: false, refused: Vec::new() },
                    session,
                    out,
                )
            }
            (Order::Deliver { envelope, .. }, None) if envelope.recipients.is_empty() => {
                let reply = replies::NO_RECIPIENT.into();
                self.conclude(
                    Delivery { reply, accepted: false, in_doubt: false, refused: Vec::new() },
                    session,
                    out,
                )
            }
            (Order::Deliver { envelope, size }, None) => {
                let delivery = Deliver::begin(envelope, size, session.capabilities, out);
                self.at(Stage::Delivering(Box::new(delivery)))
            }
            (Order::Reset, None) => {
                out.command("RSET");
                self.at(Stage::Resetting(Subject::Rest))
            }
            (Order::Reset, Some(_)) => self.call(Subject::Rest, session, out),
            (Order::Reply(reply), _) if !self.replied => {
                out.reply(reply);
                self.replied = true;
                self.call(Subject::Rest, session, out)
            }
            (Order::Done, _) => self.finish(out),
            (Order::Reply(_) | Order::Connected | Order::Refused(_), _) => {
                out.events.push(Event::InputIgnored);
                self.call(Subject::Rest, session, out)
            }
        }
    }

    /// Tells the driver what became of a delivery.
    fn conclude(mut self, delivery: Delivery, session: &mut Session, out: &mut Output) -> State {
        if delivery.accepted {
            session.forgive_errors();
        }
        self.delivered = true;
        self.call(Subject::Delivery(delivery), session, out)
    }

    /// Asks the driver for the next step.
    fn call(self, subject: Subject, session: &mut Session, out: &mut Output) -> State {
        self.at(Stage::Calling(ask(subject, session, out)))
    }

    fn finish(self, out: &mut Output) -> State {
        let ended = self.lost.is_some();
        if !self.replied {
            out.reply(self.lost.unwrap_or_else(|| replies::NOT_PROCESSED.into()));
        }
        if ended { State::Closed } else { Relay::Commands(None).into() }
    }

    /// Takes any reply to NOOP or RSET, unless it ends the session.
    fn expect_reply(&mut self, heard: Result<Reply, Fault>, session: &mut Session, out: &mut Output) {
        if !matches!(&heard, Ok(reply) if reply.code() != 421) {
            self.lose_server(heard, session, out);
        }
    }

    fn lose_server(&mut self, heard: Result<Reply, Fault>, session: &mut Session, out: &mut Output) -> Reply {
        let (event, reply) = server::end(heard, replies::NOT_DELIVERED);
        out.events.push(event);
        session.drop_server(out);
        self.lost.insert(reply).clone()
    }
}

fn ask(subject: Subject, session: &mut Session, out: &mut Output) -> CallId {
    let id = session.next_call();
    out.call = Some(Call::Process(crate::Process::new(id, subject)));
    id
}
