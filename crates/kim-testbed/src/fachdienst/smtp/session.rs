//! One connection to the submission server: [`SmtpSession`].

use std::fmt;

use kim_types::{Address, Secret};

use super::{Mta, SmtpCommand};
use crate::fachdienst::credentials;
use crate::fachdienst::dots::Incoming;
use crate::fachdienst::lines::{CommandLine, CommandLines};
use crate::fachdienst::originator::{self, Forged};
use crate::fachdienst::transaction::{Parameter, Transaction, path, strip_prefix};
use crate::session::{Session, Step};

/// The server's end of one SMTP connection, inside TLS.
///
/// Spec: RFC 5321.
pub struct SmtpSession {
    mta: Mta,
    connection: u64,
    peer: String,
    lines: CommandLines,
    phase: Phase,
    state: State,
}

/// What the next octets of the client are.
enum Phase {
    Command,
    /// The response of AUTH PLAIN.
    Plain,
    /// The user name of AUTH LOGIN.
    LoginName,
    /// The password of AUTH LOGIN.
    LoginPassword(Option<String>),
    Message(Incoming),
}

#[derive(Default)]
struct State {
    helo: String,
    login: Option<Address>,
    transaction: Option<Transaction>,
}

/// An answer without the end of its last line: code, enhanced status code and text.
type Answer = String;

impl SmtpSession {
    pub(super) fn new(mta: Mta, connection: u64, peer: String) -> Self {
        let (lines, state) = (CommandLines::default(), State::default());
        Self { mta, connection, peer, lines, phase: Phase::Command, state }
    }

    /// Carries a command out by `run`, unless the test planned otherwise.
    fn carry_out(
        &mut self,
        command: SmtpCommand,
        line: &str,
        out: &mut Vec<u8>,
        run: impl FnOnce(&mut Self) -> Answer,
    ) -> Step {
        let control = self.mta.clone();
        control.0.control.carry_out(self.connection, command, line.to_owned(), out, |out| {
            let answer = run(self);
            out.extend_from_slice(answer.as_bytes());
            out.extend_from_slice(b"\r\n");
            if command == SmtpCommand::Quit { Step::CLOSE } else { Step::CONTINUE }
        })
    }

