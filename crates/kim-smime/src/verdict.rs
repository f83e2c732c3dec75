//! What is known about a message that was opened.

use kim_types::TelematikId;

use crate::certificate::Certificate;
use crate::cms_error::{CmsError, ProfileViolation};
use crate::normalise::{DECRYPTION_RESULT, ERROR_CODE, INTEGRITY_RESULT};
use crate::shared_key::{SharedKey, shared_keys};

/// What a reader has to know about an opened message. The header fields say the same; they are made from it.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02, KOM-LE-A_2048-01, KOM-LE-A_2050-06, A_23165.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Verdict {
    /// How the decryption went.
    pub decryption: DecryptionResult,
    /// What VerifyDocument said.
    pub signature: SignatureResult,
    /// The results of the integrity check; never empty. [`Verdict::refuse`] leaves no positive one beside a negative one;
    /// beside positive ones there may be doubts, [`IntegrityId::Owner`] and [`IntegrityId::SharedKey`].
    pub integrity: Vec<IntegrityId>,
    /// The certificate of the signer; none if the signature breaks a rule of the profile. Only [`Verdict::is_intact`] makes it
    /// more than a claim.
    pub signer: Option<Certificate>,
    /// Whether the signer owns the address in From.
    pub owner: Ownership,
    /// Others whose certificates have the key of the signer, as far as [`Verdict::compare_keys`] was given certificates.
    pub shared_keys: Vec<SharedKey>,
    /// Whether there is X-KIM-Auth. It is not verified (deltas Q20).
    pub kim_auth_present: bool,
}

impl Verdict {
    /// Whether the message is what its signer signed, for its reader to read: there is a positive result, and nothing beside
    /// it but doubts about the signer. The status of the signer's certificate may be unknown.
    pub fn is_intact(&self) -> bool {
        self.decryption == DecryptionResult::Decrypted
            && self.integrity.iter().any(|id| id.is_positive())
            && self.integrity.iter().all(|id| id.is_positive() || id.is_doubt())
    }

    /// Whether nothing is left to doubt: intact, with a certificate known to be valid, signed by the owner of the address
    /// in From, whose key nobody else has.
    pub fn is_trustworthy(&self) -> bool {
        self.is_intact()
            && self.signature == SignatureResult::Valid
            && self.owner == Ownership::Yes
            && self.shared_keys.is_empty()
    }

    /// Adds a doubt beside the results, which stay what they are. What is no doubt makes the message not intact all the same.
    ///
    /// Spec: none — own rule for what the specification does not check.
    pub fn mark(&mut self, id: IntegrityId) {
        if !self.integrity.contains(&id) {
            self.integrity.push(id);
        }
    }

    /// Adds a result that leaves no room for a positive one: a program that reads only the first field must not be misled.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050-06, A_23165.
    pub fn refuse(&mut self, id: IntegrityId) {
        self.integrity.retain(|present| !present.is_positive());
        self.mark(id);
    }

    /// Looks for other owners of the signer's key among certificates, such as those that the directory has for the addresses
    /// in the header.
    ///
    /// Spec: none — see [`SharedKey`].
    pub fn compare_keys<'a>(&mut self, certificates: impl IntoIterator<Item = &'a Certificate>) {
        let Some(signer) = &self.signer else { return };
        let same = |other: &&Certificate| other.public_key_info() == signer.public_key_info();
        let others = certificates.into_iter().filter(same).cloned();
        let certificates: Vec<Certificate> = std::iter::once(signer.clone()).chain(others).collect();
        self.shared_keys = shared_keys(&certificates);
    }

    /// Compares the signer with the owners that the directory names for the address in From; none if it is not known there.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2129; DESIGN: a valid signature of somebody else proves nothing.
    pub fn compare_owner(&mut self, owners: &[TelematikId]) {
        let signer = self.signer.as_ref().and_then(Certificate::telematik_id);
        self.owner = match signer {
            Some(signer) if !owners.is_empty() && owners.contains(signer) => Ownership::Yes,
            Some(_) if !owners.is_empty() => Ownership::No,
            _ => Ownership::Unknown,
        };
    }

    /// The header fields for the reader's program: name and value.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2179-02, KOM-LE-A_2050-06, A_23165.
    pub fn result_fields(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        let integrity = self.integrity.iter().map(|id| (INTEGRITY_RESULT, id.code()));
        std::iter::once((DECRYPTION_RESULT, self.decryption.code())).chain(integrity)
    }

    /// The fields of an error mail about a failed integrity check, besides [`Verdict::result_fields`].
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_20650.
    pub(crate) fn error_fields(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.integrity.iter().filter_map(|id| Some((ERROR_CODE, id.error_code()?)))
    }
}

