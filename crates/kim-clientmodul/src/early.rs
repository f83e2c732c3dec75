//! What an impatient client gets while its mail is still being opened: [`EarlyAnswer`].

use std::time::{Duration, Instant};

use bytes::Bytes;
use kim_flow::{Content, Rules, receive};

use crate::incoming::Stored;

/// The octets every mail made of a message begins with, given out one at a time.
///
/// Mail programs give up when nothing comes for a while, some after 20 seconds, while a Konnektor, a person at a terminal or
/// a large download takes minutes. The header fields that are known from the outer message last for a few hundred of these
/// steps; when they are used up, nothing comes until the mail does. A program that wants whole lines in its time, or the
/// whole mail, is not helped.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_20628; none for giving them out early (flows R2).
#[derive(Default)]
pub(crate) struct EarlyAnswer {
    octets: Bytes,
    /// How many were given out.
    given: usize,
    due: Option<Instant>,
    interval: Duration,
}

impl EarlyAnswer {
    /// For a message that is going to be opened; the first octet comes after `interval`.
    pub(crate) fn to(message: &Stored, rules: &Rules, interval: Duration, now: Instant) -> Self {
        let head = match &message.content {
            Content::Whole(message) => message.to_bytes(),
            Content::Kept(kept) => kept.head.to_bytes(),
        };
        let octets = receive::early_header(rules, &head).to_bytes();
        Self { octets, given: 0, due: now.checked_add(interval), interval }
    }

    /// When the next octet is due; `None` if there is none left.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due.filter(|_| self.given < self.octets.len())
    }

    /// The next octet.
    pub(crate) fn take(&mut self, now: Instant) -> Bytes {
        let end = self.given.saturating_add(1).min(self.octets.len());
        let octet = self.octets.slice(self.given.min(end)..end);
        self.given = end;
        self.due = now.checked_add(self.interval);
        octet
    }

    /// What is left of a piece of the mail, whose beginning was given out already. `None` if the mail begins otherwise.
    pub(crate) fn rest_of(&mut self, mut piece: Bytes) -> Option<Bytes> {
        let given = self.octets.split_to(self.given.min(piece.len()));
        self.given = self.given.saturating_sub(given.len());
        let begin = piece.split_to(given.len());
        (begin == given).then_some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn answer(text: &'static str, now: Instant) -> EarlyAnswer {
        let interval = 5 * SECOND;
        EarlyAnswer { octets: text.into(), due: now.checked_add(interval), interval, given: 0 }
    }

    #[test]
    fn a_client_with_a_timeout_of_20_seconds_hears_something_every_5() {
        let start = Instant::now();
        let mut early = answer("Received: x\r\n", start);
        for octet in 1..=13 {
            let due = early.due().unwrap();
            assert_eq!(due, start + octet * 5 * SECOND);
            assert_eq!(early.take(due).len(), 1);
        }
        assert_eq!(early.due(), None);
    }

    #[test]
    fn what_was_given_out_is_left_out_of_the_mail() {
        let now = Instant::now();
        for pieces in [["Re", "ceived"], ["Rec", "eived"], ["Received", ""]] {
            let mut early = answer("Received: x\r\n", now);
            for expected in ["R", "e", "c"] {
                assert_eq!(early.take(now), expected);
            }
            let rest = pieces.map(|piece| early.rest_of(piece.into()).unwrap()).concat();
            assert_eq!(rest, b"eived", "{pieces:?}");
        }
        let mut early = answer("Received: x\r\n", now);
        early.take(now);
        assert_eq!(early.rest_of("X".into()), None);
    }
}
