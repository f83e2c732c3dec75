//! The proxy as a process that others lean on: who leaves when, what is refused, how it ends.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod client_lost_while_fetching;
mod client_lost_while_sending;
mod front;
#[cfg(unix)]
mod killed;
mod limits;
mod pipelined;
mod reload;
mod server_lost;
mod shutdown;
mod tls;
