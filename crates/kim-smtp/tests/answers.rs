//! An answer to a call that is not open is ignored.
#![expect(clippy::panic, reason = "a test may fail loudly")]
#![expect(clippy::disallowed_methods, reason = "a test makes up a time")]

use std::time::Instant;

use kim_smtp::{Answer, Call, Config, Event, Input, Output, Proxy, Wait};

const AUTH: &[u8] = b"AUTH PLAIN AGFAYi5raW0udGVsZW1hdGlrIyNNI0MjVwBwYXNz\r\n";

/// A session that asks for a login, and the answer to it.
fn calling(now: Instant) -> (Proxy, Answer) {
    let mut proxy = Proxy::new(Config::default(), now);
    let mut out = Output::default();
    proxy.handle(Input::Start, now, &mut out);
    proxy.handle(Input::Client(AUTH), now, &mut out);
    let Some(Call::Login(login)) = out.call.take() else { panic!("no login") };
    (proxy, login.connected())
}

#[test]
fn an_answer_from_before_is_ignored() {
    let now = Instant::now();
    let (_, old) = calling(now);
    let (mut proxy, answer) = calling(now);
    let mut out = Output::default();
    proxy.handle(Input::Answer(answer), now, &mut out);
    proxy.handle(Input::Server(b"554 no\r\n"), now, &mut out);
    proxy.handle(Input::Client(AUTH), now, &mut out);
    assert!(matches!(out.call.take(), Some(Call::Login(_))));

    out = Output::default();
    let wait = proxy.handle(Input::Answer(old), now, &mut out);
    assert_eq!(out.events, [Event::InputIgnored]);
    assert!(matches!(wait, Wait::For { server: false, .. }), "{wait:?}");
}

#[test]
fn answers_and_content_nobody_asked_for_are_ignored() {
    let now = Instant::now();
    let (mut proxy, answer) = calling(now);
    let mut out = Output::default();
    proxy.handle(Input::Content(b"x"), now, &mut out);
    proxy.handle(Input::ContentEnd, now, &mut out);
    proxy.handle(Input::ClientClosed, now, &mut out);
    let wait = proxy.handle(Input::Answer(answer), now, &mut out);
    assert_eq!(wait, Wait::Closed);
    let ignored = out.events.iter().filter(|event| **event == Event::InputIgnored);
    assert_eq!(ignored.count(), 3);
    assert!(out.server.is_empty());
}
