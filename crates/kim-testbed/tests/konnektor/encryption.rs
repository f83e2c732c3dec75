//! Documents are encrypted for certificates and decrypted with cards.

use std::slice::from_ref;

use kim_testbed::cms::{self, Form};
use kim_testbed::konnektor::KonnektorConfig;
use kim_testbed::pki::{CertificateType, Holder, KeyType, Pki, Purpose, Validity};

use super::rig::{ATTRIBUTE, Rig, fault_code, octets_of};

fn stranger(pki: &Pki, validity: Validity) -> Vec<u8> {
    let holder = Holder::institution("Praxis B", "9-TESTBED-9".parse().unwrap()).with_validity(validity);
    pki.issue(CertificateType::HciEnc, KeyType::Brainpool, &holder).certificate_der()
}

fn own(rig: &Rig, key_type: KeyType) -> Vec<u8> {
    rig.practice.identity(Purpose::Enc, key_type).unwrap().certificate_der()
}

/// Spec: gemSpec_Kon 5.18.0, EncryptDocument and DecryptDocument.
#[test]
fn a_document_is_encrypted_and_decrypted() {
    let rig = Rig::new();
    rig.enter_pin();
    for (key_type, form) in [
        (KeyType::Rsa, Form::Indefinite),
        (KeyType::Brainpool, Form::Indefinite),
        (KeyType::Brainpool, Form::Definite),
    ] {
        rig.konnektor.configure(|config| config.encryption_form = form);
        let certificates = [stranger(&rig.pki, Validity::CURRENT), own(&rig, key_type)];
        let answer = rig.encrypt(b"mail", &certificates);
        assert!(answer.text().contains("MimeType=\"text/plain\""));
        let sealed = octets_of(&answer, "Base64Data");
        let identity = rig.practice.identity(Purpose::Enc, key_type).unwrap();
        assert_eq!(cms::decrypt(&sealed, [identity]).unwrap().attributes, [ATTRIBUTE]);
        assert_eq!(octets_of(&rig.decrypt(&rig.handle(), &sealed), "Base64Data"), b"mail");
    }
}

/// Spec: gemSpec_Kon 5.18.0, fault 4105.
#[test]
fn one_bad_certificate_fails_the_whole_call() {
    let rig = Rig::new();
    let good = own(&rig, KeyType::Brainpool);
    let revoked = stranger(&rig.pki, Validity::CURRENT);
    rig.pki.revoke(&openssl::x509::X509::from_der(&revoked).unwrap());
    let bad = [
        stranger(&rig.pki, Validity::EXPIRED),
        stranger(&Pki::new(72), Validity::CURRENT),
        revoked,
        rig.practice.identity(Purpose::Sig, KeyType::Brainpool).unwrap().certificate_der(),
        b"no certificate".to_vec(),
    ];
    for certificate in bad {
        let answer = rig.encrypt(b"mail", &[good.clone(), certificate]);
        assert_eq!(fault_code(&answer), 4105);
        assert_eq!(answer.text().matches("<ns11:Trace>").count(), 2, "{}", answer.text());
    }
    assert_eq!(rig.encrypt(b"mail", &[good]).status, 200);
}

/// Spec: gemSpec_Kon 5.18.0, faults 4085, 4106, 4107.
#[test]
fn decryption_needs_the_pin_the_key_and_an_intact_document() {
    let rig = Rig::new();
    let mut sealed = octets_of(&rig.encrypt(b"mail", &[own(&rig, KeyType::Brainpool)]), "Base64Data");
    assert_eq!(fault_code(&rig.decrypt(&rig.handle(), &sealed)), 4085);
    rig.enter_pin();
    let foreign = octets_of(&rig.encrypt(b"mail", &[stranger(&rig.pki, Validity::CURRENT)]), "Base64Data");
    assert_eq!(fault_code(&rig.decrypt(&rig.handle(), &foreign)), 4106);
    assert_eq!(fault_code(&rig.decrypt(&rig.handle(), b"no CMS")), 4107);
    let tag = sealed.len() - 6 - ATTRIBUTE.len() - 3;
    sealed[tag] ^= 1;
    assert_eq!(fault_code(&rig.decrypt(&rig.handle(), &sealed)), 4107);
}

/// Spec: gemSpec_Kon 5.18.0, faults 4283 and 4282.
#[test]
fn too_much_is_refused() {
    let rig = Rig::with(
        KonnektorConfig { max_document_octets: 10, max_recipients: 1, ..KonnektorConfig::default() },
        &[KeyType::Brainpool],
    );
    let certificate = own(&rig, KeyType::Brainpool);
    assert_eq!(rig.encrypt(&[0; 10], from_ref(&certificate)).status, 200);
    assert_eq!(fault_code(&rig.encrypt(&[0; 11], from_ref(&certificate))), 4283);
    assert_eq!(fault_code(&rig.encrypt(b"mail", &[certificate.clone(), certificate])), 4282);
}

/// Spec: gemSpec_Kon 5.18.0, document limit of 25 MiB.
#[test]
fn a_document_of_20_mib_works() {
    let rig = Rig::with(KonnektorConfig::default(), &[KeyType::Brainpool]);
    rig.enter_pin();
    let document = vec![b'x'; 20 << 20];
    let sealed = octets_of(&rig.encrypt(&document, &[own(&rig, KeyType::Brainpool)]), "Base64Data");
    assert!(octets_of(&rig.decrypt(&rig.handle(), &sealed), "Base64Data") == document);
    assert!(rig.sign("ECC", "AAA-001", &document).status == 200);
}
