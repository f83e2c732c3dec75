//! CONNECT: the dialogue with the client before it has given its credentials.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2030 (Tab_POP3_Ant_Init), KOM-LE-A_2031.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kim_types::lines::Line;
use kim_types::{Pii, Secret};
use kim_username::{Layout, UserName, sasl};
use zeroize::Zeroizing;

use crate::command::{self, Verb};
use crate::login::Login;
use crate::machine::{State, Step};
use crate::session::{self, Session};
use crate::{LoginFailure, Output, replies};

/// What the client was last asked for.
#[derive(Debug)]
pub(crate) enum Connect {
    /// A command; the octets of USER are kept for PASS.
    Command { user: Option<Pii<Vec<u8>>> },
    /// The response to the empty challenge of PLAIN.
    Response,
}

impl Connect {
    pub(crate) fn start() -> Self {
        Self::Command { user: None }
    }

    pub(crate) fn step(self, session: &mut Session, out: &mut Output) -> Step {
        let line = match session.client.line() {
            Some(Line::Whole(line)) => Zeroizing::new(line),
            Some(Line::TooLong) => return Step::Go(session.refuse_long_line(self.without_response(), out)),
            None if session.client.is_closed() => return Step::Go(session::lose_client(out)),
            None => return Step::Wait(self.into()),
        };
        if line.iter().any(|octet| matches!(octet, 0 | b'\r' | b'\n')) {
            return Step::Go(session.refuse(replies::LINE, self.without_response(), out));
        }
        Step::Go(match self {
            Self::Command { user } => command(&line, user, session, out),
            Self::Response if line.as_slice() == b"*" => {
                session.refuse(replies::CANCELLED, Self::start(), out)
            }
            Self::Response => plain(&line, session, out),
        })
    }

    /// A line that cannot be read ends the exchange of AUTH, but not that of USER and PASS.
    fn without_response(self) -> Self {
        match self {
            Self::Command { .. } => self,
            Self::Response => Self::start(),
        }
    }
}

fn command(line: &[u8], user: Option<Pii<Vec<u8>>>, session: &mut Session, out: &mut Output) -> State {
    let again = |user| Connect::Command { user };
    match command::split(line) {
        (Verb::Capa, _) => {
            replies::CAPABILITIES.iter().for_each(|line| out.say(line));
            again(user).into()
        }
        (Verb::User, b"") => session.refuse(replies::ARGUMENT, again(user), out),
        (Verb::User, name) => {
            out.say(replies::PASSWORD_PLEASE);
            again(Some(Pii(name.to_vec()))).into()
        }
        (Verb::Pass, password) => match user {
            None => session.refuse(replies::USER_FIRST, Connect::start(), out),
            Some(Pii(name)) => log_in(name, Secret::new(password.to_vec()), session, out),
        },
        (Verb::Auth, argument) => auth(argument, user, session, out),
        (Verb::Quit, _) => {
            out.say(replies::GOODBYE);
            State::Closed
        }
        _ => session.refuse(replies::UNKNOWN, again(user), out),
    }
}

/// Spec: RFC 5034 §4; without argument, the mechanisms are listed as RFC 1734 servers do.
fn auth(argument: &[u8], user: Option<Pii<Vec<u8>>>, session: &mut Session, out: &mut Output) -> State {
    let mut words = command::words(argument);
    match (words.next(), words.next(), words.next()) {
        (None, ..) => {
            replies::MECHANISMS.iter().for_each(|line| out.say(line));
            Connect::Command { user }.into()
        }
        (Some(name), ..) if !name.eq_ignore_ascii_case(b"PLAIN") => {
            session.fail_login(LoginFailure::Mechanism, out)
        }
        (Some(_), None, _) => {
            out.say(replies::CONTINUE);
            Connect::Response.into()
        }
        (Some(_), Some(response), None) => plain(response, session, out),
        (Some(_), Some(_), Some(_)) => session.refuse(replies::ARGUMENT, Connect::start(), out),
    }
}

/// Reads the base64 response of PLAIN.
fn plain(response: &[u8], session: &mut Session, out: &mut Output) -> State {
    let message = STANDARD.decode(response).map(Zeroizing::new);
    match message.ok().and_then(|message| sasl::plain(&message).ok()) {
        Some((name, password)) => log_in(name.into_bytes(), password, session, out),
        None => session.fail_login(LoginFailure::Credentials, out),
    }
}

/// Asks for a connection to the server the user name leads to.
fn log_in(name: Vec<u8>, password: Secret, session: &mut Session, out: &mut Output) -> State {
    let Ok(name) = String::from_utf8(name) else {
        return session.fail_login(LoginFailure::Credentials, out);
    };
    match UserName::parse(&name, &Layout::POP3, &session.config.suffixes) {
        Ok(user) => Login::call(user, password, session, out).into(),
        Err(error) => session.fail_login(LoginFailure::UserName(error), out),
    }
}
