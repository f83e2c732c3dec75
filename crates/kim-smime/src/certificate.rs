//! A certificate of the Telematikinfrastruktur and the facts the KIM rules ask for.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ID_CE_CERTIFICATE_POLICIES, ID_EC_PUBLIC_KEY, RSA_ENCRYPTION};
use der::asn1::AnyRef;
use der::{Decode, Encode};
use kim_types::TelematikId;
use spki::SubjectPublicKeyInfoRef;
use thiserror::Error;
use x509_cert::ext::pkix::CertificatePolicies;

use crate::admission::{ADMISSION, Admission, AdmissionFault};
use crate::asn1::{self, offset};
use crate::issuer::{IssuerAndSerial, IssuerAndSerialError};

/// A certificate: its octets, and what they say about key, owner and use.
///
/// Nothing is verified here: chain and revocation are the Konnektor's work. Cheap to clone. Equal when the octets
/// are. `Debug` shows the kind and the serial number.
///
/// Spec: gemSpec_PKI 2.14.1 (X.509 profiles of SMC-B and HBA, extension Admission).
#[derive(Clone)]
pub struct Certificate(Arc<Facts>);

struct Facts {
    der: Bytes,
    name: IssuerAndSerial,
    not_before: SystemTime,
    not_after: SystemTime,
    owner: Admission,
    kind: CertificateKind,
    key: KeyKind,
    public_key_info: Bytes,
}

/// What a certificate is for, by the OID of its type among the certificate policies.
///
/// Spec: gemSpec_PKI 2.14.1 (OIDs of the certificate types); gemSMIME_KOMLE 1.7.0, KOM-LE-A_2128, KOM-LE-A_2129.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateKind {
    /// C.HCI.ENC: encryption for an organisation (SMC-B).
    HciEnc,
    /// C.HCI.AUT: authentication of an organisation.
    HciAut,
    /// C.HCI.OSIG: signature of an organisation.
    HciOsig,
    /// C.HP.ENC: encryption for a person (HBA).
    HpEnc,
    /// C.HP.AUT: authentication of a person.
    HpAut,
    /// C.HP.SIG: signature of a person.
    HpSig,
    /// C.HP.QES: qualified signature of a person.
    HpQes,
    /// Anything else, or no type at all.
    Other,
}

/// The kind of a public key.
///
/// Spec: gemSpec_PKI 2.14.1 (a card has an RSA identity, one on brainpoolP256r1, or both).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA.
    Rsa,
    /// Elliptic curve, whichever curve.
    Ecc,
    /// Anything else.
    Other,
}

/// Why octets are not a usable certificate.
///
/// Spec: RFC 5280 §4.1; gemSpec_PKI 2.14.1, extension Admission.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Longer than [`Certificate::MAX_OCTETS`].
    #[error("the certificate has {len} octets, which is too long")]
    TooLong {
        /// Its length in octets.
        len: usize,
    },
    /// Not an X.509 certificate.
    #[error("the certificate is malformed at octet {at}")]
    Malformed {
        /// The offset of the fault in octets, within the certificate or the extension that has it.
        at: usize,
    },
    /// Issuer or serial number is out of bounds.
    #[error(transparent)]
    IssuerAndSerial(#[from] IssuerAndSerialError),
    /// The extension Admission names no valid Telematik-ID, or two different ones.
    #[error("the certificate does not say clearly whose it is")]
    TelematikId,
}

impl Certificate {
    /// The greatest length in octets; those of the Telematikinfrastruktur stay below 2 KiB.
    ///
    /// Spec: none — bounds what is read of hostile input.
    pub const MAX_OCTETS: usize = 16 * 1024;

