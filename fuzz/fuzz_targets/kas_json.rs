#![no_main]
//! Hostile JSON of provider and sender never panics; a reference that is read can be written and read again.

use kim_fachdienst::{KasLink, KasReference, Limits, LinkRules};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = Limits::from_response(200, octets);
    if let Ok(reference) = KasReference::parse(octets) {
        assert!(KasReference::parse(reference.to_json().expose()).is_ok());
        let _ = KasLink::parse(&reference.link, &LinkRules::default());
    }
    if let Ok(Ok(link)) = std::str::from_utf8(octets).map(|text| KasLink::parse(text, &LinkRules::default()))
    {
        let trusted =
            [".kim.telematik", ".kim.telematik-test"].iter().any(|suffix| link.host().ends_with(suffix));
        assert!(link.as_str().starts_with("https://") && trusted);
    }
});
