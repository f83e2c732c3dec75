#![no_main]
//! A foreign recipient-emails attribute never panics; one that is read can be written, and is the same then.

use kim_smime::RecipientEmails;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(emails) = RecipientEmails::from_attribute(octets) else { return };
    let written = emails.to_attribute();
    let again = RecipientEmails::from_attribute(&written).expect("what was written can be read");
    assert!(again.same_as(&emails) && emails.same_as(&again));
    assert_eq!(again.to_attribute(), written, "there is one way to write it");
    for entry in emails.entries() {
        if let Ok(address) = entry.address.0.parse() {
            assert!(emails.for_address(&address).any(|found| *found == entry.certificate));
        }
    }
});
