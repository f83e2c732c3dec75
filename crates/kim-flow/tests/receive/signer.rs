//! Whether the signer is whom From says.

use kim_flow::{Call, LookUpError, Rules, SignerCheck};
use kim_smime::{IntegrityMode, Ownership};
use kim_testbed::pki::{CertificateType, Holder, KeyType, Pki};
use kim_vzd::Listing;

use crate::desk::{Desk, Seen, listing, look_up};
use crate::letter::{A, HIDDEN, Letter, key, telematik_id};

fn checked(signer_check: SignerCheck, from: Result<Listing, LookUpError>) -> Seen {
    let desk = Desk::with_rules(Rules { signer_check, ..Rules::default() });
    desk.open_with(&Letter::new().message(), |call| {
        if let Some(question) = look_up(&call) {
            assert_eq!(question.addresses, [A.parse().unwrap()]);
            assert!(question.cache);
        }
        match call {
            Call::LookUp(ask) => Ok(ask.answer(vec![from.clone()])),
            other => Err(other),
        }
    })
}

/// The address belongs to somebody else than who signed.
fn of_somebody_else() -> Listing {
    listing(A, "1.0", &[key("C", CertificateType::HciEnc).certificate_der()], &telematik_id("C"))
}

/// Spec: none — own rule against forged senders
#[test]
fn the_owner_of_from_is_compared_with_the_signer() {
    let own = listing(A, "1.0", &[key("A", CertificateType::HciEnc).certificate_der()], &telematik_id("A"));
    for check in [SignerCheck::Note, SignerCheck::Mark, SignerCheck::Refuse] {
        let seen = checked(check, Ok(own.clone()));
        assert_eq!(seen.verdict().owner, Ownership::Yes);
        assert!(seen.verdict().is_trustworthy());
        assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["01"]);
        assert_eq!(checked(check, Ok(of_somebody_else())).verdict().owner, Ownership::No);
    }
}

/// Spec: none — own rule against forged senders
#[test]
fn nobody_is_asked_if_nobody_wants_to_know() {
    let seen = checked(SignerCheck::Off, Ok(of_somebody_else()));
    assert_eq!((seen.verdict().owner, seen.asked("look up")), (Ownership::Unknown, 0));
}

/// Spec: none — own rule against forged senders
#[test]
fn a_note_changes_nothing_a_mark_adds_a_result_and_refusal_takes_the_good_one_away() {
    let results = |check| {
        let seen = checked(check, Ok(of_somebody_else()));
        assert!(!seen.verdict().is_trustworthy());
        (seen.values("X-KIM-IntegrityCheckResult"), seen.values("X-KIM-Fehlermeldung"), seen)
    };
    let (ids, codes, seen) = results(SignerCheck::Note);
    assert_eq!((ids, codes), (vec!["01".to_owned()], Vec::new()));
    assert!(seen.mail.ends_with(format!("\r\n\r\n{HIDDEN}\r\n").as_bytes()));
    let (ids, codes, seen) = results(SignerCheck::Mark);
    assert_eq!((ids, codes), (vec!["01".to_owned(), "X20".to_owned()], Vec::new()));
    assert!(seen.verdict().is_intact());
    assert!(seen.mail.ends_with(format!("\r\n\r\n{HIDDEN}\r\n").as_bytes()));
    let (ids, codes, seen) = results(SignerCheck::Refuse);
    assert_eq!((ids, codes), (vec!["X20".to_owned()], vec!["X20".to_owned()]));
    assert!(!seen.verdict().is_intact());
    assert_eq!(seen.outcome.name(), "broken");
    assert!(seen.says("wurde in diese Fehlernachricht eingebettet"));
}

/// Spec: none — own rule against forged senders
#[test]
fn refusal_does_what_the_rule_for_failed_checks_says() {
    let rules = Rules {
        signer_check: SignerCheck::Refuse,
        on_integrity_failure: IntegrityMode::Replace,
        ..Rules::default()
    };
    let seen = Desk::with_rules(rules).open_with(&Letter::new().message(), |call| match call {
        Call::LookUp(ask) => Ok(ask.answer(vec![Ok(of_somebody_else())])),
        other => Err(other),
    });
    assert!(!seen.contains(HIDDEN.as_bytes()));
    assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["X20"]);
}

/// Spec: none — own rule against forged senders
#[test]
fn a_directory_that_does_not_know_or_does_not_answer_leaves_the_owner_unknown() {
    for answer in [Err(LookUpError::Unavailable), Ok(Listing::default())] {
        for check in [SignerCheck::Note, SignerCheck::Mark, SignerCheck::Refuse] {
            let seen = checked(check, answer.clone());
            assert_eq!(seen.verdict().owner, Ownership::Unknown);
            assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["01"]);
        }
    }
    let desk = Desk::with_rules(Rules { signer_check: SignerCheck::Refuse, ..Rules::default() });
    let seen = desk.open_with(&Letter::new().message(), |call| match call {
        Call::LookUp(ask) => Ok(ask.answer(Vec::new())),
        other => Err(other),
    });
    assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["01"]);
}

/// The card of the institution signs for the people who work there.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2020
#[test]
fn the_address_of_a_person_has_no_owner_to_compare_with() {
    let person = Holder::person("Erika", "Muster", "1-PERSON".parse().unwrap());
    let of_person = Pki::new(1).issue(CertificateType::HpEnc, KeyType::Brainpool, &person);
    let seen =
        checked(SignerCheck::Refuse, Ok(listing(A, "1.0", &[of_person.certificate_der()], "1-PERSON")));
    assert_eq!(seen.verdict().owner, Ownership::Unknown);
    assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["01"]);
}

/// Spec: none — see kim_smime::SharedKey
#[test]
fn a_key_that_somebody_else_has_too_is_reported() {
    let own = key("A", CertificateType::HciEnc).certificate_der();
    // The certificate of the signer, only that it names somebody else.
    let mut twin = key("A", CertificateType::HciOsig).certificate_der();
    let (id, other) = (telematik_id("A").into_bytes(), telematik_id("Z").into_bytes());
    for at in 0..twin.len() - id.len() {
        if twin[at..].starts_with(&id) {
            twin[at..at + id.len()].copy_from_slice(&other);
        }
    }
    let from = listing(A, "1.0", &[own, twin], &telematik_id("A"));
    let seen = checked(SignerCheck::Mark, Ok(from.clone()));
    assert_eq!(seen.verdict().shared_keys.len(), 1);
    assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["01", "X21"]);
    assert_eq!(checked(SignerCheck::Refuse, Ok(from)).values("X-KIM-IntegrityCheckResult"), ["X21"]);
}
