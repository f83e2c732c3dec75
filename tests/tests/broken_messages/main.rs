//! A corpus of broken messages on the whole receive path: each gives its results and nothing else.
//!
//! The messages are made here, from right ones, with the keys of a testbed. Every one goes through the flow with Konnektor,
//! cards and PIN. What is looked at is what a user gets:
//!
//! | expectation | what it means |
//! |---|---|
//! | [`Office::refuses`] | an error mail with that X-KIM-DecryptionResult, the received message in it octet for octet, nothing of the hidden text anywhere |
//! | [`Office::doubts`] | X-KIM-DecryptionResult 00 with exactly these X-KIM-IntegrityCheckResult; the mail is in an error mail from the user to himself, and in mode `replace` it is gone |
//! | [`Office::delivers`] | the mail as it was sent |
//!
//! `mailbox` puts messages of all these kinds into one mailbox, and others that only a whole session can meet.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod announcements;
mod cut_off;
mod envelopes;
mod forged_headers;
mod legitimate_changes;
#[cfg(unix)]
mod mailbox;
mod message_rules;
mod office;
mod oversized;
#[cfg(unix)]
mod poison;
mod signatures;
mod tree;

use office::Office;
