//! Mail servers, a directory and mail programs that nobody here wrote, around the proxy.
//!
//! | in place of | program | configured by |
//! |---|---|---|
//! | the Fachdienst's MTA | Postfix | `peers/conf/main.cf`, `master.cf` |
//! | the Fachdienst's POP3 server | Dovecot | `peers/conf/dovecot.conf` |
//! | the directory (VZD) | OpenLDAP | `peers/conf/slapd.conf`, `vzd.schema` |
//! | the mail program | swaks, msmtp, mpop, fetchmail, curl, Python | [`Sender`], [`Fetcher`] |
//!
//! `tests/setup-peers` installs them. The Konnektor, all keys and all accounts are the testbed's. Everything lies in one
//! directory for temporary files, which is gone when the test program has ended; the configuration of the system is
//! neither read nor changed. Postfix has to be started by root.
//!
//! Where a program is missing, the tests say so once and pass. With `KIM_PEERS=required` in the environment they fail.

mod alone;
mod fetcher;
mod practice;
mod programs;
mod scratch;
mod secured;
mod sender;
mod servers;

pub use alone::{Alone, Shared};
pub use fetcher::Fetcher;
pub use practice::{Login, RealPractice};
pub use secured::{Secured, Tls};
pub use sender::Sender;
