//! PROXY: MAIL, RCPT and DATA are held back and answered here, what could bypass protection is refused, everything else
//! is passed on unchanged.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2016, KOM-LE-A_2017, KOM-LE-A_2018, KOM-LE-A_2176-01; KIM 1.5.3, A_23554.

use kim_types::Envelope;
use kim_types::lines::Line;

use crate::command::{Command, Verb};
use crate::machine::{Party, State, Step};
use crate::receive::Receive;
use crate::replies::{self, Text};
use crate::session::Session;
use crate::{Event, Output, envelope};

/// What a session between two mails waits for, and the mail that has begun.
#[derive(Debug)]
pub(crate) enum Relay {
    /// A command of the client.
    Commands(Option<Envelope>),
    /// The MTA's reply to a command that was passed on.
    Reply { to_quit: bool, mail: Option<Envelope> },
    /// The MTA's reply to NOOP, which the client knows nothing of.
    KeepingAlive,
}

impl Relay {
    pub(crate) fn waits_for(&self) -> Party {
        match self {
            Self::Commands(_) => Party::Client,
            Self::Reply { .. } | Self::KeepingAlive => Party::Server,
        }
    }

    pub(crate) fn step(self, session: &mut Session, out: &mut Output) -> Step {
        match self {
            Self::Commands(mail) => match session.client.line() {
                Some(Line::Whole(line)) => Step::Go(command(&line, mail, session, out)),
                Some(Line::TooLong) => Step::Go(session.refuse(replies::LINE, Self::Commands(mail), out)),
                None if session.client.is_closed() => Step::Go(leave(session, out)),
                // The session ends here, whatever the server says unasked at the same time.
                None if session.stopping => Step::Wait(Self::Commands(mail).into()),
                None => match session.server.reply() {
                    None => Step::Wait(Self::Commands(mail).into()),
                    Some(unasked) => Step::Go(session.end_with_server(unasked, out)),
                },
            },
            Self::Reply { to_quit, mail } => match session.server.reply() {
                None => Step::Wait(Self::Reply { to_quit, mail }.into()),
                Some(Ok(reply)) if to_quit => {
                    out.reply(reply);
                    Step::Go(session.hang_up(out))
                }
                // With 3xx the MTA asks for more, and it could be a mail: nothing passes here unprotected.
                Some(Ok(reply)) if reply.code() != 421 && !(300..400).contains(&reply.code()) => {
                    out.reply(reply);
                    Step::Go(Self::Commands(mail).into())
                }
                Some(end) => Step::Go(session.end_with_server(end, out)),
            },
            Self::KeepingAlive => match session.server.reply() {
                None => Step::Wait(self.into()),
                Some(Ok(reply)) if reply.code() != 421 => Step::Go(Self::Commands(None).into()),
                Some(end) => Step::Go(session.end_with_server(end, out)),
            },
        }
    }
}

fn command(line: &[u8], mail: Option<Envelope>, session: &mut Session, out: &mut Output) -> State {
    let Some(command) = Command::parse(line) else {
        return session.refuse(replies::LINE, Relay::Commands(mail), out);
    };
    match command.verb {
        Verb::Helo => {
            out.reply(replies::OK);
            Relay::Commands(None).into()
        }
        Verb::Ehlo => {
            out.client.extend(replies::keywords(session.config.max_size()));
            Relay::Commands(None).into()
        }
        Verb::Auth => session.refuse(replies::SEQUENCE, Relay::Commands(mail), out),
        Verb::NotOffered => session.refuse(replies::NOT_OFFERED, Relay::Commands(mail), out),
        Verb::Mail => begin_mail(command.argument, mail, session, out),
        Verb::Rcpt => add_recipient(command.argument, mail, session, out),
        Verb::Data => begin_content(command.argument, mail, session, out),
        Verb::Rset => relay(line, None, false, out),
        Verb::Quit => relay(line, None, true, out),
        Verb::Noop | Verb::Other => relay(line, mail, false, out),
    }
}

fn relay(line: &[u8], mail: Option<Envelope>, to_quit: bool, out: &mut Output) -> State {
    out.command(line);
    Relay::Reply { to_quit, mail }.into()
}

fn begin_mail(argument: &str, mail: Option<Envelope>, session: &mut Session, out: &mut Output) -> State {
    if mail.is_some() {
        return session.refuse(replies::SEQUENCE, Relay::Commands(mail), out);
    }
    match envelope::mail(argument, session.config.max_size()) {
        Ok(envelope) => {
            out.reply(replies::SENDER_OK);
            Relay::Commands(Some(envelope)).into()
        }
        Err(refusal) => session.refuse(refusal, Relay::Commands(None), out),
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2176-01 (250 without asking anybody).
fn add_recipient(argument: &str, mail: Option<Envelope>, session: &mut Session, out: &mut Output) -> State {
    let refuse = |refusal: Text, mail, session: &mut Session, out: &mut Output| {
        session.refuse(refusal, Relay::Commands(mail), out)
    };
    let Some(mut envelope) = mail else { return refuse(replies::SEQUENCE, None, session, out) };
    match envelope::rcpt(argument) {
        Ok(_) if envelope.recipients.len() >= session.config.max_recipients => {
            refuse(replies::TOO_MANY_RECIPIENTS, Some(envelope), session, out)
        }
        Ok(recipient) => {
            out.reply(replies::RECIPIENT_OK);
            out.events.push(Event::Recipient(recipient.address.clone()));
            envelope.recipients.push(recipient);
            Relay::Commands(Some(envelope)).into()
        }
        Err(refusal) => refuse(refusal, Some(envelope), session, out),
    }
}

fn begin_content(argument: &str, mail: Option<Envelope>, session: &mut Session, out: &mut Output) -> State {
    match mail {
        mail if !argument.is_empty() => session.refuse(replies::ARGUMENT, Relay::Commands(mail), out),
        // Nobody waits for the reply to this mail.
        _ if session.client.is_closed() => leave(session, out),
        Some(envelope) if !envelope.recipients.is_empty() => {
            out.reply(replies::CONTENT_PLEASE);
            Receive::new(envelope, session.config.max_size()).into()
        }
        mail => session.refuse(replies::SEQUENCE, Relay::Commands(mail), out),
    }
}

/// The client is gone, and what it had said was passed on.
fn leave(session: &mut Session, out: &mut Output) -> State {
    out.events.push(Event::ClientLost);
    session.say_goodbye(out)
}
