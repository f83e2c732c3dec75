//! The kinds of certificates and who they are for: [`CertificateType`], [`Holder`], [`Validity`].

use const_oid::ObjectIdentifier;
use kim_types::TelematikId;
use time::Date;
use time::macros::date;

use super::KeyType;

/// The kinds of certificates the test PKI issues, by their gematik names.
///
/// Spec: gemSpec_PKI 2.14.1, certificate profiles of chapter 5 (type OID, KeyUsage, ExtendedKeyUsage).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CertificateType {
    /// C.HCI.ENC: encryption for an institution (SM-B).
    HciEnc,
    /// C.HCI.OSIG: signatures of an institution (SM-B).
    HciOsig,
    /// C.HCI.AUT: authentication of an institution (SM-B).
    HciAut,
    /// C.HP.ENC: encryption for a person (HBA).
    HpEnc,
    /// C.HP.AUT: authentication of a person (HBA).
    HpAut,
    /// C.AK.AUT: TLS server of a Konnektor.
    AkAut,
    /// C.FD.TLS-S: TLS server of a Fachdienst.
    FdTlsS,
    /// C.CM.TLS-CS: TLS client of a Clientmodul.
    CmTlsCs,
    /// C.ZD.TLS-S: TLS server of a central service, the directory.
    ZdTlsS,
}

/// Which authority of the test PKI issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Issuer {
    Root,
    Components,
    Institutions,
    Professionals,
}

impl CertificateType {
    /// The OID of the type in CertificatePolicies.
    pub fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::HciEnc => "1.2.276.0.76.4.76",
            Self::HciOsig => "1.2.276.0.76.4.78",
            Self::HciAut => "1.2.276.0.76.4.77",
            Self::HpEnc => "1.2.276.0.76.4.74",
            Self::HpAut => "1.2.276.0.76.4.75",
            Self::AkAut => "1.2.276.0.76.4.79",
            Self::FdTlsS => "1.2.276.0.76.4.169",
            Self::CmTlsCs => "1.2.276.0.76.4.175",
            Self::ZdTlsS => "1.2.276.0.76.4.157",
        })
    }

    /// The OID of the policy the certificate is issued under.
    pub(super) fn policy(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::HpEnc | Self::HpAut => "1.2.276.0.76.4.145",
            _ => "1.2.276.0.76.4.163",
        })
    }

    pub(super) fn issuer(self) -> Issuer {
        match self {
            Self::HciEnc | Self::HciOsig | Self::HciAut => Issuer::Institutions,
            Self::HpEnc | Self::HpAut => Issuer::Professionals,
            Self::AkAut | Self::FdTlsS | Self::CmTlsCs | Self::ZdTlsS => Issuer::Components,
        }
    }

    /// The content octet of the KeyUsage and the number of bits in it that are not used.
    pub(super) fn key_usage(self, key_type: KeyType) -> (u8, u8) {
        match (self, key_type) {
            (Self::HciEnc | Self::HpEnc, KeyType::Rsa) => (0x30, 4),
            (Self::HciEnc | Self::HpEnc, _) => (0x08, 3),
            (Self::HciOsig, _) => (0x40, 6),
            (_, KeyType::Rsa) => (0xA0, 5),
            (_, _) => (0x80, 7),
        }
    }

    /// What the key may do in TLS; empty for certificates that have no ExtendedKeyUsage.
    pub(super) fn extended_key_usage(self) -> &'static [ObjectIdentifier] {
        const SERVER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
        const CLIENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
        match self {
            Self::HciEnc | Self::HciOsig | Self::HpEnc => &[],
            Self::HciAut | Self::HpAut => &[CLIENT],
            Self::AkAut | Self::FdTlsS | Self::ZdTlsS => &[SERVER],
            Self::CmTlsCs => &[CLIENT, SERVER],
        }
    }
}

/// The role of a holder in the extension Admission: its OID and its name.
///
/// Spec: gemSpec_PKI 2.14.1, extension Admission (professionOIDs, professionItems).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// The professionOID.
    pub oid: ObjectIdentifier,
    /// The professionItem.
    pub name: &'static str,
}

