//! The Konnektor as typed SOAP requests and responses, without I/O.
//!
//! A Konnektor is the appliance in every practice that holds the cards: it signs, encrypts, decrypts and verifies. This
//! crate speaks its language; sockets, timeouts and retries belong to the driver.
//!
//! A call has five steps:
//!
//! 1. `GET` the service directory and read it: [`ServiceDirectory::parse`], once per Konnektor.
//! 2. Choose endpoints and versions: [`ServiceDirectory::services`]. Keep the [`Services`] until the Konnektor cannot be
//!    reached there.
//! 3. Make an operation and its request: [`Operation::request`]. `POST` the [`Body`] in chunks; documents become base64
//!    while they are sent.
//! 4. Push the response into a [`ResponseReader`] as it arrives; documents are decoded on the way.
//! 5. Read the result: [`Operation::response`]. [`Error::class`] says what to do when there is none.
//!
//! | operation | result |
//! |---|---|
//! | [`GetCards`] | [`Card`]s the call context can reach |
//! | [`GetPinStatus`], [`VerifyPin`] | [`PinStatus`], [`PinResult`] |
//! | [`ReadCardCertificate`] | a certificate, or that the card has none |
//! | [`VerifyCertificate`] | [`CertificateVerdict`] |
//! | [`GetJobNumber`], [`SignDocument`] | [`JobNumber`], [`SignedDocument`] |
//! | [`VerifyDocument`] | [`Verification`], and what KIM makes of it: [`Integrity`] |
//! | [`EncryptDocument`], [`DecryptDocument`] | the CMS, the plain document |
//! | [`ExternalAuthenticate`] | a signature with the key of C.AUT |
//! | [`GetCardTerminals`], [`GetResourceInformation`] | [`CardTerminal`]s, [`ConnectorState`] |
//! | [`CheckCertificateExpiration`] | [`CertificateExpiration`]s |
//! | [`Subscribe`], [`RenewSubscriptions`], [`Unsubscribe`], [`GetSubscription`] | [`Subscription`]s |
//!
//! What a Konnektor reports by itself comes as [`Event`]s out of a [`CetpDecoder`].
//!
//! ```
//! use kim_konnektor::{
//!     Card, CardKind, EndpointMode, Error, GetCards, GetJobNumber, Limits, Operation, Request, ResponseReader,
//!     ServiceDirectory,
//! };
//! use kim_types::Context;
//!
//! /// The cards of an institution; `post` is the driver's HTTP client.
//! fn cards(
//!     directory: &[u8],
//!     context: &Context,
//!     post: impl Fn(Request) -> (u16, Vec<u8>),
//! ) -> Result<Vec<Card>, Error> {
//!     let directory = ServiceDirectory::parse(directory)?;
//!     let services = directory.services(EndpointMode::Published, "https://konnektor.example/connector.sds")?;
//!     let operation = GetCards { filter: Some(CardKind::Smb), mandant_wide: false };
//!     let (status, body) = post(operation.request(&services, context)?);
//!     let mut reader = ResponseReader::new(Limits::default());
//!     reader.push(&body)?;
//!     operation.response(reader.finish(status)?)
//! }
//!
//! let mut reader = ResponseReader::new(Limits::default());
//! reader.push(b"<S:Envelope xmlns:S='http://schemas.xmlsoap.org/soap/envelope/'><S:Body>")?;
//! reader.push(b"<GetJobNumberResponse xmlns='http://ws.gematik.de/conn/SignatureService/v7.5'>")?;
//! reader.push(b"<JobNumber>TPZ-032</JobNumber></GetJobNumberResponse></S:Body></S:Envelope>")?;
//! let job = GetJobNumber.response(reader.finish(200)?)?;
//! assert_eq!(job.as_str(), "TPZ-032");
//! # Ok::<(), Error>(())
//! ```
//!
//! ## What a response goes through
//!
//! Octets are split at once into a skeleton, the small XML, and the documents and certificates in it. The skeleton is
//! brought into a normal form by one pass that refuses document types, processing instructions, entities, deep nesting
//! and second roots, and that drops prefixes, comments and everything outside the message. Only then typed parsers see it.
//! Namespaces are strict, prefixes and order are free, unknown elements are skipped, repeated ones are refused. What is
//! allowed is bounded by [`Limits`] and the constants in the sources. Requests, in contrast, keep to the order of the schema
//! to the letter.
//!
//! Names of persons, texts of faults and documents appear in no `Debug`, no `Display` and no log line.
//!
//! ## What a Konnektor's answer may look like
//!
//! - A fault may come with any HTTP status, and as a status inside a response: both are [`Error::Fault`].
//! - A warning is a success, unless the operation would be worthless for KIM: the recipient-emails attribute was ignored
//!   (4273), a recipient was left out (4259).
//! - A bad signature may come as a result or as a fault: both are a [`Verification`].
//! - A missing certificate may come as a warning or as a fault: both are `None`.
//! - MTOM answers are refused ([`ResponseReader::check_content_type`]); requests never ask for them.

mod advice;
mod base64_text;
mod body;
mod card;
mod card_terminals;
mod certificate_expiration;
mod cetp;
mod class;
mod crypt;
mod directory;
mod document;
mod encrypt_document;
mod endpoint;
mod envelope;
mod error;
mod external_authenticate;
mod fault;
mod get_cards;
mod integrity;
mod job_number;
mod namespace;
mod normal_form;
mod pin;
mod read_card_certificate;
mod request;
mod resource_information;
mod response;
mod services;
mod sign_document;
mod status;
mod subscription;
mod verify_certificate;
mod verify_document;
mod version;

pub use body::{Body, Chunks};
pub use card::{Card, CardKind};
pub use card_terminals::{CardTerminal, GetCardTerminals};
pub use certificate_expiration::{CertificateExpiration, CheckCertificateExpiration};
pub use cetp::{CetpDecoder, CetpError, Event, MAX_EVENT_OCTETS};
pub use class::Class;
pub use crypt::Crypt;
pub use directory::{MAX_DIRECTORY_OCTETS, Product, ServiceDirectory};
pub use document::Document;
pub use encrypt_document::{DecryptDocument, EncryptDocument};
pub use endpoint::EndpointMode;
pub use error::{Error, Malformed, Reason, ResponseError, Unsupported};
pub use external_authenticate::{ExternalAuthenticate, SignatureScheme};
pub use fault::{ErrorType, Fault, Severity, Trace};
pub use get_cards::GetCards;
pub use integrity::{HighLevelResult, Integrity, Verification};
pub use job_number::{GetJobNumber, JobNumber, JobNumberError};
pub use pin::{GetPinStatus, PinKind, PinResult, PinStatus, VerifyPin};
pub use read_card_certificate::{CertRef, ReadCardCertificate};
pub use request::{Operation, Patience, Request};
pub use resource_information::{ConnectorState, ErrorCondition, GetResourceInformation};
pub use response::{Limits, ResponseReader};
pub use services::{Endpoint, Service, Services};
pub use sign_document::{SignDocument, SignedDocument};
pub use subscription::{
    EventSink, GetSubscription, RenewSubscriptions, Subscribe, Subscription, SubscriptionId, Unsubscribe,
};
pub use verify_certificate::{CertificateResult, CertificateVerdict, VerifyCertificate};
pub use verify_document::VerifyDocument;
pub use version::{Version, VersionError};
