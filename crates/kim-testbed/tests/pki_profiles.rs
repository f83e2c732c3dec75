//! Certificates carry what a Clientmodul looks for: type, role, Telematik-ID, key usage, period and names.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_testbed::pki::{CertificateStatus, CertificateType, Holder, Identity, KeyType, Pki, Role, Validity};
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// What OpenSSL's own printer says about a certificate.
fn text(identity: &Identity) -> String {
    String::from_utf8(identity.certificate.to_text().unwrap()).unwrap()
}

/// Spec: gemSpec_PKI 2.14.1, C.HCI.ENC.
#[test]
fn an_encryption_certificate_names_type_role_and_telematik_id() {
    let practice = Holder::institution("Praxis Profil", "9-TESTBED-31".parse().unwrap());
    let pki = Pki::new(31);
    for (key_type, usage) in
        [(KeyType::Rsa, "Key Encipherment, Data Encipherment"), (KeyType::Brainpool, "Key Agreement")]
    {
        let text = text(&pki.issue(CertificateType::HciEnc, key_type, &practice));
        for expected in [
            "1.2.276.0.76.4.163",
            "1.2.276.0.76.4.76",
            "1.2.276.0.76.4.50",
            "registrationNumber: 9-TESTBED-31",
            "Praxis Profil TEST-ONLY",
            usage,
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        assert!(!text.contains("Extended Key Usage"));
    }
}

/// Spec: gemSpec_PKI 2.14.1, C.HP.ENC.
#[test]
fn the_name_on_an_hba_is_one_rdn_of_several_values() {
    let doctor = Holder::person("Hanna", "Heilig", "9-TESTBED-32".parse().unwrap());
    let identity = Pki::new(31).issue(CertificateType::HpEnc, KeyType::Brainpool, &doctor);
    let certificate = Certificate::from_der(&identity.certificate_der()).unwrap();
    let subject = certificate.tbs_certificate().subject();
    let values: Vec<_> = subject.iter_rdn().map(|rdn| rdn.iter().count()).collect();
    assert_eq!(values, [1, 4], "country, and one set for the rest");
    assert!(text(&identity).contains("Hanna Heilig TEST-ONLY"));
}

/// Spec: gemSpec_PKI 2.14.1, C.FD.TLS-S.
#[test]
fn a_server_certificate_names_its_role_and_hosts() {
    let service = Holder::service("mail.kim.telematik-test", Role::FACHDIENST);
    let text = text(&Pki::new(31).issue(CertificateType::FdTlsS, KeyType::Brainpool, &service));
    for expected in [
        "1.2.276.0.76.4.169",
        "1.2.276.0.76.4.172",
        "DNS:mail.kim.telematik-test",
        "IP Address:127.0.0.1",
        "TLS Web Server Authentication",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!text.contains("registrationNumber"));
}

#[test]
fn the_pki_knows_what_became_of_its_certificates() {
    let pki = Pki::new(31);
    let practice = Holder::institution("Praxis Status", "9-TESTBED-33".parse().unwrap());
    let issue = |holder: Holder| pki.issue(CertificateType::HciEnc, KeyType::Brainpool, &holder).certificate;
    let good = issue(practice.clone());
    assert_eq!(pki.status(&good), CertificateStatus::Good);
    pki.revoke(&good);
    assert_eq!(pki.status(&good), CertificateStatus::Revoked);
    for validity in [Validity::EXPIRED, Validity::FUTURE] {
        let other = issue(practice.clone().with_validity(validity));
        assert_eq!(pki.status(&other), CertificateStatus::OutsideValidity);
    }
}
