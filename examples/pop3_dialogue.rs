//! What the POP3 machine says to both sides while a message is fetched: `cargo run --example pop3_dialogue`.
//!
//! No network: a script plays mail program and server, and the message is shown as it is.

use std::time::Instant;

use kim_pop3::{Answer, Call, Config, Input, Output, Proxy, Wait};

/// Who says what, in order.
const SCRIPT: &[(Side, &str)] = &[
    (Side::Client, "USER a@b.kim.telematik#mail.b.kim.telematik:995#M#C#W\r\n"),
    (Side::Client, "PASS pass\r\n"),
    (Side::Server, "+OK ready\r\n"),
    (Side::Server, "+OK\r\nUSER\r\n.\r\n"),
    (Side::Server, "+OK\r\n"),
    (Side::Server, "+OK\r\n"),
    (Side::Client, "STAT\r\n"),
    (Side::Server, "+OK 1 34\r\n"),
    (Side::Client, "RETR 1\r\n"),
    (Side::Server, "+OK\r\nSubject: KOM-LE-Nachricht\r\n\r\n...\r\n.\r\n"),
    (Side::Client, "QUIT\r\n"),
    (Side::Server, "+OK bye\r\n"),
];

#[derive(Clone, Copy)]
enum Side {
    Client,
    Server,
}

fn main() {
    let mut session = Session { proxy: Proxy::new(Config::default(), Instant::now()), message: Vec::new() };
    session.handle(Input::Start);
    for (side, text) in SCRIPT {
        show(if matches!(side, Side::Client) { "client says" } else { "server says" }, text.as_bytes());
        session.handle(match side {
            Side::Client => Input::Client(text.as_bytes()),
            Side::Server => Input::Server(text.as_bytes()),
        });
    }
}

/// A driver without sockets.
struct Session {
    proxy: Proxy,
    message: Vec<u8>,
}

impl Session {
    fn handle(&mut self, input: Input<'_>) {
        let mut out = Output::default();
        let wait = self.proxy.handle(input, Instant::now(), &mut out);
        show("  client hears", &out.client);
        show("  server hears", &out.server);
        self.message.extend(out.content);
        if let Some(call) = out.call {
            self.handle(Input::Answer(answer(call)));
        } else if matches!(wait, Wait::For { content: true, .. }) && !self.message.is_empty() {
            // This is where a real driver sends the opened mail.
            let mail = std::mem::take(&mut self.message);
            self.handle(Input::Content(&mail));
            self.handle(Input::ContentEnd);
        }
    }
}

fn answer(call: Call) -> Answer {
    match call {
        Call::Login(login) => login.connected(),
        Call::Open(open) => open.deliver(),
    }
}

#[expect(clippy::print_stdout, reason = "the output of a program")]
fn show(who: &str, octets: &[u8]) {
    for line in String::from_utf8_lossy(octets).lines() {
        println!("{who:15} {line}");
    }
}
