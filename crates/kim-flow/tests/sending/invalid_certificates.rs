//! Certificates that the Konnektor does not encrypt for (S16).
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2026, KOM-LE-A_2024

use kim_flow::DropReason;
use kim_flow::send::Step;
use kim_konnektor::{CertificateResult, Error, Reason};
use kim_testbed::pki::{CertificateType, KeyType};

use crate::practice::{
    Practice, SENDER, address, ecc, envelope, fault, institution, issued, listing, mail, reply, rsa,
};

const B: &str = "b@b.kim.telematik";
const C: &str = "c@b.kim.telematik";

fn refusing(certificate: bytes::Bytes) -> Practice {
    Practice { refused: [(certificate, CertificateResult::Invalid)].into(), ..Practice::default() }
}

#[test]
fn its_owner_is_looked_up_anew_and_gets_the_mail_with_the_certificate_that_took_its_place() {
    let mut practice = refusing(ecc("1-B"));
    let renewed = issued(CertificateType::HciEnc, KeyType::Brainpool, &institution("1-B").with_edition(1));
    let renewed = bytes::Bytes::from(renewed.certificate_der());
    practice.cached.insert(address(B), listing("1-B", "1.5", [ecc("1-B")]));
    practice.directory.insert(address(B), listing("1-B", "1.5", [renewed.clone()]));
    let protected = practice.send_to(&[B, C]).unwrap();
    assert!(protected.dropped().is_empty());
    assert_eq!((&practice.looked_up[1].addresses, practice.looked_up[1].cache), (&vec![address(B)], false));
    assert_eq!((practice.signed.len(), practice.encrypted.len()), (2, 2));
    assert!(practice.encrypted[1].certificates.contains(&renewed));
    assert!(!practice.encrypted[1].certificates.contains(&ecc("1-B")));
    assert_eq!(practice.signed[1].attribute, practice.encrypted[1].attribute);
}

#[test]
fn without_a_replacement_its_owner_is_left_out_and_everything_is_signed_again() {
    let mut practice = refusing(ecc("1-B"));
    let protected = practice.send_to(&[B, C]).unwrap();
    assert_eq!(protected.dropped()[0].reason, DropReason::NoCertificate);
    assert_eq!(protected.envelope.recipients.len(), 1);
    assert!(!practice.inner().contains(B), "the header is that of those who are left");
    assert_ne!(practice.signed[0].attribute, practice.signed[1].attribute);
}

#[test]
fn another_certificate_of_its_owner_does() {
    let mut practice = refusing(ecc("1-B"));
    practice.directory.insert(address(B), listing("1-B", "1.5", [ecc("1-B"), rsa("1-B")]));
    let protected = practice.send_to(&[B]).unwrap();
    assert!(protected.dropped().is_empty());
    assert!(practice.encrypted[1].certificates.contains(&rsa("1-B")));
}

#[test]
fn nobody_left_is_451_and_a_sender_without_certificate_553() {
    assert!(reply(refusing(ecc("1-B")).send_to(&[B])).starts_with("451 4.7.5 "));
    assert!(reply(refusing(ecc("1-A")).send_to(&[B])).starts_with("553 5.7.5 "));
}

#[test]
fn a_fault_whose_reason_is_not_found_ends_it() {
    for result in [CertificateResult::Valid, CertificateResult::Inconclusive] {
        let mut practice = Practice { refused: [(ecc("1-B"), result)].into(), ..Practice::default() };
        assert!(reply(practice.send_to(&[B, C])).starts_with("451 4.7.5 "));
        assert_eq!(practice.signed.len(), 1);
    }
    let mut practice = Practice { check_fault: Some(fault(4001)), ..refusing(ecc("1-B")) };
    assert!(reply(practice.send_to(&[B, C])).starts_with("451 4.7.5 "));
    assert_eq!(practice.signed.len(), 1);
}

