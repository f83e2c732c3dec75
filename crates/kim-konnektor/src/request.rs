//! [`Request`] and [`Operation`]: the one shape of all calls.

use kim_types::Context;

use crate::{Body, Document, Error, Services};

/// An operation of the Konnektor: a request to send and a reader of its response.
///
/// Spec: gemSpec_Kon 5.18.0, chapter 4.1 (SOAP 1.1, document/literal)
pub trait Operation {
    /// What a successful call gives.
    type Response;

    /// The request in the version that `services` chose, for the call context.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] when the Konnektor does not offer the service.
    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error>;

    /// The result from the response.
    ///
    /// # Errors
    ///
    /// [`Error::Fault`] for a SOAP fault or an error status inside the response, [`Error::Response`] when the
    /// message is not the one the operation asks for.
    fn response(&self, document: Document) -> Result<Self::Response, Error>;
}

/// An HTTP POST to make.
///
/// Send it with `Content-Type: text/xml; charset=utf-8`, `Content-Length` from [`Body::len`] and
/// `SOAPAction` in double quotes. `Debug` shows no values.
///
/// Spec: gemSpec_Kon 5.18.0, chapter 4.1
#[derive(Debug, Clone)]
pub struct Request {
    /// The endpoint, an absolute https URL.
    pub url: String,
    /// The SOAPAction, without quotes.
    pub action: String,
    /// The SOAP envelope.
    pub body: Body,
    /// How long to wait for the answer.
    pub patience: Patience,
}

/// How long an answer may take.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2091-01 (KONNEKTOR_TIMEOUT)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Patience {
    /// KONNEKTOR_TIMEOUT, 1 minute by default.
    Normal,
    /// Minutes: a person enters a PIN at a card terminal.
    Pin,
}
