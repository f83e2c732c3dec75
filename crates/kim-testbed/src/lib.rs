//! A whole Telematikinfrastruktur in one process, for tests: PKI, Konnektor, directory and Fachdienst.
//!
//! | part | in memory | on sockets |
//! |---|---|---|
//! | certificates and cards | [`pki::Pki`], [`pki::Card`] | |
//! | Konnektor | [`konnektor::Konnektor`] | SOAP over HTTPS |
//! | directory (VZD) | [`directory::Directory`] | LDAP over TLS |
//! | Fachdienst | [`fachdienst::Mta`], [`fachdienst::Pop3Server`], [`fachdienst::Mailboxes`] | SMTP and POP3 over TLS |
//! | attachment service, account limits | [`fachdienst::Kas`] | HTTPS |
//! | service discovery | | [`Dns`] |
//! | all of it, with accounts that fit together | [`World`] | [`Testbed`] |
//!
//! Everything follows from a seed: the same seed gives the same keys, certificates, ids and passwords. Values made with
//! the keys later (signatures, encrypted keys, TLS) are random as always, and nothing here protects anything.
//!
//! # On sockets
//!
//! [`Testbed::start`] puts a [`World`] on ports of 127.0.0.1. What a Clientmodul needs to be configured is at hand: URLs and
//! addresses, certificates to trust, keys as PKCS#12 files, and for each [`Account`] the user names and the password.
//!
//! ```
//! use kim_testbed::{Testbed, TestbedConfig};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let testbed = Testbed::start(TestbedConfig::default()).await?;
//! let world = testbed.world();
//! let [practice, colleague, ..] = world.accounts() else { return Ok(()) };
//! println!("user name: {}", practice.smtp_user_name(testbed.smtp_addr()));
//! // ... send a mail through the Clientmodul under test, then:
//! let mails = world.mailboxes().mailbox(&colleague.address).map(|mailbox| mailbox.mails());
//! assert_eq!(mails, Some(vec![]));
//! # std::io::Result::Ok(())
//! # })?;
//! # std::io::Result::Ok(())
//! ```
//!
//! # In memory
//!
//! Each server is a state machine from octets to octets ([`Session`]) or from request to response, so that a test can run a
//! whole exchange in one thread without sockets and clock.
//!
//! ```
//! use kim_testbed::fachdienst::SmtpCommand;
//! use kim_testbed::{Session, World};
//!
//! let world = World::new(1);
//! let mut session = world.mta().session("client");
//! let mut out = Vec::new();
//! session.greet(&mut out);
//! session.receive(&mut &b"NOOP\r\n"[..], &mut out);
//! assert_eq!(out, b"220 mail.testbed.kim.telematik-test ESMTP\r\n250 2.0.0 OK\r\n");
//! assert_eq!(world.mta().transcript().count(SmtpCommand::Noop), 1);
//! ```
//!
//! # Faults
//!
//! Every operation can be made to fail, once, often or always: see [`FaultPlan`] and the `faults` of each server, and look
//! at what was asked in its transcript.
//!
//! ```
//! use kim_testbed::fachdienst::{MailFault, SmtpCommand};
//! use kim_testbed::{Times, World};
//!
//! let world = World::new(1);
//! let full = MailFault::Reply("452 4.2.2 Mailbox full".into());
//! world.mta().faults().add(SmtpCommand::Rcpt, Times::nth(2), full);
//! ```
//!
//! # Independence
//!
//! The testbed shares nothing but plain types ([`kim_types`]) with the crates it tests: a specification that was misread in
//! one place must not look right in the other.

mod account;
pub mod cms;
pub mod directory;
mod dns;
pub mod fachdienst;
mod fault;
pub mod konnektor;
mod listener;
mod lock;
pub mod pki;
mod port;
mod session;
mod testbed;
mod world;

pub use account::Account;
pub use dns::{Dns, DnsRecord};
pub use fault::{FaultPlan, Times};
pub use listener::ClientAuth;
pub use port::Port;
pub use session::{Next, Session, Step};
pub use testbed::{Testbed, TestbedConfig};
pub use world::World;
