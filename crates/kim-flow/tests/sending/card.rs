//! The card that signs, and what is done when it does not.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2020, KOM-LE-A_2021

use kim_flow::{CardError, Cause};
use kim_konnektor::{CardKind, Error, PinResult, PinStatus, Reason};
use kim_testbed::pki::{CertificateType, KeyType};

use crate::practice::{Practice, card, fault, institution, issued, reply};

const B: &str = "b@b.kim.telematik";

fn count(practice: &Practice, name: &str) -> usize {
    practice.asked.iter().filter(|asked| **asked == name).count()
}

#[test]
fn the_card_with_the_telematik_id_of_the_sender_signs() {
    let signer =
        |id| issued(CertificateType::HciOsig, KeyType::Brainpool, &institution(id)).certificate_der().into();
    let mut practice = Practice { cards: Ok(vec![card("other"), card("own")]), ..Practice::default() };
    practice.signers = [("other".to_owned(), signer("1-Z")), ("own".to_owned(), signer("1-A"))].into();
    practice.send_to(&[B]).unwrap();
    assert_eq!(practice.signed[0].card, "own".parse().unwrap());
    practice.signers.clear();
    practice.send_to(&[B]).unwrap();
    assert_eq!(practice.signed[1].card, "other".parse().unwrap(), "else the first");
}

/// Spec: none — own rule (flows §2.1): no institution signs in the place of another
#[test]
fn while_a_card_cannot_be_read_the_first_does_not_sign_for_another_institution() {
    let signer =
        |id| issued(CertificateType::HciOsig, KeyType::Brainpool, &institution(id)).certificate_der().into();
    let two = || Practice { cards: Ok(vec![card("other"), card("own")]), ..Practice::default() };
    let silent = Error::Unavailable { reason: Reason::Timeout };
    for error in [fault(4001), fault(4047), silent.clone()] {
        let mut practice = two();
        practice.signers = [("other".to_owned(), signer("1-Z"))].into();
        practice.unread = [("own".to_owned(), error.clone())].into();
        let refused = practice.send_to(&[B]).unwrap_err();
        assert!(matches!(&refused.cause, Cause::Card(CardError::Konnektor(found)) if *found == error));
        assert!(practice.signed.is_empty(), "{error}");
    }
    // The card of the sender signs, whatever is wrong with another.
    let mut practice = two();
    practice.signers = [("own".to_owned(), signer("1-A"))].into();
    practice.unread = [("other".to_owned(), fault(4047))].into();
    practice.send_to(&[B]).unwrap();
    assert_eq!(practice.signed[0].card, "own".parse().unwrap());
    // But nobody waits for a Konnektor once for each card.
    practice.unread = [("other".to_owned(), silent)].into();
    practice.asked.clear();
    practice.send_to(&[B]).unwrap_err();
    assert_eq!(count(&practice, "CardCertificates"), 1);
}

#[test]
fn without_an_sm_b_the_mail_is_refused() {
    let hba = kim_konnektor::Card { kind: CardKind::Hba, ..card("hba") };
    let mut practice = Practice { cards: Ok(vec![hba]), ..Practice::default() };
    assert!(reply(practice.send_to(&[B])).starts_with("451 4.7.5 Es ist keine SMC-B"));
    let mut practice = Practice { cards: Err(fault(4001)), ..Practice::default() };
    assert!(reply(practice.send_to(&[B])).starts_with("451 4.7.5 Der Konnektor"));
}

#[test]
fn a_pin_is_asked_for_where_that_helps() {
    let mut practice = Practice { pin: Ok(PinStatus::Verifiable), ..Practice::default() };
    practice.send_to(&[B]).unwrap();
    assert_eq!(practice.asked, ["Limits", "LookUp", "Cards", "PinStatus", "VerifyPin", "Sign", "Encrypt"]);
    for (pin, typed) in [
        (Ok(PinStatus::Blocked), Ok(PinResult::Ok)),
        (Ok(PinStatus::TransportPin), Ok(PinResult::Ok)),
        (Ok(PinStatus::Verifiable), Ok(PinResult::NowBlocked)),
    ] {
        let mut practice = Practice { pin, typed, ..Practice::default() };
        assert!(reply(practice.send_to(&[B])).starts_with("451 4.7.5 Die PIN der SMC-B"));
        assert!(practice.signed.is_empty());
    }
    for (pin, typed) in [(Err(fault(4001)), Ok(PinResult::Ok)), (Ok(PinStatus::Verifiable), Err(fault(4049)))]
    {
        let mut practice = Practice { pin, typed, ..Practice::default() };
        assert!(reply(practice.send_to(&[B])).starts_with("451 4.7.5 "));
        assert!(practice.signed.is_empty());
    }
}

#[test]
fn a_stale_handle_has_the_cards_read_again_once() {
    for code in [4101, 4008, 4146] {
        let mut practice = Practice { sign_faults: [fault(code)].into(), ..Practice::default() };
        practice.send_to(&[B]).unwrap();
        assert_eq!((count(&practice, "Cards"), count(&practice, "Sign")), (2, 2), "{code}");
        let mut practice = Practice { sign_faults: [fault(code), fault(code)].into(), ..Practice::default() };
        assert!(reply(practice.send_to(&[B])).starts_with("451 4.7.5 "));
        assert_eq!((count(&practice, "Cards"), count(&practice, "Sign")), (2, 2), "{code}");
    }
}

#[test]
fn a_pin_that_is_no_longer_verified_is_looked_at_once() {
    let mut practice = Practice { sign_faults: [fault(4085)].into(), ..Practice::default() };
    practice.send_to(&[B]).unwrap();
    assert_eq!((count(&practice, "PinStatus"), count(&practice, "Sign")), (2, 2));
    let mut practice = Practice { sign_faults: [fault(4085), fault(4085)].into(), ..Practice::default() };
    assert!(reply(practice.send_to(&[B])).starts_with("451 4.7.5 "));
    assert_eq!(count(&practice, "Sign"), 2);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2021
#[test]
fn any_other_fault_ends_it_without_a_second_signature() {
    for error in [
        fault(4123),
        fault(4001),
        fault(4252),
        fault(4204),
        fault(9999),
        Error::Unavailable { reason: Reason::Timeout },
    ] {
        let mut practice = Practice { sign_faults: [error.clone()].into(), ..Practice::default() };
        assert!(reply(practice.send_to(&[B])).starts_with("451 4.7.5 "), "{error}");
        assert_eq!(practice.signed.len(), 1, "{error}");
        assert!(practice.encrypted.is_empty());
        practice.send_to(&[B]).expect("the next mail goes");
    }
}
