//! Which card decrypts: cache, several cards, PIN, plug cycles (R8 to R10).

use kim_flow::Call;
use kim_flow::receive::{Outcome, Trouble};
use kim_konnektor::{Card, CardKind, PinKind, PinResult, PinStatus};

use crate::desk::{Desk, Seen, card, enc, fault, iccsn, once, pin};
use crate::letter::{B, Letter};

fn is_opened(seen: &Seen) {
    assert_eq!(seen.outcome.name(), "opened", "{:?}", seen.outcome);
    assert_eq!(seen.values("X-KIM-DecryptionResult"), ["00"]);
    assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["01"]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2059, KOM-LE-A_2061
#[test]
fn a_card_that_is_not_known_is_found_by_its_certificate_and_remembered() {
    let desk = Desk { cards: vec!["A", "C", "B"], ..Desk::new() };
    let mut remembered = Vec::new();
    let seen = desk.open_with(&Letter::new().message(), |call| match call {
        Call::KnownCard(ask) => {
            let question = ask.question();
            assert_eq!(
                (question.address.as_str(), question.certificates.len()),
                (B, 1),
                "only the own certificates"
            );
            Ok(ask.answer(None))
        }
        Call::RememberCard(ask) => {
            remembered.push(ask.question().clone());
            Ok(ask.answer(()))
        }
        other => Err(other),
    });
    is_opened(&seen);
    assert_eq!(
        seen.calls,
        [
            "known card",
            "cards",
            "card certificates",
            "card certificates",
            "card certificates",
            "remember card",
            "PIN status",
            "decrypt",
            "verify",
            "look up"
        ]
    );
    let [memory] = remembered.as_slice() else { panic!("{remembered:?}") };
    assert_eq!((memory.address.as_str(), &memory.card), (B, &iccsn("B")));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2061
#[test]
fn a_known_card_is_not_read_again() {
    let desk = Desk { cards: vec!["A", "C", "B"], ..Desk::new() };
    let seen = desk.open_with(&Letter::new().message(), |call| match call {
        Call::KnownCard(ask) => Ok(ask.answer(Some(iccsn("B")))),
        other => Err(other),
    });
    is_opened(&seen);
    assert_eq!(seen.calls, ["known card", "cards", "PIN status", "decrypt", "verify", "look up"]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2061
#[test]
fn a_known_card_that_was_pulled_is_searched_among_the_others() {
    let seen = Desk::new().open_with(&Letter::new().message(), |call| match call {
        Call::KnownCard(ask) => Ok(ask.answer(Some(iccsn("Z")))),
        other => Err(other),
    });
    is_opened(&seen);
    assert_eq!(seen.asked("card certificates"), 1);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2058, KOM-LE-A_2063
#[test]
fn the_pin_is_typed_where_that_helps() {
    let seen = Desk::new().open_with(&Letter::new().message(), |call| match call {
        Call::PinStatus(ask) => Ok(ask.answer(Ok(PinStatus::Verifiable))),
        Call::VerifyPin(ask) => {
            assert_eq!((ask.question().card.as_str(), ask.question().pin), ("B", PinKind::Smc));
            Ok(ask.answer(Ok(PinResult::Ok)))
        }
        other => Err(other),
    });
    is_opened(&seen);
}

/// Two cards hold keys of the address, as in the weeks in which one takes over from the other.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2058, KOM-LE-A_2059, KOM-LE-A_2062
#[test]
fn a_card_that_is_ready_is_preferred_to_one_that_needs_somebody() {
    for (of_first, prompts) in [(PinStatus::Verifiable, 0), (PinStatus::Blocked, 0)] {
        let desk = Desk::new();
        let mut decrypted_by = None;
        let seen = desk.open_with(&Letter::new().message(), |call| match call {
            Call::Cards(ask) => {
                let first = Card { handle: "old".parse().unwrap(), iccsn: None, ..card("C") };
                Ok(ask.answer(Ok(vec![first, card("B")])))
            }
            Call::CardCertificates(ask) => Ok(ask.answer(Ok(vec![enc(&"B".parse().unwrap())]))),
            Call::PinStatus(ask) if ask.question().card.as_str() == "old" => Ok(ask.answer(Ok(of_first))),
            Call::Decrypt(ask) => {
                decrypted_by = Some(ask.question().card.as_str().to_owned());
                Err(Call::Decrypt(ask))
            }
            other => Err(other),
        });
        is_opened(&seen);
        assert_eq!((decrypted_by.as_deref(), seen.asked("verify PIN")), (Some("B"), prompts));
    }
}

#[test]
fn nobody_is_asked_for_the_pin_of_more_than_one_card() {
    let desk = Desk::new();
    let mut prompted = Vec::new();
    let message = Letter::new().message();
    let seen = desk.open_with(&message, |call| match call {
        Call::Cards(ask) => {
            Ok(ask.answer(Ok(vec![Card { handle: "old".parse().unwrap(), ..card("C") }, card("B")])))
        }
        Call::CardCertificates(ask) => Ok(ask.answer(Ok(vec![enc(&"B".parse().unwrap())]))),
        Call::PinStatus(ask) => Ok(ask.answer(Ok(PinStatus::Verifiable))),
        call @ Call::VerifyPin(_) => {
            prompted.extend(pin(&call).map(|pin| pin.card.as_str().to_owned()));
            match call {
                Call::VerifyPin(ask) => Ok(ask.answer(Ok(PinResult::Rejected { left_tries: Some(1) }))),
                other => Err(other),
            }
        }
        other => Err(other),
    });
    seen.is_substitute("4009", &["01"], &message);
    assert_eq!(prompted, ["old"]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2059
#[test]
fn a_card_that_cannot_be_read_does_not_hide_the_right_one() {
    let desk = Desk { cards: vec!["A", "B"], ..Desk::new() };
    let seen = desk.open_with(
        &Letter::new().message(),
        once("card certificates", |call| match call {
            Call::CardCertificates(ask) => ask.answer(Err(fault(4101))),
            other => panic!("{}", other.name()),
        }),
    );
    is_opened(&seen);
}

/// A card of a person has another PIN; a card without number cannot be remembered; cards of patients are not looked at.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2059, KOM-LE-A_2063
#[test]
fn cards_of_persons_and_cards_without_number_work_and_those_of_patients_are_left_alone() {
    let mut asked = Vec::new();
    let seen = Desk::new().open_with(&Letter::new().message(), |call| {
        asked.extend(pin(&call).map(|pin| pin.pin));
        match call {
            Call::Cards(ask) => Ok(ask.answer(Ok(vec![
                Card { kind: CardKind::Egk, ..card("A") },
                Card { kind: CardKind::Other, ..card("C") },
                Card { kind: CardKind::Hba, iccsn: None, ..card("B") },
            ]))),
            other => Err(other),
        }
    });
    is_opened(&seen);
    assert_eq!(asked, [PinKind::Ch]);
    assert_eq!((seen.asked("card certificates"), seen.asked("remember card")), (1, 0));
}

/// A card that is pulled and plugged in again has another handle.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2059; gemSpec_Kon 5.18.0, fault 4101
#[test]
fn a_stale_handle_is_looked_up_again_once_wherever_it_shows() {
    for name in ["card certificates", "PIN status", "decrypt"] {
        for code in [4101, 4008] {
            let seen = Desk::new().open_with(
                &Letter::new().message(),
                once(name, |call| {
                    crate::desk::refuse(call, &fault(code)).unwrap_or_else(|call| panic!("{}", call.name()))
                }),
            );
            is_opened(&seen);
            assert_eq!(seen.asked("cards"), 2, "{name} {code}");
            let message = Letter::new().message();
            let seen = Desk::new().open_with(&message, |call| match call {
                call if call.name() == name => crate::desk::refuse(call, &fault(code)),
                other => Err(other),
            });
            seen.is_substitute("4009", &["01"], &message);
            assert_eq!(seen.asked("cards"), 2, "{name} {code}");
        }
    }
}

/// Both may happen to one mail: the card is plugged in anew, and its PIN is forgotten with that.
///
/// Spec: gemSpec_Kon 5.18.0, faults 4101 and 4085
#[test]
fn a_stale_handle_and_then_an_unverified_pin_are_both_overcome() {
    // Where the PIN turns out to be verified, nobody is asked for it.
    for (status, prompts) in [(PinStatus::Verifiable, 1), (PinStatus::Verified, 0)] {
        let mut faults = vec![fault(4085), fault(4101)];
        let seen = Desk::new().open_with(&Letter::new().message(), |call| match call {
            Call::Decrypt(ask) => match faults.pop() {
                Some(fault) => Ok(ask.answer(Err(fault))),
                None => Err(Call::Decrypt(ask)),
            },
            // Until the fault it was verified.
            Call::PinStatus(ask) if faults.is_empty() => Ok(ask.answer(Ok(status))),
            Call::VerifyPin(ask) => Ok(ask.answer(Ok(PinResult::Ok))),
            other => Err(other),
        });
        is_opened(&seen);
        assert_eq!((seen.asked("cards"), seen.asked("verify PIN"), seen.asked("decrypt")), (2, prompts, 3));
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02 (03, 4011)
#[test]
fn a_konnektor_that_is_silent_after_an_unverified_pin_is_not_a_missing_card() {
    for silent in ["PIN status", "verify PIN"] {
        let mut decrypted = false;
        let message = Letter::new().message();
        let seen = Desk::new().open_with(&message, |call| match call {
            call if decrypted && call.name() == silent => Ok(call.timed_out()),
            Call::Decrypt(ask) => {
                decrypted = true;
                Ok(ask.answer(Err(fault(4085))))
            }
            Call::PinStatus(ask) if decrypted => Ok(ask.answer(Ok(PinStatus::Verifiable))),
            other => Err(other),
        });
        seen.is_substitute("4011", &["03"], &message);
        assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::Konnektor(_))), "{silent}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2062
#[test]
fn without_any_card_the_key_is_missing() {
    let message = Letter::new().message();
    let seen = Desk { cards: Vec::new(), ..Desk::new() }.open(&message);
    seen.is_substitute("4009", &["01"], &message);
    assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::Key(Some(_)))));
}
