//! The operation that checks signatures.

use super::call::Call;
use super::clock;
use super::config::Refusal;
use super::fault::Fault;
use super::http::HttpResponse;
use super::namespace::Ns;
use crate::cms::{VerifyError, verify};
use crate::pki::CertificateStatus;

/// Checks a signature and the certificate of the signer.
///
/// Spec: gemSpec_Kon 5.18.0, VerifyDocument.
pub(super) fn verify_document(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let ns = call.namespace;
    let mut fields = call.message.fields();
    call.context(&mut fields)?;
    fields.optional(ns, "TvMode");
    fields.optional(ns, "OptionalInputs");
    let document = fields.optional(ns, "Document").map(|document| call.document(document)).transpose()?;
    let signature = fields.optional(Ns::Dss, "SignatureObject");
    fields.required(ns, "IncludeRevocationInfo")?.boolean()?;
    fields.end()?;
    let signature = signature.ok_or_else(|| Fault::new(4253))?;
    let signature = call.octets(signature.fields().required(Ns::Dss, "Base64Signature")?)?;

    let verdict = match verify(&signature, document.as_deref()) {
        Err(VerifyError::Integrity) => refuse(call.config.broken_signature, 4115)?,
        Err(VerifyError::NoSignature) => return Err(Fault::new(4253)),
        Err(VerifyError::NoCertificate) => refuse(call.config.unknown_signer, 4206)?,
        Err(VerifyError::Format) => return Err(Fault::new(4112)),
        Ok(verified) => match call.pki.status(&verified.signer) {
            CertificateStatus::Good if call.config.offline => Verdict::INCONCLUSIVE,
            CertificateStatus::Good => Verdict { result: "VALID", code: None },
            CertificateStatus::UnknownIssuer => refuse(call.config.unknown_signer, 4206)?,
            CertificateStatus::OutsideValidity | CertificateStatus::Revoked => {
                refuse(call.config.broken_signature, 4115)?
            }
        },
    };
    let mut out = call.response("VerifyDocument");
    out.status(verdict.code.map(Fault::new).as_ref());
    out.open(ns, "VerificationResult");
    out.text(ns, "HighLevelResult", verdict.result);
    out.text(ns, "TimestampType", "SIGNATURE_EMBEDDED_TIMESTAMP");
    out.text(ns, "Timestamp", &clock::timestamp());
    Ok(out.finish())
}

/// The result, and the code within the status.
struct Verdict {
    result: &'static str,
    code: Option<u16>,
}

impl Verdict {
    const INCONCLUSIVE: Self = Self { result: "INCONCLUSIVE", code: Some(4264) };
}

fn refuse(refusal: Refusal, code: u16) -> Result<Verdict, Fault> {
    match refusal {
        Refusal::Fault => Err(Fault::new(code)),
        Refusal::Status => Ok(Verdict { result: "INVALID", code: Some(code) }),
        Refusal::Invalid => Ok(Verdict { result: "INVALID", code: None }),
        Refusal::Inconclusive => Ok(Verdict::INCONCLUSIVE),
    }
}
