#![no_main]
//! A recipient-emails attribute made of addresses and certificates is read as these.

use kim_fuzz::{records, text};
use kim_smime::{IssuerAndSerial, RecipientEmail, RecipientEmails};
use kim_types::Address;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let mut address = None::<Address>;
    let mut entries = Vec::new();
    for (kind, octets) in records(octets).into_iter().take(50) {
        if kind % 2 == 0 {
            address = text(octets).parse().ok().or(address);
        } else if let (Some(address), Ok(certificate)) = (&address, IssuerAndSerial::from_der(octets)) {
            entries.push(RecipientEmail::new(address, certificate));
        }
    }
    let count = entries.len();
    let Ok(emails) = RecipientEmails::new(entries) else { return assert_eq!(count, 0) };
    let again =
        RecipientEmails::from_attribute(&emails.to_attribute()).expect("what was written can be read");
    assert!(again.same_as(&emails) && emails.entries().len() <= count);
    assert_eq!(again.entries().len(), emails.entries().len());
});
