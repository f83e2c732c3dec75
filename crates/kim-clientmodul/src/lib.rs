//! A KIM Clientmodul on tokio: connections, caches, sessions, and protect/open without ports.
//!
//! Two ways to use it:
//!
//! - **As a library inside practice software.** [`Clientmodul::participant`] gives a [`Participant`]; its
//!   [`protect`](Participant::protect) signs and encrypts a mail, its [`open`](Participant::open) decrypts and checks one. No
//!   port, no service, nothing global.
//! - **As a proxy for mail programs.** [`Proxy`] listens and runs an SMTP or POP3 session for every client; [`Server`] is one
//!   listener of it.
//!
//! [`Settings`] are typed; with the cargo feature `config` the module `config` reads them from a TOML file.
//!
//! Three tasks are for applications that stay up, and each is spawned by whoever wants it: [`subscribe()`] with an
//! [`EventListener`] to hear of restarts and cards at once, [`watch_certificates()`] to be told in time which certificate ends,
//! [`keep_time()`] to go by the clock of the TI.
//!
//! Several Konnektors may serve the same user names: they share the work by weight, and when one does not answer, another one
//! does what may be done twice.
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
//!     Ok(outgoing) => println!("{} octets for the mail server", outgoing.size()),
//!     Err(refused) => println!("not sent: {}", refused.cause),
//! }
//! let opened = participant.open(received).await;
//! println!("{} octets for the user", opened.mail.len());
//! # Ok(())
//! # }
//! ```
//!
//! Mails that may be large are not held in memory: [`Clientmodul::incoming_mail`] and [`Clientmodul::incoming_message`] take
//! them piece by piece, and [`Pieces`] gives them out again.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0; flows: kim-flow; wire: kim-smtp, kim-pop3, kim-konnektor, kim-vzd.

mod answers;
mod blocking;
mod cache;
mod cetp;
mod clientmodul;
mod clock;
#[cfg(feature = "config")]
pub mod config;
mod download;
mod early;
mod expiry;
mod fachdienst;
mod fetch_certificate;
mod health;
mod http;
mod incoming;
mod isolation;
mod konnektor;
mod legs;
mod limits;
mod login;
mod mail_data;
mod operation;
mod orphan;
mod outgoing;
mod participant;
mod pieces;
mod plain;
mod pop3;
mod progress;
mod prompts;
mod proxy;
mod resolver;
mod retry;
mod server;
mod services;
mod settings;
mod smtp;
mod soap;
mod spool;
mod subscribe;
mod upload;
mod upstream;
mod vzd;
mod workload;

pub use cetp::EventListener;
pub use clientmodul::{Account, Clientmodul, UnknownKonnektor};
pub use clock::keep_time;
pub use expiry::{CertificateInUse, watch_certificates};
pub use fetch_certificate::{FetchError, fetch_certificate};
pub use incoming::{Incoming, Stored};
pub use konnektor::KonnektorHealth;
pub use operation::FLOW_LOG;
pub use outgoing::{Opened, Outgoing};
pub use participant::Participant;
pub use pieces::Pieces;
pub use progress::{Direction, Progress};
pub use proxy::{Listen, Proxy};
pub use server::{ListenError, Protocol, Server, ServerLimits, TlsSwitch};
pub use settings::{Caches, Fachdienst, FachdienstServices, Konnektor, Settings};
pub use soap::{Auth, Directory, KonnektorClient, KonnektorSettings};
pub use spool::{Spool, SpoolError, SpoolSettings, Spooled};
pub use subscribe::subscribe;
pub use vzd::{DirectoryClient, DirectoryError, DirectorySettings};
