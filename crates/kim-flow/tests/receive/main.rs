//! The receiving flow from outside: no runtime, no sockets, no clock.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test may fail loudly"
)]
#![expect(clippy::result_large_err, reason = "a call that a test does not answer is given back")]

mod desk;
mod letter;

mod cards;
mod every_call;
mod integrity;
mod kas;
mod large;
mod plain;
mod release;
mod signer;
mod unopened;
