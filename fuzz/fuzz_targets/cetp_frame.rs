#![no_main]
//! Whatever comes on a CETP connection, nothing panics, little is held, and the size of the chunks does not matter.

use kim_konnektor::{CetpDecoder, Event};
use libfuzzer_sys::fuzz_target;

/// The events, `None` for a frame that holds none, until the connection has to be closed, and whether it has.
fn decode(octets: &[u8], chunk: usize) -> (Vec<Option<Event>>, bool) {
    let (mut decoder, mut events) = (CetpDecoder::default(), Vec::new());
    // What is wrong after an event may be told by the next call only.
    for part in octets.chunks(chunk).chain([&[][..]]) {
        match decoder.push(part) {
            Ok(more) => events.extend(more.into_iter().map(Result::ok)),
            Err(_) => return (events, true),
        }
    }
    (events, false)
}

fuzz_target!(|octets: &[u8]| {
    let single = decode(octets, 1);
    assert_eq!(decode(octets, octets.len().max(1)), single);
    for event in single.0.into_iter().flatten() {
        assert!(event.is_about(&event.topic));
        let _ = event.parameter("CardHandle");
    }
});
