//! The directory of the Telematikinfrastruktur (VZD), as far as mail needs it, without I/O.
//!
//! [`filter`] is the question for one address, [`ATTRIBUTES`] what to ask for. [`Listing::from_entries`] reads the answer:
//! the certificates of the address, still unparsed, and the [`KimVersion`] its owner can receive.
//!
//! ```
//! use kim_vzd::{Entry, Listing};
//!
//! let address: kim_types::Address = "Praxis@elefant.kim.telematik".parse()?;
//! assert_eq!(kim_vzd::filter(&address), "(mail=Praxis@elefant.kim.telematik)");
//!
//! let text = |text: &str| vec![text.as_bytes().to_vec()];
//! let entry = Entry {
//!     attributes: vec![
//!         ("mail".into(), text("praxis@elefant.kim.telematik")),
//!         ("komLeData".into(), text("1.5+,praxis@elefant.kim.telematik")),
//!         ("userCertificate;binary".into(), vec![vec![0x30, 0x00]]),
//!     ],
//! };
//! let listing = Listing::from_entries(&address, &[entry]);
//! assert!(listing.version.accepts_large());
//! assert_eq!(listing.certificates.len(), 1);
//! # Ok::<(), kim_types::AddressError>(())
//! ```
//!
//! Which of the certificates a mail is encrypted with is a rule of sending and stands in `kim-flow`.
//!
//! Spec: gemSpec_VZD 1.15.0; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022, A_22340; deltas Q11.

mod filter;
mod listing;
mod version;

pub use filter::{ATTRIBUTES, filter};
pub use listing::{Entry, Listing};
pub use version::{KimVersion, KimVersionError};
