//! What cannot be opened is replaced by a mail that says why (R6 to R10).

use bytes::Bytes;
use kim_flow::receive::{Outcome, Step, Trouble};
use kim_flow::{Call, CardError, PinTrouble};
use kim_konnektor::{PinResult, PinStatus};

use crate::desk::{Desk, Seen, fault, once, refuse, silence};
use crate::letter::{A, C, HIDDEN, Letter, recipients};

fn opened_with(answer: impl FnMut(Call<Step>) -> Result<Step, Call<Step>>) -> (Seen, Bytes) {
    let message = Letter::new().message();
    (Desk::new().open_with(&message, answer), message)
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02, KOM-LE-A_2047-02 (02)
#[test]
fn what_does_not_follow_the_profile_is_a_format_error() {
    let desk = Desk::new();
    let letter = Letter::new();
    let broken = [
        letter.with_cms(b""),
        letter.with_cms(&[0x30, 0x80, 0, 0]),
        letter.with_content(b"Content-Type: text/plain\r\n\r\nno signature"),
        letter.with_content(b""),
        letter.with_content(
            &[b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n0"
                .as_slice()]
            .concat(),
        ),
    ];
    for message in broken {
        let seen = desk.open(&message);
        seen.is_substitute("4010", &["02"], &message);
        assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::Format)));
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2043, KOM-LE-A_2045, KOM-LE-A_2047-02 (01)
#[test]
fn a_message_for_others_is_not_decrypted_even_if_their_card_is_there() {
    let message = Letter::new().message();
    let desk = Desk { user: C, cards: vec!["A", "B", "C"], ..Desk::new() };
    let seen = desk.open(&message);
    seen.is_substitute("4009", &["01"], &message);
    assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::Key(None))));
    assert!(seen.calls.is_empty());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2043, KOM-LE-A_2045, KOM-LE-A_2059, KOM-LE-A_2062
#[test]
fn a_card_whose_certificate_belongs_to_another_address_of_the_list_is_not_used() {
    let attribute = recipients(&[("A", A), ("C", C)]).to_attribute().to_vec();
    let letter = Letter {
        readers: ["A", "C"],
        encrypted_for: attribute.clone(),
        signed_for: attribute,
        ..Letter::new()
    };
    let message = letter.message();
    let desk = Desk { user: C, cards: vec!["A", "B"], ..Desk::new() };
    let seen = desk.open(&message);
    seen.is_substitute("4009", &["01"], &message);
    assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::Key(Some(CardError::Missing)))));
    assert_eq!((seen.asked("card certificates"), seen.asked("decrypt")), (2, 0));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2062, KOM-LE-A_2063
#[test]
fn a_pin_that_cannot_be_verified_is_a_missing_key_and_says_which_trouble() {
    for status in [PinStatus::Blocked, PinStatus::TransportPin, PinStatus::EmptyPin] {
        let (seen, message) = opened_with(once("PIN status", |call| match call {
            Call::PinStatus(ask) => ask.answer(Ok(status)),
            other => panic!("{}", other.name()),
        }));
        seen.is_substitute("4009", &["01"], &message);
        let Outcome::Substituted(Trouble::Key(Some(CardError::Pin {
            trouble: PinTrouble::Status(found),
            ..
        }))) = seen.outcome
        else {
            panic!("{:?}", seen.outcome)
        };
        assert_eq!((found, seen.asked("verify PIN")), (status, 0));
    }
    for result in [PinResult::Rejected { left_tries: Some(2) }, PinResult::NowBlocked, PinResult::Error] {
        let (seen, message) = opened_with(|call| match call {
            Call::PinStatus(ask) => Ok(ask.answer(Ok(PinStatus::Verifiable))),
            Call::VerifyPin(ask) => Ok(ask.answer(Ok(result))),
            other => Err(other),
        });
        seen.is_substitute("4009", &["01"], &message);
        assert_eq!(seen.asked("verify PIN"), 1, "nobody is asked twice");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02; gemSpec_Kon 5.18.0, fault tables of the operations
#[test]
fn a_fault_is_about_the_card_the_document_or_the_konnektor() {
    let table = [
        ("decrypt", 4106, "4009", "01"),
        ("decrypt", 4085, "4009", "01"),
        ("decrypt", 4101, "4009", "01"),
        ("decrypt", 4043, "4009", "01"),
        ("decrypt", 4107, "4010", "02"),
        ("decrypt", 4001, "4011", "03"),
        ("decrypt", 4003, "4011", "03"),
        ("decrypt", 99_999, "4011", "03"),
        ("PIN status", 4101, "4009", "01"),
        ("PIN status", 4001, "4011", "03"),
        ("verify PIN", 4049, "4009", "01"),
        ("card certificates", 4008, "4009", "01"),
        ("card certificates", 4001, "4011", "03"),
        ("cards", 4004, "4011", "03"),
        ("verify", 4001, "4011", "03"),
    ];
    for (name, code, error, decryption) in table {
        let (seen, message) = opened_with(|call| match call {
            call if call.name() == name => refuse(call, &fault(code)),
            Call::PinStatus(ask) if name == "verify PIN" => Ok(ask.answer(Ok(PinStatus::Verifiable))),
            Call::VerifyPin(ask) => Ok(ask.answer(Ok(PinResult::Ok))),
            other => Err(other),
        });
        seen.is_substitute(error, &[decryption], &message);
        assert!(!seen.text().contains(HIDDEN), "{name} {code}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02 (03); deltas Q17
#[test]
fn q17_a_silent_konnektor_ends_the_attempt_at_once() {
    for (name, before) in
        [("cards", 2), ("card certificates", 3), ("PIN status", 5), ("decrypt", 6), ("verify", 7)]
    {
        let (seen, message) =
            opened_with(|call| if call.name() == name { refuse(call, &silence()) } else { Err(call) });
        seen.is_substitute("4011", &["03"], &message);
        assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::Konnektor(_))));
        assert_eq!(seen.calls.len(), before, "{name}: {:?}", seen.calls);
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02 (03); deltas Q17
#[test]
fn q17_a_silent_konnektor_is_not_asked_about_every_other_card() {
    let message = Letter::new().message();
    let desk = Desk { cards: vec!["A", "C", "B"], ..Desk::new() };
    let seen = desk.open_with(&message, |call| match call {
        Call::CardCertificates(ask) => Ok(ask.answer(Err(silence()))),
        other => Err(other),
    });
    seen.is_substitute("4011", &["03"], &message);
    assert_eq!(seen.asked("card certificates"), 1);
}