    /// Reads a certificate.
    ///
    /// # Errors
    /// [`CertificateError`] when it is none, or one whose owner is ambiguous. A certificate without Telematik-ID,
    /// of an unknown kind or outside its validity is read: what follows from that is for the caller to say.
    ///
    /// Spec: RFC 5280 §4.1; gemSpec_PKI 2.14.1.
    pub fn from_der(der: Bytes) -> Result<Self, CertificateError> {
        if der.len() > Self::MAX_OCTETS {
            return Err(CertificateError::TooLong { len: der.len() });
        }
        let tbs = asn1::Certificate::from_der(&der)?.tbs;
        let (mut owner, mut kind) = (None, CertificateKind::Other);
        for extension in tbs.extensions.unwrap_or_default() {
            let value = extension.extn_value.as_bytes();
            if extension.extn_id == ADMISSION {
                if owner.replace(Admission::from_der(value)?).is_some() {
                    return Err(CertificateError::TelematikId);
                }
            } else if extension.extn_id == ID_CE_CERTIFICATE_POLICIES {
                kind = CertificateKind::among(&CertificatePolicies::from_der(value)?);
            }
        }
        Ok(Self(Arc::new(Facts {
            der: der.clone(),
            name: IssuerAndSerial::new(tbs.issuer, tbs.serial)?,
            not_before: tbs.validity.not_before.to_system_time(),
            not_after: tbs.validity.not_after.to_system_time(),
            owner: owner.unwrap_or_default(),
            kind,
            key: KeyKind::of(tbs.public_key_info)?,
            public_key_info: tbs.public_key_info.to_der()?.into(),
        })))
    }

    /// The octets of the certificate.
    pub fn der(&self) -> &Bytes {
        &self.0.der
    }

    /// What names the certificate in a CMS structure.
    pub fn issuer_and_serial(&self) -> &IssuerAndSerial {
        &self.0.name
    }

    /// The first moment of its validity.
    pub fn not_before(&self) -> SystemTime {
        self.0.not_before
    }

    /// The last moment of its validity.
    pub fn not_after(&self) -> SystemTime {
        self.0.not_after
    }

    /// Whether `now` lies in its validity, both ends included.
    pub fn is_valid_at(&self, now: SystemTime) -> bool {
        (self.0.not_before..=self.0.not_after).contains(&now)
    }

    /// The owner, when the certificate names one.
    ///
    /// Spec: gemSpec_PKI 2.14.1, extension Admission (registrationNumber).
    pub fn telematik_id(&self) -> Option<&TelematikId> {
        self.0.owner.telematik_id.as_ref()
    }

    /// The roles of the owner, in the order of the certificate.
    ///
    /// Spec: gemSpec_PKI 2.14.1, extension Admission (professionOIDs).
    pub fn profession_oids(&self) -> &[ObjectIdentifier] {
        &self.0.owner.profession_oids
    }

    /// What the certificate is for.
    pub fn kind(&self) -> CertificateKind {
        self.0.kind
    }

    /// The kind of its key.
    pub fn key(&self) -> KeyKind {
        self.0.key
    }

    /// The DER of `SubjectPublicKeyInfo`: equal for certificates that share a key.
    pub fn public_key_info(&self) -> &[u8] {
        &self.0.public_key_info
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.0.kind).field(&self.0.name).finish()
    }
}

impl CertificateKind {
    /// The OIDs of the types all lie below this one, of gematik.
    const BELOW: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.276.0.76.4");

    /// The policies also name the policy as such, in no particular order.
    fn among(policies: &CertificatePolicies) -> Self {
        let kinds = policies.0.iter().map(|policy| Self::of(policy.policy_identifier));
        kinds.fold(Self::Other, |found, kind| if found == Self::Other { kind } else { found })
    }

    fn of(oid: ObjectIdentifier) -> Self {
        if oid.parent() != Some(Self::BELOW) {
            return Self::Other;
        }
        match oid.arcs().last() {
            Some(72) => Self::HpQes,
            Some(73) => Self::HpSig,
            Some(74) => Self::HpEnc,
            Some(75) => Self::HpAut,
            Some(76) => Self::HciEnc,
            Some(77) => Self::HciAut,
            Some(78) => Self::HciOsig,
            _ => Self::Other,
        }
    }
}

impl KeyKind {
    fn of(public_key_info: AnyRef<'_>) -> der::Result<Self> {
        let info: SubjectPublicKeyInfoRef<'_> = public_key_info.decode_as()?;
        Ok(match info.algorithm.oid {
            RSA_ENCRYPTION => Self::Rsa,
            ID_EC_PUBLIC_KEY => Self::Ecc,
            _ => Self::Other,
        })
    }
}

impl From<der::Error> for CertificateError {
    fn from(error: der::Error) -> Self {
        Self::Malformed { at: offset(error) }
    }
}

impl From<AdmissionFault> for CertificateError {
    fn from(fault: AdmissionFault) -> Self {
        match fault {
            AdmissionFault::Malformed(error) => error.into(),
            AdmissionFault::TelematikId => Self::TelematikId,
        }
    }
}
