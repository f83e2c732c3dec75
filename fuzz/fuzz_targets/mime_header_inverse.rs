#![no_main]
//! A header that is made field by field is read as those fields, whatever their values were meant to do.

use kim_fuzz::{records, text};
use kim_smime::{Header, HeaderLimits};
use kim_types::Octets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let mut header = Header::default();
    let mut pushed: Vec<(String, String)> = Vec::new();
    for (length, octets) in records(octets).into_iter().take(20) {
        let (name, value) = octets.split_at(usize::from(length).min(octets.len()));
        let (name, value) = (text(name), text(value));
        if header.push(&name, &value).is_ok() {
            pushed.push((name, value));
        }
    }
    let written = header.with_body(Octets::new()).to_bytes();
    let limits = HeaderLimits { octets: usize::MAX, ..HeaderLimits::default() };
    let (read, body) = Header::split(&written, &limits).expect("what was written can be read");
    assert!(body.is_empty(), "a value ended the header");
    assert_eq!(read.fields().count(), pushed.len(), "a value became a field");
    let words =
        |text: &str| text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    for (field, (name, value)) in read.fields().zip(&pushed) {
        assert_eq!(field.name(), name);
        assert_eq!(words(&field.text()), words(value));
    }
});