/// A fault about one certificate is no fault of the Konnektor, and no reason for the others to wait.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2024; gemSpec_Kon 5.18.0, TUC_KON_037 (4260)
#[test]
fn a_certificate_whose_check_ends_in_a_fault_is_as_bad_as_an_invalid_one() {
    // Its issuer is not trusted, it cannot be read, and a code nobody knows.
    for code in [4260, 4000, 1023] {
        let faults = || [(ecc("1-B"), fault(code))].into();
        let mut practice = Practice { check_faults: faults(), ..Practice::default() };
        let protected = practice.send_to(&[B, C]).unwrap();
        assert_eq!(protected.dropped()[0].reason, DropReason::NoCertificate, "{code}");
        assert_eq!(protected.envelope.recipients.len(), 1, "{code}");

        let mut practice = Practice { check_faults: faults(), ..Practice::default() };
        practice.directory.insert(address(B), listing("1-B", "1.5", [ecc("1-B"), rsa("1-B")]));
        let protected = practice.send_to(&[B, C]).unwrap();
        assert!(protected.dropped().is_empty(), "{code}");
        assert!(practice.encrypted[1].certificates.contains(&rsa("1-B")), "{code}");
    }
}

/// What passes by itself costs nobody the mail: the sender tries again.
#[test]
fn a_check_that_the_konnektor_could_not_make_is_no_reason_to_drop_anybody() {
    let closed = Error::Unavailable { reason: Reason::Closed };
    let silent = Error::Unavailable { reason: Reason::Timeout };
    for error in [fault(4001), fault(4002), fault(4179), closed, silent] {
        let faults = [(ecc("1-B"), error)].into();
        let mut practice = Practice { check_faults: faults, ..Practice::default() };
        assert!(reply(practice.send_to(&[B, C])).starts_with("451 4.7.5 "));
        assert_eq!(practice.signed.len(), 1);
    }
    // A Konnektor that understands no such question says so of every certificate.
    let mut practice = Practice { check_fault: Some(fault(4000)), ..refusing(ecc("1-B")) };
    assert!(reply(practice.send_to(&[B, C])).starts_with("451 4.7.5 "));
}

#[test]
fn one_that_is_found_bad_is_left_out_though_another_could_not_be_checked() {
    let mut practice = refusing(ecc("1-B"));
    practice.check_faults = [(ecc("1-C"), fault(4001))].into();
    let mut step = kim_flow::send::start(practice.run.clone(), envelope(&[B, C]), mail(B, "Text\r\n").into());
    let protected = loop {
        step = match step {
            Step::Call(call) => {
                // The second attempt finds the Konnektor well again.
                if practice.asked.last() == Some(&"CheckCertificates") {
                    practice.check_faults.clear();
                }
                practice.answer(call)
            }
            Step::Protected(protected) => break protected,
            Step::Refused(refused) => panic!("{refused:?}"),
        };
    };
    let dropped: Vec<_> = protected.dropped().iter().map(|one| one.recipient.address.clone()).collect();
    assert_eq!(dropped, [address(B)]);
}

#[test]
fn a_directory_that_finds_new_bad_certificates_for_ever_does_not_hold_the_flow() {
    let mut practice = Practice { encrypt_faults: vec![fault(4105); 20].into(), ..refusing(ecc("1-B")) };
    assert!(reply(practice.send_to(&[B, C])).starts_with("451 4.7.5 "));
    assert!(practice.signed.len() <= 4, "{}", practice.signed.len());
}

#[test]
fn any_other_fault_of_the_encryption_ends_it() {
    for error in [fault(4001), fault(4283), Error::Unavailable { reason: Reason::Timeout }] {
        let mut practice = Practice { encrypt_faults: [error].into(), ..Practice::default() };
        assert!(reply(practice.send_to(&[B, SENDER])).starts_with("451 4.7.5 "));
        assert_eq!(practice.encrypted.len(), 1);
    }
}
