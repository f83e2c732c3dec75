//! The crate seen from outside, one behaviour per file.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may fail loudly")]

mod choice_of_versions;
mod chunks_do_not_matter;
mod events;
mod every_vector;
mod faults;
mod fixtures;
mod foreign_dialects;
mod hostile_xml;
mod http_status;
mod integrity_results;
mod missing_certificates;
mod pins;
mod recorded_directories;
mod recorded_requests;
mod recorded_responses;
mod redaction;
mod requests;
mod resources;
mod schemas;
mod warnings;
