//! Large mails only for those who asked for them (R5).

use bytes::Bytes;
use kim_flow::receive::{Outcome, Trouble};
use kim_flow::{Call, DownloadError, Downloaded, LookUpError};
use kim_vzd::Listing;

use crate::desk::{Desk, Seen, listing, look_up};
use crate::letter::{B, Letter};

const MIB_15: u64 = 15 * 1024 * 1024;

/// A message whose header announces so much, and whose structure says so much.
fn message(announced: Option<u64>, size: u64) -> Bytes {
    let zeros = "A".repeat(43) + "=";
    let link = "https://kas.elefant.kim.telematik/1";
    let mut letter =
        Letter::kas(&format!(r#"{{"link":"{link}","k":"{zeros}","hash":"{zeros}","size":{size}}}"#));
    letter.more_outer = announced.map(|size| format!("X-KIM-KAS-Size: {size}\r\n")).unwrap_or_default();
    letter.message()
}

fn desk(version: &'static str) -> Desk {
    let data = format!("{}\r\nbody", Letter::new().inner).into_bytes().into();
    Desk { version, data, ..Desk::new() }
}

/// How often the version of the user was looked up: from the cache, and fresh.
fn look_ups(desk: &Desk, message: &Bytes) -> (Seen, usize, usize) {
    let (mut cached, mut fresh) = (0, 0);
    let seen = desk.open_with(message, |call| {
        if look_up(&call).is_some_and(|question| question.addresses == [B.parse().unwrap()]) {
            *(if look_up(&call).unwrap().cache { &mut cached } else { &mut fresh }) += 1;
        }
        Err(call)
    });
    (seen, cached, fresh)
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23512, A_22340
#[test]
fn who_asked_for_large_mails_gets_them_after_one_look_into_the_cache() {
    let (seen, cached, fresh) = look_ups(&desk("1.5+"), &message(Some(MIB_15 + 1), MIB_15 + 1));
    assert_eq!((seen.outcome.name(), cached, fresh), ("opened", 1, 0));
    assert_eq!(seen.calls[0], "look up", "before anything is decrypted");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23512, A_22340
#[test]
fn who_did_not_is_asked_about_once_more_and_gets_the_message_unopened() {
    for version in ["1.5", "1.0"] {
        let message = message(Some(MIB_15 + 1), MIB_15 + 1);
        let (seen, cached, fresh) = look_ups(&desk(version), &message);
        seen.is_substitute("4018", &[], &message);
        assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::NotWelcome)));
        assert_eq!((cached, fresh, seen.calls.len()), (1, 1, 2), "nothing else is done");
        assert!(seen.values("Subject")[0].starts_with("=?utf-8?"));
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23512, A_22340; gematik api-kim issue 30
#[test]
fn a_cached_no_may_have_become_a_yes() {
    let no = listing(B, "1.5", &[], "9-B");
    let seen = desk("1.5+").open_with(&message(Some(MIB_15 + 1), MIB_15 + 1), |call| match call {
        Call::LookUp(ask) if ask.question().cache && ask.question().addresses == [B.parse().unwrap()] => {
            Ok(ask.answer(vec![Ok(no.clone())]))
        }
        other => Err(other),
    });
    assert_eq!(seen.outcome.name(), "opened");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23512; deltas Q4
#[test]
fn fifteen_mebibytes_are_not_large_and_one_octet_more_is() {
    let (seen, cached, _) = look_ups(&desk("1.0"), &message(Some(MIB_15), MIB_15));
    assert_eq!((seen.outcome.name(), cached), ("opened", 0));
    let (seen, ..) = look_ups(&desk("1.0"), &message(Some(MIB_15 + 1), MIB_15));
    assert_eq!(seen.values("X-KIM-Fehlermeldung"), ["4018"], "the header alone decides");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23512; flows L1
#[test]
fn without_the_outer_field_the_size_in_the_structure_decides() {
    for announced in [None, Some(17)] {
        let message = message(announced, MIB_15 + 1);
        let (seen, cached, fresh) = look_ups(&desk("1.5"), &message);
        seen.is_substitute("4018", &[], &message);
        assert_eq!((cached, fresh, seen.asked("download")), (1, 1, 0));
        let (seen, cached, fresh) = look_ups(&desk("1.5+"), &message);
        assert_eq!((seen.outcome.name(), cached, fresh), ("opened", 1, 0));
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23512; own rule: nothing is fetched unasked, and the advice is to try again
#[test]
fn a_directory_that_does_not_answer_leaves_the_message_for_later() {
    let message = message(Some(MIB_15 + 1), MIB_15 + 1);
    for answer in [vec![Err(LookUpError::Unavailable)], Vec::new()] {
        let seen = desk("1.5+").open_with(&message, |call| match call {
            Call::LookUp(ask) => Ok(ask.answer(answer.clone())),
            other => Err(other),
        });
        seen.is_substitute("4006", &[], &message);
        assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::Directory)));
    }
    let mut answers = vec![Err(LookUpError::Unavailable), Ok(Listing::default())];
    let seen = desk("1.5+").open_with(&message, |call| match call {
        Call::LookUp(ask) => Ok(ask.answer(vec![answers.pop().unwrap()])),
        other => Err(other),
    });
    seen.is_substitute("4018", &[], &message);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2100-02
#[test]
fn a_message_that_cannot_point_to_data_is_not_asked_about() {
    let letter = Letter { more_outer: "X-KIM-KAS-Size: 99999999\r\n".to_owned(), ..Letter::new() };
    let (seen, cached, _) = look_ups(&desk("1.0"), &letter.message());
    assert_eq!((seen.outcome.name(), cached), ("opened", 0));
}

/// What a service holds is as long as it is, whatever the message says.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23512
#[test]
fn a_message_that_makes_itself_smaller_is_not_fetched_for_who_did_not_ask() {
    // The driver keeps to the limit, or hands out what it should not have fetched.
    let too_large = || Err(DownloadError::TooLarge);
    let fetched = || Ok(Downloaded { head: "From: x\r\n\r\n".into(), size: MIB_15 + 1 });
    for (version, code) in [("1.5", Some("4018")), ("1.5+", None)] {
        for answer in [&too_large as &dyn Fn() -> Result<Downloaded, DownloadError>, &fetched] {
            let message = message(None, 1);
            let mut most = Vec::new();
            let seen = desk(version).open_with(&message, |call| match call {
                Call::Download(ask) => {
                    most.push(ask.question().most);
                    if most.len() == 1 { Ok(ask.answer(answer())) } else { Err(Call::Download(ask)) }
                }
                other => Err(other),
            });
            match code {
                Some(code) => {
                    seen.is_substitute(code, &[], &message);
                    assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::NotWelcome)));
                    assert_eq!(most, [Some(MIB_15)]);
                }
                None => {
                    assert_eq!(seen.outcome.name(), "opened");
                    assert_eq!(most, [Some(MIB_15), None]);
                }
            }
        }
    }
}
