//! Rules about the message as a whole that a sender breaks.

use kim_testbed::cms::{Form, encrypt};
use kim_testbed::pki::CertificateType;

use crate::Office;

/// Nobody knows then that it is one.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2099 (received); gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042
#[test]
fn a_message_without_version_is_delivered_as_it_is() {
    let office = Office::new();
    let right = String::from_utf8(office.with_cms(&office.right_cms())).unwrap();
    let message = right.replacen("X-KOM-LE-Version: 1.0\r\n", "", 1);
    let seen = office.open(message.as_bytes(), Default::default());
    assert!(seen.mail == message.as_bytes() && !seen.shows_hidden());
}

/// A reader sees what was signed, whatever stands outside.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2101-01 (received), KOM-LE-A_2102 (received); deltas Q10
#[test]
fn q10_another_subject_and_message_id_outside_are_not_shown() {
    let office = Office::new();
    let right = String::from_utf8(office.with_cms(&office.right_cms())).unwrap();
    for (field, other) in [
        ("Subject: KOM-LE-Nachricht", "Subject: Rechnung"),
        ("Subject: KOM-LE-Nachricht\r\n", ""),
        ("Message-ID: <1@", "Message-ID: <2@"),
    ] {
        let message = right.replacen(field, other, 1);
        assert_ne!(message, right);
        office.delivers(other, message.as_bytes());
        let seen = office.open(message.as_bytes(), Default::default());
        assert_eq!(seen.values("Subject"), ["Befund"]);
        assert!(seen.values("Message-ID")[0].starts_with("<1@"));
    }
}

/// That is his loss.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2111-01 (received)
#[test]
fn a_message_its_sender_cannot_read_is_delivered() {
    let office = Office::new();
    let attribute = office.attribute(&[("B", office.account("B").address.as_str())]);
    let signature = office.sign(&office.mail(), std::slice::from_ref(&attribute));
    let document = [crate::office::SIGNED.as_bytes(), &signature].concat();
    let certificates = [office.key("B", CertificateType::HciEnc).certificate];
    let cms = encrypt(&document, &certificates, &[attribute], Form::Definite).unwrap();
    office.delivers("only for the reader", &office.with_cms(&cms));
}

/// No card decrypts with a key that is not for it.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2128 (received); gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02
#[test]
fn a_certificate_for_another_purpose_has_no_key() {
    let office = Office::new();
    for kind in [CertificateType::HciAut, CertificateType::HciOsig] {
        let identity = office.key("B", kind);
        let certificate = kim_smime::Certificate::from_der(identity.certificate_der().into()).unwrap();
        let entry = kim_smime::RecipientEmail::new(
            &office.account("B").address,
            certificate.issuer_and_serial().clone(),
        );
        let attribute = kim_smime::RecipientEmails::new([entry]).unwrap().to_attribute().to_vec();
        let cms =
            encrypt(&office.signature(), &[identity.certificate], &[attribute], Form::Definite).unwrap();
        office.refuses(&format!("{kind:?}"), &office.with_cms(&cms), "01");
    }
}
