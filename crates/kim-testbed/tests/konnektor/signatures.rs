//! Documents are signed with an SM-B, and signatures are checked.

use kim_testbed::cms;
use kim_testbed::konnektor::{Konnektor, KonnektorConfig, Refusal};
use kim_testbed::pki::{KeyType, Pki, Purpose};
use kim_types::Context;

use super::rig::{ATTRIBUTE, CONTEXT, Rig, fault_code, last_code, octets_of, sign_request, text_of};

fn signature(rig: &Rig) -> Vec<u8> {
    octets_of(&rig.sign("ECC", "AAA-001", "Hällo".as_bytes()), "Base64Signature")
}

/// Spec: gemSpec_Kon 5.18.0, SignDocument; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2020.
#[test]
fn a_document_is_signed_and_verified() {
    let rig = Rig::new();
    rig.enter_pin();
    for (crypt, key_type, job) in [
        ("RSA", KeyType::Rsa, "AAA-001"),
        ("ECC", KeyType::Brainpool, "AAA-002"),
        ("RSA_ECC", KeyType::Brainpool, "AAA-003"),
    ] {
        let answer = rig.sign(crypt, job, b"mail");
        let signature = octets_of(&answer, "Base64Signature");
        let verified = cms::verify(&signature, None).unwrap();
        let expected = rig.practice.identity(Purpose::Sig, key_type).unwrap();
        assert_eq!(verified.content, b"mail");
        assert_eq!(verified.signer.to_der().unwrap(), expected.certificate_der());
        assert!(verified.attributes.iter().any(|attribute| *attribute == ATTRIBUTE));
        let answer = rig.verify(&signature);
        assert_eq!((text_of(&answer, "Result"), text_of(&answer, "HighLevelResult")), ("OK", "VALID"));
    }
}

/// Spec: gemSpec_Kon 5.18.0, fault 4085.
#[test]
fn nothing_is_signed_before_the_pin_was_entered() {
    let rig = Rig::new();
    assert_eq!(fault_code(&rig.sign("ECC", "AAA-001", b"mail")), 4085);
}

/// Spec: gemSpec_Kon 5.18.0, fault 4252.
#[test]
fn a_job_number_is_used_once() {
    let rig = Rig::new();
    rig.enter_pin();
    let body = format!("<sig5:GetJobNumber>{CONTEXT}</sig5:GetJobNumber>");
    let next = || {
        let answer = rig.send("/ws/SignatureService", "SignatureService/v7.5#GetJobNumber", &body);
        text_of(&answer, "JobNumber").to_owned()
    };
    let (first, second) = (next(), next());
    assert_ne!(first, second);
    assert_eq!(first.len(), 7);
    assert_eq!(rig.sign("ECC", &first, b"mail").status, 200);
    assert_eq!(fault_code(&rig.sign("ECC", &first, b"mail")), 4252);
    assert_eq!(rig.sign("ECC", &second, b"mail").status, 200);
}

/// Spec: gemSpec_Kon 5.18.0, faults 4126, 4024, 4147.
#[test]
fn unsuitable_cards_and_documents_are_refused() {
    let rig = Rig::with(KonnektorConfig::default(), &[KeyType::Brainpool]);
    rig.enter_pin();
    let hba = sign_request(&rig.doctor_handle(), "ECC", "AAA-001", b"mail");
    assert_eq!(
        fault_code(&rig.send("/ws/SignatureService", "SignatureService/v7.5#SignDocument", &hba)),
        4126
    );
    assert_eq!(fault_code(&rig.sign("ECC", "AAA-002", b"\xFF")), 4024);
    assert_eq!(fault_code(&rig.sign("RSA", "AAA-003", b"mail")), 4147);
}

/// Spec: gemSpec_Kon 5.18.0, 4264.
#[test]
fn offline_a_good_signature_is_inconclusive() {
    let rig = Rig::new();
    rig.enter_pin();
    let signature = signature(&rig);
    rig.konnektor.configure(|config| config.offline = true);
    let answer = rig.verify(&signature);
    assert_eq!(
        (text_of(&answer, "Result"), text_of(&answer, "HighLevelResult")),
        ("Warning", "INCONCLUSIVE")
    );
    assert_eq!(last_code(&answer), Some(4264));
}

/// Spec: gemSpec_Kon 5.18.0, VerifyDocument; gemSpec_CM_KOMLE 1.16.0, Tab_Verm_Sig_Prüf.
#[test]
fn a_broken_signature_is_refused_in_every_way() {
    let rig = Rig::new();
    rig.enter_pin();
    let mut signature = signature(&rig);
    let content = signature.windows(5).position(|octets| octets == "Häll".as_bytes()).unwrap();
    signature[content] = b'B';
    assert_eq!(fault_code(&rig.verify(&signature)), 4115);
    for (refusal, result, code) in [
        (Refusal::Status, "INVALID", Some(4115)),
        (Refusal::Invalid, "INVALID", None),
        (Refusal::Inconclusive, "INCONCLUSIVE", Some(4264)),
    ] {
        rig.konnektor.configure(|config| config.broken_signature = refusal);
        let answer = rig.verify(&signature);
        assert_eq!((text_of(&answer, "HighLevelResult"), last_code(&answer)), (result, code));
    }
    assert_eq!(fault_code(&rig.verify(b"no signature")), 4112);
}

/// Spec: gemSpec_Kon 5.18.0, fault 4206.
#[test]
fn a_signer_of_another_pki_is_unknown() {
    let rig = Rig::new();
    rig.enter_pin();
    let signature = signature(&rig);
    let other = Konnektor::new(Pki::new(72), KonnektorConfig::default());
    let stranger = Rig { konnektor: other, ..Rig::new() };
    stranger.konnektor.add_context(Context {
        mandant: "M1".parse().unwrap(),
        client_system: "PVS".parse().unwrap(),
        workplace: "Empfang".parse().unwrap(),
        user: None,
    });
    assert_eq!(fault_code(&stranger.verify(&signature)), 4206);
    stranger.konnektor.configure(|config| config.unknown_signer = Refusal::Invalid);
    assert_eq!(text_of(&stranger.verify(&signature), "HighLevelResult"), "INVALID");
}
