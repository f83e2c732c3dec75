//! Mail data that lies on the attachment service: [`CheckMailData`], [`ReadMailData`], [`DeleteMailData`].

use kim_types::{Address, Secret};
use thiserror::Error;

use crate::http::{self, HttpRequest, Method};
use crate::{Failure, KasLink};

/// Asks whether mail data is there and how large it is (HEAD): worth it before a large download.
///
/// Spec: api-kim, AttachmentService.yaml 2.4.0 (head).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckMailData {
    /// Where it lies.
    pub link: KasLink,
    /// The own address.
    pub recipient: Address,
}

/// Fetches mail data (readMailData). The body of the answer is for the caller to stream.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05; api-kim, AttachmentService.yaml 2.4.0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadMailData {
    /// Where it lies.
    pub link: KasLink,
    /// The own address.
    pub recipient: Address,
}

/// Removes mail data that was put there for a mail that was not sent after all (deleteMailData).
///
/// Spec: api-kim, AttachmentService.yaml 2.4.0 (deleteMailData).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteMailData {
    /// Where it lies.
    pub link: KasLink,
    /// The account that put it there.
    pub account: Address,
    /// Its password at the Fachdienst.
    pub password: Secret,
}

/// Why the attachment service did not do what it was asked.
///
/// Spec: api-kim, AttachmentService.yaml 2.4.0; gemSpec_CM_KOMLE 1.16.0, A_19370-05; deltas Q15.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MailDataError {
    /// The account and its password were refused (401).
    #[error("the attachment service refuses the credentials ({0})")]
    Credentials(Failure),
    /// The address is no recipient of the mail (403): a retry is pointless.
    #[error("the attachment service does not count the account among the recipients ({0})")]
    NotRecipient(Failure),
    /// There is nothing at the link, any more perhaps (404): a retry is pointless.
    #[error("the attachment service has no mail data at the link ({0})")]
    Missing(Failure),
    /// The mail is larger than the service takes (413).
    #[error("the mail data is too large for the attachment service ({0})")]
    TooLarge(Failure),
    /// It was fetched too often (429).
    #[error("the mail data was fetched too often ({0})")]
    TooManyDownloads(Failure),
    /// The storage of the account is full (507).
    #[error("the storage of the account is full ({0})")]
    QuotaExceeded(Failure),
    /// Another status, redirects included: they are not followed.
    #[error("the attachment service answers with status {status} ({failure})")]
    Status {
        /// The status.
        status: u16,
        /// What the service says.
        failure: Failure,
    },
    /// The answer is a success and cannot be understood, or says no length where it must.
    #[error("the answer of the attachment service is malformed")]
    Malformed,
    /// The length is another one than the mail announced.
    #[error("the mail data has {actual} octets instead of {announced}")]
    Length {
        /// What the mail says.
        announced: u64,
        /// What the service says.
        actual: u64,
    },
}

impl MailDataError {
    /// The greatest body of an answer, apart from mail data, that is read, in octets: 64 KiB. The rest may be left unread.
    pub const MAX_BODY_OCTETS: usize = 64 * 1024;

    /// What a status other than the expected one means; a body that is too large is not looked at.
    pub(crate) fn of(status: u16, body: &[u8]) -> Self {
        let body = if body.len() <= Self::MAX_BODY_OCTETS { body } else { b"" };
        let failure = Failure::read(body);
        match status {
            401 => Self::Credentials(failure),
            403 => Self::NotRecipient(failure),
            404 => Self::Missing(failure),
            413 => Self::TooLarge(failure),
            429 => Self::TooManyDownloads(failure),
            507 => Self::QuotaExceeded(failure),
            _ => Self::Status { status, failure },
        }
    }
}

impl CheckMailData {
    /// The request: HEAD of the link, with the header `recipient`.
    pub fn to_http(&self) -> HttpRequest {
        for_recipient(Method::Head, &self.link, &self.recipient)
    }

    /// The length of the mail data in octets; `announced` is what the mail says about it, if it does.
    ///
    /// Services that say no length are left in peace: `None`.
    ///
    /// # Errors
    /// [`MailDataError`] for another status than 200 and for another length than the announced one.
    pub fn from_response(
        status: u16,
        content_length: Option<u64>,
        announced: Option<u64>,
    ) -> Result<Option<u64>, MailDataError> {
        if status != 200 {
            return Err(MailDataError::of(status, b""));
        }
        same_length(content_length, announced)
    }
}

impl ReadMailData {
    /// The request: GET of the link, with the header `recipient`.
    pub fn to_http(&self) -> HttpRequest {
        for_recipient(Method::Get, &self.link, &self.recipient)
    }

    /// Whether the mail data follows, and its length if the service says it; `announced` is what the mail says.
    ///
    /// `failure` is the body of any other answer than 200.
    ///
    /// # Errors
    /// [`MailDataError`] for another status than 200 and for another length than the announced one.
    pub fn from_response(
        status: u16,
        content_length: Option<u64>,
        announced: Option<u64>,
        failure: &[u8],
    ) -> Result<Option<u64>, MailDataError> {
        if status != 200 {
            return Err(MailDataError::of(status, failure));
        }
        same_length(content_length, announced)
    }
}

impl DeleteMailData {
    /// The request: DELETE of the link with HTTP Basic.
    pub fn to_http(&self) -> HttpRequest {
        HttpRequest {
            method: Method::Delete,
            url: self.link.as_str().to_owned(),
            headers: vec![("Authorization", http::basic(&self.account, &self.password))],
        }
    }

    /// Whether it is gone: what was not there (404) is gone, too.
    ///
    /// # Errors
    /// [`MailDataError`] for another status than 200, 204 and 404.
    pub fn from_response(status: u16, body: &[u8]) -> Result<(), MailDataError> {
        match status {
            200 | 204 | 404 => Ok(()),
            _ => Err(MailDataError::of(status, body)),
        }
    }
}

fn for_recipient(method: Method, link: &KasLink, recipient: &Address) -> HttpRequest {
    HttpRequest {
        method,
        url: link.as_str().to_owned(),
        headers: vec![("recipient", Secret::from(recipient.as_str()))],
    }
}

fn same_length(actual: Option<u64>, announced: Option<u64>) -> Result<Option<u64>, MailDataError> {
    match (actual, announced) {
        (Some(actual), Some(announced)) if actual != announced => {
            Err(MailDataError::Length { announced, actual })
        }
        _ => Ok(actual),
    }
}
