//! One message that breaks the module breaks nothing else: [`open`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime};

use futures_util::FutureExt as _;
use kim_flow::receive::{Delivered, Outcome, Trouble};
use kim_flow::{Content, Recipe, Refused, Rules};
use kim_smime::{MailFrame, Substitute};
use kim_types::{Address, Envelope, Octets};
use tracing::error;

use crate::cache::Cache;
use crate::early::EarlyAnswer;
use crate::incoming::Stored;
use crate::mail_data::MailData;
use crate::outgoing::{Opened, Outgoing};
use crate::participant::Participant;

/// Messages that broke the module, by the account that fetched them and their SHA-256.
///
/// A server gives the same octets under one UIDL in every session. The octets are at hand whatever a client has asked for;
/// the UIDL is not.
pub(crate) type BrokenMessages = Cache<(String, [u8; 32]), ()>;

/// Opens a message. If opening it panics, a mistake of the module, a mail stands for it; the message is marked, so that the
/// mail comes at once when the account fetches it again, in this session or another.
///
/// Spec: none — own rule (DESIGN: no input may end a session); gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02 (the mail).
pub(crate) async fn open(participant: &Participant, message: Stored) -> Opened {
    let Stored { content, kept } = message;
    let (mail_data, broken) = (MailData::new(kept), &participant.shared.broken);
    let opening = participant.deliver(content.clone(), &mail_data);
    let delivered = isolated(broken, &participant.account().address, &content, opening).await;
    Opened::new(delivered, mail_data)
}

/// The mail for a message of which nothing but the header could be kept.
///
/// Spec: none — own rule (DESIGN: no input may end a session); gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02 (the mail).
pub(crate) fn header_only(participant: &Participant, head: Octets) -> Opened {
    let delivered = substitute(&participant.account().address, &Content::Whole(head));
    Opened::new(delivered, MailData::new(None))
}

/// Protects a mail; `None` if that panics, a mistake of the module.
///
/// Spec: none — own rule (DESIGN: no input may end a session).
pub(crate) async fn protect(
    participant: &Participant,
    envelope: Envelope,
    mail: Stored,
) -> Option<Result<Outgoing, Refused>> {
    guarded(participant.protect(envelope, mail)).await
}

/// What the client gets before a message is opened; nothing, if that is what breaks the module.
pub(crate) fn early(message: &Stored, rules: &Rules, interval: Duration) -> EarlyAnswer {
    let early = || EarlyAnswer::to(message, rules, interval, Instant::now());
    catch_unwind(AssertUnwindSafe(early)).unwrap_or_default()
}

async fn isolated(
    broken: &BrokenMessages,
    user: &Address,
    message: &Content,
    opening: impl Future<Output = Delivered>,
) -> Delivered {
    let known = || broken.find(&mark(user, message)?, Instant::now());
    // Nothing is hashed as long as nothing ever broke.
    if broken.is_empty() || known().is_none() {
        if let Some(delivered) = guarded(opening).await {
            return delivered;
        }
        if let Some(mark) = mark(user, message) {
            broken.keep(mark, (), Instant::now(), None);
        }
    }
    substitute(user, message)
}

/// What a future comes to; `None` if it panics. What it worked on is not looked at again.
async fn guarded<T>(work: impl Future<Output = T>) -> Option<T> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.map_err(|_| error!("work on a mail panicked: this is a mistake of the module, please report it"))
        .ok()
}

/// How a message is known again; `None` for one that is too large to be opened, which is only looked at and costs nothing.
fn mark(user: &Address, message: &Content) -> Option<(String, [u8; 32])> {
    match message {
        Content::Whole(message) => Some((user.to_key(), kim_tls::fingerprint(&message.to_bytes()))),
        Content::Kept(_) => None,
    }
}

/// The message inside a mail that says it could not be decrypted (02, 4010), or the message itself.
fn substitute(user: &Address, message: &Content) -> Delivered {
    let (unique, now) = (kim_tls::random(), SystemTime::now());
    let make = || match message {
        Content::Whole(message) => Substitute::Format.mail(&message.to_bytes(), user, unique, now).into(),
        Content::Kept(kept) => {
            let (head, eight_bit) = (kept.head.to_bytes(), kept.measure.has_eight_bit());
            let MailFrame { head, tail, .. } = Substitute::Format.frame(&head, eight_bit, user, unique, now);
            Recipe { head, tail, kept: 0..kept.measure.octets() }
        }
    };
    let mail = catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|_| match message {
        Content::Whole(message) => message.clone().into(),
        Content::Kept(kept) => Recipe { kept: 0..kept.measure.octets(), ..Recipe::default() },
    });
    Delivered { mail, outcome: Outcome::Substituted(Trouble::Format) }
}

#[cfg(test)]
mod tests {
    use kim_flow::Kept;
    use kim_smime::Measure;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    fn text(delivered: Delivered) -> String {
        assert!(matches!(delivered.outcome, Outcome::Substituted(Trouble::Format)));
        String::from_utf8(delivered.mail.whole().unwrap().to_bytes().to_vec()).unwrap()
    }

    async fn breaks() -> Delivered {
        tokio::task::yield_now().await;
        panic!("on purpose");
    }

    async fn opens() -> Delivered {
        Delivered { mail: Octets::from("opened").into(), outcome: Outcome::Plain }
    }

    #[tokio::test]
    async fn a_panic_ends_where_it_began() {
        assert_eq!(guarded(async { 3 }).await, Some(3));
        assert!(guarded(breaks()).await.is_none());
    }

    #[tokio::test]
    async fn a_message_that_broke_the_module_is_not_tried_again_in_the_next_session_either() {
        let (broken, user) = (Cache::new(DAY, 9), address("Praxis@a.kim.telematik"));
        let poison = "Received: x\r\nX-KOM-LE-Version: 1.0\r\n\r\npoison\r\n";
        let message = Content::Whole(poison.into());
        let first = text(isolated(&broken, &user, &message, breaks()).await);
        assert!(first.contains("X-KIM-DecryptionResult: 02\r\n") && first.contains(poison), "{first}");
        // All that is left of the first session is what all sessions share.
        let same_user = address("praxis@A.kim.telematik");
        let again = isolated(&broken, &same_user, &message, opens()).await;
        assert!(text(again).contains(poison), "it was tried again");
        // Whatever else is fetched is opened: other messages, and the same one by others.
        let next = Content::Whole("X-KOM-LE-Version: 1.0\r\n\r\nnext\r\n".into());
        let other = address("b@a.kim.telematik");
        for (user, message) in [(&user, &next), (&other, &message)] {
            let delivered = isolated(&broken, user, message, opens()).await;
            assert_eq!(delivered.mail, Octets::from("opened").into());
        }
    }

    #[tokio::test]
    async fn a_message_that_is_not_in_memory_is_shown_as_well() {
        let (broken, user) = (Cache::new(DAY, 9), address("Praxis@a.kim.telematik"));
        let message = "X-KOM-LE-Version: 1.0\r\n\r\npoison\r\n";
        let mut measure = Measure::new();
        measure.push(message.as_bytes());
        let kept = Content::Kept(Kept { head: "X-KOM-LE-Version: 1.0\r\n\r\n".into(), measure });
        for _ in 0..2 {
            let delivered = isolated(&broken, &user, &kept, breaks()).await;
            assert_eq!(delivered.mail.kept, 0..message.len() as u64);
            let head = String::from_utf8(delivered.mail.head.to_bytes().to_vec()).unwrap();
            assert!(head.contains("X-KIM-DecryptionResult: 02\r\n"), "{head}");
        }
    }
}