    fn command(&mut self, line: &str, out: &mut Vec<u8>) -> Step {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let argument = argument.trim_end();
        let verb = verb.to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => {
                self.carry_out(SmtpCommand::Ehlo, line, out, |this| this.ehlo(&verb, argument))
            }
            "AUTH" => self.auth(argument, out),
            "MAIL" => self.carry_out(SmtpCommand::Mail, line, out, |this| this.mail(argument)),
            "RCPT" => self.carry_out(SmtpCommand::Rcpt, line, out, |this| this.rcpt(argument)),
            "DATA" => self.carry_out(SmtpCommand::Data, line, out, Self::data),
            "RSET" => self.carry_out(SmtpCommand::Rset, line, out, |this| {
                this.state.transaction = None;
                "250 2.0.0 Reset".into()
            }),
            "NOOP" => self.carry_out(SmtpCommand::Noop, line, out, |_| "250 2.0.0 OK".into()),
            "VRFY" => {
                self.carry_out(SmtpCommand::Vrfy, line, out, |_| "252 2.5.2 Send a mail and see".into())
            }
            "HELP" => self.carry_out(SmtpCommand::Help, line, out, |_| "214 2.0.0 See RFC 5321".into()),
            "QUIT" => self.carry_out(SmtpCommand::Quit, line, out, |_| "221 2.0.0 Bye".into()),
            _ => self.carry_out(SmtpCommand::Other, line, out, |_| "502 5.5.1 Not implemented".into()),
        }
    }

    fn ehlo(&mut self, verb: &str, name: &str) -> Answer {
        if name.is_empty() {
            return "501 5.5.4 Name missing".into();
        }
        self.state.helo = name.to_owned();
        self.state.transaction = None;
        let config = &self.mta.0.config;
        let mut lines = vec![config.host_name.as_str()];
        if verb == "EHLO" {
            lines.extend(config.keywords.iter().map(String::as_str));
        }
        let last = lines.pop().unwrap_or_default();
        let before: String = lines.iter().map(|line| format!("250-{line}\r\n")).collect();
        format!("{before}250 {last}")
    }

    fn auth(&mut self, argument: &str, out: &mut Vec<u8>) -> Step {
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        let mechanism = mechanism.to_ascii_uppercase();
        let refusal = if self.state.login.is_some() || self.state.transaction.is_some() {
            Some("503 5.5.1 Not now")
        } else if !self.mta.has_mechanism(&mechanism) {
            Some("504 5.5.4 Unknown mechanism")
        } else {
            None
        };
        if let Some(refusal) = refusal {
            return self.carry_out(SmtpCommand::Auth, "AUTH", out, |_| refusal.into());
        }
        match (mechanism.as_str(), initial) {
            ("PLAIN", "") => self.prompt(Phase::Plain, "", out),
            ("PLAIN", response) => self.plain(response, out),
            ("LOGIN", "") => self.prompt(Phase::LoginName, "VXNlcm5hbWU6", out),
            ("LOGIN", name) => self.login_name(name, out),
            _ => self.carry_out(SmtpCommand::Auth, "AUTH", out, |_| "504 5.5.4 Unknown mechanism".into()),
        }
    }

    fn prompt(&mut self, phase: Phase, challenge: &str, out: &mut Vec<u8>) -> Step {
        self.phase = phase;
        out.extend_from_slice(format!("334 {challenge}\r\n").as_bytes());
        Step::CONTINUE
    }

    fn plain(&mut self, response: &str, out: &mut Vec<u8>) -> Step {
        self.log_in("AUTH PLAIN", credentials::plain(response), out)
    }

    fn login_name(&mut self, name: &str, out: &mut Vec<u8>) -> Step {
        self.prompt(Phase::LoginPassword(credentials::text(name)), "UGFzc3dvcmQ6", out)
    }

    fn log_in(&mut self, line: &str, credentials: Option<(String, Secret)>, out: &mut Vec<u8>) -> Step {
        self.carry_out(SmtpCommand::Auth, line, out, |this| {
            let Some((user, password)) = credentials else {
                return "501 5.5.2 Malformed credentials".into();
            };
            match this.mta.0.mailboxes.log_in(&user, &password) {
                Some(mailbox) => {
                    this.state.login = Some(mailbox.address().clone());
                    "235 2.7.0 Welcome".into()
                }
                None => "535 5.7.8 Wrong credentials".into(),
            }
        })
    }

    fn mail(&mut self, argument: &str) -> Answer {
        let config = &self.mta.0.config;
        let Some(login) = &self.state.login else {
            return "530 5.7.0 Authentication required".into();
        };
        if self.state.transaction.is_some() {
            return "503 5.5.1 One mail at a time".into();
        }
        let Some((sender, parameters)) = strip_prefix(argument, "FROM:").and_then(path) else {
            return "501 5.1.7 Malformed sender".into();
        };
        if let Some(refusal) = self.refuse_parameters(&parameters, &MAIL_PARAMETERS) {
            return refusal;
        }
        let size = parameters.iter().find(|parameter| parameter.keyword == "SIZE");
        match size.map(|size| size.value.parse::<usize>()) {
            Some(Err(_)) => return "501 5.5.4 Malformed SIZE".into(),
            Some(Ok(size)) if size > config.max_size => return "552 5.3.4 Too large".into(),
            _ => {}
        }
        if config.checks_originator && sender != *login {
            return "553 5.7.1 The sender is not the login".into();
        }
        self.state.transaction = Some(Transaction { sender, recipients: Vec::new() });
        "250 2.1.0 Sender OK".into()
    }

    fn rcpt(&mut self, argument: &str) -> Answer {
        let recipient = strip_prefix(argument, "TO:").and_then(path);
        let refusal = recipient
            .as_ref()
            .and_then(|(_, parameters)| self.refuse_parameters(parameters, &RCPT_PARAMETERS));
        let Some(transaction) = &mut self.state.transaction else {
            return "503 5.5.1 MAIL first".into();
        };
        let Some((recipient, _)) = recipient else {
            return "501 5.1.3 Malformed recipient".into();
        };
        if let Some(refusal) = refusal {
            return refusal;
        }
        if transaction.recipients.len() >= self.mta.0.config.max_recipients {
            return "452 4.5.3 Too many recipients".into();
        }
        if self.mta.0.mailboxes.mailbox(&recipient).is_none() {
            return "550 5.1.1 No such mailbox".into();
        }
        transaction.recipients.push(recipient);
        "250 2.1.5 Recipient OK".into()
    }

    /// The answer to parameters that do not exist here, or whose extension is not announced.
    fn refuse_parameters(&self, parameters: &[Parameter], known: &[(&str, &str)]) -> Option<Answer> {
        let accepted = |parameter: &Parameter| {
            known.iter().any(|(keyword, of)| *keyword == parameter.keyword && self.mta.has_keyword(of))
        };
        (!parameters.iter().all(accepted)).then(|| "555 5.5.4 Unknown parameter".into())
    }

    fn data(&mut self) -> Answer {
        match &self.state.transaction {
            None => "503 5.5.1 MAIL first".into(),
            Some(transaction) if transaction.recipients.is_empty() => "554 5.5.1 No valid recipients".into(),
            Some(_) => {
                self.phase = Phase::Message(Incoming::new(self.mta.0.config.max_size));
                "354 End with a dot".into()
            }
        }
    }

    fn message(&mut self, incoming: Incoming, out: &mut Vec<u8>) -> Step {
        let transaction = self.state.transaction.take();
        let message = incoming.into_message();
        let line = message.as_ref().map_or("too large".into(), |message| format!("{} octets", message.len()));
        self.carry_out(SmtpCommand::Message, &line, out, |this| {
            let (Some(transaction), Some(message)) = (transaction, message) else {
                return "552 5.3.4 Too large".into();
            };
            if this.mta.0.config.checks_originator {
                let verdict = originator::check(&transaction, &message);
                if let Err(forged) = verdict {
                    return refuse_originator(forged);
                }
            }
            let number = this.mta.deliver(&transaction, &message, &this.state.helo, &this.peer);
            format!("250 2.0.0 Taken over as {number}")
        })
    }
}

