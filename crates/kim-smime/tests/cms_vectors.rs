//! CMS made by others is read: by gematik's example, a Konnektor, and a practice system.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "cms/vectors.rs"]
mod vectors;

use bytes::Bytes;
use kim_smime::{
    BerLimits, Certificate, CertificateKind, CmsError, Enveloped, KeyKind, ProfileViolation, RecipientEmails,
    Signed, normalize,
};
use kim_types::Address;
use vectors::{base64_element, vector};

fn envelope(cms: &Bytes) -> Result<Enveloped, CmsError> {
    Enveloped::parse(cms, &BerLimits::default())
}

fn signature(cms: &Bytes) -> Result<Signed, CmsError> {
    Signed::parse(cms, &BerLimits::default())
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn serials(emails: &RecipientEmails, of: &str) -> Vec<Bytes> {
    emails.for_address(&address(of)).map(|name| name.serial().clone()).collect()
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2103, KOM-LE-A_2121
#[test]
fn the_signature_of_the_worked_example() {
    let Some(cms) = vector("gematik-smime/inputEmail.txt.02.signedcms") else { return };
    let Some(content) = vector("gematik-smime/inputEmail.txt.01.rfc822wrap") else { return };
    let signed = signature(&cms).unwrap();
    assert_eq!(signed.content().to_bytes(), content);
    let [piece] = signed.content().pieces() else { panic!("DER content is in one piece") };
    assert!(cms.as_ptr_range().contains(&piece.as_ptr()), "and a slice of the input");
    assert_eq!(signed.signer().kind(), CertificateKind::HciOsig);
    assert_eq!(signed.signer().key(), KeyKind::Rsa);
    assert!(signed.signer().telematik_id().is_some());
    assert_eq!(signed.signature_algorithm().to_string(), "1.2.840.113549.1.1.10");
    assert_eq!(signed.recipient_emails().entries().len(), 2);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104, KOM-LE-A_2115-02
#[test]
fn the_envelope_of_the_worked_example() {
    let Some(cms) = vector("gematik-smime/inputEmail.txt.04.encryptedcms") else { return };
    let Some(first) = vector("gematik-smime/keysA/hci-enc-2-kim-bsp.crt") else { return };
    let Some(second) = vector("gematik-smime/keysB/hci-enc-3-kim-bsp.crt") else { return };
    let enveloped = envelope(&cms).unwrap();
    for certificate in [first, second] {
        let certificate = Certificate::from_der(certificate).unwrap();
        assert!(enveloped.recipients().iter().any(|key| key.recipient == *certificate.issuer_and_serial()));
    }
    let emails = enveloped.recipient_emails();
    assert_eq!(serials(emails, "MusterSender@komle.de").len(), 1, "without regard to case");
    assert_eq!(serials(emails, "musterempfaenger@komle.de").len(), 1);
    assert_eq!(serials(emails, "nobody@komle.de").len(), 0);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2127
#[test]
fn both_parts_of_the_worked_example_name_the_same_recipients() {
    let Some(inner) = vector("gematik-smime/inputEmail.txt.02.signedcms") else { return };
    let Some(outer) = vector("gematik-smime/inputEmail.txt.04.encryptedcms") else { return };
    let (inner, outer) = (signature(&inner).unwrap(), envelope(&outer).unwrap());
    assert!(inner.recipient_emails().same_as(outer.recipient_emails()));
    let attribute = inner.recipient_emails().to_attribute();
    assert!(RecipientEmails::from_attribute(&attribute).unwrap().same_as(outer.recipient_emails()));
}

/// The attribute built from what was read is the one the example has, octet for octet.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2114-01
#[test]
fn the_attribute_of_the_worked_example_is_rebuilt() {
    let Some(cms) = vector("gematik-smime/inputEmail.txt.04.encryptedcms") else { return };
    let attribute = envelope(&cms).unwrap().recipient_emails().to_attribute();
    assert!(cms.windows(attribute.len()).any(|octets| octets == attribute));
}

/// In stage 03 of the example every lone CR and LF of the binary part became CRLF.
#[test]
fn the_damaged_body_of_the_worked_example_is_an_error() {
    let Some(mail) = vector("gematik-smime/inputEmail.txt.03.signedwrap") else { return };
    let start = mail.windows(4).position(|octets| octets == b"\r\n\r\n").unwrap() + 4;
    assert!(matches!(signature(&mail.slice(start..)), Err(CmsError::Ber(_) | CmsError::Malformed { .. })));
}

/// A Konnektor that was asked for no attribute: everything else is as in a message.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2107
#[test]
fn a_recorded_envelope_for_an_ecc_card() {
    let Some(xml) = vector("konnektor/ehex-6.0.2/14-EncryptDocument.response.xml") else { return };
    let cms = base64_element(&xml, "Base64Data");
    assert_eq!(envelope(&cms).unwrap_err(), CmsError::Profile(ProfileViolation::NoUnauthAttrs));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2121
#[test]
fn a_recorded_detached_signature() {
    let Some(xml) = vector("konnektor/ehex-6.0.2/08-SignDocument.response.xml") else { return };
    let cms = base64_element(&xml, "Base64Signature");
    assert_eq!(signature(&cms).unwrap_err(), CmsError::Profile(ProfileViolation::NoContent));
}

/// Its content is in segments of 1000 octets, which the strict types alone would leave in the content.
#[test]
fn a_konnektor_signature_in_segments() {
    let Some(cms) = vector("cms/VerifyDocument.request.Base64Signature.p7") else { return };
    assert_eq!(signature(&cms).unwrap_err(), CmsError::Profile(ProfileViolation::NoRecipientEmails));
    let der = normalize(&cms, &BerLimits::default()).unwrap();
    let start = der.windows(5).position(|octets| octets == b"<?xml").unwrap();
    let end = der.windows(9).position(|octets| octets == b"</Bundle>").unwrap();
    let content = std::str::from_utf8(&der[start..end]).unwrap();
    assert!(content.len() > 4000 && !content.contains(|c: char| c.is_control() && !c.is_whitespace()));
}
