//! A KIM Clientmodul on tokio: connections, caches, sessions, and protect/open without ports.
//!
//! Two ways to use it:
//!
//! - **As a library inside practice software.** [`Clientmodul::participant`] gives a [`Participant`]; its
//!   [`protect`](Participant::protect) signs and encrypts a mail, its [`open`](Participant::open) decrypts and checks one. No
//!   port, no service, nothing global.
//! - **As a proxy for mail programs.** [`Server`] listens and runs an SMTP or POP3 session for every client.
//!
//! ```no_run
//! use kim_clientmodul::{Account, Clientmodul, Settings};
//! use kim_types::{Envelope, Octets};
//!
//! # fn settings() -> Settings { unimplemented!() }
//! # fn account() -> Account { unimplemented!() }
//! # fn envelope() -> Envelope { unimplemented!() }
//! # async fn example(mail: Octets, received: bytes::Bytes) -> Result<(), Box<dyn std::error::Error>> {
//! let clientmodul = Clientmodul::new(settings());
//! let participant = clientmodul.participant(account())?;
//! match participant.protect(envelope(), mail).await {
//!     Ok(protected) => println!("{} octets for the mail server", protected.message.len()),
//!     Err(refused) => println!("not sent: {}", refused.cause),
//! }
//! let delivered = participant.open(received).await;
//! println!("{} octets for the user", delivered.mail.len());
//! # Ok(())
//! # }
//! ```
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0; flows: kim-flow; wire: kim-smtp, kim-pop3, kim-konnektor, kim-vzd.

mod answers;
mod cache;
mod cetp;
mod clientmodul;
mod http;
mod legs;
mod login;
mod participant;
mod pop3;
mod server;
mod settings;
mod smtp;
mod soap;
mod spool;
mod upstream;
mod vzd;

pub use cetp::EventListener;
pub use clientmodul::{Account, Clientmodul, UnknownKonnektor};
pub use participant::Participant;
pub use server::{ListenError, Protocol, Server, ServerLimits, TlsSwitch};
pub use settings::{Caches, Fachdienst, Konnektor, Settings};
pub use soap::{Auth, Directory, KonnektorClient, KonnektorSettings};
pub use spool::{Spool, SpoolError, SpoolSettings, Spooled};
pub use vzd::{DirectoryClient, DirectoryError, DirectorySettings};
