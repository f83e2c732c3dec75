//! Cards and the keys on them: [`Card`].

use std::sync::OnceLock;

use kim_types::{Iccsn, TelematikId};
use time::Date;

use super::{CertificateType, Holder, Identity, KeyType, Pki, Validity};

/// Whose card it is.
///
/// Spec: gemSpec_Kon 5.18.0, CardServiceCommon v2.0 (CardType).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardKind {
    /// An SMC-B: the card of an institution.
    Smb,
    /// An HBA: the card of a person.
    Hba,
}

/// What a key on a card is for.
///
/// Spec: gemSpec_Kon 5.18.0, ReadCardCertificate (CertRef).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// C.ENC: decryption.
    Enc,
    /// C.SIG: signatures, on an SM-B only.
    Sig,
    /// C.AUT: authentication.
    Aut,
}

/// A card with its keys and certificates; whether its PIN was entered is known to the Konnektor it sits in.
///
/// Keys are derived when they are used first.
///
/// Spec: gemSpec_Kon 5.18.0, TIP1-A_4558 (card objects).
#[derive(Debug)]
pub struct Card {
    iccsn: Iccsn,
    kind: CardKind,
    telematik_id: Option<TelematikId>,
    holder_name: String,
    last_day: Date,
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    purpose: Purpose,
    key_type: KeyType,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Given(Identity),
    Derived { pki: Pki, certificate_type: CertificateType, holder: Holder, identity: OnceLock<Identity> },
}

impl Card {
    /// An SMC-B of the test PKI with a key of each of these types for every purpose.
    pub fn smb(pki: &Pki, iccsn: Iccsn, holder: &Holder, key_types: &[KeyType]) -> Self {
        let certificates = [
            (Purpose::Enc, CertificateType::HciEnc),
            (Purpose::Sig, CertificateType::HciOsig),
            (Purpose::Aut, CertificateType::HciAut),
        ];
        Self::derived(CardKind::Smb, pki, iccsn, holder, key_types, &certificates)
    }

    /// An HBA of the test PKI with a key of each of these types for every purpose.
    pub fn hba(pki: &Pki, iccsn: Iccsn, holder: &Holder, key_types: &[KeyType]) -> Self {
        let certificates = [(Purpose::Enc, CertificateType::HpEnc), (Purpose::Aut, CertificateType::HpAut)];
        Self::derived(CardKind::Hba, pki, iccsn, holder, key_types, &certificates)
    }

    /// An SMC-B with keys and certificates from elsewhere, such as gematik's published examples.
    pub fn from_identities(
        iccsn: Iccsn,
        holder_name: &str,
        telematik_id: TelematikId,
        identities: Vec<(Purpose, Identity)>,
    ) -> Self {
        let slot = |(purpose, identity): (Purpose, Identity)| Slot {
            purpose,
            key_type: identity.key_type(),
            source: Source::Given(identity),
        };
        Self {
            iccsn,
            kind: CardKind::Smb,
            telematik_id: Some(telematik_id),
            holder_name: holder_name.to_owned(),
            last_day: Validity::CURRENT.last,
            slots: identities.into_iter().map(slot).collect(),
        }
    }

    fn derived(
        kind: CardKind,
        pki: &Pki,
        iccsn: Iccsn,
        holder: &Holder,
        key_types: &[KeyType],
        certificates: &[(Purpose, CertificateType)],
    ) -> Self {
        let slot = |key_type: &KeyType, &(purpose, certificate_type): &(Purpose, CertificateType)| Slot {
            purpose,
            key_type: *key_type,
            source: Source::Derived {
                pki: pki.clone(),
                certificate_type,
                holder: holder.clone(),
                identity: OnceLock::new(),
            },
        };
        Self {
            iccsn,
            kind,
            telematik_id: holder.telematik_id.clone(),
            holder_name: holder.common_name(),
            last_day: holder.validity.last,
            slots: key_types
                .iter()
                .flat_map(|key_type| certificates.iter().map(move |certificate| slot(key_type, certificate)))
                .collect(),
        }
    }

    /// The serial number of the card.
    pub fn iccsn(&self) -> &Iccsn {
        &self.iccsn
    }

    /// Whose card it is.
    pub fn kind(&self) -> CardKind {
        self.kind
    }

    /// The Telematik-ID of its owner, if the holder has one.
    pub fn telematik_id(&self) -> Option<&TelematikId> {
        self.telematik_id.as_ref()
    }

    /// The CommonName of its owner.
    pub fn holder_name(&self) -> &str {
        &self.holder_name
    }

    /// The last day on which its certificates can be used.
    pub fn last_day(&self) -> Date {
        self.last_day
    }

    /// The key of this type for this purpose.
    pub fn identity(&self, purpose: Purpose, key_type: KeyType) -> Option<&Identity> {
        let mut slots = self.slots.iter();
        slots.find(|slot| slot.purpose == purpose && slot.key_type == key_type).map(Slot::identity)
    }

    /// The keys for this purpose, in the order they were put on the card.
    pub fn identities(&self, purpose: Purpose) -> impl Iterator<Item = &Identity> {
        self.slots.iter().filter(move |slot| slot.purpose == purpose).map(Slot::identity)
    }
}

impl Slot {
    fn identity(&self) -> &Identity {
        match &self.source {
            Source::Given(identity) => identity,
            Source::Derived { pki, certificate_type, holder, identity } => {
                identity.get_or_init(|| pki.issue(*certificate_type, self.key_type, holder))
            }
        }
    }
}
