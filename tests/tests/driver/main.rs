//! The proxy as a process that others lean on: who leaves when, what is refused, how it ends.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod back_pressure;
mod client_lost_while_fetching;
mod client_lost_while_sending;
mod front;
#[cfg(unix)]
mod killed;
mod limits;
mod pipelined;
mod reload;
#[cfg(unix)]
mod reload_file;
mod server_lost;
#[cfg(target_os = "linux")]
mod service_manager;
mod shutdown;
mod side_by_side;
mod timeouts;
mod tls;
