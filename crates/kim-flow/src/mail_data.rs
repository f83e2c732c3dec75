//! What a flow asks of the attachment service (KAS).

use std::fmt;
use std::time::SystemTime;

use kim_fachdienst::{KasLink, KasReference};
use kim_types::{Address, Octets, Secret};
use thiserror::Error;

use crate::Recipe;

/// Mail data to be encrypted and put on the attachment service of the own provider.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07, A_19360; flows K1 to K3.
#[derive(Clone)]
pub struct Upload {
    /// The mail as the recipients are to read it.
    pub mail: Recipe,
    /// Its Message-ID.
    pub message_id: String,
    /// Who may fetch it.
    pub recipients: Vec<Address>,
    /// When it is to be removed: the instant in the header field Expires.
    pub expires: SystemTime,
}

impl fmt::Debug for Upload {
    /// Without the Message-ID, which names who wrote the mail in some programs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("mail", &self.mail)
            .field("recipients", &self.recipients)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Mail data that lies on the attachment service.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07, A_23467.
#[derive(Debug, Clone)]
pub struct Uploaded {
    /// Where it lies and what opens it.
    pub reference: KasReference,
    /// Its length in octets after encryption.
    pub enc_size: u64,
}

/// Why mail data is not on the attachment service.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19363, A_22419; flows K4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UploadError {
    /// The storage of the account is full (507).
    #[error("the storage of the account is full")]
    Full,
    /// Everything else: no service, no answer, a refusal.
    #[error("the mail data could not be put on the attachment service")]
    Failed,
}

/// Mail data to be fetched, decrypted and checked.
///
/// The driver keeps what it fetched and releases nothing of it before tag and hash were checked.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05, A_19371, A_19372; flows L3 to L6.
#[derive(Clone)]
pub struct Download {
    /// Where it lies; the flow has checked where it leads.
    pub link: KasLink,
    /// For whom it is fetched: the own address.
    pub recipient: Address,
    /// The AES-256 key, 32 octets.
    pub key: Secret,
    /// The SHA-256 of the plain mail.
    pub hash: [u8; 32],
    /// The length of the plain mail as announced; another one is worth a line in the log, not more (deltas Q5).
    pub size: u64,
    /// The length in octets before decryption, if the message says it; another one is [`DownloadError::Failed`].
    pub enc_size: Option<u64>,
    /// The greatest length of the plain mail in octets, if there is one: the user did not ask for larger ones, whatever the
    /// message says. A longer one is [`DownloadError::TooLarge`], told as soon as it is known.
    pub most: Option<u64>,
}

impl fmt::Debug for Download {
    /// Without key and hash: who has the mail knows it by its hash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("link", &self.link)
            .field("recipient", &self.recipient)
            .field("size", &self.size)
            .field("enc_size", &self.enc_size)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

/// A mail that was fetched, decrypted and checked; the driver keeps it.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19374; flows L7.
#[derive(Debug, Clone)]
pub struct Downloaded {
    /// Its first octets: the header and the empty line after it, at least.
    pub head: Octets,
    /// Its length in octets.
    pub size: u64,
}

/// Why there is no mail from the attachment service.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05, A_19371, A_19372, A_22412; deltas Q15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// It was fetched too often (429).
    #[error("the mail data was fetched too often")]
    TooOften,
    /// It is not there, or not for this user (403, 404): a retry is pointless.
    #[error("the mail data is not there, or not for this user")]
    Gone,
    /// It is longer than [`Download::most`].
    #[error("the mail data is longer than the user asked for")]
    TooLarge,
    /// Everything else: no answer, another length, a refusal, no room to keep it.
    #[error("the mail data could not be fetched")]
    Failed,
    /// It cannot be decrypted.
    #[error("the mail data cannot be decrypted")]
    Decryption,
    /// It has another hash.
    #[error("the mail data has another hash")]
    Hash,
}
