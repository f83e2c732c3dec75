//! The Konnektor as a Clientmodul sees it, driven in memory.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

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
