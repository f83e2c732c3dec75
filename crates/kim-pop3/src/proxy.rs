//! PROXY: commands and replies are passed on.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2038, KOM-LE-A_2039, KOM-LE-A_2040, KOM-LE-A_2041.

use kim_types::dots::{Stuffer, Unstuffer};
use kim_types::lines::Line;

use crate::command::{self, Verb};
use crate::machine::{Party, State, Step};
use crate::mime_version::MimeVersionFilter;
use crate::process::Process;
use crate::session::{self, Session};
use crate::{Event, Output, replies};

/// Where the exchange of commands and replies stands.
#[derive(Debug)]
pub(crate) enum Relay {
    /// Between commands.
    Idle,
    /// A command was passed on; the first line of the reply is awaited.
    Reply(Expected),
    /// The lines of a reply are passed on up to the final dot.
    Lines(Unstuffer),
    /// The header of a message is passed on.
    Header(Header),
    /// The server's reply to NOOP is awaited, which the client knows nothing of.
    KeepingAlive,
}

/// A header on its way. It is the sender's: its dots are stuffed anew, so that no client ends it before its end.
#[derive(Debug)]
pub(crate) struct Header {
    end: Unstuffer,
    filter: Option<MimeVersionFilter>,
    stuffer: Stuffer,
}

/// What follows a positive first line.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expected {
    /// Nothing.
    Nothing,
    /// Lines up to a dot.
    Lines,
    /// The header of a message, up to a dot.
    Header,
    /// The message with this number.
    Message(u32),
    /// The end of the session, whatever the reply.
    End,
}

/// Whether a reply of the server is +OK.
pub(crate) fn is_positive(reply: &[u8]) -> bool {
    reply.starts_with(b"+OK")
}

impl Relay {
    pub(crate) fn step(self, session: &mut Session, out: &mut Output) -> Step {
        match self {
            Self::Idle => idle(session, out),
            Self::Reply(expected) => reply(expected, session, out),
            Self::Lines(end) => lines(end, session, out),
            Self::Header(header) => header.step(session, out),
            Self::KeepingAlive => match session.server.line() {
                Some(_) => Step::Go(Self::Idle.into()),
                None if session.server.is_closed() => Step::Go(session::lose_server(out)),
                None => Step::Wait(self.into()),
            },
        }
    }

    pub(crate) fn waits_for(&self) -> Party {
        match self {
            Self::Idle => Party::Client,
            Self::Reply(_) | Self::Lines(_) | Self::Header(_) | Self::KeepingAlive => Party::Server,
        }
    }
}

fn idle(session: &mut Session, out: &mut Output) -> Step {
    // A server that is gone answers nothing, but its last words are still passed on.
    if !session.server.is_closed() {
        match session.client.line() {
            Some(Line::Whole(line)) => return Step::Go(command(&line, session, out)),
            Some(Line::TooLong) => return Step::Go(session.refuse_long_line(Relay::Idle, out)),
            // No QUIT on behalf of a client that is gone: it would delete messages.
            None if session.client.is_closed() => return Step::Go(session::lose_client(out)),
            // The session ends here, whatever the server says unasked at the same time.
            None if session.stopping => return Step::Wait(Relay::Idle.into()),
            None => {}
        }
    }
    Step::Go(match session.server.line() {
        Some(Line::Whole(line)) => {
            out.relay(&line);
            Relay::Idle.into()
        }
        Some(Line::TooLong) => broken(out),
        None if session.server.is_closed() => session::lose_server(out),
        None => return Step::Wait(Relay::Idle.into()),
    })
}

fn command(line: &[u8], session: &mut Session, out: &mut Output) -> State {
    // A bare CR or LF would be the start of another command for a lenient server.
    if line.iter().any(u8::is_ascii_control) {
        return session.refuse(replies::LINE, Relay::Idle, out);
    }
    let (verb, argument) = command::split(line);
    let expected = match verb {
        Verb::Capa => {
            replies::CAPABILITIES.iter().for_each(|line| out.say(line));
            return Relay::Idle.into();
        }
        Verb::Apop | Verb::Auth | Verb::Pass | Verb::Stls | Verb::User => {
            return session.refuse(replies::ALREADY, Relay::Idle, out);
        }
        Verb::Retr => match command::message_number(argument) {
            Some(number) => Expected::Message(number),
            None => return session.refuse(replies::ARGUMENT, Relay::Idle, out),
        },
        Verb::Top => match command::top_arguments(argument) {
            Some((_, false)) => Expected::Header,
            Some((message, true)) => {
                out.command(format!("TOP {message} 0").as_bytes());
                return Relay::Reply(Expected::Header).into();
            }
            None => return session.refuse(replies::ARGUMENT, Relay::Idle, out),
        },
        Verb::Lang | Verb::List | Verb::Uidl if argument.trim_ascii().is_empty() => Expected::Lines,
        Verb::Quit => Expected::End,
        Verb::Lang | Verb::List | Verb::Uidl | Verb::Other => Expected::Nothing,
    };
    out.command(line);
    Relay::Reply(expected).into()
}

fn reply(expected: Expected, session: &mut Session, out: &mut Output) -> Step {
    let line = match session.server.line() {
        Some(Line::Whole(line)) => line,
        Some(Line::TooLong) => return Step::Go(broken(out)),
        None if session.server.is_closed() => return Step::Go(session::lose_server(out)),
        None => return Step::Wait(Relay::Reply(expected).into()),
    };
    out.relay(&line);
    Step::Go(match expected {
        Expected::End => State::Closed,
        _ if !is_positive(&line) => Relay::Idle.into(),
        Expected::Nothing => Relay::Idle.into(),
        Expected::Lines => Relay::Lines(Unstuffer::new()).into(),
        Expected::Header => Relay::Header(Header {
            end: Unstuffer::new(),
            filter: session.config.hide_mime_version.then(MimeVersionFilter::default),
            stuffer: Stuffer::new(),
        })
        .into(),
        Expected::Message(number) => Process::fetch(number, out).into(),
    })
}

/// Passes on what is there of the lines; they are unstuffed only to find their end.
fn lines(mut end: Unstuffer, session: &mut Session, out: &mut Output) -> Step {
    let mut unstuffed = Vec::new();
    let finished = session.server.read(|wire| {
        let all = *wire;
        let finished = end.read(wire, &mut unstuffed);
        let used = all.len().saturating_sub(wire.len());
        out.client.extend_from_slice(all.get(..used).unwrap_or_default());
        finished
    });
    match finished {
        true => Step::Go(Relay::Idle.into()),
        false if session.server.is_closed() => Step::Go(session::lose_server(out)),
        false => Step::Wait(Relay::Lines(end).into()),
    }
}

impl Header {
    /// Passes on what is there of the header.
    fn step(mut self, session: &mut Session, out: &mut Output) -> Step {
        let mut header = Vec::new();
        let finished = session.server.read(|wire| self.end.read(wire, &mut header));
        if let Some(filter) = &mut self.filter {
            let whole = std::mem::take(&mut header);
            filter.pass(&whole, &mut header);
        }
        self.stuffer.write(&header, &mut out.client);
        if finished {
            self.stuffer.finish(&mut out.client);
            return Step::Go(Relay::Idle.into());
        }
        if session.server.is_closed() {
            return Step::Go(session::lose_server(out));
        }
        Step::Wait(Relay::Header(self).into())
    }
}

fn broken(out: &mut Output) -> State {
    out.events.push(Event::ServerBroken);
    State::Closed
}
