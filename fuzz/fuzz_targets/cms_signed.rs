#![no_main]
//! Foreign CMS never panics the reader, and what it reads has a recipient-emails attribute it can write again.

use bytes::Bytes;
use kim_smime::{BerLimits, RecipientEmails, Signed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(cms) = Signed::parse(&Bytes::copy_from_slice(octets), &BerLimits::default()) {
        let emails = cms.recipient_emails();
        let again = RecipientEmails::from_attribute(&emails.to_attribute());
        assert!(again.is_ok_and(|again| again.same_as(emails)));
    }
});
