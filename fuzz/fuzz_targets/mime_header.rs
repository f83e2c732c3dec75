#![no_main]
//! A header that is read can be written and read again, also after a field lost its addresses.

use bytes::Bytes;
use kim_smime::{Header, HeaderLimits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let limits = HeaderLimits::default();
    let Ok((mut header, body)) = Header::split(&Bytes::copy_from_slice(octets), &limits) else { return };
    let written = header.with_body(body.into()).to_bytes();
    let (again, rest) = Header::split(&written, &limits).expect("what was written can be read");
    assert_eq!(again.with_body(rest.into()).to_bytes(), written);
    for name in ["From", "To", "Cc"] {
        let _ = header.addresses(name);
        header.retain_addresses(name, |address| address.len() % 2 == 0);
        assert!(header.addresses(name).iter().all(|mailbox| mailbox.address.len() % 2 == 0));
    }
    for field in header.fields() {
        let _ = field.text();
    }
});
