//! The greatest mail: what is larger is swallowed, refused, and does not disturb the next one.
#![expect(clippy::panic, reason = "a test may fail loudly")]
#![expect(clippy::disallowed_methods, reason = "a test makes up a time")]

use std::time::{Duration, Instant};

use kim_smtp::{Call, Config, Event, Input, MIN_SIZE, Output, Proxy, Wait};

const LINE: &[u8] = &[b'x'; 100_000];

/// A session whose client has sent DATA; the configured size is below what is allowed.
fn receiving(now: Instant) -> (Proxy, Output) {
    let mut proxy = Proxy::new(Config { size: 1, ..Config::default() }, now);
    let mut out = Output::default();
    proxy.handle(Input::Start, now, &mut out);
    proxy.handle(Input::Client(b"AUTH PLAIN AGFAYi5raW0udGVsZW1hdGlrIyNNI0MjVwBwYXNz\r\n"), now, &mut out);
    let Some(Call::Login(login)) = out.call.take() else { panic!("no login") };
    proxy.handle(Input::Answer(login.connected()), now, &mut out);
    proxy.handle(Input::Server(b"220 x\r\n250-x\r\n250 AUTH PLAIN\r\n235 x\r\n"), now, &mut out);
    proxy.handle(Input::Client(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"), now, &mut out);
    assert!(out.client.ends_with(b"<CRLF>.<CRLF>\r\n"));
    out = Output::default();
    (proxy, out)
}

/// Sends content until `octets` are complete; how much of it was handed out.
fn send(proxy: &mut Proxy, octets: u64, now: Instant, events: &mut Vec<Event>) -> u64 {
    let (mut left, mut handed_out) = (octets, 0);
    while left > 0 {
        let piece = LINE.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(LINE);
        let mut out = Output::default();
        proxy.handle(Input::Client(piece), now, &mut out);
        events.append(&mut out.events);
        handed_out += out.content.len() as u64;
        left -= piece.len() as u64;
    }
    handed_out
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2008 (never below 35882577); open question Q2
#[test]
fn a_mail_of_the_greatest_size_is_taken() {
    let now = Instant::now();
    let (mut proxy, mut out) = receiving(now);
    let mut events = Vec::new();
    assert_eq!(send(&mut proxy, MIN_SIZE - 2, now, &mut events), MIN_SIZE - 2);
    proxy.handle(Input::Client(b"\r\n.\r\n"), now, &mut out);
    assert!(matches!(&out.call, Some(Call::Process(process)) if process.envelope().is_some()));
    assert_eq!((out.content.as_slice(), events), (&b"\r\n"[..], vec![]));
}

/// Spec: RFC 5321 §4.5.3.1.6 (lines are shorter; others are content all the same)
#[test]
fn a_line_of_100_kb_is_content_and_the_command_after_it_is_one() {
    let now = Instant::now();
    let (mut proxy, mut out) = receiving(now);
    let sent = [LINE, b"\r\n", LINE, b"\r\n.\r\nNOOP\r\n"].concat();
    proxy.handle(Input::Client(&sent), now, &mut out);
    assert!(out.content == [LINE, b"\r\n", LINE, b"\r\n"].concat());
    let Some(Call::Process(process)) = out.call.take() else { panic!("the mail has not ended") };
    assert!(process.envelope().is_some() && out.client.is_empty() && out.server.is_empty());
    proxy.handle(Input::Answer(process.done()), now, &mut out);
    assert!(out.client.starts_with(b"451 "));
    assert_eq!(out.server, b"NOOP\r\n");
}

/// Spec: KIM 1.5.4, A_19355; open question Q13
#[test]
fn a_larger_mail_is_refused_and_the_next_one_is_not_mixed_up_with_it() {
    let now = Instant::now();
    let (mut proxy, mut out) = receiving(now);
    let mut events = Vec::new();
    send(&mut proxy, MIN_SIZE, now, &mut events);
    assert_eq!(events, []);

    // The rest of the mail and the whole of another one, in one piece.
    let rest = b"\r\n.\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nnext\r\n.\r\n";
    let wait = proxy.handle(Input::Client(rest), now, &mut out);
    assert!(out.client.starts_with(b"552 5.3.4 "));
    assert!(out.events.contains(&Event::MessageDiscarded));
    assert!(out.content.is_empty() && out.call.is_none(), "content of two mails in one turn");
    assert!(matches!(wait, Wait::For { until: Some(until), .. } if until <= now), "{wait:?}");

    out = Output::default();
    proxy.handle(Input::Tick, now, &mut out);
    assert_eq!(out.content, b"next\r\n");
    assert!(matches!(out.call, Some(Call::Process(_))));
}

#[test]
fn content_is_void_from_the_first_octet_too_many() {
    let now = Instant::now();
    let (mut proxy, _) = receiving(now);
    let mut events = Vec::new();
    send(&mut proxy, MIN_SIZE + 1, now, &mut events);
    assert_eq!(events, [Event::MessageDiscarded]);
    assert_eq!(send(&mut proxy, 1_000_000, now, &mut events), 0);
    assert_eq!(events, [Event::MessageDiscarded]);
}

#[test]
fn a_reply_to_noop_that_comes_after_the_refusal_is_not_that_to_the_next_command() {
    let mut now = Instant::now();
    let (mut proxy, mut out) = receiving(now);
    send(&mut proxy, MIN_SIZE + 1, now, &mut Vec::new());
    now += Duration::from_secs(60);
    proxy.handle(Input::Tick, now, &mut out);
    assert_eq!(std::mem::take(&mut out.server), b"NOOP\r\n");
    proxy.handle(Input::Client(b"\r\n.\r\nVRFY x\r\n"), now, &mut out);
    assert!(std::mem::take(&mut out.client).starts_with(b"552 5.3.4 "));
    assert!(out.server.is_empty());
    proxy.handle(Input::Server(b"250 2.0.0 OK\r\n"), now, &mut out);
    assert_eq!((out.client.as_slice(), out.server.as_slice()), (&b""[..], &b"VRFY x\r\n"[..]));
    proxy.handle(Input::Server(b"252 x\r\n"), now, &mut out);
    assert_eq!(out.client, b"252 x\r\n");
}
