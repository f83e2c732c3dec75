//! Lines have limits, and a client that exceeds them is told so and goes on.
#![expect(clippy::panic, clippy::disallowed_methods, reason = "a test may fail loudly and makes up a time")]

#[path = "session/driver.rs"]
mod driver;

use driver::Driver;
use kim_pop3::{Config, Event, LoginFailure, MAX_COMMAND_OCTETS, MAX_REPLY_OCTETS, Wait};

#[test]
fn a_long_command_is_refused_and_the_next_one_works() {
    let mut session = Driver::start(Config::default());
    session.out.client.clear();
    session.client(&format!("{}\r\nCAPA\r\n", "x".repeat(MAX_COMMAND_OCTETS + 1)));
    assert_eq!(session.out.events, [Event::LineTooLong]);
    assert!(session.out.client.starts_with(b"-ERR Zeile"));
    assert!(session.out.client.ends_with(b"UIDL\r\n.\r\n"));
}

#[test]
fn a_command_may_be_as_long_as_the_limit() {
    let mut session = Driver::logged_in();
    let command = format!("NOOP {}", "x".repeat(MAX_COMMAND_OCTETS - 5));
    session.client(&format!("{command}\r\n{command}x\r\n"));
    assert_eq!(session.out.server, format!("{command}\r\n").into_bytes());
    session.server("+OK\r\n");
    assert_eq!(session.out.events, [Event::LineTooLong]);
    assert!(matches!(session.wait, Wait::For { .. }));
}

#[test]
fn a_long_response_of_auth_ends_the_exchange() {
    let mut session = Driver::start(Config::default());
    session.client(&format!("AUTH PLAIN\r\n{}\r\nQUIT\r\n", "A".repeat(MAX_COMMAND_OCTETS + 1)));
    assert_eq!(session.out.events, [Event::LineTooLong]);
    assert!(session.out.client.ends_with(b"+OK\r\n"));
    assert_eq!(session.wait, Wait::Closed);
}

#[test]
fn a_server_with_long_replies_is_broken() {
    let flood = "x".repeat(MAX_REPLY_OCTETS + 1);
    let mut session = Driver::logged_in();
    session.client("NOOP\r\n");
    session.server(&format!("{flood}\r\n"));
    assert_eq!((session.out.events.as_slice(), session.wait), (&[Event::ServerBroken][..], Wait::Closed));

    let mut session = Driver::logged_in();
    session.server(&format!("{flood}\r\n"));
    assert_eq!((session.out.events.as_slice(), session.wait), (&[Event::ServerBroken][..], Wait::Closed));
}

#[test]
fn a_server_that_floods_the_login_is_given_up() {
    for flood in
        ["x".repeat(MAX_REPLY_OCTETS + 1) + "\r\n", "+OK\r\n+OK\r\n".to_owned() + &"X\r\n".repeat(201)]
    {
        let mut session = Driver::start(Config::default());
        session.client("USER a@x.kim.telematik##M#C#W\r\nPASS p\r\n");
        let answer = session.login();
        session.give(kim_pop3::Input::Answer(answer));
        session.server(&flood);
        assert_eq!(session.out.events, [Event::LoginFailed(LoginFailure::Server)]);
        assert!(session.out.close_server);
        assert!(matches!(session.wait, Wait::For { client: true, server: false, .. }));
    }
}

#[test]
fn listings_and_messages_may_have_lines_of_any_length() {
    let mut session = Driver::logged_in();
    let line = "x".repeat(100_000);
    session.client("TOP 1 0\r\n");
    session.server(&format!("+OK\r\n{line}\r\n.\r\n"));
    assert_eq!(session.out.client, format!("+OK\r\n{line}\r\n.\r\n").into_bytes());
    session.client("RETR 1\r\n");
    session.server(&format!("+OK\r\n{line}\r\n.\r\n"));
    assert_eq!(session.out.content, format!("{line}\r\n").into_bytes());
    let answer = session.open();
    session.give(kim_pop3::Input::Answer(answer));
    assert!(matches!(session.wait, Wait::For { content: true, .. }));
}
