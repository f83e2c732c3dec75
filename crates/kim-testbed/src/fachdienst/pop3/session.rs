//! One connection to the POP3 server: [`Pop3Session`].

use std::fmt;

use bytes::Bytes;
use kim_types::Secret;

use super::maildrop::Maildrop;
use super::{Pop3Command, Pop3Server};
use crate::fachdienst::credentials;
use crate::fachdienst::dots::append_stuffed;
use crate::fachdienst::lines::{CommandLine, CommandLines};
use crate::session::{Session, Step};

/// The server's end of one POP3 connection, inside TLS.
///
/// Spec: RFC 1939.
pub struct Pop3Session {
    server: Pop3Server,
    connection: u64,
    lines: CommandLines,
    phase: Phase,
}

enum Phase {
    /// Not logged in, with the user name once it was given.
    Authorization(Option<String>),
    /// The response of AUTH PLAIN is expected.
    Plain,
    /// Logged in.
    Transaction(Maildrop),
}

/// What a command is answered with.
enum Answer {
    /// One line.
    Line(String),
    /// `+OK`, then the octets with dot-stuffing and a final dot.
    Octets(Bytes),
}

impl Answer {
    fn ok(text: &str) -> Self {
        Self::Line(format!("+OK {text}"))
    }

    fn err(text: &str) -> Self {
        Self::Line(format!("-ERR {text}"))
    }

    fn lines(lines: impl IntoIterator<Item = String>) -> Self {
        Self::Octets(lines.into_iter().map(|line| line + "\r\n").collect::<String>().into())
    }
}

impl Pop3Session {
    pub(super) fn new(server: Pop3Server, connection: u64) -> Self {
        Self { server, connection, lines: CommandLines::default(), phase: Phase::Authorization(None) }
    }

    fn carry_out(
        &mut self,
        command: Pop3Command,
        line: &str,
        out: &mut Vec<u8>,
        run: impl FnOnce(&mut Self) -> Answer,
    ) -> Step {
        let server = self.server.clone();
        server.0.control.carry_out(self.connection, command, line.to_owned(), out, |out| {
            match run(self) {
                Answer::Line(line) => out.extend_from_slice(format!("{line}\r\n").as_bytes()),
                Answer::Octets(octets) => {
                    out.extend_from_slice(b"+OK\r\n");
                    append_stuffed(&octets, out);
                }
            }
            if command == Pop3Command::Quit { Step::CLOSE } else { Step::CONTINUE }
        })
    }

    fn command(&mut self, line: &str, out: &mut Vec<u8>) -> Step {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let verb = verb.to_ascii_uppercase();
        match verb.as_str() {
            "CAPA" => self.carry_out(Pop3Command::Capa, line, out, |this| {
                Answer::lines(this.server.0.config.capabilities.clone())
            }),
            "USER" => self.carry_out(Pop3Command::User, line, out, |this| this.user(argument)),
            "PASS" => self.carry_out(Pop3Command::Pass, "PASS", out, |this| this.pass(argument)),
            "AUTH" => self.auth(argument, out),
            "QUIT" => self.carry_out(Pop3Command::Quit, line, out, Self::quit),
            _ => {
                let command = transaction_command(&verb);
                self.carry_out(command, line, out, |this| match &mut this.phase {
                    Phase::Transaction(maildrop) => answer(maildrop, command, argument),
                    Phase::Authorization(_) | Phase::Plain => Answer::err("Not logged in"),
                })
            }
        }
    }

    fn user(&mut self, name: &str) -> Answer {
        match &mut self.phase {
            Phase::Authorization(user) => {
                *user = Some(name.to_owned());
                Answer::ok("Password, please")
            }
            Phase::Transaction(_) | Phase::Plain => Answer::err("Logged in already"),
        }
    }

    fn pass(&mut self, password: &str) -> Answer {
        match &mut self.phase {
            Phase::Authorization(user) => match user.take() {
                Some(user) => self.log_in(&user, &Secret::from(password)),
                None => Answer::err("USER first"),
            },
            Phase::Transaction(_) | Phase::Plain => Answer::err("Logged in already"),
        }
    }

    fn auth(&mut self, argument: &str, out: &mut Vec<u8>) -> Step {
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        if !matches!(self.phase, Phase::Authorization(_)) {
            return self.carry_out(Pop3Command::Auth, "AUTH", out, |_| Answer::err("Logged in already"));
        }
        if !mechanism.eq_ignore_ascii_case("PLAIN") {
            return self.carry_out(Pop3Command::Auth, "AUTH", out, |_| Answer::err("Unknown mechanism"));
        }
        if initial.is_empty() {
            self.phase = Phase::Plain;
            out.extend_from_slice(b"+ \r\n");
            return Step::CONTINUE;
        }
        self.plain(initial, out)
    }

