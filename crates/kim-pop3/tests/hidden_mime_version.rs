//! MIME-Version can be kept from a client that takes the answer to TOP for the whole mail.
#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test may fail loudly and makes up a time"
)]

use std::time::Instant;

use kim_pop3::{Answer, Call, Config, Input, Output, Proxy};

/// What a client gets for its TOP.
fn top(config: Config) -> Vec<u8> {
    let (now, mut out) = (Instant::now(), Output::default());
    let mut proxy = Proxy::new(config, now);
    proxy.handle(Input::Start, now, &mut out);
    let commands = b"USER a@x.kim.telematik##M#C#W\r\nPASS p\r\nTOP 1 0\r\n";
    proxy.handle(Input::Client(commands), now, &mut out);
    let connected: Option<Answer> = match out.call.take() {
        Some(Call::Login(login)) => Some(login.connected()),
        _ => None,
    };
    proxy.handle(Input::Answer(connected.expect("a login")), now, &mut out);
    proxy.handle(Input::Server(b"+OK\r\n-ERR\r\n+OK\r\n+OK\r\n"), now, &mut out);
    out.client.clear();
    let answer = b"+OK\r\nMIME-Version: 1.0\r\nSubject: x\r\n\r\n.\r\n";
    proxy.handle(Input::Server(answer), now, &mut out);
    out.client
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2041
#[test]
fn it_is_shown_unless_configured_otherwise() {
    assert_eq!(top(Config::default()), b"+OK\r\nMIME-Version: 1.0\r\nSubject: x\r\n\r\n.\r\n");
    let hidden = Config { hide_mime_version: true, ..Config::default() };
    assert_eq!(top(hidden), b"+OK\r\nSubject: x\r\n\r\n.\r\n");
}
