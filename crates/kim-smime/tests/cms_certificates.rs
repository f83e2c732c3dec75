//! What certificates say about owner, use and key, real ones and built ones.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "cms/builder.rs"]
mod builder;
#[path = "cms/vectors.rs"]
mod vectors;

use std::time::{Duration, SystemTime};

use builder::*;
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

const ADMISSION: &[u8] = &[0x2b, 0x24, 0x08, 0x03, 0x03];
const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 0x20];

/// The OID below gematik's with that last arc.
fn gematik(last: u8) -> Vec<u8> {
    let head = [0x2a, 0x82, 0x14, 0x00, 0x4c, 0x04];
    if last < 0x80 {
        oid(&[&head[..], &[last]].concat())
    } else {
        oid(&[&head[..], &[0x81, last & 0x7f]].concat())
    }
}

fn extension(kind: &[u8], value: &[u8]) -> Vec<u8> {
    seq(&[&oid(kind), &octets(value)])
}

fn profession(role: u8, number: &[u8]) -> Vec<u8> {
    seq(&[&seq(&[&tlv(0x0c, &[b"Praxis"])]), &seq(&[&gematik(role)]), number])
}

fn with(extensions: &[&[u8]]) -> Result<Certificate, CertificateError> {
    Certificate::from_der(certificate(1, extensions).into())
}

fn admitted(value: &[u8]) -> Result<Certificate, CertificateError> {
    with(&[&extension(ADMISSION, value)])
}

/// Spec: gemSpec_PKI 2.14.1, extension Admission
#[test]
fn the_owner_is_found_with_and_without_authorities() {
    let authority = tlv(0xa4, &[&name("Authority")]);
    let person = profession(50, &tlv(0x13, &[b"1-2.58/7"]));
    for value in [
        seq(&[&seq(&[&seq(&[&seq(&[&person])])])]),
        seq(&[&authority, &seq(&[&seq(&[&seq(&[&person])])])]),
        seq(&[&seq(&[&seq(&[&tlv(0xa0, &[&authority]), &seq(&[&person])])])]),
        seq(&[&seq(&[&seq(&[&tlv(0xa1, &[&seq(&[])]), &seq(&[&person])])])]),
    ] {
        let certificate = admitted(&value).unwrap();
        assert_eq!(certificate.telematik_id().unwrap().as_str(), "1-2.58/7");
        let roles: Vec<String> = certificate.profession_oids().iter().map(ToString::to_string).collect();
        assert_eq!(roles, ["1.2.276.0.76.4.50"]);
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2178
#[test]
fn two_owners_are_none() {
    let admissions = |numbers: &[&[u8]]| {
        let persons: Vec<u8> =
            numbers.iter().flat_map(|number| profession(50, &tlv(0x13, &[number]))).collect();
        admitted(&seq(&[&seq(&[&seq(&[&seq(&[&persons])])])]))
    };
    assert!(admissions(&[b"1-23", b"1-23"]).is_ok());
    assert_eq!(admissions(&[b"1-23", b"1-24"]), Err(CertificateError::TelematikId));
    let admission = |number: &[u8]| {
        let person = profession(50, &tlv(0x13, &[number]));
        extension(ADMISSION, &seq(&[&seq(&[&seq(&[&seq(&[&person])])])]))
    };
    assert_eq!(with(&[&admission(b"1-23"), &admission(b"1-24")]), Err(CertificateError::TelematikId));
    assert_eq!(admissions(&[b""]), Err(CertificateError::TelematikId));
    assert_eq!(admissions(&[&[b'1'; 129]]), Err(CertificateError::TelematikId));
}

#[test]
fn a_role_needs_no_owner() {
    let value = seq(&[&seq(&[&seq(&[&seq(&[&profession(172, &[])])])])]);
    let certificate = admitted(&value).unwrap();
    assert_eq!(certificate.telematik_id(), None);
    assert_eq!(certificate.profession_oids().len(), 1);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2128, KOM-LE-A_2129
#[test]
fn the_kind_is_found_among_the_policies_in_any_order() {
    let kind = |arcs: &[u8]| {
        let policies: Vec<u8> = arcs.iter().flat_map(|arc| seq(&[&gematik(*arc)])).collect();
        with(&[&extension(CERTIFICATE_POLICIES, &seq(&[&policies]))]).unwrap().kind()
    };
    for (arc, expected) in [
        (72, CertificateKind::HpQes),
        (73, CertificateKind::HpSig),
        (74, CertificateKind::HpEnc),
        (75, CertificateKind::HpAut),
        (76, CertificateKind::HciEnc),
        (77, CertificateKind::HciAut),
        (78, CertificateKind::HciOsig),
        (79, CertificateKind::Other),
    ] {
        assert_eq!(kind(&[163, arc]), expected);
        assert_eq!(kind(&[arc, 163]), expected);
    }
    assert_eq!(with(&[]).unwrap().kind(), CertificateKind::Other);
}
