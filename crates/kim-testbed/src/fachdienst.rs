//! The mail part of a KIM Fachdienst: submission server, POP3 server and the mailboxes both share.
//!
//! The servers are plain state machines ([`SmtpSession`], [`Pop3Session`]) that turn octets into octets; `Testbed` puts them
//! behind TLS.

mod control;
mod credentials;
mod dots;
mod kas;
mod lines;
mod mailbox;
mod originator;
mod pop3;
mod smtp;
mod transaction;
mod transcript;

use std::time::Duration;

pub(crate) use kas::KasServer;
pub use kas::{Kas, KasFault, KasOperation, Stored};
pub use mailbox::{Mail, Mailbox, Mailboxes};
pub use pop3::{Pop3Command, Pop3Config, Pop3Server, Pop3Session};
pub use smtp::{Mta, MtaConfig, SmtpCommand, SmtpSession};
pub use transcript::{Exchange, Transcript};

/// What a mail server does instead of what the protocol wants.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailFault {
    /// Answers this line, given without its line end, and does not carry the command out.
    Reply(String),
    /// Closes the connection without an answer.
    Close,
    /// Carries the command out, sends the first octets of the answer, and closes the connection.
    Cut(usize),
    /// Never answers again on this connection, and keeps it open.
    Silence,
    /// Carries the command out and answers after this time.
    Delay(Duration),
}
