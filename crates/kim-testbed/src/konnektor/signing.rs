//! The operations that make signatures.

use openssl::x509::X509;
use time::OffsetDateTime;

use super::call::{Call, key_types};
use super::fault::Fault;
use super::http::HttpResponse;
use super::namespace::Ns;
use super::request::Element;
use super::response::Writer;
use super::vendor::Version;
use crate::cms::{SignatureRequest, is_attribute, sign};
use crate::lock::lock;
use crate::pki::{CardKind, CertificateStatus, Identity, Purpose};

/// The type of CMS signatures and of CMS encryption.
pub(super) const CMS: &str = "urn:ietf:rfc:5652";

/// Reserves a job number.
///
/// Spec: gemSpec_Kon 5.18.0, GetJobNumber.
pub(super) fn get_job_number(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let mut fields = call.message.fields();
    call.context(&mut fields)?;
    fields.end()?;
    let mut out = call.response("GetJobNumber");
    out.text(call.namespace, "JobNumber", &lock(call.state).next_job_number());
    Ok(out.finish())
}

/// Signs documents with an SM-B.
///
/// Spec: gemSpec_Kon 5.18.0, SignDocument; A_17464 (Crypt since 7.4.2).
pub(super) fn sign_document(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let ns = call.namespace;
    let mut fields = call.message.fields();
    let handle = fields.required(Ns::Conn, "CardHandle")?.text().to_owned();
    let crypt = if call.version >= Version(7, 4, 2) { fields.optional(ns, "Crypt") } else { None };
    let context = call.context(&mut fields)?;
    fields.required(ns, "TvMode")?;
    let job_number = fields.required(ns, "JobNumber")?.text().to_owned();
    let requests = fields.repeated(ns, "SignRequest");
    fields.end()?;
    let documents =
        requests.into_iter().map(|request| Document::read(call, request)).collect::<Result<Vec<_>, _>>()?;
    if documents.is_empty() {
        return Err(Fault::syntax("SignRequest expected"));
    }

    let access = call.card(&handle, &context)?;
    if access.card.kind() == CardKind::Hba {
        return Err(Fault::new(4126));
    }
    lock(call.state).use_job_number(&job_number)?;
    let mut wanted = key_types(crypt.map_or("RSA", |crypt| crypt.text()))?.iter();
    let identity = wanted
        .find_map(|key_type| access.card.identity(Purpose::Sig, *key_type))
        .ok_or_else(|| Fault::new(4147))?;
    access.opened()?;
    check_own_certificate(call, &identity.certificate)?;

    let mut out = call.response("SignDocument");
    for document in &documents {
        document.sign(call, identity, &mut out)?;
    }
    Ok(out.finish())
}

/// A card whose certificate is not valid any more signs nothing.
fn check_own_certificate(call: &Call<'_>, certificate: &X509) -> Result<(), Fault> {
    match call.pki.status(certificate) {
        CertificateStatus::Good | CertificateStatus::UnknownIssuer => Ok(()),
        CertificateStatus::OutsideValidity | CertificateStatus::Revoked => {
            Err(Fault::new(4123).with_vendor_trace(20001, "certificate of the card not valid"))
        }
    }
}

/// A document to be signed.
struct Document {
    request_id: String,
    mime_type: String,
    content: Vec<u8>,
    include_content: bool,
    attributes: Vec<Vec<u8>>,
    /// Some attributes were no attributes.
    ignored: bool,
}

impl Document {
    fn read(call: &Call<'_>, request: &Element<'_>) -> Result<Self, Fault> {
        let ns = call.namespace;
        let mut fields = request.fields();
        let options = fields.optional(ns, "OptionalInputs");
        let document = fields.required(ns, "Document")?;
        fields.required(ns, "IncludeRevocationInfo")?.boolean()?;
        fields.end()?;
        let content = call.document(document)?;
        let data = document.child(Ns::Dss, "Base64Data");
        let mime_type =
            data.and_then(|data| data.attribute("MimeType")).unwrap_or("text/plain; charset=iso-8859-15");
        let utf_8 = mime_type.to_ascii_lowercase().contains("utf-8");
        if call.config.validates_text && utf_8 && std::str::from_utf8(&content).is_err() {
            return Err(Fault::new(4024));
        }
        let mut read = Self {
            request_id: request.attribute("RequestID").unwrap_or_default().to_owned(),
            mime_type: mime_type.to_owned(),
            content,
            include_content: false,
            attributes: Vec::new(),
            ignored: false,
        };
        if let Some(options) = options {
            read.read_options(ns, options)?;
        }
        Ok(read)
    }

    fn read_options(&mut self, ns: Ns, options: &Element<'_>) -> Result<(), Fault> {
        let allowed = [
            (Ns::Dss, "SignatureType"),
            (Ns::Dss, "Properties"),
            (ns, "IncludeEContent"),
            (ns, "IncludeObjects"),
            (Ns::Dss, "SignaturePlacement"),
            (Ns::Dss, "ReturnUpdatedSignature"),
            (Ns::Dss, "Schemas"),
            (ns, "ViewerInfo"),
        ];
        for option in options.all(&allowed)? {
            match option.name.as_str() {
                "SignatureType" if option.text() != CMS => return Err(Fault::new(4111)),
                "IncludeEContent" => self.include_content = option.boolean()?,
                "Properties" => {
                    for attribute in option.descendants("CMSAttribute") {
                        let octets = attribute.base64()?;
                        if is_attribute(&octets) {
                            self.attributes.push(octets);
                        } else {
                            self.ignored = true;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn sign(&self, call: &Call<'_>, identity: &Identity, out: &mut Writer) -> Result<(), Fault> {
        let request = SignatureRequest {
            content: &self.content,
            include_content: self.include_content,
            attributes: &self.attributes,
            time: OffsetDateTime::now_utc(),
            form: call.config.signature_form,
        };
        let signature = sign(identity, &request).map_err(|_| Fault::new(4123))?;
        let ns = call.namespace;
        out.open_with(ns, "SignResponse", &[("RequestID", &self.request_id)]);
        out.status(self.ignored.then(|| Fault::new(4273)).as_ref());
        out.open(ns, "OptionalOutputs");
        out.open(ns, "DocumentWithSignature");
        out.empty(Ns::Dss, "Base64Data", &[("MimeType", &self.mime_type)]);
        out.close();
        out.close();
        out.open(Ns::Dss, "SignatureObject");
        out.base64(Ns::Dss, "Base64Signature", &[("Type", CMS)], &signature);
        out.close();
        out.close();
        Ok(())
    }
}