impl Role {
    /// A doctor.
    pub const DOCTOR: Self = Self::new("1.2.276.0.76.4.30", "Ärztin/Arzt");
    /// A doctor's practice.
    pub const PRACTICE: Self = Self::new("1.2.276.0.76.4.50", "Betriebsstätte Arzt");
    /// A Konnektor.
    pub const KONNEKTOR: Self = Self::new("1.2.276.0.76.4.103", "Anwendungskonnektor");
    /// The directory.
    pub const DIRECTORY: Self = Self::new("1.2.276.0.76.4.171", "Verzeichnisdienst");
    /// A Fachdienst of KIM.
    pub const FACHDIENST: Self = Self::new("1.2.276.0.76.4.172", "KOM-LE");
    /// A Clientmodul of KIM.
    pub const CLIENTMODUL: Self = Self::new("1.2.276.0.76.4.174", "KOM-LE-Clientmodul");

    const fn new(oid: &str, name: &'static str) -> Self {
        Self { oid: ObjectIdentifier::new_unwrap(oid), name }
    }
}

/// Who a certificate is for.
///
/// Certificates that are issued for equal holders, types and keys are equal.
///
/// Spec: gemSpec_PKI 2.14.1, SubjectDN and Admission of the certificate profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub(super) name: Name,
    /// The owner of the card; absent for services.
    pub telematik_id: Option<TelematikId>,
    /// The role.
    pub role: Role,
    /// What tells the certificates of follow-up cards apart; 0 for the first.
    pub edition: u32,
    /// The period in which the certificate can be used.
    pub validity: Validity,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    Institution(String),
    Person { given: String, family: String },
    Service(String),
}

impl Holder {
    /// A doctor's practice with this name, to which `TEST-ONLY` is added.
    pub fn institution(name: &str, telematik_id: TelematikId) -> Self {
        Self::new(Name::Institution(name.to_owned()), Some(telematik_id), Role::PRACTICE)
    }

    /// A doctor with this name, to which `TEST-ONLY` is added.
    pub fn person(given: &str, family: &str, telematik_id: TelematikId) -> Self {
        let name = Name::Person { given: given.to_owned(), family: family.to_owned() };
        Self::new(name, Some(telematik_id), Role::DOCTOR)
    }

    /// A service with this host name; its certificates name `localhost` and 127.0.0.1 too.
    pub fn service(host_name: &str, role: Role) -> Self {
        Self::new(Name::Service(host_name.to_owned()), None, role)
    }

    fn new(name: Name, telematik_id: Option<TelematikId>, role: Role) -> Self {
        Self { name, telematik_id, role, edition: 0, validity: Validity::CURRENT }
    }

    /// The same holder with certificates of another period.
    pub fn with_validity(self, validity: Validity) -> Self {
        Self { validity, ..self }
    }

    /// The same holder with follow-up certificates.
    pub fn with_edition(self, edition: u32) -> Self {
        Self { edition, ..self }
    }

    /// The CommonName.
    pub fn common_name(&self) -> String {
        match &self.name {
            Name::Institution(name) => format!("{name} TEST-ONLY"),
            Name::Person { given, family } => format!("{given} {family} TEST-ONLY"),
            Name::Service(host_name) => host_name.clone(),
        }
    }

    /// What keys and serial numbers are derived from.
    pub(super) fn label(&self) -> String {
        let id = self.telematik_id.as_ref().map(TelematikId::as_str).unwrap_or_default();
        format!("{}/{id}/{}/{}", self.common_name(), self.edition, self.validity.first)
    }
}

/// The first and the last day on which a certificate can be used.
///
/// Spec: gemSpec_PKI 2.14.1, field validity of the certificate profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first day, from 00:00:00 UTC.
    pub first: Date,
    /// The last day, up to 23:59:59 UTC.
    pub last: Date,
}

impl Validity {
    /// Can be used now: 2024 to 2044.
    pub const CURRENT: Self = Self { first: date!(2024 - 01 - 01), last: date!(2044 - 12 - 31) };
    /// Could be used once: 2019 to 2023.
    pub const EXPIRED: Self = Self { first: date!(2019 - 01 - 01), last: date!(2023 - 12 - 31) };
    /// Cannot be used for a long time: 2045 to 2049.
    pub const FUTURE: Self = Self { first: date!(2045 - 01 - 01), last: date!(2049 - 12 - 31) };
}
