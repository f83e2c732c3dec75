//! [`VerifyCertificate`]: the Konnektor's opinion on a certificate.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use kim_types::Context;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use yaserde::YaDeserialize;

use crate::Error;
use crate::document::{Document, at_most_one, one};
use crate::envelope::Envelope;
use crate::error::Malformed;
use crate::namespace::{CERT, CERTCMN};
use crate::request::{Operation, Patience, Request};
use crate::services::{Service, Services};
use crate::status::{ErrorReport, Status};

/// Has the Konnektor check a certificate: path, validity, revocation.
///
/// An invalid certificate is a result, not an error.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-01
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyCertificate {
    /// The certificate, DER encoded.
    pub certificate: Bytes,
    /// The time it must be valid at; the Konnektor's present by default. Truncated to seconds.
    pub at: Option<SystemTime>,
}

impl fmt::Debug for VerifyCertificate {
    /// Without the certificate, which may name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyCertificate").field("at", &self.at).finish_non_exhaustive()
    }
}

/// The Konnektor's opinion on a certificate.
///
/// Spec: gemSpec_Kon 5.18.0, operation VerifyCertificate
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateVerdict {
    /// Whether it is valid.
    pub result: CertificateResult,
    /// The roles in its Admission extension, as dotted object identifiers.
    pub roles: Vec<String>,
    /// Codes that explain the result, if the Konnektor gave any.
    pub codes: Vec<u32>,
}

/// Whether a certificate is valid.
///
/// Spec: gemSpec_Kon 5.18.0, operation VerifyCertificate
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CertificateResult {
    /// Valid.
    Valid,
    /// Valid as far as can be told without revocation status.
    Inconclusive,
    /// Not valid.
    Invalid,
}

impl Operation for VerifyCertificate {
    type Response = CertificateVerdict;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let endpoint = services.endpoint(Service::Certificate)?;
        let time = self.at.and_then(date_time);
        let body = Envelope::write("CERT:VerifyCertificate", &[CERT, CERTCMN], |xml| {
            xml.context(context)
                .base64("CERTCMN:X509Certificate", &[], self.certificate.clone().into())
                .optional("CERT:VerificationTime", time.as_deref())
        });
        let action = format!("{}#VerifyCertificate", CERT.uri);
        Ok(Request { url: endpoint.url.clone(), action, body, patience: Patience::Normal })
    }

    fn response(&self, document: Document) -> Result<CertificateVerdict, Error> {
        let response: VerifyCertificateResponse = document.read(CERT, "VerifyCertificateResponse")?;
        let note = one("Status", response.status)?.note(&document)?;
        let status = one("VerificationStatus", response.verification)?;
        let result = match one("VerificationResult", status.result)?.trim() {
            "VALID" => CertificateResult::Valid,
            "INCONCLUSIVE" => CertificateResult::Inconclusive,
            "INVALID" => CertificateResult::Invalid,
            _ => return Err(Error::malformed(Malformed::Element("VerificationResult"))),
        };
        let reason = at_most_one("Error", status.error)?;
        let reason = reason.map(|report| report.fault(&document)).transpose()?;
        let codes = note.iter().chain(&reason).flat_map(|fault| fault.codes()).collect();
        let roles = at_most_one("RoleList", response.roles)?.map(|list| list.roles).unwrap_or_default();
        let roles = roles.into_iter().map(|role| role.trim().to_owned()).collect();
        Ok(CertificateVerdict { result, roles, codes })
    }
}

/// An xs:dateTime; a time outside the years it can name is as good as none.
fn date_time(time: SystemTime) -> Option<String> {
    OffsetDateTime::from(time).replace_nanosecond(0).ok()?.format(&Rfc3339).ok()
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CERT",
    namespaces = {
        "CERT" = "http://ws.gematik.de/conn/CertificateService/v6.0",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
    }
)]
struct VerifyCertificateResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "VerificationStatus", prefix = "CERT")]
    verification: Vec<VerificationStatus>,
    #[yaserde(rename = "RoleList", prefix = "CERT")]
    roles: Vec<RoleList>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CERT",
    namespaces = {
        "CERT" = "http://ws.gematik.de/conn/CertificateService/v6.0",
        "GERROR" = "http://ws.gematik.de/tel/error/v2.0",
    }
)]
struct VerificationStatus {
    #[yaserde(rename = "VerificationResult", prefix = "CERT")]
    result: Vec<String>,
    #[yaserde(rename = "Error", prefix = "GERROR")]
    error: Vec<ErrorReport>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "CERT", namespaces = { "CERT" = "http://ws.gematik.de/conn/CertificateService/v6.0" })]
struct RoleList {
    #[yaserde(rename = "Role", prefix = "CERT")]
    roles: Vec<String>,
}
