//! Large mails through the proxy and the attachment service, and everything that can go wrong with it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod borders;
mod lost;
mod mutual_tls;
mod office;
mod panics;
mod receiving;
mod room;
mod sending;
