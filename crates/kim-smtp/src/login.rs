//! CONNECT: from the credentials of the client to the login at the MTA.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2011, KOM-LE-A_2012, KOM-LE-A_2013, KOM-LE-A_2015-01.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kim_types::{KimAddress, Reply, Secret};
use kim_username::sasl;
use zeroize::Zeroizing;

use crate::call::{Answer, CallId, Order};
use crate::capabilities::Capabilities;
use crate::machine::{Party, State, Step};
use crate::proxy::Relay;
use crate::server::Fault;
use crate::session::Session;
use crate::{Event, LoginFailure, Output, replies};

/// The longest AUTH command with an initial response, without its CRLF; a longer response waits to be asked for.
///
/// Spec: RFC 4954 §4.
const MAX_AUTH_COMMAND_OCTETS: usize = 510;

/// A login that is being tried.
#[derive(Debug)]
pub(crate) struct Login {
    /// The login at the MTA: part 0 of the user name.
    user: KimAddress,
    password: Secret,
    stage: Stage,
}

/// What a login waits for.
#[derive(Debug)]
enum Stage {
    /// The driver connects to the MTA.
    Calling(CallId),
    /// The greeting of the MTA.
    Greeting,
    /// The reply to EHLO.
    Keywords,
    /// The reply to AUTH; the responses that the MTA will still ask for, the next one last.
    Auth(Vec<Zeroizing<String>>),
}

impl Login {
    pub(crate) fn new(id: CallId, user: KimAddress, password: Secret) -> Self {
        Self { user, password, stage: Stage::Calling(id) }
    }

    pub(crate) fn waits_for(&self) -> Party {
        match self.stage {
            Stage::Calling(_) => Party::Driver,
            _ => Party::Server,
        }
    }

    pub(crate) fn answer(self, answer: Answer, session: &mut Session, out: &mut Output) -> State {
        match (&self.stage, answer.order) {
            (Stage::Calling(id), Order::Connected) if *id == answer.id => {
                session.server.open();
                Self { stage: Stage::Greeting, ..self }.into()
            }
            (Stage::Calling(id), Order::Refused(why)) if *id == answer.id => {
                session.fail_login(LoginFailure::Refused(why), out)
            }
            _ => {
                out.events.push(Event::InputIgnored);
                self.into()
            }
        }
    }

    pub(crate) fn step(self, session: &mut Session, out: &mut Output) -> Step {
        if session.client.is_closed() {
            out.events.push(Event::ClientLost);
            return Step::Go(session.hang_up(out));
        }
        Step::Go(match session.server.reply() {
            None => return Step::Wait(self.into()),
            Some(Ok(reply)) => self.go_on(&reply, session, out),
            Some(Err(Fault::Silent)) => {
                out.events.push(Event::ServerTimeout);
                out.reply(replies::SERVER_SILENT);
                session.hang_up(out)
            }
            Some(Err(_)) => unreachable(session, out),
        })
    }

    fn go_on(self, reply: &Reply, session: &mut Session, out: &mut Output) -> State {
        match (self.stage, reply.code()) {
            (Stage::Greeting, 220) => {
                out.command(format!("EHLO {}", session.config.ehlo_name));
                Self { stage: Stage::Keywords, ..self }.into()
            }
            (Stage::Keywords, 250) => {
                session.capabilities = Capabilities::read(reply);
                let Some((command, responses)) =
                    authenticate(session.capabilities, &self.user, &self.password)
                else {
                    return unreachable(session, out);
                };
                out.command(command.as_bytes());
                Self { stage: Stage::Auth(responses), ..self }.into()
            }
            (Stage::Auth(mut responses), 334) => {
                let Some(response) = responses.pop() else { return unreachable(session, out) };
                out.command(response.as_bytes());
                Self { stage: Stage::Auth(responses), ..self }.into()
            }
            (Stage::Auth(_), 235) => {
                out.reply(replies::LOGGED_IN);
                out.events.push(Event::LoggedIn);
                Relay::Commands(None).into()
            }
            (Stage::Auth(_), 500..) => {
                session.leave_server(out);
                session.fail_login(LoginFailure::Rejected, out)
            }
            _ => unreachable(session, out),
        }
    }
}

/// The AUTH command and the responses that follow it, the next one last. PLAIN is preferred: one round trip less.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2013.
fn authenticate(
    capabilities: Capabilities,
    user: &KimAddress,
    password: &Secret,
) -> Option<(Zeroizing<String>, Vec<Zeroizing<String>>)> {
    let base64 = |octets: &[u8]| Zeroizing::new(STANDARD.encode(octets));
    let user = user.to_string();
    if capabilities.plain {
        let response = base64(sasl::plain_message(&user, password).expose());
        let whole = Zeroizing::new(format!("AUTH PLAIN {}", response.as_str()));
        return Some(if whole.len() <= MAX_AUTH_COMMAND_OCTETS {
            (whole, Vec::new())
        } else {
            (Zeroizing::new("AUTH PLAIN".to_owned()), vec![response])
        });
    }
    let responses = vec![base64(password.expose()), base64(user.as_bytes())];
    capabilities.login.then(|| (Zeroizing::new("AUTH LOGIN".to_owned()), responses))
}

/// The MTA is not there, does not want us, or is none.
fn unreachable(session: &mut Session, out: &mut Output) -> State {
    session.drop_server(out);
    session.fail_login(LoginFailure::Server, out)
}
