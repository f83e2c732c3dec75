//! What no call waits for is ignored and reported: a mistake of the driver must not confuse a session.
#![expect(clippy::panic, clippy::disallowed_methods, reason = "a test may fail loudly and makes up a time")]

#[path = "session/driver.rs"]
mod driver;

use driver::Driver;
use kim_pop3::{Config, Event, Input, Wait};

/// An answer to the second call of a session, a message.
fn kept_answer() -> kim_pop3::Answer {
    let mut other = Driver::logged_in();
    other.client("RETR 1\r\n");
    other.server("+OK\r\n.\r\n");
    other.open()
}

#[test]
fn an_answer_without_a_call_is_ignored() {
    for mut session in [Driver::start(Config::default()), Driver::logged_in()] {
        session.give(Input::Answer(kept_answer()));
        assert_eq!(session.out.events, [Event::InputIgnored]);
    }
}

#[test]
fn an_answer_to_another_call_is_ignored() {
    let mut session = Driver::start(Config::default());
    session.client("USER a@x.kim.telematik##M#C#W\r\nPASS p\r\n");
    session.give(Input::Answer(kept_answer()));
    assert_eq!(session.out.events, [Event::InputIgnored]);
    let answer = session.login();
    session.give(Input::Answer(answer));
    session.server("+OK\r\n");
    assert_eq!(session.out.server, b"CAPA\r\n");

    let mut session = Driver::logged_in();
    for number in [1, 2] {
        session.client(&format!("RETR {number}\r\n"));
        session.server("+OK\r\n.\r\n");
        if number == 2 {
            session.give(Input::Answer(kept_answer()));
            assert_eq!(session.out.events.last(), Some(&Event::InputIgnored));
            assert!(matches!(session.wait, Wait::For { content: false, .. }));
        }
        let answer = session.open();
        session.give(Input::Answer(answer));
        session.give(Input::ContentEnd);
    }
    assert_eq!(session.out.events.last(), Some(&Event::MessageDelivered { number: 2 }));
}

#[test]
fn content_nobody_asked_for_does_not_reach_the_client() {
    let mut session = Driver::logged_in();
    session.give(Input::Content(b"+OK forged\r\n"));
    session.give(Input::ContentEnd);
    session.client("RETR 1\r\n");
    session.give(Input::Content(b"x"));
    session.server("+OK\r\n.\r\n");
    session.give(Input::ContentEnd);
    assert_eq!(session.out.client, b"+OK\r\n");
    let ignored = session.out.events.iter().filter(|event| **event == Event::InputIgnored).count();
    assert_eq!(ignored, 4);
}

/// Spec: none — an impatient client sees that something comes (flows R2).
#[test]
fn the_first_octets_of_a_mail_are_given_out_while_it_is_opened() {
    let mut session = Driver::logged_in();
    session.client("RETR 1\r\n");
    session.server("+OK\r\nsecret\r\n.\r\n");
    for octet in [b".", b"a", b"\r", b"\n"] {
        session.give(Input::Content(octet));
    }
    // Stuffed like all content; the client reads on.
    assert_eq!(session.out.client, b"+OK\r\n..a\r\n");
    let answer = session.open();
    session.give(Input::Answer(answer));
    session.give(Input::Content(b".b\r\n"));
    session.give(Input::ContentEnd);
    assert_eq!(session.out.client, b"+OK\r\n..a\r\n..b\r\n.\r\n");
}

#[test]
fn octets_of_a_server_that_was_given_up_are_nobodys() {
    let mut session = Driver::start(Config::default());
    session.client("USER a@x.kim.telematik##M#C#W\r\nPASS p\r\n");
    let answer = session.login();
    session.give(Input::Answer(answer));
    session.server("-ERR full\r\n+OK late\r\n");
    session.server("+OK later\r\n");
    session.give(Input::ServerClosed);
    session.client("USER a@x.kim.telematik##M#C#W\r\nPASS p\r\n");
    let answer = session.login();
    session.give(Input::Answer(answer));
    assert!(session.out.server.is_empty());
    session.server("+OK\r\n");
    assert_eq!(session.out.server, b"CAPA\r\n");
}

#[test]
fn a_session_that_is_over_stays_over() {
    let mut session = Driver::logged_in();
    session.give(Input::ClientClosed);
    assert_eq!(session.out.events, [Event::ClientLost]);
    for input in [Input::Start, Input::Client(b"CAPA\r\n"), Input::Server(b"+OK\r\n"), Input::Tick] {
        session.give(input);
        assert_eq!(session.wait, Wait::Closed);
    }
    assert!(session.out.client.is_empty() && session.out.events.len() == 1);
}
