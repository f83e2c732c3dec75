//! The Konnektor as a Clientmodul sees it, driven in memory.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail loudly and says why it was skipped"
)]

mod cards;
mod certificates;
mod encryption;
mod faults;
mod pins;
mod recorded;
mod rig;
mod service_directory;
mod signatures;
mod strictness;
