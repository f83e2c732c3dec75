//! Why a mail does not go out, and what the client is told.

use kim_smime::{ChainError, HeaderError};
use kim_types::Reply;
use thiserror::Error;

use crate::CardError;
use crate::recipients::Dropped;

/// A mail that must not go out.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2021, KOM-LE-A_2025.
#[derive(Debug)]
pub struct Refused {
    /// The reply to the client, at the end of DATA.
    pub reply: Reply,
    /// Why.
    pub cause: Cause,
}

impl From<Cause> for Refused {
    fn from(cause: Cause) -> Self {
        Self { reply: cause.reply(), cause }
    }
}

/// Why a mail must not go out.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2021, KOM-LE-A_2025, A_19355, A_22341.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Cause {
    /// The header cannot be read.
    #[error("the mail has no readable header")]
    Malformed(#[source] HeaderError),
    /// Neither Sender nor From names exactly one address.
    #[error("the mail names no sender")]
    NoSender,
    /// The mail contains an x-kas part of its own (A_22341).
    #[error("the mail contains an x-kas part")]
    KasPart,
    /// The mail is larger than the account allows (A_19355).
    #[error("the mail is larger than the account allows")]
    AboveMailSize,
    /// The mail is larger than what a Konnektor can sign.
    #[error("the mail is larger than what a Konnektor can sign")]
    Large,
    /// The directory does not answer.
    #[error("the directory does not answer")]
    Directory,
    /// There is no valid certificate to encrypt for the sender.
    #[error("the sender has no encryption certificate")]
    SenderWithoutCertificate,
    /// Nobody is left to encrypt for.
    #[error("no recipient is left")]
    NoRecipient(Vec<Dropped>),
    /// No card can sign.
    #[error("no card can sign")]
    Card(#[source] CardError),
    /// The Konnektor did not sign or encrypt.
    #[error("the Konnektor did not sign or encrypt")]
    Konnektor(#[source] kim_konnektor::Error),
    /// The Konnektor's CMS is not what was asked for.
    #[error("the Konnektor's answer is not what was asked for")]
    Chain(#[source] ChainError),
}

impl Cause {
    /// The reply to the end of DATA, in short German.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2021, KOM-LE-A_2025, A_19355, A_22341; api-kim FAQ (553); deltas Q13, Q25.
    pub fn reply(&self) -> Reply {
        let (code, text) = match self {
            Self::Malformed(_) => (554, "5.6.0 Der Kopf der Nachricht ist nicht lesbar"),
            Self::NoSender => (554, "5.6.0 Die Nachricht nennt nicht genau einen Absender"),
            Self::KasPart => (451, "4.6.0 Die Nachricht enthaelt einen x-kas Teil"),
            Self::AboveMailSize | Self::Large => (552, "5.3.4 Die Nachricht ist zu gross"),
            Self::Directory => (451, "4.4.3 Der Verzeichnisdienst antwortet nicht"),
            Self::SenderWithoutCertificate => {
                (553, "5.7.5 Der Absender hat kein Verschluesselungszertifikat")
            }
            Self::NoRecipient(_) => (451, "4.7.5 Fuer keinen Empfaenger gibt es ein gueltiges Zertifikat"),
            Self::Card(CardError::Missing) => (451, "4.7.5 Es ist keine SMC-B zum Signieren vorhanden"),
            Self::Card(CardError::Pin(_)) => (451, "4.7.5 Die PIN der SMC-B ist nicht freigeschaltet"),
            Self::Card(CardError::Konnektor(_)) | Self::Konnektor(_) | Self::Chain(_) => {
                (451, "4.7.5 Der Konnektor konnte die Nachricht nicht signieren oder verschluesseln")
            }
        };
        Reply::new(code, text)
    }
}
