//! CONNECT: the dialogue with the client before it has given its credentials.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2008 (Tab_SMTP_Ant_Init), KOM-LE-A_2009, KOM-LE-A_2016.

use kim_types::Pii;
use kim_types::lines::Line;
use kim_username::{Layout, UserName};
use zeroize::Zeroizing;

use crate::auth::{self, Challenge, Credentials, Progress};
use crate::command::{Command, Verb};
use crate::login::Login;
use crate::machine::{State, Step};
use crate::replies;
use crate::session::Session;
use crate::{Call, LoginFailure, Output};

/// What the client was last asked for.
#[derive(Debug)]
pub(crate) enum Connect {
    /// A command.
    Command,
    /// A response of AUTH.
    Response(Challenge),
}

impl Connect {
    pub(crate) fn step(self, session: &mut Session, out: &mut Output) -> Step {
        let line = match session.client.line() {
            Some(Line::Whole(line)) => Zeroizing::new(line),
            Some(Line::TooLong) => return Step::Go(session.refuse(replies::LINE, Self::Command, out)),
            None if session.client.is_closed() => return Step::Go(State::Closed),
            None => return Step::Wait(self.into()),
        };
        Step::Go(match self {
            Self::Command => match Command::parse(&line) {
                Some(command) => answer(command, session, out),
                None => session.refuse(replies::LINE, self, out),
            },
            Self::Response(challenge) => go_on(challenge.respond(&line), session, out),
        })
    }
}

fn answer(command: Command<'_>, session: &mut Session, out: &mut Output) -> State {
    match command.verb {
        Verb::Helo | Verb::Rset | Verb::Noop => out.reply(replies::OK),
        Verb::Ehlo => out.client.extend(replies::keywords(session.config.max_size())),
        Verb::Auth => return go_on(auth::begin(command.argument), session, out),
        Verb::Mail | Verb::Rcpt | Verb::Data => {
            return session.refuse(replies::AUTHENTICATION_REQUIRED, Connect::Command, out);
        }
        Verb::Quit => {
            out.reply(replies::GOODBYE);
            return State::Closed;
        }
        Verb::NotOffered | Verb::Other => return session.refuse(replies::UNKNOWN, Connect::Command, out),
    }
    Connect::Command.into()
}

fn go_on(progress: Result<Progress, LoginFailure>, session: &mut Session, out: &mut Output) -> State {
    match progress {
        Ok(Progress::Ask(challenge)) => {
            out.reply(challenge.prompt());
            Connect::Response(challenge).into()
        }
        Ok(Progress::Done(credentials)) => log_in(credentials, session, out),
        Err(failure) => session.fail_login(failure, out),
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010, KOM-LE-A_2012 (the password goes to the MTA unchanged).
fn log_in(credentials: Credentials, session: &mut Session, out: &mut Output) -> State {
    let Credentials { user: Pii(text), password } = credentials;
    match UserName::parse(&text, &Layout::SMTP, &session.config.suffixes) {
        Ok(user) => {
            let id = session.next_call();
            let login = Login::new(id, user.address.clone(), password.clone());
            out.call = Some(Call::Login(crate::Login::new(id, user, password)));
            login.into()
        }
        Err(error) => session.fail_login(LoginFailure::UserName(error), out),
    }
}
