//! What was decided where the specification leaves a question about SMTP open.
#![expect(clippy::panic, reason = "a test may fail loudly")]
#![expect(clippy::disallowed_methods, reason = "a test makes up a time")]

use std::time::Instant;

use kim_smtp::{Call, Config, Input, MIN_SIZE, Output, Proxy};

/// What a client and an MTA get while the client sends this before its login.
fn answer(config: Config, command: &[u8]) -> Output {
    let now = Instant::now();
    let mut proxy = Proxy::new(config, now);
    proxy.handle(Input::Start, now, &mut Output::default());
    let mut out = Output::default();
    proxy.handle(Input::Client(command), now, &mut out);
    out
}

/// The same after a login at an MTA that offers everything.
fn answer_after_login(command: &[u8]) -> Output {
    let now = Instant::now();
    let mut proxy = Proxy::new(Config::default(), now);
    let mut out = Output::default();
    proxy.handle(Input::Start, now, &mut out);
    proxy.handle(Input::Client(b"AUTH PLAIN AGFAYi5raW0udGVsZW1hdGlrIyNNI0MjVwBwYXNz\r\n"), now, &mut out);
    let Some(Call::Login(login)) = out.call.take() else { panic!("no login") };
    proxy.handle(Input::Answer(login.connected()), now, &mut out);
    let keywords = b"220 x\r\n250-x\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-STARTTLS\r\n250-BURL\r\n250 AUTH PLAIN\r\n235 x\r\n";
    proxy.handle(Input::Server(keywords), now, &mut out);
    out = Output::default();
    proxy.handle(Input::Client(command), now, &mut out);
    out
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2008 (spelt in two ways there); RFC 2034; deltas Q1
#[test]
fn q1_the_keyword_is_that_of_rfc_2034() {
    let reply = text(&answer(Config::default(), b"EHLO x\r\n").client);
    assert!(reply.contains("250-ENHANCEDSTATUSCODES\r\n") && !reply.contains("ENCH"), "{reply}");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2008; deltas Q2
#[test]
fn q2_the_announced_size_is_configured_and_never_too_small() {
    for (size, announced) in [(Config::default().size, 734_003_200), (1, MIN_SIZE), (50_000_000, 50_000_000)]
    {
        let reply = text(&answer(Config { size, ..Config::default() }, b"EHLO x\r\n").client);
        assert!(reply.contains(&format!("SIZE {announced}\r\n")), "{size}: {reply}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2018; deltas Q8
#[test]
fn q8_nothing_carries_a_mail_past_the_module() {
    for (command, code) in [
        ("EHLO x", "250"),
        ("HELO x", "250"),
        ("AUTH PLAIN", "503"),
        ("STARTTLS", "502"),
        ("BDAT 5 LAST", "502"),
        ("BURL imap://x LAST", "502"),
    ] {
        let out = answer_after_login(format!("{command}\r\n").as_bytes());
        let reply = text(&out.client);
        assert!(reply.starts_with(code), "{command}: {reply}");
        assert!(out.server.is_empty(), "{command} reached the MTA");
        for keyword in ["PIPELINING", "CHUNKING", "STARTTLS", "BURL"] {
            assert!(!reply.contains(keyword), "{command}: {reply}");
        }
    }
}
