//! The rules of sending, without runtime, sockets and clock: every answer comes from [`practice::Practice`].

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod bounds;
mod cancellation;
mod card;
mod header;
mod invalid_certificates;
mod invariants;
mod large;
mod limits;
mod order;
mod own_version;
mod practice;
mod recipients;
mod report;
mod resend;