/// The parameters of MAIL and the keyword that announces each.
const MAIL_PARAMETERS: [(&str, &str); 5] =
    [("SIZE", "SIZE"), ("BODY", "8BITMIME"), ("RET", "DSN"), ("ENVID", "DSN"), ("AUTH", "AUTH")];

/// The parameters of RCPT and the keyword that announces each.
const RCPT_PARAMETERS: [(&str, &str); 2] = [("NOTIFY", "DSN"), ("ORCPT", "DSN")];

fn refuse_originator(forged: Forged) -> Answer {
    let text = match forged {
        Forged::NoFrom => "No address in From",
        Forged::From => "From is not the sender",
        Forged::Sender => "Sender is not the sender of the envelope",
        Forged::ReplyTo => "Reply-To is not in KIM",
    };
    format!("550 5.7.1 {text}")
}

impl Session for SmtpSession {
    fn greet(&mut self, out: &mut Vec<u8>) -> Step {
        self.carry_out(SmtpCommand::Greeting, "", out, |this| {
            format!("220 {} ESMTP", this.mta.0.config.host_name)
        })
    }

    fn receive(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Step {
        if let Phase::Message(incoming) = &mut self.phase {
            if !incoming.feed(input) {
                return Step::CONTINUE;
            }
            return match std::mem::replace(&mut self.phase, Phase::Command) {
                Phase::Message(incoming) => self.message(incoming, out),
                _ => Step::CONTINUE,
            };
        }
        let line = match self.lines.next(input) {
            None => return Step::CONTINUE,
            Some(CommandLine::TooLong) => {
                return self.carry_out(SmtpCommand::Other, "", out, |_| "500 5.5.2 Line too long".into());
            }
            Some(CommandLine::Text(line)) => line,
        };
        match std::mem::replace(&mut self.phase, Phase::Command) {
            Phase::Plain | Phase::LoginName | Phase::LoginPassword(_) if line == "*" => {
                self.carry_out(SmtpCommand::Auth, "AUTH", out, |_| "501 5.7.0 Cancelled".into())
            }
            Phase::Plain => self.plain(&line, out),
            Phase::LoginName => self.login_name(&line, out),
            Phase::LoginPassword(name) => {
                self.log_in("AUTH LOGIN", name.zip(credentials::secret(&line)), out)
            }
            Phase::Command | Phase::Message(_) => self.command(&line, out),
        }
    }
}

impl fmt::Debug for SmtpSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSession").field("connection", &self.connection).finish_non_exhaustive()
    }
}
