//! A peer is read only while its octets are of use.
#![expect(clippy::panic, clippy::disallowed_methods, reason = "a test may fail loudly and makes up a time")]

#[path = "session/driver.rs"]
mod driver;

use driver::Driver;
use kim_pop3::{Config, Input, MAX_BACKLOG_OCTETS, Wait};

fn reads(wait: Wait) -> (bool, bool, bool) {
    match wait {
        Wait::For { client, server, content, .. } => (client, server, content),
        Wait::Closed => panic!("the session is over"),
    }
}

#[test]
fn a_client_that_sends_far_ahead_is_not_read_until_its_commands_were_carried_out() {
    let mut session = Driver::logged_in();
    let commands = MAX_BACKLOG_OCTETS / 6 + 2;
    session.client(&"NOOP\r\n".repeat(commands));
    assert_eq!(session.out.server, b"NOOP\r\n");
    assert_eq!(reads(session.wait), (false, true, false));
    session.server(&"+OK\r\n".repeat(commands));
    assert_eq!(session.out.server, "NOOP\r\n".repeat(commands).into_bytes());
    assert_eq!(session.out.client, "+OK\r\n".repeat(commands).into_bytes());
    assert_eq!(reads(session.wait), (true, true, false));
}

#[test]
fn the_server_waits_while_a_message_is_opened_and_delivered() {
    let mut session = Driver::logged_in();
    session.client("RETR 1\r\n");
    assert_eq!(reads(session.wait), (true, true, false));
    session.server("+OK\r\nx\r\n.\r\n");
    assert_eq!(reads(session.wait), (true, false, false));
    let answer = session.open();
    session.give(Input::Answer(answer));
    assert_eq!(reads(session.wait), (true, false, true));
    session.give(Input::ContentEnd);
    assert_eq!(reads(session.wait), (true, true, false));
}

#[test]
fn there_is_no_server_to_read_before_the_driver_is_connected() {
    let mut session = Driver::start(Config::default());
    assert_eq!(reads(session.wait), (true, false, false));
    session.client("USER a@x.kim.telematik##M#C#W\r\nPASS p\r\n");
    assert_eq!(reads(session.wait), (true, false, false));
    let answer = session.login();
    session.give(Input::Answer(answer));
    assert_eq!(reads(session.wait), (true, true, false));
}

#[test]
fn a_command_of_a_client_that_never_ends_is_not_kept() {
    let mut session = Driver::logged_in();
    for _ in 0..1000 {
        session.client(&"x".repeat(1000));
        assert_eq!(reads(session.wait), (true, true, false));
    }
    assert!(!format!("{:?}", session.proxy).contains("1000000"));
}
