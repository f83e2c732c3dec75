//! For whom a mail is encrypted, and who is left out and why.

use std::time::SystemTime;

use kim_smime::{Certificate, CertificateKind, IssuerAndSerial, KeyKind};
use kim_types::{Recipient, Reply, TelematikId};
use kim_vzd::Listing;

/// Why a recipient does not get the mail.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_20650 (codes), KOM-LE-A_2024, KOM-LE-A_2192, A_19356, KOM-LE-A_2176-01; deltas Q12.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropReason {
    /// The mail is large and the recipient does not take large mails (4001).
    Version,
    /// It is not clear who the owner is: a certificate names none, or the directory names several (4003).
    NoOwner,
    /// No valid encryption certificate (4004).
    NoCertificate,
    /// Certificates of different owners (4005).
    SeveralOwners,
    /// The mail server refused the address, with this reply (vendor code X10).
    Refused(Reply),
}

impl DropReason {
    /// The value of X-KIM-Fehlermeldung.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Version => "4001",
            Self::NoOwner => "4003",
            Self::NoCertificate => "4004",
            Self::SeveralOwners => "4005",
            Self::Refused(_) => "X10",
        }
    }
}

/// A recipient that does not get the mail.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2024, KOM-LE-A_2192, A_19356.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The recipient, with the wishes that came with it.
    pub recipient: Recipient,
    /// Why.
    pub reason: DropReason,
}

impl Dropped {
    /// Whether the sender wants to be told: he does unless he said `NOTIFY=NEVER`.
    ///
    /// A list without FAILURE does not silence: that a mail does not arrive is not kept from a sender who did not ask for
    /// that in so many words.
    ///
    /// Spec: RFC 3461 §4.1; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2024.
    pub fn is_to_be_told(&self) -> bool {
        self.recipient.notify.as_ref().is_none_or(|notify| !notify.eq_ignore_ascii_case("NEVER"))
    }
}

/// Chooses the certificates a mail for this address is encrypted with.
///
/// Usable are valid C.HCI.ENC and C.HP.ENC certificates that the Konnektor did not call invalid. All must have one and
/// the same Telematik-ID. If the Konnektor can use ECC and there is an ECC certificate, all ECC certificates are taken,
/// otherwise all RSA certificates. Several directory entries for one address are accepted as long as they agree on the
/// owner, those without certificate included.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022, KOM-LE-A_2128, KOM-LE-A_2178, A_17464, A_17472; deltas Q12; flows S9.
pub(crate) fn choose(
    listing: &Listing,
    now: SystemTime,
    ecc: bool,
    invalid: &[IssuerAndSerial],
) -> Result<Vec<Certificate>, DropReason> {
    let usable: Vec<Certificate> = listing
        .certificates
        .iter()
        .filter_map(|der| Certificate::from_der(der.clone()).ok())
        .filter(|found| matches!(found.kind(), CertificateKind::HciEnc | CertificateKind::HpEnc))
        .filter(|found| found.is_valid_at(now) && !invalid.contains(found.issuer_and_serial()))
        .collect();
    let Some(first) = usable.first() else { return Err(DropReason::NoCertificate) };
    if usable.iter().any(|found| found.telematik_id().is_none()) {
        return Err(DropReason::NoOwner);
    }
    if usable.iter().any(|found| found.telematik_id() != first.telematik_id()) {
        return Err(DropReason::SeveralOwners);
    }
    if listing.telematik_ids.len() > 1 {
        return Err(DropReason::NoOwner);
    }
    let of = |key: fn(&KeyKind) -> bool| -> Vec<Certificate> {
        usable.iter().filter(|found| key(&found.key())).cloned().collect()
    };
    let chosen = match of(|key| matches!(key, KeyKind::Ecc)) {
        chosen if ecc && !chosen.is_empty() => chosen,
        _ => of(|key| matches!(key, KeyKind::Rsa)),
    };
    if chosen.is_empty() { Err(DropReason::NoCertificate) } else { Ok(chosen) }
}

/// The owner all certificates agree on.
pub(crate) fn owner(certificates: &[Certificate]) -> Option<TelematikId> {
    certificates.first().and_then(|first| first.telematik_id().cloned())
}
