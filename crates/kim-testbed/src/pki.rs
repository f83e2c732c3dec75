//! A public key infrastructure that follows from a seed: [`Pki`], [`Identity`], [`Card`].
//!
//! The same seed gives the same keys, serial numbers and certificates in every process. What is made with the keys
//! later (RSAES-OAEP, RSASSA-PSS, ECDSA, TLS) uses random values as always. Nothing here protects anything: whoever
//! knows the seed has all keys.
//!
//! ```
//! use kim_testbed::pki::{CertificateStatus, CertificateType, Holder, KeyType, Pki};
//!
//! let pki = Pki::new(1);
//! let practice = Holder::institution("Praxis A", "9-TESTBED-1".parse()?);
//! let identity = pki.issue(CertificateType::HciEnc, KeyType::Brainpool, &practice);
//! assert_eq!(pki.status(&identity.certificate), CertificateStatus::Good);
//! assert_eq!(Pki::new(2).status(&identity.certificate), CertificateStatus::UnknownIssuer);
//! # Ok::<(), kim_types::IdError>(())
//! ```

mod card;
mod certificate;
mod identity;
mod key;
mod profile;
mod sure;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use openssl::asn1::Asn1Time;
use openssl::x509::{X509, X509Ref};

use crate::lock::lock;
use certificate::{Draft, authority_extensions, authority_name, certificate, holder_extensions, holder_name};
use key::KeySeed;
use profile::Issuer;
use sure::sure;

pub use card::{Card, CardKind, Purpose};
pub use identity::{Identity, Pkcs12Encryption};
pub use key::KeyType;
pub use profile::{CertificateType, Holder, Role, Validity};

pub(crate) use identity::key_type;

/// The authorities of a small Telematikinfrastruktur and what they issue. A clone is the same PKI.
///
/// There are two roots, one with RSA and one with brainpool, each with authorities for components, institutions and
/// persons. Keys of type [`KeyType::NistP256`] get certificates of the RSA branch.
///
/// Spec: gemSpec_PKI 2.14.1, certificate profiles; TEST-ONLY names.
#[derive(Clone)]
pub struct Pki(Arc<Inner>);

struct Inner {
    seed: KeySeed,
    authorities: Mutex<BTreeMap<(Issuer, KeyType), Arc<Authority>>>,
    revoked: Mutex<BTreeSet<Vec<u8>>>,
}

struct Authority {
    name: Vec<u8>,
    identity: Identity,
}

/// What is known about a certificate.
///
/// Spec: gemSpec_Kon 5.18.0, VerifyCertificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Issued by this PKI and usable now.
    Good,
    /// Its period is not now.
    OutsideValidity,
    /// [`Pki::revoke`] was called for it.
    Revoked,
    /// Not issued by this PKI.
    UnknownIssuer,
}

