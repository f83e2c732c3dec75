//! The REST services of a KIM Fachdienst as typed requests and responses, without I/O.
//!
//! | what | types |
//! |---|---|
//! | limits of an account (`I_AccountLimit_Service`, getLimits) | [`LimitsRequest`] → [`HttpRequest`], [`Limits::from_response`] |
//! | reference to mail data on the attachment service (x-kas) | [`KasReference`], [`KasLink`] with [`LinkRules`] |
//!
//! A request is a value: method, URL and headers. The caller sends it over TLS with its client certificate, without
//! following redirects, and hands status and body back. Bodies are read within limits; members nobody knows are ignored.
//!
//! ```
//! use kim_fachdienst::{BaseUrl, Limits, LimitsRequest};
//! use kim_types::Secret;
//!
//! let request = LimitsRequest {
//!     base: "https://am.example.kim.telematik:8443/AccountLimit/v1.1/".parse::<BaseUrl>()?,
//!     account: "praxis@example.kim.telematik".parse()?,
//!     password: Secret::from("password"),
//! };
//! let http = request.to_http();
//! assert_eq!(http.url, "https://am.example.kim.telematik:8443/AccountLimit/v1.1/limit");
//!
//! // ... the caller does the exchange ...
//! let limits = Limits::from_response(200, br#"{"dataTimeToLive": 30, "maxMailSize": 734003200, "quota": -1}"#)?;
//! assert_eq!((limits.data_time_to_live.get(), limits.quota), (30, None));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a mail says about its data on the attachment service is read in two steps: first the structure, then the link,
//! which must lead into KIM.
//!
//! ```
//! use kim_fachdienst::{KasLink, KasReference, LinkError, LinkRules};
//!
//! let body = br#"{"link": "https://kas.example.com/attachment/1",
//!     "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
//!     "hash": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "size": 27262976}"#;
//! let reference = KasReference::parse(body)?;
//! assert_eq!(KasLink::parse(&reference.link, &LinkRules::default()), Err(LinkError::ForeignHost));
//! # Ok::<(), kim_fachdienst::KasReferenceError>(())
//! ```

mod base_url;
mod failure;
mod http;
mod https;
mod json;
mod kas_link;
mod kas_reference;
mod limits;

pub use base_url::{BaseUrl, BaseUrlError};
pub use failure::Failure;
pub use http::{HttpRequest, Method};
pub use kas_link::{KasLink, LinkError, LinkRules};
pub use kas_reference::{KasReference, KasReferenceError};
pub use limits::{Days, Limits, LimitsError, LimitsRequest};
