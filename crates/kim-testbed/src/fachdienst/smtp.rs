//! The submission server (MTA) of the Fachdienst: [`Mta`].

mod session;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::control::Control;
use super::transaction::Transaction;
use super::{MailFault, Mailboxes, Transcript};
use crate::FaultPlan;

pub use session::SmtpSession;

/// The submission server: takes mails over from those who have a mailbox, and puts them into mailboxes.
///
/// A clone is the same server.
///
/// Spec: RFC 5321, RFC 4954, RFC 1870, RFC 3461, RFC 6152; api-kim FAQ, A_23421, A_23422.
#[derive(Clone)]
pub struct Mta(Arc<Inner>);

struct Inner {
    config: MtaConfig,
    mailboxes: Mailboxes,
    control: Control<SmtpCommand>,
    taken: AtomicU64,
}

/// How an [`Mta`] behaves.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone)]
pub struct MtaConfig {
    /// Its name in greeting and Received lines; default `mail.testbed.kim.telematik-test`.
    pub host_name: String,
    /// The EHLO keywords after the host name, in order; default `SIZE 734003200`, `DSN`, `8BITMIME`, `AUTH PLAIN LOGIN`.
    ///
    /// Parameters of an extension that is not listed are refused with 555, mechanisms that are not listed with 504.
    pub keywords: Vec<String>,
    /// The greatest mail in octets; default 734003200.
    pub max_size: usize,
    /// The greatest number of recipients of one mail; default 1000.
    pub max_recipients: usize,
    /// Whether MAIL FROM must be the login (A_23421) and the originator fields MAIL FROM (A_23422); default true.
    pub checks_originator: bool,
    /// The clock of Received lines; default [`SystemTime::now`].
    pub now: fn() -> SystemTime,
}

impl Default for MtaConfig {
    fn default() -> Self {
        Self {
            host_name: "mail.testbed.kim.telematik-test".into(),
            keywords: ["SIZE 734003200", "DSN", "8BITMIME", "AUTH PLAIN LOGIN"].map(String::from).into(),
            max_size: 734_003_200,
            max_recipients: 1000,
            checks_originator: true,
            now: SystemTime::now,
        }
    }
}

/// What a client asks of an [`Mta`], as far as faults and transcripts tell it apart.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SmtpCommand {
    /// The opening of the connection.
    Greeting,
    /// EHLO or HELO.
    Ehlo,
    /// A login, at its end.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA, before the message.
    Data,
    /// The message, at its end.
    Message,
    /// RSET.
    Rset,
    /// NOOP.
    Noop,
    /// VRFY.
    Vrfy,
    /// HELP.
    Help,
    /// QUIT.
    Quit,
    /// Anything else.
    Other,
}

impl Mta {
    /// A server for these mailboxes.
    pub fn new(config: MtaConfig, mailboxes: Mailboxes) -> Self {
        Self(Arc::new(Inner { config, mailboxes, control: Control::default(), taken: AtomicU64::default() }))
    }

    /// The server's end of a new connection; `peer` is what Received lines call the client.
    pub fn session(&self, peer: impl Into<String>) -> SmtpSession {
        SmtpSession::new(self.clone(), self.0.control.connect(), peer.into())
    }

    /// The faults to come.
    pub fn faults(&self) -> &FaultPlan<SmtpCommand, MailFault> {
        &self.0.control.faults
    }

    /// The commands so far.
    pub fn transcript(&self) -> &Transcript<SmtpCommand> {
        &self.0.control.transcript
    }

    /// Puts `message` into the mailbox of every recipient and returns the number it was taken over with.
    fn deliver(&self, transaction: &Transaction, message: &[u8], helo: &str, peer: &str) -> u64 {
        let number = self.0.taken.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let date = OffsetDateTime::from((self.0.config.now)()).format(&Rfc2822).unwrap_or_default();
        let mut mail = format!(
            "Return-Path: <{}>\r\nReceived: from {helo} ({peer})\r\n\tby {} with ESMTPSA id {number};\r\n\t{date}\r\n",
            transaction.sender, self.0.config.host_name,
        )
        .into_bytes();
        mail.extend_from_slice(message);
        let mail = Bytes::from(mail);
        for mailbox in transaction.recipients.iter().filter_map(|to| self.0.mailboxes.mailbox(to)) {
            mailbox.put(mail.clone());
        }
        number
    }

    fn has_keyword(&self, keyword: &str) -> bool {
        self.keyword(keyword).is_some()
    }

    fn has_mechanism(&self, mechanism: &str) -> bool {
        self.keyword("AUTH").is_some_and(|mut names| names.any(|name| name.eq_ignore_ascii_case(mechanism)))
    }

    /// The words after an EHLO keyword, if it is announced.
    fn keyword(&self, keyword: &str) -> Option<impl Iterator<Item = &str>> {
        let mut lines = self.0.config.keywords.iter().map(|line| line.split_ascii_whitespace());
        lines.find_map(|mut words| {
            words.next().filter(|word| word.eq_ignore_ascii_case(keyword)).map(|_| words)
        })
    }
}

impl fmt::Debug for Mta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mta").field("config", &self.0.config).finish_non_exhaustive()
    }
}
