//! Signatures hold, here and for OpenSSL, and break when anything is changed.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_testbed::cms::{Form, SignatureRequest, VerifyError, sign, verify};
use kim_testbed::pki::{CertificateType, Holder, Identity, KeyType, Pki};
use openssl::cms::{CMSOptions, CmsContentInfo};
use time::OffsetDateTime;
use time::macros::datetime;

const TIME: OffsetDateTime = datetime!(2026-09-27 14:44:02 UTC);
/// The Attribute 1.2.276.0.76.4.173 with an empty SET.
const ATTRIBUTE: [u8; 14] = [0x30, 12, 0x06, 0x08, 0x2A, 0x82, 0x14, 0x00, 0x4C, 0x04, 0x81, 0x2D, 0x31, 0];

fn signer(key_type: KeyType) -> Identity {
    let practice = Holder::institution("Praxis Unterschrift", "9-TESTBED-1".parse().unwrap());
    Pki::new(61).issue(CertificateType::HciOsig, key_type, &practice)
}

fn signed(identity: &Identity, content: &[u8], include_content: bool, form: Form) -> Vec<u8> {
    let attributes = [ATTRIBUTE.to_vec()];
    sign(identity, &SignatureRequest { content, include_content, attributes: &attributes, time: TIME, form })
        .unwrap()
}

/// Spec: gemSMIME_KOMLE 1.7.0, signed-data.
#[test]
fn openssl_confirms_signature_and_content() {
    for key_type in [KeyType::Rsa, KeyType::Brainpool] {
        for form in [Form::Indefinite, Form::Definite] {
            let content = vec![b'x'; 2500];
            let cms = signed(&signer(key_type), &content, true, form);
            let mut judge = CmsContentInfo::from_der(&cms).unwrap();
            let options = CMSOptions::NO_SIGNER_CERT_VERIFY | CMSOptions::BINARY;
            let mut output = Vec::new();
            judge.verify(None, None, None, Some(&mut output), options).unwrap();
            assert!(output == content, "{key_type:?} {form:?}");
        }
    }
}

#[test]
fn the_signature_names_signer_and_attributes() {
    for form in [Form::Indefinite, Form::Definite] {
        let identity = signer(KeyType::Brainpool);
        let verified = verify(&signed(&identity, b"mail", true, form), None).unwrap();
        assert_eq!(verified.content, b"mail");
        assert_eq!(verified.signer.to_der().unwrap(), identity.certificate_der());
        assert!(verified.attributes.iter().any(|attribute| *attribute == ATTRIBUTE));
        assert_eq!(verified.attributes.len(), 6);
    }
}

#[test]
fn a_detached_signature_needs_its_document() {
    let cms = signed(&signer(KeyType::Brainpool), b"mail", false, Form::Definite);
    assert!(verify(&cms, Some(b"mail")).is_ok());
    assert_eq!(verify(&cms, Some(b"other")).unwrap_err(), VerifyError::Integrity);
    assert_eq!(verify(&cms, None).unwrap_err(), VerifyError::Format);
}

#[test]
fn no_changed_octet_verifies_as_something_else() {
    let cms = signed(&signer(KeyType::Brainpool), b"mail", true, Form::Indefinite);
    for offset in 0..cms.len() {
        let mut changed = cms.clone();
        changed[offset] ^= 0x04;
        if let Ok(verified) = verify(&changed, None) {
            assert_eq!(verified.content, b"mail", "octet {offset}");
        }
    }
    let content = cms.windows(4).position(|octets| octets == b"mail").unwrap();
    let mut changed = cms;
    changed[content] = b'M';
    assert_eq!(verify(&changed, None).unwrap_err(), VerifyError::Integrity);
}
