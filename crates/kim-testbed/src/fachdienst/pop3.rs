//! The POP3 server of the Fachdienst: [`Pop3Server`].

mod maildrop;
mod session;

use std::fmt;
use std::sync::Arc;

use super::control::Control;
use super::{MailFault, Mailboxes, Transcript};
use crate::FaultPlan;

pub use session::Pop3Session;

/// The POP3 server: shows the owner of a mailbox what is in it.
///
/// Several sessions may have one mailbox open; each sees the mails that were there when it logged in. A clone is the same
/// server.
///
/// Spec: RFC 1939, RFC 2449, RFC 5034.
#[derive(Clone)]
pub struct Pop3Server(Arc<Inner>);

struct Inner {
    config: Pop3Config,
    mailboxes: Mailboxes,
    control: Control<Pop3Command>,
}

/// How a [`Pop3Server`] behaves.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone)]
pub struct Pop3Config {
    /// The lines of CAPA; default `TOP`, `USER`, `SASL PLAIN`, `UIDL`.
    pub capabilities: Vec<String>,
}

impl Default for Pop3Config {
    fn default() -> Self {
        Self { capabilities: ["TOP", "USER", "SASL PLAIN", "UIDL"].map(String::from).into() }
    }
}

/// What a client asks of a [`Pop3Server`], as far as faults and transcripts tell it apart.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pop3Command {
    /// The opening of the connection.
    Greeting,
    /// CAPA.
    Capa,
    /// USER.
    User,
    /// PASS.
    Pass,
    /// AUTH, at its end.
    Auth,
    /// STAT.
    Stat,
    /// LIST.
    List,
    /// UIDL.
    Uidl,
    /// RETR.
    Retr,
    /// TOP.
    Top,
    /// DELE.
    Dele,
    /// RSET.
    Rset,
    /// NOOP.
    Noop,
    /// QUIT.
    Quit,
    /// Anything else.
    Other,
}

impl Pop3Server {
    /// A server for these mailboxes.
    pub fn new(config: Pop3Config, mailboxes: Mailboxes) -> Self {
        Self(Arc::new(Inner { config, mailboxes, control: Control::default() }))
    }

    /// The server's end of a new connection.
    pub fn session(&self) -> Pop3Session {
        Pop3Session::new(self.clone(), self.0.control.connect())
    }

    /// The faults to come.
    pub fn faults(&self) -> &FaultPlan<Pop3Command, MailFault> {
        &self.0.control.faults
    }

    /// The commands so far.
    pub fn transcript(&self) -> &Transcript<Pop3Command> {
        &self.0.control.transcript
    }
}

impl fmt::Debug for Pop3Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pop3Server").field("config", &self.0.config).finish_non_exhaustive()
    }
}
