//! Type and role of a TI certificate: [`ServerKind`].

use der::asn1::{Any, ObjectIdentifier};
use der::{Decode, Sequence};
use x509_cert::Certificate;
use x509_cert::ext::pkix::CertificatePolicies;
use x509_cert::ext::pkix::name::GeneralName;

/// A kind of TI server certificate: its type stands in the certificate policies, its role in the admission.
///
/// A rogue service could show the TLS client certificate of another Clientmodul (C.CM.TLS-CS), which is good for servers
/// by purpose and is issued by the same authority. Its type gives it away.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-03; gemSpec_OID (certificate types and roles).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerKind {
    /// A KIM Fachdienst: type C.FD.TLS-S, role oid_komle, and not a type C.CM.TLS-CS.
    FachdienstServer,
}

const FD_TLS_S: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.276.0.76.4.169");
const CM_TLS_CS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.276.0.76.4.175");
const KOMLE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.276.0.76.4.172");
const ADMISSION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.36.8.3.3");

impl ServerKind {
    /// Whether a certificate (DER) is of this kind. One that cannot be read is not.
    pub fn matches(self, certificate: &[u8]) -> bool {
        let Ok((types, roles)) = types_and_roles(certificate) else { return false };
        match self {
            Self::FachdienstServer => {
                types.contains(&FD_TLS_S) && !types.contains(&CM_TLS_CS) && roles.contains(&KOMLE)
            }
        }
    }
}

fn types_and_roles(der: &[u8]) -> der::Result<(Vec<ObjectIdentifier>, Vec<ObjectIdentifier>)> {
    let certificate = Certificate::from_der(der)?;
    let certificate = certificate.tbs_certificate();
    let mut types = Vec::new();
    for policies in certificate.filter_extensions::<CertificatePolicies>() {
        types.extend(policies?.1.0.iter().map(|policy| policy.policy_identifier));
    }
    let mut roles = Vec::new();
    for extension in certificate.extensions().into_iter().flatten().filter(|one| one.extn_id == ADMISSION) {
        let admission = AdmissionSyntax::from_der(extension.extn_value.as_bytes())?;
        let professions = admission.contents.into_iter().flat_map(|admissions| admissions.professions);
        roles.extend(professions.flat_map(|profession| profession.oids.unwrap_or_default()));
    }
    Ok((types, roles))
}

// Common PKI v2.0, part 1, table 29b.

#[derive(Sequence)]
struct AdmissionSyntax {
    authority: Option<GeneralName>,
    contents: Vec<Admissions>,
}

#[derive(Sequence)]
struct Admissions {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    authority: Option<Any>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    naming_authority: Option<Any>,
    professions: Vec<ProfessionInfo>,
}

#[derive(Sequence)]
struct ProfessionInfo {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    naming_authority: Option<Any>,
    items: Vec<Any>,
    oids: Option<Vec<ObjectIdentifier>>,
    registration_number: Option<Any>,
    further: Option<Any>,
}
