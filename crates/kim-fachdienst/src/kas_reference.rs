//! The structure that stands for mail data on the attachment service: [`KasReference`].

use std::fmt;

use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, engine::general_purpose::STANDARD};
use kim_types::Secret;
use serde::Deserialize;
use thiserror::Error;

use crate::json::{self, Whole};

/// Where mail data lies, what opens it and how to know it is the right one: the body of an x-kas part.
///
/// `Debug` shows the size only: link and key together are the mail.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07; api-kim, Attachment_schema.json; deltas Q5.
#[derive(Clone, PartialEq, Eq)]
pub struct KasReference {
    /// The link as written; [`KasLink`](crate::KasLink) says whether it may be followed.
    pub link: String,
    /// The AES-256 key, 32 octets.
    pub key: Secret,
    /// The SHA-256 of the plain mail.
    pub hash: [u8; 32],
    /// The length of the plain mail in octets.
    pub size: u64,
}

/// Why a body is not a reference to mail data.
///
/// Spec: none — the errors of parsing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KasReferenceError {
    /// The body is larger than [`KasReference::MAX_OCTETS`].
    #[error("the attachment structure has {len} octets")]
    TooLarge {
        /// Its length in octets.
        len: usize,
    },
    /// The body is no JSON object, or a member is missing, there twice, or of the wrong type.
    #[error("the attachment structure is malformed at octet {at}")]
    Malformed {
        /// The offset of the fault in octets.
        at: usize,
    },
    /// A member has the right type and an impossible value: no base64, or of the wrong length.
    #[error("the attachment structure has an impossible {member}")]
    Value {
        /// The name of the member.
        member: &'static str,
    },
}

#[derive(Deserialize)]
struct Body {
    link: String,
    k: String,
    hash: String,
    size: Whole,
}

/// Base64 with or without padding: both occur.
const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl KasReference {
    /// The greatest structure that is read, in octets: 16 KiB.
    pub const MAX_OCTETS: usize = 16 * 1024;

    /// Reads the decoded content of an x-kas part.
    ///
    /// White space around the object and unknown members are accepted.
    ///
    /// # Errors
    /// [`KasReferenceError`] says what is wrong, never what the body holds.
    pub fn parse(body: &[u8]) -> Result<Self, KasReferenceError> {
        if body.len() > Self::MAX_OCTETS {
            return Err(KasReferenceError::TooLarge { len: body.len() });
        }
        let Body { link, k, hash, size } =
            json::object(body).map_err(|at| KasReferenceError::Malformed { at })?;
        let k = Secret::new(k.into_bytes());
        let size = size.0.and_then(|size| u64::try_from(size).ok());
        Ok(Self {
            link,
            key: Secret::new(decode(k.expose(), "k")?.to_vec()),
            hash: decode(hash.as_bytes(), "hash")?,
            size: size.ok_or(KasReferenceError::Value { member: "size" })?,
        })
    }

    /// The structure as JSON on one line, to be the content of an x-kas part. It holds the key, hence the wrapper.
    pub fn to_json(&self) -> Secret {
        // A string cannot fail to serialise; the other members need no escapes.
        let link = serde_json::Value::from(self.link.as_str());
        let (key, hash) = (STANDARD.encode(self.key.expose()), STANDARD.encode(self.hash));
        let size = self.size;
        Secret::new(format!(r#"{{"link":{link},"k":"{key}","hash":"{hash}","size":{size}}}"#).into_bytes())
    }
}

fn decode(text: &[u8], member: &'static str) -> Result<[u8; 32], KasReferenceError> {
    let octets = TOLERANT.decode(text.trim_ascii()).map(Secret::new);
    let octets = octets.ok().and_then(|octets| <[u8; 32]>::try_from(octets.expose()).ok());
    octets.ok_or(KasReferenceError::Value { member })
}

impl fmt::Debug for KasReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KasReference").field("size", &self.size).finish_non_exhaustive()
    }
}
