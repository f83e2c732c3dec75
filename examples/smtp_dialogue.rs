//! What the SMTP machine says to both sides while a mail goes out: `cargo run --example smtp_dialogue`.
//!
//! No network: a script plays mail program and MTA, and the mail passes unprotected.

use std::time::Instant;

use kim_smtp::{Answer, Call, Config, Input, Output, Proxy, Wait};
use kim_types::Reply;

const MAIL: &str = "From: praxis@a.kim.telematik\r\nTo: labor@b.kim.telematik\r\n\r\nBefund\r\n";

/// Who says what, in order. The user name of AUTH is `a@b.kim.telematik##M#C#W`, the password `pass`.
const SCRIPT: &[(Side, &str)] = &[
    (Side::Client, "EHLO pvs\r\n"),
    (Side::Client, "AUTH PLAIN AGFAYi5raW0udGVsZW1hdGlrIyNNI0MjVwBwYXNz\r\n"),
    (Side::Server, "220 mta ESMTP\r\n"),
    (Side::Server, "250-mta\r\n250-SIZE\r\n250-DSN\r\n250 AUTH PLAIN\r\n"),
    (Side::Server, "235 welcome\r\n"),
    (Side::Client, "MAIL FROM:<a@b.kim.telematik>\r\n"),
    (Side::Client, "RCPT TO:<labor@b.kim.telematik>\r\n"),
    (Side::Client, "DATA\r\n"),
    (Side::Client, MAIL),
    (Side::Client, ".\r\n"),
    (Side::Server, "250 sender ok\r\n"),
    (Side::Server, "250 recipient ok\r\n"),
    (Side::Server, "354 go ahead\r\n"),
    (Side::Server, "250 queued\r\n"),
    (Side::Client, "QUIT\r\n"),
    (Side::Server, "221 bye\r\n"),
];

#[derive(Clone, Copy)]
enum Side {
    Client,
    Server,
}

fn main() {
    let mut session = Session { proxy: Proxy::new(Config::default(), Instant::now()), mail: Vec::new() };
    session.handle(Input::Start);
    for (side, text) in SCRIPT {
        show(if matches!(side, Side::Client) { "client says" } else { "MTA says" }, text.as_bytes());
        session.handle(match side {
            Side::Client => Input::Client(text.as_bytes()),
            Side::Server => Input::Server(text.as_bytes()),
        });
    }
}

/// A driver without sockets.
struct Session {
    proxy: Proxy,
    mail: Vec<u8>,
}

impl Session {
    fn handle(&mut self, input: Input<'_>) {
        let mut out = Output::default();
        let wait = self.proxy.handle(input, Instant::now(), &mut out);
        show("  client hears", &out.client);
        show("  MTA hears", &out.server);
        self.mail.extend(out.content);
        if let Some(call) = out.call {
            let answer = self.answer(call);
            self.handle(Input::Answer(answer));
        } else if matches!(wait, Wait::For { content: true, .. }) && !self.mail.is_empty() {
            // This is where a real driver sends the protected mail.
            let mail = std::mem::take(&mut self.mail);
            self.handle(Input::Content(&mail));
            self.handle(Input::ContentEnd);
        }
    }

    fn answer(&self, call: Call) -> Answer {
        match call {
            Call::Login(login) => login.connected(),
            Call::Process(process) => match process.envelope().cloned() {
                Some(envelope) => process.deliver(envelope, self.mail.len().try_into().unwrap_or(u64::MAX)),
                None if process.delivery().is_some() => process.reply(Reply::new(250, "OK")),
                None => process.done(),
            },
        }
    }
}

#[expect(clippy::print_stdout, reason = "the output of a program")]
fn show(who: &str, octets: &[u8]) {
    for line in String::from_utf8_lossy(octets).lines() {
        println!("{who:15} {line}");
    }
}
