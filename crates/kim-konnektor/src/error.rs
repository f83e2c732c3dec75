//! [`Error`]: why an operation has no result.

use thiserror::Error;

use crate::{Class, Fault, Service};

/// Why an operation has no result.
///
/// Spec: none — the shape is our own; codes and their meaning are in [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The Konnektor answered with an error; [`Fault::class`] says what to do.
    #[error(transparent)]
    Fault(Fault),
    /// There was no answer of a Konnektor; try again later, read the service directory again.
    #[error("konnektor unavailable: {reason}")]
    Unavailable {
        /// What happened instead.
        reason: Reason,
    },
    /// The Konnektor does not accept the client's certificate or password.
    #[error("konnektor refuses the client")]
    Unauthorized,
    /// The answer cannot be read.
    #[error(transparent)]
    Response(ResponseError),
    /// This Konnektor does not offer what the operation needs.
    #[error(transparent)]
    Unsupported(Unsupported),
    /// The answer is larger than the [`Limits`](crate::Limits) allow.
    #[error("konnektor response is larger than allowed")]
    TooLarge,
}

impl Error {
    /// What can be done about it.
    ///
    /// A note that comes instead of a result (4273: the attribute was ignored) is [`Class::Data`]: nothing succeeded. Without
    /// TLS it is [`Class::Configuration`]: one side does not know the certificate of the other.
    ///
    /// Spec: gemSpec_Kon 5.18.0, fault tables of the operations
    pub fn class(&self) -> Class {
        match self {
            Self::Fault(fault) if fault.class() == Class::Warning => Class::Data,
            Self::Fault(fault) => fault.class(),
            Self::Unavailable { reason: Reason::Tls } => Class::Configuration,
            Self::Unavailable { .. } | Self::Response(_) => Class::Unavailable,
            Self::Unauthorized | Self::Unsupported(_) => Class::Configuration,
            Self::TooLarge => Class::Data,
        }
    }

    /// The fault, if the Konnektor answered with one.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    pub(crate) fn malformed(what: Malformed) -> Self {
        Self::Response(ResponseError { what, at: None })
    }
}

/// Why there was no answer; all but [`Reason::Http`] are for the driver to report.
///
/// Spec: none — transport is not part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Reason {
    /// No connection.
    #[error("no connection")]
    Connect,
    /// No answer in time.
    #[error("timeout")]
    Timeout,
    /// No TLS connection, or not with the Konnektor we know.
    #[error("tls")]
    Tls,
    /// An HTTP status without a Konnektor's fault, as proxies send it.
    #[error("http status {0}")]
    Http(u16),
    /// The connection ended before the answer did.
    #[error("connection closed")]
    Closed,
}

/// What a Konnektor lacks.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2077
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// The service directory lists no version we speak, or none with TLS.
    #[error("no usable version of {0} in the service directory")]
    Service(Service),
    /// A URL is no absolute https URL: that of the service directory when endpoints are rewritten, or one the
    /// driver cannot call.
    #[error("the url is not an absolute https url")]
    Url,
}

/// A response that cannot be read: what is wrong and where, never what it said.
///
/// Spec: none — robustness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("malformed konnektor response: {what}{}", at.map(|at| format!(" at octet {at}")).unwrap_or_default())]
pub struct ResponseError {
    /// What is wrong.
    pub what: Malformed,
    /// The octet of the response, where one can be named.
    pub at: Option<u64>,
}

/// What is wrong with a response.
///
/// Spec: none — robustness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Not UTF-8, or declared as something else.
    #[error("not utf-8")]
    Encoding,
    /// Not well-formed XML with namespaces.
    #[error("not well-formed")]
    Markup,
    /// A document type, processing instruction or entity reference, which SOAP forbids.
    #[error("forbidden markup")]
    Forbidden,
    /// Elements nested too deeply, or too many attributes, or too long a namespace.
    #[error("over a structural limit")]
    Structure,
    /// Not the root element, envelope or message that was expected.
    #[error("unexpected message")]
    Message,
    /// Text that should be base64 and is not.
    #[error("bad base64")]
    Base64,
    /// An element of this name is missing, repeated or has an unusable value.
    #[error("element {0} missing, repeated or unusable")]
    Element(&'static str),
    /// A multipart body (MTOM), which was not asked for and is not read.
    #[error("multipart response (mtom)")]
    Multipart,
}
