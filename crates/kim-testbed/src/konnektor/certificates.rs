//! The operations about certificates.

use openssl::x509::{X509, X509NameRef};

use super::call::{Call, key_types};
use super::fault::Fault;
use super::http::HttpResponse;
use super::namespace::Ns;
use super::response::Writer;
use super::vendor::Version;
use crate::cms::roles;
use crate::pki::{CertificateStatus, Identity, KeyType, Purpose};

/// Reads certificates of a card.
///
/// Spec: gemSpec_Kon 5.18.0, ReadCardCertificate; A_17464 (Crypt since 6.0.1).
pub(super) fn read_card_certificate(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let mut fields = call.message.fields();
    let handle = fields.required(Ns::Conn, "CardHandle")?.text().to_owned();
    let context = call.context(&mut fields)?;
    let mut list = fields.required(Ns::Cert, "CertRefList")?.fields();
    let references = list.repeated(Ns::Cert, "CertRef");
    list.end()?;
    let crypt = if call.version >= Version(6, 0, 1) { fields.optional(Ns::Cert, "Crypt") } else { None };
    fields.end()?;
    let key_type = match key_types(crypt.map_or("RSA", |crypt| crypt.text()))? {
        [key_type] => *key_type,
        _ => return Err(Fault::syntax("unknown value of Crypt")),
    };

    let card = call.card(&handle, &context)?.card;
    let mut found = Vec::new();
    for reference in references {
        let purpose = match reference.text() {
            "C.ENC" => Some(Purpose::Enc),
            "C.SIG" => Some(Purpose::Sig),
            "C.AUT" => Some(Purpose::Aut),
            "C.QES" => None,
            _ => return Err(Fault::new(4149)),
        };
        let identity = purpose.and_then(|purpose| card.identity(purpose, key_type));
        if identity.is_none() && key_type == KeyType::Brainpool {
            return Err(Fault::new(4258));
        }
        found.push((reference.text(), identity));
    }

    let missing = found.iter().any(|(_, identity)| identity.is_none());
    let mut out = call.response("ReadCardCertificate");
    out.status(missing.then(|| Fault::new(4256)).as_ref());
    out.open(Ns::CertCmn, "X509DataInfoList");
    for (reference, identity) in found {
        out.open(Ns::CertCmn, "X509DataInfo");
        out.text(Ns::CertCmn, "CertRef", reference);
        if let Some(identity) = identity {
            write_certificate(&mut out, identity);
        }
        out.close();
    }
    Ok(out.finish())
}

fn write_certificate(out: &mut Writer, identity: &Identity) {
    let certificate = &identity.certificate;
    let serial_number = certificate.serial_number().to_bn().and_then(|number| number.to_dec_str());
    let serial_number = serial_number.map(|text| text.to_string()).unwrap_or_default();
    out.open(Ns::CertCmn, "X509Data");
    out.open(Ns::CertCmn, "X509IssuerSerial");
    out.text(Ns::CertCmn, "X509IssuerName", &name_text(certificate.issuer_name()));
    out.text(Ns::CertCmn, "X509SerialNumber", &serial_number);
    out.close();
    out.text(Ns::CertCmn, "X509SubjectName", &name_text(certificate.subject_name()));
    out.base64(Ns::CertCmn, "X509Certificate", &[], &identity.certificate_der());
    out.close();
}

/// A name as RFC 2253 orders it: the last part first.
fn name_text(name: &X509NameRef) -> String {
    let mut parts: Vec<_> = name
        .entries()
        .map(|entry| {
            let kind = entry.object().nid().short_name().unwrap_or("OID").to_owned();
            let value = entry.data().to_string().unwrap_or_default();
            format!("{kind}={}", value.replace(',', "\\,"))
        })
        .collect();
    parts.reverse();
    parts.join(",")
}

/// Checks a certificate.
///
/// Spec: gemSpec_Kon 5.18.0, VerifyCertificate.
pub(super) fn verify_certificate(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let mut fields = call.message.fields();
    call.context(&mut fields)?;
    let der = fields.required(Ns::CertCmn, "X509Certificate")?.base64()?;
    fields.optional(Ns::Cert, "VerificationTime");
    fields.end()?;

    let status = X509::from_der(&der).map(|certificate| call.pki.status(&certificate));
    let result = match status {
        Ok(CertificateStatus::Good) if call.config.offline => "INCONCLUSIVE",
        Ok(CertificateStatus::Good) => "VALID",
        _ => "INVALID",
    };
    let mut out = call.response("VerifyCertificate");
    out.status(None);
    out.open(Ns::Cert, "VerificationStatus");
    out.text(Ns::Cert, "VerificationResult", result);
    out.close();
    out.open(Ns::Cert, "RoleList");
    for role in roles(&der) {
        out.text(Ns::Cert, "Role", &role.to_string());
    }
    Ok(out.finish())
}
