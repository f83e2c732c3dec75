//! A whole Telematikinfrastruktur in one process, for tests: PKI, Konnektor, directory and Fachdienst.

mod account;
mod cms;
pub mod directory;
pub mod fachdienst;
mod fault;
mod listener;
mod lock;
pub mod pki;
mod session;
mod testbed;
mod world;

pub use account::Account;
pub use fault::{FaultPlan, Times};
pub use listener::ClientAuth;
pub use session::{Next, Session, Step};
pub use testbed::{Testbed, TestbedConfig};
pub use world::World;