    fn plain(&mut self, response: &str, out: &mut Vec<u8>) -> Step {
        self.phase = Phase::Authorization(None);
        self.carry_out(Pop3Command::Auth, "AUTH PLAIN", out, |this| match credentials::plain(response) {
            Some((user, password)) => this.log_in(&user, &password),
            None => Answer::err("Malformed credentials"),
        })
    }

    fn log_in(&mut self, user: &str, password: &Secret) -> Answer {
        match self.server.0.mailboxes.log_in(user, password) {
            Some(mailbox) => {
                self.phase = Phase::Transaction(Maildrop::open(mailbox));
                Answer::ok("Welcome")
            }
            None => Answer::err("[AUTH] Wrong credentials"),
        }
    }

    fn quit(&mut self) -> Answer {
        if let Phase::Transaction(maildrop) = std::mem::replace(&mut self.phase, Phase::Authorization(None)) {
            maildrop.commit();
        }
        Answer::ok("Bye")
    }
}

fn transaction_command(verb: &str) -> Pop3Command {
    match verb {
        "STAT" => Pop3Command::Stat,
        "LIST" => Pop3Command::List,
        "UIDL" => Pop3Command::Uidl,
        "RETR" => Pop3Command::Retr,
        "TOP" => Pop3Command::Top,
        "DELE" => Pop3Command::Dele,
        "RSET" => Pop3Command::Rset,
        "NOOP" => Pop3Command::Noop,
        _ => Pop3Command::Other,
    }
}

fn answer(maildrop: &mut Maildrop, command: Pop3Command, argument: &str) -> Answer {
    const NO_SUCH_MAIL: &str = "No such mail";
    match command {
        Pop3Command::Stat => {
            let octets: usize = maildrop.mails().map(|(_, mail)| mail.octets.len()).sum();
            Answer::ok(&format!("{} {octets}", maildrop.mails().count()))
        }
        Pop3Command::List if argument.is_empty() => {
            Answer::lines(maildrop.mails().map(|(number, mail)| format!("{number} {}", mail.octets.len())))
        }
        Pop3Command::Uidl if argument.is_empty() => {
            Answer::lines(maildrop.mails().map(|(number, mail)| format!("{number} {}", mail.uid)))
        }
        Pop3Command::List => match maildrop.mail(argument) {
            Some(mail) => Answer::ok(&format!("{argument} {}", mail.octets.len())),
            None => Answer::err(NO_SUCH_MAIL),
        },
        Pop3Command::Uidl => match maildrop.mail(argument) {
            Some(mail) => Answer::ok(&format!("{argument} {}", mail.uid)),
            None => Answer::err(NO_SUCH_MAIL),
        },
        Pop3Command::Retr => match maildrop.mail(argument) {
            Some(mail) => Answer::Octets(mail.octets.clone()),
            None => Answer::err(NO_SUCH_MAIL),
        },
        Pop3Command::Top => {
            let (number, lines) = argument.split_once(' ').unwrap_or((argument, ""));
            match (maildrop.mail(number), lines.parse()) {
                (Some(mail), Ok(lines)) => Answer::Octets(top(&mail.octets, lines).into()),
                (None, _) => Answer::err(NO_SUCH_MAIL),
                (_, Err(_)) => Answer::err("Number of lines missing"),
            }
        }
        Pop3Command::Dele if maildrop.delete(argument) => Answer::ok("Deleted"),
        Pop3Command::Dele => Answer::err(NO_SUCH_MAIL),
        Pop3Command::Rset => {
            maildrop.reset();
            Answer::ok("Reset")
        }
        Pop3Command::Noop => Answer::ok(""),
        _ => Answer::err("Unknown command"),
    }
}

/// The header, the empty line and the first `lines` lines of the body.
fn top(mail: &[u8], lines: usize) -> Vec<u8> {
    let mut body_lines = None;
    let mut top = Vec::new();
    for line in mail.split_inclusive(|octet| *octet == b'\n') {
        if body_lines == Some(lines) {
            break;
        }
        top.extend_from_slice(line);
        body_lines = match body_lines {
            None if line == b"\r\n" => Some(0),
            None => None,
            Some(count) => Some(count.saturating_add(1)),
        };
    }
    top
}

impl Session for Pop3Session {
    fn greet(&mut self, out: &mut Vec<u8>) -> Step {
        self.carry_out(Pop3Command::Greeting, "", out, |_| Answer::ok("POP3 of the testbed"))
    }

    fn receive(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Step {
        match self.lines.next(input) {
            None => Step::CONTINUE,
            Some(CommandLine::TooLong) => {
                self.carry_out(Pop3Command::Other, "", out, |_| Answer::err("Line too long"))
            }
            Some(CommandLine::Text(line)) if matches!(self.phase, Phase::Plain) => self.plain(&line, out),
            Some(CommandLine::Text(line)) => self.command(&line, out),
        }
    }
}

impl fmt::Debug for Pop3Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pop3Session").field("connection", &self.connection).finish_non_exhaustive()
    }
}
