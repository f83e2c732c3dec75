//! OpenSSL builds and verifies the chain of every certificate the test PKI issues.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_testbed::pki::{CertificateType, Holder, KeyType, Pki, Role};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyFlags;
use openssl::x509::{X509, X509StoreContext};

fn openssl_accepts(pki: &Pki, certificate: &X509) -> bool {
    let mut store = X509StoreBuilder::new().unwrap();
    pki.roots().into_iter().for_each(|root| store.add_cert(root).unwrap());
    store.set_flags(X509VerifyFlags::X509_STRICT).unwrap();
    let mut chain = Stack::new().unwrap();
    pki.intermediates().into_iter().for_each(|ca| chain.push(ca).unwrap());
    let mut context = X509StoreContext::new().unwrap();
    context.init(&store.build(), certificate, &chain, |context| context.verify_cert()).unwrap()
}

#[test]
fn every_type_chains_to_a_root() {
    let pki = Pki::new(11);
    let practice = Holder::institution("Praxis Kette", "9-TESTBED-1".parse().unwrap());
    let doctor = Holder::person("Hanna", "Kette", "9-TESTBED-2".parse().unwrap());
    let service = Holder::service("mail.kim.telematik-test", Role::FACHDIENST);
    let cases = [
        (CertificateType::HciEnc, &practice),
        (CertificateType::HciOsig, &practice),
        (CertificateType::HciAut, &practice),
        (CertificateType::HpEnc, &doctor),
        (CertificateType::HpAut, &doctor),
        (CertificateType::AkAut, &service),
        (CertificateType::FdTlsS, &service),
        (CertificateType::CmTlsCs, &service),
        (CertificateType::ZdTlsS, &service),
    ];
    for (certificate_type, holder) in cases {
        for key_type in [KeyType::Brainpool, KeyType::Rsa] {
            let identity = pki.issue(certificate_type, key_type, holder);
            assert!(openssl_accepts(&pki, &identity.certificate), "{certificate_type:?} {key_type:?}");
            assert!(identity.certificate.public_key().unwrap().public_eq(&identity.key));
            assert_eq!(identity.key_type(), key_type);
        }
    }
    let local = pki.issue(CertificateType::AkAut, KeyType::NistP256, &service);
    assert!(openssl_accepts(&pki, &local.certificate));
}

#[test]
fn a_certificate_of_another_seed_does_not_chain() {
    let practice = Holder::institution("Praxis Fremd", "9-TESTBED-1".parse().unwrap());
    let foreign = Pki::new(12).issue(CertificateType::HciEnc, KeyType::Brainpool, &practice);
    assert!(!openssl_accepts(&Pki::new(13), &foreign.certificate));
}
