//! The attribute recipient-emails is written one way and read two ways.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "cms/builder.rs"]
mod builder;

use builder::*;
use kim_smime::{IssuerAndSerial, RecipientEmail, RecipientEmails, RecipientEmailsError};
use kim_types::Pii;
use proptest::prelude::*;

fn entry(address: &str, serial: u8) -> RecipientEmail {
    let certificate = IssuerAndSerial::from_der(&issuer_and_serial(serial)).unwrap();
    RecipientEmail { address: Pii(address.to_owned()), certificate }
}

fn emails(entries: &[(&str, u8)]) -> RecipientEmails {
    RecipientEmails::new(entries.iter().map(|(address, serial)| entry(address, *serial))).unwrap()
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2114-01; deltas Q21
#[test]
fn q21_it_is_written_flat_and_sorted() {
    let written = emails(&[("b@x.de", 2), ("a@x.de", 1)]).to_attribute();
    assert_eq!(written, recipient_emails());
}

/// A shorter entry sorts first, because DER compares the octets and the length comes before the address.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2114-01
#[test]
fn the_order_is_that_of_der() {
    let written = emails(&[("aaaaaaaaaa@x.de", 1), ("z@x.de", 2)]).to_attribute();
    let expected =
        attribute(RECIPIENT_EMAILS, &[&recipient_email("z@x.de", 2), &recipient_email("aaaaaaaaaa@x.de", 1)]);
    assert_eq!(written, expected);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2114-01; deltas Q21
#[test]
fn q21_it_is_read_flat_and_nested() {
    let entries = [recipient_email("b@x.de", 2), recipient_email("a@x.de", 1)];
    let flat = attribute(RECIPIENT_EMAILS, &[&entries[0], &entries[1]]);
    let nested = attribute(RECIPIENT_EMAILS, &[&set(&[&entries[0], &entries[1]])]);
    let (flat, nested) = (RecipientEmails::from_attribute(&flat), RecipientEmails::from_attribute(&nested));
    let (flat, nested) = (flat.unwrap(), nested.unwrap());
    assert_eq!(flat.entries().len(), 2);
    assert_eq!(flat.entries()[0], entry("b@x.de", 2), "in the order received");
    assert!(flat.same_as(&nested));
}

#[test]
fn what_is_no_such_attribute_is_an_error() {
    let read = |der: Vec<u8>| RecipientEmails::from_attribute(&der).unwrap_err();
    let one = recipient_email("a@x.de", 1);
    assert_eq!(read(attribute(RECIPIENT_EMAILS, &[])), RecipientEmailsError::Empty);
    assert_eq!(read(attribute(RECIPIENT_EMAILS, &[&set(&[])])), RecipientEmailsError::Empty);
    let mut trailing = attribute(RECIPIENT_EMAILS, &[&one]);
    trailing.push(0);
    for malformed in [
        trailing,
        attribute(ID_CONTENT_TYPE, &[&one]),
        attribute(RECIPIENT_EMAILS, &[&set(&[&one]), &set(&[&one])]),
        attribute(RECIPIENT_EMAILS, &[&one, &set(&[&one])]),
        attribute(RECIPIENT_EMAILS, &[&set(&[&set(&[&one])])]),
        attribute(RECIPIENT_EMAILS, &[&seq(&[&tlv(0x0c, &[b"a@x.de"]), &issuer_and_serial(1)])]),
        attribute(RECIPIENT_EMAILS, &[&seq(&[&tlv(0x16, &["ä@x.de".as_bytes()]), &issuer_and_serial(1)])]),
    ] {
        assert!(matches!(read(malformed), RecipientEmailsError::Malformed { .. }));
    }
}

#[test]
fn entries_are_kept_once_and_within_the_limit() {
    let kept = emails(&[("a@x.de", 1), ("A@X.de", 1), ("a@x.de", 2)]);
    assert_eq!(kept.entries(), [entry("a@x.de", 1), entry("a@x.de", 2)]);
    assert_eq!(RecipientEmails::new([]).unwrap_err(), RecipientEmailsError::Empty);
    assert_eq!(RecipientEmails::new([entry("ä@x.de", 1)]).unwrap_err(), RecipientEmailsError::Address);
    let many = |count: usize| RecipientEmails::new((0..count).map(|n| entry(&format!("{n}@x.de"), 1)));
    assert!(many(RecipientEmails::MAX_ENTRIES).is_ok());
    assert_eq!(many(RecipientEmails::MAX_ENTRIES + 1).unwrap_err(), RecipientEmailsError::TooMany);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2127
#[test]
fn they_are_compared_as_sets() {
    let one = emails(&[("a@x.de", 1), ("b@x.de", 2)]);
    assert!(one.same_as(&emails(&[("B@X.DE", 2), ("a@x.de", 1)])));
    for other in [
        emails(&[("a@x.de", 1)]),
        emails(&[("a@x.de", 1), ("b@x.de", 3)]),
        emails(&[("a@x.de", 1), ("b@x.de", 2), ("c@x.de", 2)]),
        emails(&[("a@x.de", 2), ("b@x.de", 1)]),
    ] {
        assert!(!one.same_as(&other) && !other.same_as(&one));
    }
}

#[test]
fn debug_shows_no_address() {
    let shown = format!("{:?}", emails(&[("geheim@x.de", 1)]));
    assert!(!shown.contains("geheim") && shown.contains("serial 01"), "{shown}");
}

proptest! {
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2114-01
    #[test]
    fn what_is_written_is_read_back(entries in prop::collection::vec(("[ -~]{0,300}", any::<u8>()), 1..40)) {
        let written = RecipientEmails::new(entries.iter().map(|(address, serial)| entry(address, *serial))).unwrap();
        let attribute = written.to_attribute();
        let read = RecipientEmails::from_attribute(&attribute).unwrap();
        prop_assert!(read.same_as(&written));
        prop_assert_eq!(read.to_attribute(), attribute);
    }
}
