//! The same seed gives the same certificates, another seed gives others.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_testbed::pki::{CertificateType, Holder, KeyType, Pki, Validity};

fn practice() -> Holder {
    Holder::institution("Praxis Gleich", "9-TESTBED-1".parse().unwrap())
}

#[test]
fn equal_arguments_give_equal_certificates() {
    for key_type in [KeyType::Rsa, KeyType::Brainpool] {
        let issue = |seed| Pki::new(seed).issue(CertificateType::HciEnc, key_type, &practice());
        assert_eq!(issue(21).certificate_der(), issue(21).certificate_der());
        assert_ne!(issue(21).certificate_der(), issue(22).certificate_der());
    }
    assert_eq!(Pki::new(21).trust_pem(), Pki::new(21).trust_pem());
}

#[test]
fn follow_up_certificates_have_other_keys_and_serial_numbers() {
    let pki = Pki::new(21);
    let first = pki.issue(CertificateType::HciEnc, KeyType::Brainpool, &practice());
    for holder in [practice().with_edition(1), practice().with_validity(Validity::EXPIRED)] {
        let next = pki.issue(CertificateType::HciEnc, KeyType::Brainpool, &holder);
        assert!(!next.key.public_eq(&first.key));
        let serials = [&first, &next].map(|identity| identity.certificate.serial_number().to_bn().unwrap());
        assert_ne!(serials[0], serials[1]);
    }
}
