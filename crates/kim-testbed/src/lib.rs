//! A whole Telematikinfrastruktur in one process, for tests: PKI, Konnektor, directory and Fachdienst.

pub mod directory;
pub mod fachdienst;
mod fault;
mod listener;
mod lock;
mod session;

pub use fault::{FaultPlan, Times};
pub use session::{Next, Session, Step};