/// How a decryption went: the value of X-KIM-DecryptionResult.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02, KOM-LE-A_2179-02.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecryptionResult {
    /// `00`.
    Decrypted,
    /// `01`: the key was not found.
    NoKey,
    /// `02`: the message does not follow the profile.
    Format,
    /// `03`: the Konnektor does not answer.
    Konnektor,
}

impl DecryptionResult {
    /// The value of the header field.
    pub fn code(self) -> &'static str {
        match self {
            Self::Decrypted => "00",
            Self::NoKey => "01",
            Self::Format => "02",
            Self::Konnektor => "03",
        }
    }
}

/// What VerifyDocument said about a signature.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050-06 (Tab_Verm_Sig_Prüf).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureResult {
    /// Signature and certificate are valid.
    Valid,
    /// The signature is correct, the status of the certificate is not known.
    StatusUnknown,
    /// Not valid: the ID 2 to 6 of Tab_Verm_Sig_Prüf; every other number counts as 6.
    Broken(u8),
}

/// One result of the integrity check: a value of X-KIM-IntegrityCheckResult.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050-06, A_23165 (Tab_Verm_Sig_Prüf).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IntegrityId {
    /// `01`: everything is as it should be.
    Valid,
    /// `02`: the content was changed.
    Modified,
    /// `03`: there is no signature.
    Missing,
    /// `04`: the signature has a wrong format.
    Format,
    /// `05`: the certificate of the signer is not to be trusted.
    Certificate,
    /// `06`: another error.
    Other,
    /// `07`: the signature is correct, the status of the certificate is not known.
    StatusUnknown,
    /// `08`: inner and outer header differ.
    Header,
    /// `09`: the recipients who were signed are not those for whom was encrypted.
    Recipients,
    /// `X20`: the directory names somebody else than the signer as owner of the address in From. Own code.
    Owner,
    /// `X21`: somebody else has the key of the signer, too. Own code.
    SharedKey,
}

impl IntegrityId {
    /// The value of the header field.
    pub fn code(self) -> &'static str {
        match self {
            Self::Valid => "01",
            Self::Modified => "02",
            Self::Missing => "03",
            Self::Format => "04",
            Self::Certificate => "05",
            Self::Other => "06",
            Self::StatusUnknown => "07",
            Self::Header => "08",
            Self::Recipients => "09",
            Self::Owner => "X20",
            Self::SharedKey => "X21",
        }
    }

    /// Whether the integrity is given: `01` and `07`.
    pub fn is_positive(self) -> bool {
        matches!(self, Self::Valid | Self::StatusUnknown)
    }

    /// Whether it says something about the signer and nothing about the integrity.
    fn is_doubt(self) -> bool {
        matches!(self, Self::Owner | Self::SharedKey)
    }

    /// The value of X-KIM-Fehlermeldung; the table has none for the Konnektor's results (deltas Q12).
    fn error_code(self) -> Option<&'static str> {
        match self {
            Self::Valid | Self::StatusUnknown => None,
            Self::Modified => Some("X02"),
            Self::Missing => Some("X03"),
            Self::Format => Some("X04"),
            Self::Certificate => Some("X05"),
            Self::Other => Some("X06"),
            Self::Header => Some("4014"),
            Self::Recipients => Some("4015"),
            Self::Owner => Some("X20"),
            Self::SharedKey => Some("X21"),
        }
    }
}

impl From<SignatureResult> for IntegrityId {
    fn from(result: SignatureResult) -> Self {
        match result {
            SignatureResult::Valid => Self::Valid,
            SignatureResult::StatusUnknown => Self::StatusUnknown,
            SignatureResult::Broken(2) => Self::Modified,
            SignatureResult::Broken(3) => Self::Missing,
            SignatureResult::Broken(4) => Self::Format,
            SignatureResult::Broken(5) => Self::Certificate,
            SignatureResult::Broken(_) => Self::Other,
        }
    }
}

/// What a signature lacks that Konnektors do not look for.
///
/// A recipient-emails that is missing or cannot be read names nobody, so it does not agree with the one beside the encrypted
/// content.
impl From<&CmsError> for IntegrityId {
    fn from(flaw: &CmsError) -> Self {
        match flaw {
            CmsError::Profile(ProfileViolation::NoSigner) => Self::Missing,
            CmsError::Profile(ProfileViolation::NoRecipientEmails) | CmsError::RecipientEmails(_) => {
                Self::Recipients
            }
            _ => Self::Format,
        }
    }
}

/// Whether the signer of a message owns the address in From.
///
/// Spec: none — the signature names an institution, the header an address; nobody else compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// The directory names the signer as the owner.
    Yes,
    /// The directory names somebody else.
    No,
    /// Nobody looked, or the directory does not know.
    Unknown,
}
