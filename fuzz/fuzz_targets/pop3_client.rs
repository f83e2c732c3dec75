#![no_main]
//! A hostile client: the machine never panics, and the size of the chunks does not matter.

use std::time::Instant;

use kim_pop3::{Config, Input, Output, Proxy, Wait};
use libfuzzer_sys::fuzz_target;

fn run(octets: &[u8], chunk: usize, start: Instant) -> Vec<u8> {
    let mut machine = Proxy::new(Config::default(), start);
    let mut out = Output::default();
    let mut wait = machine.handle(Input::Start, start, &mut out);
    for part in octets.chunks(chunk) {
        if !matches!(wait, Wait::For { client: true, .. }) {
            break;
        }
        wait = machine.handle(Input::Client(part), start, &mut out);
    }
    out.client
}

fuzz_target!(|octets: &[u8]| {
    let start = Instant::now();
    let whole = run(octets, octets.len().max(1), start);
    let single = run(octets, 1, start);
    assert!(whole.starts_with(&single) || single.starts_with(&whole));
});
