//! The parts of the example proxy that can be tested without it.
//!
//! The example itself is no test program, so that `cargo test` builds it as what it is: other tests start it.

#![expect(dead_code, unreachable_pub, reason = "what only the program uses")]

#[path = "../kim-proxy/fetch.rs"]
mod fetch;
#[path = "../kim-proxy/options.rs"]
mod options;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// What the program would print.
fn say(_: &str) {}
