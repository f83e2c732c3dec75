//! The REST services of a KIM Fachdienst as typed requests and responses, without I/O.
//!
//! | what | types |
//! |---|---|
//! | limits of an account (`I_AccountLimit_Service`, getLimits) | [`LimitsRequest`] → [`HttpRequest`], [`Limits::from_response`] |
//! | reference to mail data on the attachment service (x-kas) | [`KasReference`], [`KasLink`] with [`LinkRules`] |
//! | mail data on the attachment service (`I_Attachment_Service`) | [`AddMailData`] → [`Upload`], [`SharedLink::from_response`]; [`CheckMailData`], [`ReadMailData`], [`DeleteMailData`] |
//! | where all of them are (DNS-SD) | [`Service`], [`belongs_to`] |
//! | versions and password rules (`I_ServiceInformation`) | [`ServiceInformationRequest`], [`ServiceInformation::from_response`] |
//!
//! A request is a value: method, URL and headers. The caller sends it over TLS with its client certificate, without
//! following redirects, and hands status and body back. Bodies are read within limits; members nobody knows are ignored.
//! The encrypted mail itself never passes through this crate: an [`Upload`] is what stands before and after it.
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
//!
//! An upload is a head, the encrypted mail, which is streamed, and a tail; its length is known before the first octet.
//!
//! ```
//! use kim_fachdienst::{AddMailData, BaseUrl, SharedLink};
//! use kim_types::Secret;
//!
//! let upload = AddMailData {
//!     base: "https://kas.example.kim.telematik/attachments/v2.4/".parse::<BaseUrl>()?,
//!     account: "praxis@example.kim.telematik".parse()?,
//!     password: Secret::from("password"),
//!     message_id: "<1@example.kim.telematik>".to_owned(),
//!     recipients: vec!["klinik@example.kim.telematik".parse()?],
//!     expires: "Thu, 08 Dec 2022 15:48:35 +0200".to_owned(),
//!     size: 27_262_976 + 28,
//! }
//! .to_upload([7; 16])?;
//! assert_eq!(upload.content_length, upload.head.len() as u64 + 27_263_004 + upload.tail.len() as u64);
//!
//! // ... the caller sends head, encrypted mail and tail ...
//! let answer = br#"{"sharedLink": "https://kas.example.kim.telematik/attachments/v2.4/attachment/1"}"#;
//! assert!(SharedLink::from_response(201, answer)?.as_str().ends_with("/1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod base_url;
mod discovery;
mod failure;
mod http;
mod https;
mod json;
mod kas_link;
mod kas_reference;
mod limits;
mod mail_data;
mod service_information;
mod upload;

pub use base_url::{BaseUrl, BaseUrlError};
pub use discovery::{Service, belongs_to};
pub use failure::Failure;
pub use http::{HttpRequest, Method};
pub use kas_link::{KasLink, LinkError, LinkRules};
pub use kas_reference::{KasReference, KasReferenceError};
pub use limits::{Days, Limits, LimitsError, LimitsRequest};
pub use mail_data::{CheckMailData, DeleteMailData, MailDataError, ReadMailData};
pub use service_information::{ServiceInformation, ServiceInformationError, ServiceInformationRequest};
pub use upload::{AddMailData, SharedLink, Upload, UploadError};
