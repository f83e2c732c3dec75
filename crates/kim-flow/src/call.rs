//! What a flow asks of the world: [`Call`].

use std::fmt;

use bytes::Bytes;
use kim_fachdienst::Limits;
use kim_konnektor::{Card, CertificateVerdict, Error, PinKind, PinResult, PinStatus, Reason, Verification};
use kim_smime::IssuerAndSerial;
use kim_types::{Address, CardHandle, Iccsn, Octets, Pii};
use kim_vzd::Listing;
use thiserror::Error;

use crate::{Ask, Download, DownloadError, Downloaded, Upload, UploadError, Uploaded};

/// An answer of the Konnektor, or why there is none.
pub type FromKonnektor<T> = Result<T, Error>;

/// One thing a flow needs before it can go on; `S` is the step that follows.
///
/// Every call is made in the name of the account the flow was started for: its call context, its address and its password.
/// Retries of one and the same call that the Konnektor's faults allow (a used job number, a busy terminal) are the driver's
/// business; an `Err` is its final word. What needs another call first (a stale card handle, a PIN that is not verified) is
/// the flow's. The enum is exhaustive on purpose: a driver that does not know a call cannot go on.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, chapters 3.2 and 3.3 (what the flows need from outside).
#[derive(Debug)]
pub enum Call<S> {
    /// Directory entries, one answer for each address in the order asked.
    LookUp(Ask<LookUp, Vec<Result<Listing, LookUpError>>, S>),
    /// The limits of the account; `None` when the Fachdienst gives none and none are cached (deltas Q14).
    Limits(Ask<(), Option<Limits>, S>),
    /// GetCards: the cards the call context may use.
    Cards(Ask<(), FromKonnektor<Vec<Card>>, S>),
    /// ReadCardCertificate: the certificates of a card for one purpose, RSA and ECC, as far as the card has them.
    CardCertificates(Ask<CardCertificates, FromKonnektor<Vec<Bytes>>, S>),
    /// GetPinStatus.
    PinStatus(Ask<CardPin, FromKonnektor<PinStatus>, S>),
    /// VerifyPin: the PIN is typed at the terminal, which may take minutes.
    VerifyPin(Ask<CardPin, FromKonnektor<PinResult>, S>),
    /// GetJobNumber and SignDocument; the answer is the CMS.
    Sign(Ask<Sign, FromKonnektor<Bytes>, S>),
    /// EncryptDocument; the answer is the CMS.
    Encrypt(Ask<Encrypt, FromKonnektor<Bytes>, S>),
    /// VerifyCertificate for each certificate, one answer each in the order asked.
    CheckCertificates(Ask<Pii<Vec<Bytes>>, Vec<FromKonnektor<CertificateVerdict>>, S>),
    /// The card known to hold the key of one of these certificates, if the cache has it.
    KnownCard(Ask<CardSearch, Option<Iccsn>, S>),
    /// Remember which card holds the key of a certificate.
    RememberCard(Ask<CardMemory, (), S>),
    /// DecryptDocument; the answer is the decrypted content.
    Decrypt(Ask<Decrypt, FromKonnektor<Bytes>, S>),
    /// VerifyDocument of a CMS that contains its content.
    Verify(Ask<Octets, FromKonnektor<Verification>, S>),
    /// Encrypt mail data and put it on the attachment service (addMailData).
    ///
    /// A flow that is dropped after this answer cannot ask for the removal any more: the driver removes then what it put there.
    Upload(Ask<Upload, Result<Uploaded, UploadError>, S>),
    /// Remove what lies at a link that [`Uploaded`] gave (deleteMailData); a failure changes nothing.
    RemoveUpload(Ask<Pii<String>, (), S>),
    /// Fetch mail data from the attachment service, decrypt and check it.
    Download(Ask<Download, Result<Downloaded, DownloadError>, S>),
    /// Whether the account is to be told: `true` for the same notice at most once in 24 hours.
    NoticeDue(Ask<Notice, bool, S>),
}

/// Something about the Clientmodul that its user is told in a report, without any mail being at fault.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21387, A_20650.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Notice {
    /// The directory says that the account has a newer version than the Clientmodul (4017).
    Outdated,
}

impl Notice {
    /// The value of X-KIM-Fehlermeldung.
    pub fn code(self) -> &'static str {
        match self {
            Self::Outdated => "4017",
        }
    }

    /// What it says.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Outdated => {
                "Die verwendete Version des Clientmoduls ist veraltet. Bitte aktualisieren Sie das Clientmodul."
            }
        }
    }
}

