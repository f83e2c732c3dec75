//! The KIM user name: what a mail program types, as a struct and back.
//!
//! A mail program knows one user name and one password per account. A Clientmodul needs more: which mail server, which
//! Konnektor, and in whose name the cards are used. KIM puts all of it into the user name, in parts separated by `#`:
//!
//! ```text
//! Praxis.Name@elefant.kim.telematik#100.102.8.6:995#MandantID#ClientsystemID#ArbeitsplatzID#UserID#Konn_1
//! └──────────── address ──────────┘ └─── server ──┘ └────────── call context ──────────────────┘ └Konnektor
//! ```
//!
//! [`UserName::parse`] reads it, [`UserName::to_text`] writes it. SMTP and POP3 order the last two parts differently:
//! [`Layout`] is the table that says what stands where.
//!
//! ```
//! use kim_types::DomainSuffixes;
//! use kim_username::{Layout, UserName, UserNameError};
//!
//! let typed = "Praxis.Name@elefant.kim.telematik#100.102.8.6:995#Mandant#System#Platz#*#Konn_1";
//! let user = UserName::parse(typed, &Layout::POP3, &DomainSuffixes::default())?;
//! assert_eq!(user.address.to_string(), "Praxis.Name@elefant.kim.telematik");
//! assert_eq!(user.server.as_ref().map(|server| server.port), Some(995));
//! assert_eq!(user.context.user, None); // `*` stands for a part that is not used
//! assert_eq!(user.to_text(&Layout::POP3), typed);
//!
//! // What a vendor's settings page shows for the other protocol:
//! assert!(user.to_text(&Layout::SMTP).ends_with("#Mandant#System#Platz#Konn_1"));
//!
//! // An error says which part is wrong and where, never what stands there.
//! let error = UserName::parse("a@elefant.kim.telematik##M", &Layout::POP3, &DomainSuffixes::default());
//! assert_eq!(error.unwrap_err().to_string(), "ClientSystemId is wrong at octet 26: it is missing");
//! # Ok::<(), UserNameError>(())
//! ```
//!
//! # Rules
//!
//! | part | required | value |
//! |---|---|---|
//! | [`Part::Address`] | yes | a [`KimAddress`](kim_types::KimAddress): the login at the mail server, and who the user is |
//! | [`Part::Server`] | no | `host:port`, IPv6 in brackets; empty or `*`: to be found by DNS-SD |
//! | [`Part::Mandant`], [`Part::ClientSystem`], [`Part::Workplace`] | yes | the call context of the Konnektor |
//! | [`Part::User`] | no | the user of a personal card (HBA) |
//! | [`Part::Konnektor`] | no | the name of a configured Konnektor, else the default one |
//!
//! - `*` stands for an optional part that is not used but followed by one that is. For a required part it is an error.
//! - Optional parts at the end may be left out. Parts after the seventh are reserved: ignored, and not written back.
//! - Values may be any printable UTF-8 without `#`. A name has at most [`UserName::MAX_OCTETS`] octets.
//! - The password is never part of it: a `#` in a password means nothing.
//!
//! [`sasl`] is the other half of a login: the PLAIN message that carries name and password. [`LoginRefusal`] is why a login
//! with a good name is refused all the same.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010, KOM-LE-A_2032, A_21457, A_21517, A_21518-02, A_21519-02,
//! KOM-LE-A_2044; KIM 1.5.4 (A_23541, server optional).

mod host;
mod layout;
mod name;
mod refusal;
pub mod sasl;
mod server;

pub use host::{Host, HostError, HostName};
pub use layout::{Layout, Part};
pub use name::{Fault, UserName, UserNameError};
pub use refusal::LoginRefusal;
pub use server::{Server, ServerError};
