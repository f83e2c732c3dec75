//! Certificates are read from cards and checked.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kim_testbed::konnektor::HttpResponse;
use kim_testbed::konnektor::KonnektorConfig;
use kim_testbed::pki::{CertificateType, Holder, KeyType, Pki, Purpose, Role, Validity};

use super::rig::{CONTEXT, Rig, fault_code, last_code, octets_of, text_of};

fn read(rig: &Rig, reference: &str, crypt: &str) -> HttpResponse {
    let crypt = if crypt.is_empty() { String::new() } else { format!("<cert:Crypt>{crypt}</cert:Crypt>") };
    let body = format!(
        "<cert:ReadCardCertificate><c:CardHandle>{}</c:CardHandle>{CONTEXT}<cert:CertRefList>\
         <cert:CertRef>{reference}</cert:CertRef></cert:CertRefList>{crypt}</cert:ReadCardCertificate>",
        rig.handle()
    );
    rig.certificate_service("ReadCardCertificate", &body)
}

fn check(rig: &Rig, der: &[u8]) -> HttpResponse {
    let body = format!(
        "<cert:VerifyCertificate>{CONTEXT}<ccert:X509Certificate>{}</ccert:X509Certificate></cert:VerifyCertificate>",
        STANDARD.encode(der)
    );
    rig.certificate_service("VerifyCertificate", &body)
}

/// Spec: gemSpec_Kon 5.18.0, ReadCardCertificate.
#[test]
fn certificates_are_read_by_reference_and_key_type() {
    let rig = Rig::new();
    for (reference, purpose) in [("C.ENC", Purpose::Enc), ("C.SIG", Purpose::Sig), ("C.AUT", Purpose::Aut)] {
        for (crypt, key_type) in [("RSA", KeyType::Rsa), ("ECC", KeyType::Brainpool), ("", KeyType::Rsa)] {
            let expected = rig.practice.identity(purpose, key_type).unwrap().certificate_der();
            assert_eq!(octets_of(&read(&rig, reference, crypt), "X509Certificate"), expected);
        }
    }
    let answer = read(&rig, "C.ENC", "ECC");
    assert!(text_of(&answer, "X509IssuerName").starts_with("CN=TESTBED.SMCB-CA2 TEST-ONLY,"));
    assert_eq!(fault_code(&read(&rig, "C.XYZ", "RSA")), 4149);
}

/// Spec: gemSpec_Kon 5.18.0, 4256 and 4258.
#[test]
fn missing_certificates_are_a_note_or_a_fault() {
    let ecc = Rig::with(KonnektorConfig::default(), &[KeyType::Brainpool]);
    let answer = read(&ecc, "C.ENC", "RSA");
    assert_eq!((text_of(&answer, "Result"), last_code(&answer)), ("Warning", Some(4256)));
    assert!(!answer.text().contains("X509Data>"));
    let rsa = Rig::with(KonnektorConfig::default(), &[KeyType::Rsa]);
    assert_eq!(fault_code(&read(&rsa, "C.ENC", "ECC")), 4258);
}

/// Spec: gemSpec_Kon 5.18.0, VerifyCertificate; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-01.
#[test]
fn a_bad_certificate_is_a_result_and_no_fault() {
    let rig = Rig::new();
    let service = Holder::service("mail.kim.telematik-test", Role::FACHDIENST);
    let issue = |pki: &Pki, holder: &Holder| {
        pki.issue(CertificateType::FdTlsS, KeyType::Brainpool, holder).certificate_der()
    };
    let good = issue(&rig.pki, &service);
    let answer = check(&rig, &good);
    assert_eq!(text_of(&answer, "VerificationResult"), "VALID");
    assert_eq!(text_of(&answer, "Role"), "1.2.276.0.76.4.172");

    let expired = issue(&rig.pki, &service.clone().with_validity(Validity::EXPIRED));
    let foreign = issue(&Pki::new(72), &service);
    for bad in [&expired[..], &foreign, b"no certificate"] {
        assert_eq!(text_of(&check(&rig, bad), "VerificationResult"), "INVALID");
    }
    rig.konnektor.configure(|config| config.offline = true);
    assert_eq!(text_of(&check(&rig, &good), "VerificationResult"), "INCONCLUSIVE");
}