impl<S> Call<S> {
    /// What is asked for, in a word or two: for logs and for people who wait.
    pub fn name(&self) -> &'static str {
        match self {
            Self::LookUp(_) => "look up",
            Self::Limits(_) => "limits",
            Self::Cards(_) => "cards",
            Self::CardCertificates(_) => "card certificates",
            Self::PinStatus(_) => "PIN status",
            Self::VerifyPin(_) => "verify PIN",
            Self::Sign(_) => "sign",
            Self::Encrypt(_) => "encrypt",
            Self::CheckCertificates(_) => "check certificates",
            Self::KnownCard(_) => "known card",
            Self::RememberCard(_) => "remember card",
            Self::Decrypt(_) => "decrypt",
            Self::Verify(_) => "verify",
            Self::Upload(_) => "upload",
            Self::RemoveUpload(_) => "remove upload",
            Self::NoticeDue(_) => "notice due",
            Self::Download(_) => "download",
        }
    }

    /// Answers that no answer came in time, for a driver whose patience with the call or with the whole mail is at its end.
    ///
    /// A flow whose calls are all answered like this ends at once: a mail to be sent is refused for now, a received one is
    /// replaced by a mail that says what to do.
    pub fn timed_out(self) -> S {
        fn silence<T>() -> FromKonnektor<T> {
            Err(Error::Unavailable { reason: Reason::Timeout })
        }
        match self {
            Self::LookUp(ask) => ask.answer_with(|question| {
                question.addresses.iter().map(|_| Err(LookUpError::Unavailable)).collect()
            }),
            Self::Limits(ask) => ask.answer(None),
            Self::Cards(ask) => ask.answer(silence()),
            Self::CardCertificates(ask) => ask.answer(silence()),
            Self::PinStatus(ask) => ask.answer(silence()),
            Self::VerifyPin(ask) => ask.answer(silence()),
            Self::Sign(ask) => ask.answer(silence()),
            Self::Encrypt(ask) => ask.answer(silence()),
            Self::CheckCertificates(ask) => {
                ask.answer_with(|certificates| certificates.0.iter().map(|_| silence()).collect())
            }
            Self::KnownCard(ask) => ask.answer(None),
            Self::RememberCard(ask) => ask.answer(()),
            Self::Decrypt(ask) => ask.answer(silence()),
            Self::Verify(ask) => ask.answer(silence()),
            Self::Upload(ask) => ask.answer(Err(UploadError::Failed)),
            Self::RemoveUpload(ask) => ask.answer(()),
            Self::Download(ask) => ask.answer(Err(DownloadError::Failed)),
            Self::NoticeDue(ask) => ask.answer(false),
        }
    }
}

/// Addresses to look up in the directory.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022, KOM-LE-A_2026, A_22340.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookUp {
    /// The addresses, without duplicates.
    pub addresses: Vec<Address>,
    /// Whether a cached answer will do. A fresh answer replaces the cached one.
    pub cache: bool,
}

/// Why the directory did not answer. "No such address" is not an error but an empty [`Listing`].
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LookUpError {
    /// No connection, no answer in time, or an answer that is none.
    #[error("the directory does not answer")]
    Unavailable,
}

/// Which certificates of which card.
///
/// Spec: gemSpec_Kon 5.18.0, operation ReadCardCertificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardCertificates {
    /// The card.
    pub card: CardHandle,
    /// Their purpose.
    pub purpose: Purpose,
}

/// What a certificate of a card is for.
///
/// Spec: gemSpec_Kon 5.18.0, operation ReadCardCertificate (CertRef).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// C.ENC.
    Encryption,
    /// C.SIG: of an SM-B the certificate C.HCI.OSIG.
    Signature,
}

/// A PIN of a card.
///
/// Spec: gemSpec_Kon 5.18.0, operations GetPinStatus and VerifyPin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardPin {
    /// The card.
    pub card: CardHandle,
    /// PIN.SMC or PIN.CH.
    pub pin: PinKind,
}

/// A document to be signed.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2020; gemSpec_Kon 5.18.0, operation SignDocument.
#[derive(Clone)]
pub struct Sign {
    /// The card whose signature key is used.
    pub card: CardHandle,
    /// The document.
    pub document: Octets,
    /// The recipient-emails attribute in DER, to become a signed attribute.
    pub attribute: Bytes,
}

impl fmt::Debug for Sign {
    /// Without the attribute, which has mail addresses in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sign")
            .field("card", &self.card)
            .field("document", &self.document)
            .finish_non_exhaustive()
    }
}

/// A document to be encrypted.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2023; gemSpec_Kon 5.18.0, operation EncryptDocument.
#[derive(Clone)]
pub struct Encrypt {
    /// The document.
    pub document: Octets,
    /// The certificates of all recipients and the sender, in DER.
    pub certificates: Vec<Bytes>,
    /// The recipient-emails attribute in DER, to become an unauthenticated attribute.
    pub attribute: Bytes,
}

impl fmt::Debug for Encrypt {
    /// Without certificates and attribute, which have names and mail addresses in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encrypt").field("document", &self.document).finish_non_exhaustive()
    }
}

/// A document to be decrypted.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2045; gemSpec_Kon 5.18.0, operation DecryptDocument.
#[derive(Debug, Clone)]
pub struct Decrypt {
    /// The card that holds the key.
    pub card: CardHandle,
    /// The CMS as received.
    pub document: Octets,
}

/// Certificates of which one belongs to the wanted card.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2061.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardSearch {
    /// The address the certificates were used for.
    pub address: Address,
    /// The certificates.
    pub certificates: Vec<IssuerAndSerial>,
}

/// The card that holds the key of a certificate.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2061.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardMemory {
    /// The address the certificate was used for.
    pub address: Address,
    /// The certificate.
    pub certificate: IssuerAndSerial,
    /// The card.
    pub card: Iccsn,
}
