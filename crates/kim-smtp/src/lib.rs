//! The SMTP side of a KIM Clientmodul as a state machine without I/O.

mod auth;
mod call;
mod capabilities;
mod command;
mod config;
mod connect;
mod deliver;
mod envelope;
mod event;
mod inbox;
mod login;
mod machine;
mod process;
mod proxy;
mod receive;
mod replies;
mod server;
mod session;

pub use call::{Answer, Call, Login, LoginRefusal, Process};
pub use config::{Config, MIN_SIZE};
pub use event::Event;
pub use machine::{Input, Output, Proxy, Wait};
pub use server::{MAX_REPLY_LINE_OCTETS, MAX_REPLY_LINES};
pub use session::MAX_COMMAND_OCTETS;
