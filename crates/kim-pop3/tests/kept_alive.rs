//! However long a message is opened and delivered, its server hears something every minute and the client nothing of it.
#![expect(clippy::panic, clippy::disallowed_methods, reason = "a test may fail loudly and makes up a time")]

#[path = "session/driver.rs"]
mod driver;

use std::time::Duration;

use driver::Driver;
use kim_pop3::Input;
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_server_is_asked_one_thing_at_a_time_and_its_replies_are_not_mixed_up(
        // Seconds of silence, whether the server replies to what it was asked, whether there is content.
        turns in proptest::collection::vec((0..70u64, any::<bool>(), any::<bool>()), 0..40),
        opened_after in 0..40usize,
    ) {
        let mut session = Driver::logged_in();
        session.client("RETR 1\r\n");
        session.server("+OK\r\nx\r\n.\r\n");
        session.out.client.clear();
        session.out.server.clear();
        let (mut silence, mut owes, mut expected) = (0, false, String::new());
        for (turn, (seconds, replies, speaks)) in turns.into_iter().enumerate() {
            if turn == opened_after {
                let answer = session.open();
                session.give(Input::Answer(answer));
            }
            session.now += Duration::from_secs(seconds);
            silence += seconds;
            session.give(Input::Tick);
            match std::mem::take(&mut session.out.server).as_slice() {
                b"" => prop_assert!(owes || silence < 60, "{silence} seconds without a word"),
                b"NOOP\r\n" => {
                    prop_assert!(!owes && silence >= 60);
                    (owes, silence) = (true, 0);
                }
                other => panic!("{}", String::from_utf8_lossy(other)),
            }
            if owes && replies {
                session.server("+OK noop\r\n");
                (owes, silence) = (false, 0);
            }
            if speaks {
                session.give(Input::Content(b"a\r\n"));
                expected.push_str("a\r\n");
            }
        }
        if session.out.call.is_some() {
            let answer = session.open();
            session.give(Input::Answer(answer));
        }
        session.client("STAT\r\n");
        session.give(Input::ContentEnd);
        expected.push_str(".\r\n");
        prop_assert_eq!(session.out.server.is_empty(), owes);
        if owes {
            session.server("+OK noop\r\n");
        }
        prop_assert_eq!(session.out.server.as_slice(), b"STAT\r\n");
        session.server("+OK 1 2\r\n");
        expected.push_str("+OK 1 2\r\n");
        prop_assert_eq!(String::from_utf8_lossy(&session.out.client), expected);
    }
}
