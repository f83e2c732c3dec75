//! What real certificates say about owner, use and key.

#[path = "cms/vectors.rs"]
mod vectors;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use kim_smime::{Certificate, CertificateError, CertificateKind, KeyKind};
use vectors::{base64_element, decode, vector};

/// The certificates of an LDIF, whose long lines go on behind a line break and a blank.
fn certificates(ldif: &[u8]) -> Vec<Certificate> {
    let unfolded = std::str::from_utf8(ldif).unwrap().replace("\r\n", "\n").replace("\n ", "");
    unfolded
        .lines()
        .filter_map(|line| line.strip_prefix("userCertificate;binary:: "))
        .map(|value| Certificate::from_der(decode(value)).unwrap())
        .collect()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2178
#[test]
fn the_certificates_of_a_directory_entry_have_one_owner() {
    let Some(ldif) = vector("vzd/ldapsearch-kostentraeger-RU.ldif") else { return };
    let found = certificates(&ldif);
    assert!(found.len() >= 2);
    let owner = found[0].telematik_id().unwrap();
    for certificate in &found {
        assert_eq!(certificate.telematik_id(), Some(owner));
        assert_eq!(certificate.kind(), CertificateKind::HciEnc);
        assert!(!certificate.profession_oids().is_empty());
    }
    for key in [KeyKind::Rsa, KeyKind::Ecc] {
        assert!(found.iter().any(|certificate| certificate.key() == key), "one with {key:?}");
    }
    let names: std::collections::HashSet<_> = found.iter().map(Certificate::issuer_and_serial).collect();
    assert_eq!(names.len(), found.len());
}

#[test]
fn the_certificate_of_a_recorded_card() {
    let Some(xml) = vector("konnektor/ehex-6.0.2/13-ReadCardCertificate-C.ENC-ECC.response.xml") else {
        return;
    };
    let certificate = Certificate::from_der(base64_element(&xml, "X509Certificate")).unwrap();
    assert_eq!((certificate.kind(), certificate.key()), (CertificateKind::HciEnc, KeyKind::Ecc));
    assert_eq!(
        certificate.issuer_and_serial().serial().as_ref(),
        127_929_055_682_919_u64.to_be_bytes()[2..].as_ref()
    );
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    assert!(!certificate.is_valid_at(at(1_728_431_999)), "2024-10-08T23:59:59Z");
    assert!(certificate.is_valid_at(at(1_728_432_000)), "2024-10-09T00:00:00Z");
    assert!(certificate.is_valid_at(at(1_886_198_399)), "2029-10-08T23:59:59Z");
    assert!(!certificate.is_valid_at(at(1_886_198_400)));
}

#[test]
fn the_certificates_of_the_worked_example() {
    let Some(first) = vector("gematik-smime/keysA/hci-enc-2-kim-bsp.crt") else { return };
    let Some(second) = vector("gematik-smime/keysB/hci-enc-3-kim-bsp.crt") else { return };
    let Some(authority) = vector("gematik-smime/keysA/GEM.KOMP-CA24-TEST-ONLY.crt") else { return };
    let [first, second, authority] =
        [first, second, authority].map(|der| Certificate::from_der(der).unwrap());
    assert_ne!(first.issuer_and_serial(), second.issuer_and_serial());
    assert_eq!(first.issuer_and_serial().issuer_der(), second.issuer_and_serial().issuer_der());
    assert_ne!(first.public_key_info(), second.public_key_info());
    assert_eq!(authority.telematik_id(), None);
    assert_eq!(authority.kind(), CertificateKind::Other);
}

#[test]
fn what_is_no_certificate_is_an_error() {
    let parse = |octets: Vec<u8>| Certificate::from_der(Bytes::from(octets));
    assert!(matches!(parse(Vec::new()), Err(CertificateError::Malformed { .. })));
    assert!(matches!(parse(vec![0x30, 0x80, 0, 0]), Err(CertificateError::Malformed { .. })));
    let long = vec![0; Certificate::MAX_OCTETS + 1];
    assert_eq!(parse(long), Err(CertificateError::TooLong { len: Certificate::MAX_OCTETS + 1 }));
}
