//! Why a mail does not go out, and what the client is told.

use kim_smime::{ChainError, HeaderError};
use kim_types::Reply;
use thiserror::Error;

use crate::recipients::{DropReason, Dropped};
use crate::{CardError, UploadError};

/// The greatest length of the addresses in a reply, in octets; a reply has at most 512.
const MAX_ADDRESSES: usize = 350;

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
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2021, KOM-LE-A_2025, KOM-LE-A_2029, A_19355, A_19363, A_22341, A_22419.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Cause {
    /// The header cannot be read.
    #[error("the mail has no readable header")]
    Malformed(#[source] HeaderError),
    /// The user sends more than one received message to himself at once (W2).
    #[error("the mail contains several KOM-LE messages to be sent again")]
    SeveralMessages,
    /// The received message has line ends that no mail server must see.
    #[error("the KOM-LE message to be sent again has broken line ends")]
    LineEnds,
    /// Neither Sender nor From names exactly one address.
    #[error("the mail names no sender")]
    NoSender,
    /// The mail contains an x-kas part of its own (A_22341).
    #[error("the mail contains an x-kas part")]
    KasPart,
    /// The mail is larger than the account allows (A_19355).
    #[error("the mail is larger than the account allows")]
    AboveMailSize,
    /// What is to be signed or encrypted is larger than what a Konnektor takes.
    #[error("the mail is larger than what a Konnektor takes")]
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
    /// A message names at most [`RecipientEmails::MAX_ENTRIES`](kim_smime::RecipientEmails::MAX_ENTRIES) pairs of an address
    /// and a certificate.
    #[error("the mail has too many recipients")]
    TooManyRecipients,
    /// The mail data is not on the attachment service (A_19363, A_22419).
    #[error("the mail data is not on the attachment service")]
    Upload(#[source] UploadError),
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
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2021, KOM-LE-A_2025, A_19355, A_19363, A_22341, A_22419; api-kim FAQ (553);
    /// deltas Q13, Q25.
    pub fn reply(&self) -> Reply {
        let (code, text) = match self {
            Self::Malformed(_) => (554, "5.6.0 Der Kopf der Nachricht ist nicht lesbar"),
            Self::SeveralMessages => {
                (554, "5.6.0 Bitte nur eine KIM-Nachricht auf einmal an sich selbst weiterleiten")
            }
            Self::LineEnds => (554, "5.6.0 Die weitergeleitete KIM-Nachricht hat fehlerhafte Zeilenenden"),
            Self::NoSender => (554, "5.6.0 Die Nachricht nennt nicht genau einen Absender"),
            Self::KasPart => (451, "4.6.0 Die Nachricht enthaelt einen x-kas Teil"),
            Self::AboveMailSize | Self::Large => (552, "5.3.4 Die Nachricht ist zu gross"),
            Self::Directory => (451, "4.4.3 Der Verzeichnisdienst antwortet nicht"),
            Self::SenderWithoutCertificate => {
                (553, "5.7.5 Der Absender hat kein Verschluesselungszertifikat")
            }
            Self::NoRecipient(dropped) => return nobody_left(dropped),
            Self::TooManyRecipients => (554, "5.5.3 Die Nachricht hat zu viele Empfaenger"),
            Self::Upload(UploadError::Full) => (521, "5.2.2 Der Speicher fuer grosse Nachrichten ist voll"),
            Self::Upload(UploadError::Failed) => {
                (451, "4.4.0 Die E-Mail-Daten konnten nicht zum KAS uebertragen werden")
            }
            Self::Card(CardError::Missing) => (451, "4.7.5 Es ist keine SMC-B zum Signieren vorhanden"),
            Self::Card(CardError::Pin { .. }) => (451, "4.7.5 Die PIN der SMC-B ist nicht freigeschaltet"),
            Self::Card(CardError::Konnektor(_)) | Self::Konnektor(_) | Self::Chain(_) => {
                (451, "4.7.5 Der Konnektor konnte die Nachricht nicht signieren oder verschluesseln")
            }
        };
        Reply::new(code, text)
    }
}

/// Whether the mail is too large for all of them, and nothing else is wrong.
pub(crate) fn for_their_version(dropped: &[Dropped]) -> bool {
    !dropped.is_empty() && dropped.iter().all(|dropped| dropped.reason == DropReason::Version)
}

/// Names the recipients, as many as a reply can hold, and why.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2025, A_19356.
fn nobody_left(dropped: &[Dropped]) -> Reply {
    let mut names = String::new();
    for Dropped { recipient, .. } in dropped {
        let name = recipient.address.as_str();
        if names.len().saturating_add(name.len()) > MAX_ADDRESSES {
            names.push_str(" und weitere");
            break;
        }
        let separator = if names.is_empty() { "" } else { ", " };
        names.push_str(separator);
        names.push_str(name);
    }
    let text = if for_their_version(dropped) {
        format!(
            "Die Nachricht ist groesser als 15 MiB, der Empfang grosser Nachrichten ist nicht aktiviert: {names}"
        )
    } else {
        format!(
            "Die Nachricht konnte nicht verschluesselt werden, weil Verschluesselungszertifikate fuer {names} nicht \
             zugaenglich sind"
        )
    };
    Reply::new(451, &format!("4.7.5 {text}"))
}
