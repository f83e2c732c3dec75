#![no_main]
//! Whatever comes on a CETP connection, nothing panics, little is held, and the size of the chunks does not matter.

use kim_konnektor::{CetpDecoder, Event};
use libfuzzer_sys::fuzz_target;

/// The events until the connection has to be closed, and whether it has.
fn decode(octets: &[u8], chunk: usize) -> (Vec<Event>, bool) {
    let (mut decoder, mut events) = (CetpDecoder::default(), Vec::new());
    for part in octets.chunks(chunk) {
        match decoder.push(part) {
            Ok(more) => events.extend(more),
            Err(_) => return (events, true),
        }
    }
    (events, false)
}

fuzz_target!(|octets: &[u8]| {
    let (single, single_closed) = decode(octets, 1);
    let (whole, whole_closed) = decode(octets, octets.len().max(1));
    assert_eq!(single_closed, whole_closed);
    // The events before a fault in the same chunk are lost.
    assert!(whole == single || (whole_closed && whole.is_empty()));
    for event in single {
        assert!(event.is_about(&event.topic));
        let _ = event.parameter("CardHandle");
    }
});
