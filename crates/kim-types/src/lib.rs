//! Value types that every KIM crate uses and none of them owns.
//!
//! Everything here is parsed once, at the edge, into a type that cannot be wrong afterwards:
//!
//! | type | what it is |
//! |---|---|
//! | [`Address`] | a mail address as it stands in an envelope or a header |
//! | [`KimAddress`] | an [`Address`] that obeys the KIM rules |
//! | [`Context`] | the call context of a Konnektor: Mandant, Clientsystem, workplace, user |
//! | [`MandantId`], [`ClientSystemId`], [`WorkplaceId`], [`UserId`], [`KonnektorId`] | ids that must not be swapped |
//! | [`Iccsn`], [`CardHandle`], [`TelematikId`] | what names a card and its owner |
//! | [`Secret`], [`Pii`] | values that no log line shows |
//! | [`Octets`] | message content in shared pieces, joined without copying |
//! | [`Envelope`], [`Reply`], [`Delivery`] | what SMTP says about a mail from outside |
//! | [`lines`], [`dots`], [`Inbox`] | line boundaries, dot-stuffing, what a peer sent: the part of the wire SMTP and POP3 share |
//!
//! `Debug` of whatever may name a patient or open a door prints `[redacted]` in every build.
//!
//! ```
//! use kim_types::{Address, Secret};
//!
//! let typed: Address = "Praxis.Name@elefant.kim.telematik".parse()?;
//! let stored: Address = "praxis.name@ELEFANT.kim.telematik".parse()?;
//! assert_eq!(typed, stored); // compared without case ...
//! assert_eq!(typed.to_string(), "Praxis.Name@elefant.kim.telematik"); // ... and never rewritten
//! assert_eq!(format!("{typed:?} {:?}", Secret::from("pass")), "[redacted] [redacted]");
//! # Ok::<(), kim_types::AddressError>(())
//! ```

mod address;
mod context;
pub mod dots;
mod envelope;
mod ids;
mod inbox;
pub mod lines;
mod octets;
mod redacted;

pub use address::{Address, AddressError, DomainSuffixes, KimAddress, KimAddressError};
pub use context::Context;
pub use envelope::{Delivery, Envelope, Recipient, Reply, Ret};
pub use ids::{
    CardHandle, ClientSystemId, Iccsn, IdError, KonnektorId, MandantId, TelematikId, UserId, WorkplaceId,
};
pub use inbox::Inbox;
pub use octets::Octets;
pub use redacted::{Pii, Secret};
