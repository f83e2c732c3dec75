//! What is encrypted for several recipients is opened by each of them and by nobody else.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_testbed::cms::{DecryptError, Form, decrypt, encrypt};
use kim_testbed::pki::{CertificateType, Holder, Identity, KeyType, Pki};

/// The Attribute 1.2.276.0.76.4.173 with an empty SET.
const ATTRIBUTE: [u8; 14] = [0x30, 12, 0x06, 0x08, 0x2A, 0x82, 0x14, 0x00, 0x4C, 0x04, 0x81, 0x2D, 0x31, 0];

fn identity(name: &str, key_type: KeyType) -> Identity {
    let practice = Holder::institution(name, "9-TESTBED-1".parse().unwrap());
    Pki::new(51).issue(CertificateType::HciEnc, key_type, &practice)
}

fn recipients() -> [Identity; 2] {
    [identity("Praxis RSA", KeyType::Rsa), identity("Praxis ECC", KeyType::Brainpool)]
}

/// Spec: gemSMIME_KOMLE 1.7.0, authenticated-enveloped-data.
#[test]
fn every_recipient_opens_every_form_and_length() {
    let recipients = recipients();
    let certificates = recipients.each_ref().map(|identity| identity.certificate.clone());
    for form in [Form::Indefinite, Form::Definite] {
        for length in [0, 1, 999, 1000, 1001, 70_000] {
            let content = vec![b'x'; length];
            let sealed = encrypt(&content, &certificates, &[ATTRIBUTE.to_vec()], form).unwrap();
            for identity in &recipients {
                let opened = decrypt(&sealed, [identity]).unwrap();
                assert!(opened.content == content, "{form:?} {length}");
                assert_eq!(opened.attributes, [ATTRIBUTE]);
            }
        }
    }
}

#[test]
fn somebody_else_opens_nothing() {
    let [rsa, ecc] = recipients();
    let sealed = encrypt(b"secret", &[rsa.certificate], &[], Form::Indefinite).unwrap();
    assert_eq!(decrypt(&sealed, [&ecc]), Err(DecryptError::NoRecipient));
}

#[test]
fn no_changed_octet_yields_other_content() {
    for identity in recipients() {
        let sealed =
            encrypt(b"secret", std::slice::from_ref(&identity.certificate), &[], Form::Indefinite).unwrap();
        for offset in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[offset] ^= 0x10;
            // Some octets do not matter, such as versions; what is opened is never anything else.
            if let Ok(opened) = decrypt(&changed, [&identity]) {
                assert_eq!(opened.content, b"secret", "octet {offset}");
            }
        }
        for length in 0..sealed.len() {
            assert!(decrypt(&sealed[..length], [&identity]).is_err());
        }
    }
}

/// Spec: none — recorded messages of Konnektors have pieces of 1,000 octets, nonce of 12, tag of 16 octets.
#[test]
fn the_indefinite_form_is_cut_into_pieces_of_1000_octets() {
    let [_, ecc] = recipients();
    let sealed = encrypt(&[0; 2500], &[ecc.certificate], &[], Form::Indefinite).unwrap();
    assert_eq!(sealed[..2], [0x30, 0x80]);
    let piece = [0x04, 0x82, 0x03, 0xE8];
    assert_eq!(sealed.windows(4).filter(|octets| *octets == piece).count(), 2);
    assert!(sealed.windows(4).any(|octets| octets == [0x04, 0x82, 0x01, 0xF4]));
}
