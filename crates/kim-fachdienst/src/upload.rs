//! Putting mail data on the attachment service: [`AddMailData`], [`Upload`], [`SharedLink`].

use std::fmt;
use std::fmt::Write as _;

use kim_types::{Address, Secret};
use serde::Deserialize;
use thiserror::Error;

use crate::http::{self, HttpRequest, Method};
use crate::json;
use crate::{BaseUrl, KasLink, LinkError, LinkRules, MailDataError};

/// Puts an encrypted mail on the attachment service (addMailData).
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19360; api-kim, AttachmentService.yaml 2.4.0.
#[derive(Clone, PartialEq, Eq)]
pub struct AddMailData {
    /// The base of the service, its server path (by the YAML file `/attachments/v2.4/`) included.
    pub base: BaseUrl,
    /// The account.
    pub account: Address,
    /// Its password at the Fachdienst.
    pub password: Secret,
    /// The Message-ID of the mail: printable ASCII, at most 998 octets.
    pub message_id: String,
    /// Who may fetch it: 1 to [`AddMailData::MAX_RECIPIENTS`] addresses.
    pub recipients: Vec<Address>,
    /// When it is to be removed, as a date-time of RFC 5322 in at most 64 octets.
    pub expires: String,
    /// The length of the encrypted mail in octets.
    pub size: u64,
}

/// An upload: send `request`, then `head`, the encrypted mail and `tail` as its body.
///
/// Message-ID and recipients stand before the mail, so that a service can refuse before it has read it.
///
/// Spec: RFC 7578; api-kim, AttachmentService.yaml 2.4.0 (Content-Length of the body and of the part).
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    /// Method, URL and headers, `Content-Type` and `Content-Length` among them.
    pub request: HttpRequest,
    /// The octets before the encrypted mail. They hold addresses.
    pub head: Vec<u8>,
    /// The octets after it.
    pub tail: Vec<u8>,
    /// The length of the whole body in octets.
    pub content_length: u64,
}

/// Why there is no upload.
///
/// Spec: api-kim AttachmentService 2.4.0, addMailData.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UploadError {
    /// There is no recipient, or there are more than [`AddMailData::MAX_RECIPIENTS`].
    #[error("the mail has {count} recipients")]
    Recipients {
        /// How many there are.
        count: usize,
    },
    /// The Message-ID is empty, too long or not printable.
    #[error("the message id cannot be sent in a form")]
    MessageId,
    /// The date is empty, too long or not printable.
    #[error("the expiry date cannot be sent in a form")]
    Expires,
    /// The mail is larger than anything that can be announced.
    #[error("the length of the upload cannot be expressed")]
    Length,
}

/// Where the attachment service has put the mail data.
///
/// Who knows it and is a recipient may fetch the data: it is not printed.
///
/// Spec: api-kim, AttachmentService.yaml 2.4.0 (sharedLink).
#[derive(Clone, PartialEq, Eq)]
pub struct SharedLink(String);

impl AddMailData {
    /// The greatest number of recipients: 10,000.
    pub const MAX_RECIPIENTS: usize = 10_000;

    /// The upload. `boundary` is random: with it no encrypted mail can contain what separates the parts.
    ///
    /// # Errors
    /// [`UploadError`] when a value cannot stand in a form.
    pub fn to_upload(&self, boundary: [u8; 16]) -> Result<Upload, UploadError> {
        let count = self.recipients.len();
        if count == 0 || count > Self::MAX_RECIPIENTS {
            return Err(UploadError::Recipients { count });
        }
        if !is_one_line(&self.message_id, 998) {
            return Err(UploadError::MessageId);
        }
        if !is_one_line(&self.expires, 64) {
            return Err(UploadError::Expires);
        }
        let boundary = format!("kim-{:032x}", u128::from_be_bytes(boundary));
        let mut head = String::new();
        text_part(&mut head, &boundary, "messageID", &self.message_id);
        for recipient in &self.recipients {
            text_part(&mut head, &boundary, "recipients", recipient.as_str());
        }
        text_part(&mut head, &boundary, "expires", &self.expires);
        attachment_head(&mut head, &boundary, self.size);
        let tail = format!("\r\n--{boundary}--\r\n");

        let around = u64::try_from(head.len().saturating_add(tail.len())).map_err(|_| UploadError::Length)?;
        let content_length = around.checked_add(self.size).ok_or(UploadError::Length)?;
        let request = HttpRequest {
            method: Method::Post,
            url: self.base.join("attachment/"),
            headers: vec![
                ("Accept", Secret::from("application/json")),
                ("Authorization", http::basic(&self.account, &self.password)),
                ("Content-Type", Secret::from(format!("multipart/form-data; boundary={boundary}").as_str())),
                ("Content-Length", Secret::from(content_length.to_string().as_str())),
            ],
        };
        Ok(Upload { request, head: head.into_bytes(), tail: tail.into_bytes(), content_length })
    }
}

impl SharedLink {
    /// Reads the answer to an upload.
    ///
    /// # Errors
    /// [`MailDataError`] for another status than 201 and for a body without a link.
    pub fn from_response(status: u16, body: &[u8]) -> Result<Self, MailDataError> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "sharedLink")]
            shared_link: String,
        }
        if status != 201 {
            return Err(MailDataError::of(status, body));
        }
        if body.len() > MailDataError::MAX_BODY_OCTETS {
            return Err(MailDataError::Malformed);
        }
        let body: Body = json::object(body).map_err(|_| MailDataError::Malformed)?;
        Ok(Self(body.shared_link))
    }

    /// The link as written, to be put into a [`KasReference`](crate::KasReference).
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The link, when it may be followed; needed to remove the data again.
    ///
    /// # Errors
    /// [`LinkError`] says which rule it breaks. No recipient would follow it either.
    pub fn check(&self, rules: &LinkRules) -> Result<KasLink, LinkError> {
        KasLink::parse(&self.0, rules)
    }
}

fn is_one_line(text: &str, max: usize) -> bool {
    !text.is_empty()
        && text.len() <= max
        && text.bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic())
}

// Writing to a String cannot fail.

fn text_part(out: &mut String, boundary: &str, name: &str, value: &str) {
    let _ = write!(out, "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
}

fn attachment_head(out: &mut String, boundary: &str, size: u64) {
    let _ = write!(
        out,
        "--{boundary}\r\n\
         Content-Disposition: form-data; name=\"attachment\"; filename=\"attachment.enc\"\r\n\
         Content-Type: application/octet-stream\r\n\
         Content-Length: {size}\r\n\r\n"
    );
}

impl fmt::Debug for AddMailData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recipients = self.recipients.len();
        f.debug_struct("AddMailData")
            .field("recipients", &recipients)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("content_length", &self.content_length).finish_non_exhaustive()
    }
}

impl fmt::Debug for SharedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedLink")
    }
}