impl Pki {
    /// The PKI with this seed.
    pub fn new(seed: u64) -> Self {
        let (authorities, revoked) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { seed: KeySeed(seed), authorities, revoked }))
    }

    /// Issues a certificate. Equal arguments give equal keys and certificates.
    ///
    /// The RSA keys of services are one and the same: deriving one takes about a tenth of a second.
    pub fn issue(&self, certificate_type: CertificateType, key_type: KeyType, holder: &Holder) -> Identity {
        let label = format!("{certificate_type:?}/{key_type:?}/{}", holder.label());
        let issuer = self.authority(certificate_type.issuer(), key_type);
        let key = match (certificate_type.issuer(), key_type) {
            (Issuer::Components, KeyType::Rsa) => self.0.seed.key(key_type, "service"),
            _ => self.0.seed.key(key_type, &label),
        };
        let draft = Draft {
            serial_number: self.serial_number(&label),
            subject: holder_name(holder),
            validity: holder.validity,
            extensions: holder_extensions(certificate_type, key_type, holder),
        };
        let der = certificate(&draft, &key, &issuer.name, &issuer.identity.key);
        Identity { certificate: sure(X509::from_der(&der)), key }
    }

    /// From now on the certificate counts as revoked.
    pub fn revoke(&self, certificate: &X509Ref) {
        lock(&self.0.revoked).insert(sure(certificate.to_der()));
    }

    /// What this PKI says about a certificate now.
    pub fn status(&self, certificate: &X509Ref) -> CertificateStatus {
        let Some(issuer) = self.issuer_of(certificate) else { return CertificateStatus::UnknownIssuer };
        let signed = issuer.identity.certificate.public_key().and_then(|key| certificate.verify(&key));
        let now = sure(Asn1Time::days_from_now(0));
        if !matches!(signed, Ok(true)) {
            CertificateStatus::UnknownIssuer
        } else if certificate.not_before() > now || certificate.not_after() < now {
            CertificateStatus::OutsideValidity
        } else if certificate.to_der().is_ok_and(|der| lock(&self.0.revoked).contains(&der)) {
            CertificateStatus::Revoked
        } else {
            CertificateStatus::Good
        }
    }

    /// The certificates of the two roots.
    pub fn roots(&self) -> Vec<X509> {
        self.certificates(&[Issuer::Root])
    }

    /// The certificates of the authorities below the roots.
    pub fn intermediates(&self) -> Vec<X509> {
        self.certificates(&[Issuer::Components, Issuer::Institutions, Issuer::Professionals])
    }

    /// The certificate of the authority that issued a certificate; empty when it is not of this PKI.
    pub fn chain_of(&self, certificate: &X509Ref) -> Vec<X509> {
        self.issuer_of(certificate).map(|issuer| issuer.identity.certificate.clone()).into_iter().collect()
    }

    /// The certificates of all authorities as PEM, one after the other.
    pub fn trust_pem(&self) -> String {
        let certificates = self.roots().into_iter().chain(self.intermediates());
        certificates.map(|ca| String::from_utf8_lossy(&sure(ca.to_pem())).into_owned()).collect()
    }

    fn certificates(&self, issuers: &[Issuer]) -> Vec<X509> {
        let branches = [KeyType::Rsa, KeyType::Brainpool];
        let all = issuers.iter().flat_map(|issuer| branches.map(|branch| (*issuer, branch)));
        all.map(|(issuer, branch)| self.authority(issuer, branch).identity.certificate.clone()).collect()
    }

    fn issuer_of(&self, certificate: &X509Ref) -> Option<Arc<Authority>> {
        let name = certificate.issuer_name().to_der().ok()?;
        let issuers = [Issuer::Components, Issuer::Institutions, Issuer::Professionals, Issuer::Root];
        let branches = [KeyType::Brainpool, KeyType::Rsa];
        let all = issuers.into_iter().flat_map(|issuer| branches.map(|branch| (issuer, branch)));
        all.map(|(issuer, branch)| self.authority(issuer, branch)).find(|authority| authority.name == name)
    }

    fn authority(&self, issuer: Issuer, key_type: KeyType) -> Arc<Authority> {
        let branch = if key_type == KeyType::Brainpool { KeyType::Brainpool } else { KeyType::Rsa };
        if let Some(known) = lock(&self.0.authorities).get(&(issuer, branch)) {
            return Arc::clone(known);
        }
        let parent = (issuer != Issuer::Root).then(|| self.authority(Issuer::Root, branch));
        let made = Arc::new(self.new_authority(issuer, branch, parent.as_deref()));
        Arc::clone(lock(&self.0.authorities).entry((issuer, branch)).or_insert(made))
    }

    fn new_authority(&self, issuer: Issuer, branch: KeyType, parent: Option<&Authority>) -> Authority {
        let (unit, short) = match issuer {
            Issuer::Root => ("Zentrale Root-CA der Telematikinfrastruktur", "RCA"),
            Issuer::Components => ("Komponenten-CA der Telematikinfrastruktur", "KOMP-CA"),
            Issuer::Institutions => {
                ("Institution des Gesundheitswesens-CA der Telematikinfrastruktur", "SMCB-CA")
            }
            Issuer::Professionals => ("Heilberufsausweis-CA der Telematikinfrastruktur", "HBA-CA"),
        };
        let number = if branch == KeyType::Rsa { 1 } else { 2 };
        let common_name = format!("TESTBED.{short}{number} TEST-ONLY");
        let name = authority_name(unit, &common_name);
        // The RSA authorities share a key: nobody tells them apart by it, and each would take a moment to derive.
        let label = if branch == KeyType::Rsa { "RSA authorities" } else { common_name.as_str() };
        let key = self.0.seed.key(branch, label);
        let draft = Draft {
            serial_number: self.serial_number(&common_name),
            subject: name.clone(),
            validity: Validity::CURRENT,
            extensions: authority_extensions(),
        };
        let (issuer_name, issuer_key) = match parent {
            Some(parent) => (&parent.name, &parent.identity.key),
            None => (&name, &key),
        };
        let der = certificate(&draft, &key, issuer_name, issuer_key);
        let certificate = sure(X509::from_der(&der));
        Authority { name, identity: Identity { certificate, key } }
    }

    /// Seven octets, positive and without leading zeros.
    fn serial_number(&self, label: &str) -> Vec<u8> {
        let digest = self.0.seed.digest(&format!("{label}/serial number"));
        std::iter::once(0x01).chain(digest.into_iter().take(6)).collect()
    }
}

impl fmt::Debug for Pki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pki").field("seed", &self.0.seed.0).finish_non_exhaustive()
    }
}
