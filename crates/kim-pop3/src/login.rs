//! The end of CONNECT: reaching the POP3 server and logging in there.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2033-01, KOM-LE-A_2034, KOM-LE-A_2035, KOM-LE-A_2037-01.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kim_types::lines::Line;
use kim_types::{Address, Secret};
use kim_username::{UserName, sasl};
use zeroize::Zeroizing;

use crate::call::{self, CallId, Verdict};
use crate::machine::{Party, State, Step};
use crate::proxy::{Relay, is_positive};
use crate::session::{self, Session};
use crate::{Answer, Call, Event, LoginFailure, Output, command, replies};

/// How many capabilities a server may list.
const MAX_CAPABILITIES: u32 = 200;

/// Credentials on trial.
#[derive(Debug)]
pub(crate) struct Login {
    address: Address,
    password: Secret,
    stage: Stage,
}

/// Whose turn it is, and with what.
#[derive(Debug)]
enum Stage {
    /// The driver's, with a connection.
    Connection(CallId),
    /// The server's, with its greeting.
    Greeting,
    /// The server's, with +OK or -ERR to CAPA.
    Capa,
    /// The server's, with its capabilities.
    Capabilities { plain: bool, seen: u32 },
    /// The server's, with the empty challenge of PLAIN.
    Challenge,
    /// The server's, with +OK or -ERR to USER.
    User,
    /// The server's, with +OK or -ERR to the credentials.
    Verdict,
}

/// What a line of the server leads to.
enum Turn {
    Next(Stage),
    LoggedIn,
    Failed(LoginFailure),
}

impl Login {
    /// Asks the driver for a connection.
    pub(crate) fn call(user: UserName, password: Secret, session: &mut Session, out: &mut Output) -> Self {
        let (id, address) = (session.next_call(), user.address.address().clone());
        out.call = Some(Call::Login(call::Login::new(id, user, password.clone())));
        Self { address, password, stage: Stage::Connection(id) }
    }

    pub(crate) fn answer(self, answer: Answer, session: &mut Session, out: &mut Output) -> State {
        let asked = matches!(self.stage, Stage::Connection(id) if id == answer.id);
        match answer.verdict {
            Verdict::Connected if asked => {
                session.forget_server();
                Self { stage: Stage::Greeting, ..self }.into()
            }
            Verdict::Refused(why) if asked => session.fail_login(LoginFailure::Refused(why), out),
            _ => {
                out.events.push(Event::InputIgnored);
                self.into()
            }
        }
    }

    pub(crate) fn waits_for(&self) -> Party {
        match self.stage {
            Stage::Connection(_) => Party::Driver,
            _ => Party::Server,
        }
    }

    pub(crate) fn step(self, session: &mut Session, out: &mut Output) -> Step {
        if session.client.is_closed() {
            return Step::Go(session::lose_client(out));
        }
        if let Stage::Connection(_) = self.stage {
            return Step::Wait(self.into());
        }
        let turn = match session.server.line() {
            Some(Line::Whole(line)) => self.read(&line, out),
            Some(Line::TooLong) => Turn::Failed(LoginFailure::Server),
            None if session.server.is_closed() => Turn::Failed(LoginFailure::Server),
            None => return Step::Wait(self.into()),
        };
        Step::Go(match turn {
            Turn::Next(stage) => Self { stage, ..self }.into(),
            Turn::LoggedIn => {
                out.say(replies::LOGGED_IN);
                out.events.push(Event::LoggedIn);
                Relay::Idle.into()
            }
            Turn::Failed(failure) => {
                out.close_server = true;
                session.fail_login(failure, out)
            }
        })
    }

