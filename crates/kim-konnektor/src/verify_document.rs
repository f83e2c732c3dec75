//! [`VerifyDocument`]: the check of an enveloping CMS signature.

use kim_types::{Context, Octets};
use yaserde::YaDeserialize;

use crate::Error;
use crate::document::{Document, at_most_one, one};
use crate::envelope::Envelope;
use crate::error::Malformed;
use crate::fault::Fault;
use crate::integrity::{HighLevelResult, Verification};
use crate::namespace::{DSS, SIG_7_4};
use crate::request::{Operation, Patience, Request};
use crate::services::Services;
use crate::sign_document::CMS;
use crate::status::Status;

/// Has the Konnektor check an enveloping CMS signature and the signer's certificate.
///
/// A bad signature is a result, not an error, whether the Konnektor reports it as such or as a fault; see
/// [`Verification::integrity`]. A response without result is an error: silence is not success.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048 and KOM-LE-A_2050
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyDocument {
    /// ContentInfo with SignedData, as received.
    pub cms: Octets,
}

impl Operation for VerifyDocument {
    type Response = Verification;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let (endpoint, namespace) = services.signature()?;
        let body = Envelope::write("SIG:VerifyDocument", &[namespace, DSS], |xml| {
            xml.context(context)
                .leaf("SIG:TvMode", "NONE")
                .within("dss:SignatureObject", |xml| {
                    xml.base64("dss:Base64Signature", &[("Type", CMS)], self.cms.clone())
                })
                .leaf("SIG:IncludeRevocationInfo", "false")
        });
        let action = format!("{}#VerifyDocument", namespace.uri);
        Ok(Request { url: endpoint.url.clone(), action, body, patience: Patience::Normal })
    }

    fn response(&self, document: Document) -> Result<Verification, Error> {
        match verification(&document) {
            Err(Error::Fault(fault)) => Verification::from_fault(&fault).ok_or(Error::Fault(fault)),
            other => other,
        }
    }
}

fn verification(document: &Document) -> Result<Verification, Error> {
    let response: VerifyDocumentResponse = document.read(SIG_7_4, "VerifyDocumentResponse")?;
    let note = one("Status", response.status)?.note(document)?;
    let result = one("VerificationResult", response.result)?;
    let result = match one("HighLevelResult", result.high_level)?.trim() {
        "VALID" => HighLevelResult::Valid,
        "INCONCLUSIVE" => HighLevelResult::Inconclusive,
        "INVALID" => HighLevelResult::Invalid,
        _ => return Err(Error::malformed(Malformed::Element("HighLevelResult"))),
    };
    let outputs = at_most_one("OptionalOutputs", response.outputs)?;
    let reports =
        outputs.into_iter().flat_map(|outputs| outputs.reports).flat_map(|report| report.individual);
    let results = reports.flat_map(|report| report.results);
    let details = results.flat_map(|result| result.major.into_iter().chain(result.minor));
    Ok(Verification {
        result,
        codes: note.iter().flat_map(Fault::codes).collect(),
        details: details.filter_map(|uri| uri.trim().rsplit(':').next().map(str::to_owned)).collect(),
    })
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "SIG",
    namespaces = {
        "SIG" = "http://ws.gematik.de/conn/SignatureService/v7.4",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
    }
)]
struct VerifyDocumentResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "VerificationResult", prefix = "SIG")]
    result: Vec<VerificationResult>,
    #[yaserde(rename = "OptionalOutputs", prefix = "SIG")]
    outputs: Vec<OptionalOutputs>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "SIG", namespaces = { "SIG" = "http://ws.gematik.de/conn/SignatureService/v7.4" })]
struct VerificationResult {
    #[yaserde(rename = "HighLevelResult", prefix = "SIG")]
    high_level: Vec<String>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "SIG",
    namespaces = {
        "SIG" = "http://ws.gematik.de/conn/SignatureService/v7.4",
        "vr" = "urn:oasis:names:tc:dss-x:1.0:profiles:verificationreport:schema#",
    }
)]
struct OptionalOutputs {
    #[yaserde(rename = "VerificationReport", prefix = "vr")]
    reports: Vec<VerificationReport>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "vr",
    namespaces = { "vr" = "urn:oasis:names:tc:dss-x:1.0:profiles:verificationreport:schema#" }
)]
struct VerificationReport {
    #[yaserde(rename = "IndividualReport", prefix = "vr")]
    individual: Vec<IndividualReport>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "vr",
    namespaces = {
        "vr" = "urn:oasis:names:tc:dss-x:1.0:profiles:verificationreport:schema#",
        "dss" = "urn:oasis:names:tc:dss:1.0:core:schema",
    }
)]
struct IndividualReport {
    #[yaserde(rename = "Result", prefix = "dss")]
    results: Vec<ReportedResult>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "dss", namespaces = { "dss" = "urn:oasis:names:tc:dss:1.0:core:schema" })]
struct ReportedResult {
    #[yaserde(rename = "ResultMajor", prefix = "dss")]
    major: Vec<String>,
    #[yaserde(rename = "ResultMinor", prefix = "dss")]
    minor: Vec<String>,
}
