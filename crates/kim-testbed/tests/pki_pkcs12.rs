//! Identities travel as PKCS#12 and can be loaded from files.

use kim_testbed::pki::{CertificateType, Holder, Identity, KeyType, Pkcs12Encryption, Pki, Role};

#[test]
fn a_pkcs12_file_gives_key_and_certificate_back() {
    let service = Holder::service("clientmodul", Role::CLIENTMODUL);
    for key_type in [KeyType::Rsa, KeyType::Brainpool, KeyType::NistP256] {
        let identity = Pki::new(41).issue(CertificateType::CmTlsCs, key_type, &service);
        let file = identity.to_pkcs12("geheim", Pkcs12Encryption::Modern).unwrap();
        let again = Identity::from_pkcs12(&file, "geheim").unwrap().unwrap();
        assert_eq!(again.certificate_der(), identity.certificate_der());
        assert!(again.key.public_eq(&identity.key));
        assert!(Identity::from_pkcs12(&file, "falsch").is_err());
    }
}

#[test]
fn a_legacy_file_uses_rc2_and_3des() {
    let service = Holder::service("clientmodul", Role::CLIENTMODUL);
    let identity = Pki::new(41).issue(CertificateType::CmTlsCs, KeyType::Brainpool, &service);
    let Ok(file) = identity.to_pkcs12("geheim", Pkcs12Encryption::Legacy) else {
        kim_vectors::skipped("this OpenSSL has no legacy provider");
        return;
    };
    for oid in [&b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x01\x06"[..], b"\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x01\x03"]
    {
        assert!(file.windows(oid.len()).any(|part| part == oid));
    }
}