    /// Reads a line of the server and says the next thing to it.
    fn read(&self, line: &[u8], out: &mut Output) -> Turn {
        let ok = is_positive(line);
        match self.stage {
            Stage::Greeting if ok => {
                out.command(b"CAPA");
                Turn::Next(Stage::Capa)
            }
            Stage::Connection(_) | Stage::Greeting => Turn::Failed(LoginFailure::Server),
            Stage::Capa if ok => Turn::Next(Stage::Capabilities { plain: false, seen: 0 }),
            Stage::Capa => self.user(out),
            Stage::Capabilities { plain: true, .. } if line == b"." => {
                out.command(b"AUTH PLAIN");
                Turn::Next(Stage::Challenge)
            }
            Stage::Capabilities { plain: false, .. } if line == b"." => self.user(out),
            Stage::Capabilities { seen: MAX_CAPABILITIES.., .. } => Turn::Failed(LoginFailure::Server),
            Stage::Capabilities { plain, seen } => Turn::Next(Stage::Capabilities {
                plain: plain || offers_plain(line),
                seen: seen.saturating_add(1),
            }),
            Stage::Challenge if line == b"+" || line.starts_with(b"+ ") => {
                let message = sasl::plain_message(self.address.as_str(), &self.password);
                out.command(Zeroizing::new(STANDARD.encode(message.expose())).as_bytes());
                Turn::Next(Stage::Verdict)
            }
            Stage::User if ok => {
                let mut command = Zeroizing::new(b"PASS ".to_vec());
                command.extend_from_slice(self.password.expose());
                out.command(&command);
                Turn::Next(Stage::Verdict)
            }
            Stage::Verdict if ok => Turn::LoggedIn,
            Stage::Challenge | Stage::User | Stage::Verdict => Turn::Failed(refusal(line)),
        }
    }

    /// Begins USER and PASS, unless the password would break out of its line.
    fn user(&self, out: &mut Output) -> Turn {
        if self.password.expose().iter().any(|octet| matches!(octet, b'\r' | b'\n')) {
            return Turn::Failed(LoginFailure::Credentials);
        }
        out.command(format!("USER {}", self.address).as_bytes());
        Turn::Next(Stage::User)
    }
}

/// What a server means that refuses a login: by its response code, else the credentials.
///
/// Spec: RFC 2449 §8.1 (IN-USE, LOGIN-DELAY), RFC 3206 (SYS, AUTH).
fn refusal(line: &[u8]) -> LoginFailure {
    let text = line.strip_prefix(b"-ERR").unwrap_or_default().trim_ascii_start();
    let code =
        text.strip_prefix(b"[").and_then(|text| text.split(|octet| matches!(octet, b']' | b'/')).next());
    let is = |name: &str| code.is_some_and(|code| code.eq_ignore_ascii_case(name.as_bytes()));
    if is("IN-USE") || is("LOGIN-DELAY") {
        LoginFailure::Busy
    } else if is("SYS") {
        LoginFailure::Server
    } else {
        LoginFailure::Rejected
    }
}

/// Whether a line of CAPA is SASL with PLAIN.
fn offers_plain(capability: &[u8]) -> bool {
    let mut words = command::words(capability);
    words.next().is_some_and(|name| name.eq_ignore_ascii_case(b"SASL"))
        && words.any(|mechanism| mechanism.eq_ignore_ascii_case(b"PLAIN"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_means_the_credentials_unless_it_says_otherwise() {
        for line in ["-ERR [IN-USE] locked", "-ERR  [in-use]", "-ERR [LOGIN-DELAY] later"] {
            assert_eq!(refusal(line.as_bytes()), LoginFailure::Busy, "{line}");
        }
        for line in ["-ERR [SYS/TEMP] x", "-ERR [SYS/PERM]", "-ERR [sys/temp] x", "-ERR [SYS]"] {
            assert_eq!(refusal(line.as_bytes()), LoginFailure::Server, "{line}");
        }
        for line in ["-ERR", "-ERR no", "-ERR [AUTH] no", "-ERR SYS/TEMP", "-ERR x [IN-USE]", "[IN-USE]", ""]
        {
            assert_eq!(refusal(line.as_bytes()), LoginFailure::Rejected, "{line}");
        }
    }

    #[test]
    fn plain_is_found_among_the_mechanisms_only() {
        assert!(offers_plain(b"SASL LOGIN plain"));
        assert!(offers_plain(b"sasl PLAIN"));
        assert!(!offers_plain(b"SASL LOGIN PLAIN-X"));
        assert!(!offers_plain(b"PLAIN"));
        assert!(!offers_plain(b""));
    }
}
