//! The operations that encrypt and decrypt.

use kim_types::Context;
use openssl::x509::X509;

use super::call::{Call, key_types};
use super::fault::Fault;
use super::http::HttpResponse;
use super::namespace::Ns;
use super::request::{Element, Fields};
use super::signing::CMS;
use super::vendor::Version;
use crate::cms::{DecryptError, decrypt, encrypt, is_attribute, policies};
use crate::pki::{CertificateStatus, CertificateType, KeyType, Purpose};

/// Encrypts a document for the holders of certificates.
///
/// Spec: gemSpec_Kon 5.18.0, EncryptDocument.
pub(super) fn encrypt_document(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let mut fields = call.message.fields();
    let context = call.context(&mut fields)?;
    let keys = fields.required(Ns::Crypt, "RecipientKeys")?;
    let document = fields.required(Ns::Conn, "Document")?;
    let options = fields.optional(Ns::Crypt, "OptionalInputs");
    fields.end()?;
    let recipients = recipients(call, &context, keys)?;
    let attributes = options.map(attributes).transpose()?.unwrap_or_default();
    let content = call.document(document)?;

    let encrypted = encrypt(&content, &recipients, &attributes, call.config.encryption_form)
        .map_err(|_| Fault::new(4105).with_vendor_trace(20002, "key of a certificate not usable"))?;
    let mut out = call.response("EncryptDocument");
    out.status(None);
    out.open(Ns::Conn, "Document");
    out.base64(Ns::Dss, "Base64Data", &mime_type(document), &encrypted);
    Ok(out.finish())
}

/// The certificates, of which none may be bad.
fn recipients(call: &Call<'_>, context: &Context, keys: &Element<'_>) -> Result<Vec<X509>, Fault> {
    let mut fields = keys.fields();
    let mut recipients = Vec::new();
    for on_card in fields.repeated(Ns::Crypt, "CertificateOnCard") {
        let (handle, key_types) = key_on_card(call, on_card, "RSA")?;
        let card = call.card(&handle, context)?.card;
        let before = recipients.len();
        for key_type in key_types {
            let identity = card.identity(Purpose::Enc, *key_type);
            recipients.extend(identity.map(|identity| identity.certificate.clone()));
        }
        if recipients.len() == before {
            return Err(Fault::new(4147));
        }
    }
    for element in fields.repeated(Ns::Crypt, "Certificate") {
        let certificate = X509::from_der(&element.base64()?).map_err(|_| bad_certificate("not readable"))?;
        recipients.push(certificate);
    }
    fields.end()?;
    if recipients.is_empty() {
        return Err(Fault::syntax("Certificate expected in RecipientKeys"));
    }
    if recipients.len() > call.config.max_recipients {
        return Err(Fault::new(4282));
    }
    recipients.iter().try_for_each(|certificate| check_recipient(call, certificate))?;
    Ok(recipients)
}

fn check_recipient(call: &Call<'_>, certificate: &X509) -> Result<(), Fault> {
    let why = match call.pki.status(certificate) {
        CertificateStatus::Good => {
            let policies = policies(&certificate.to_der().unwrap_or_default());
            let encrypts = [CertificateType::HciEnc, CertificateType::HpEnc].map(CertificateType::oid);
            if policies.iter().any(|policy| encrypts.contains(policy)) {
                return Ok(());
            }
            "not for encryption"
        }
        CertificateStatus::OutsideValidity => "not valid at this time",
        CertificateStatus::Revoked => "revoked",
        CertificateStatus::UnknownIssuer => "issuer unknown",
    };
    Err(bad_certificate(why))
}

/// Which certificate it was, the Konnektor does not say.
fn bad_certificate(why: &str) -> Fault {
    Fault::new(4105).with_vendor_trace(20003, &format!("certificate {why}"))
}

/// Handle and key types of `CertificateOnCard` and `PrivateKeyOnCard`.
fn key_on_card(
    call: &Call<'_>,
    element: &Element<'_>,
    default: &str,
) -> Result<(String, &'static [KeyType]), Fault> {
    let mut fields: Fields<'_, '_> = element.fields();
    let handle = fields.required(Ns::Conn, "CardHandle")?.text().to_owned();
    if fields.optional(Ns::Crypt, "KeyReference").is_some_and(|reference| reference.text() != "C.ENC") {
        return Err(Fault::new(4149));
    }
    let crypt = if call.version >= Version(6, 1, 1) { fields.optional(Ns::Crypt, "Crypt") } else { None };
    fields.end()?;
    Ok((handle, key_types(crypt.map_or(default, |crypt| crypt.text()))?))
}

/// The unauthenticated attributes.
fn attributes(options: &Element<'_>) -> Result<Vec<Vec<u8>>, Fault> {
    let mut fields = options.fields();
    match fields.optional(Ns::Crypt, "EncryptionType").map(Element::text) {
        None | Some(CMS) => {}
        Some("urn:ietf:rfc:5751") => return Err(Fault::new(4279)),
        Some(_) => return Err(Fault::syntax("unknown EncryptionType")),
    }
    fields.repeated(Ns::Crypt, "Element");
    let properties = fields.optional(Ns::Crypt, "UnprotectedProperties");
    fields.end()?;
    let elements = properties.map(|properties| properties.descendants("CMSAttribute")).unwrap_or_default();
    let mut attributes = Vec::new();
    for element in elements {
        let octets = element.base64()?;
        if !is_attribute(&octets) {
            return Err(Fault::syntax("CMSAttribute is no Attribute"));
        }
        attributes.push(octets);
    }
    Ok(attributes)
}

/// The Konnektor repeats the type the client stated.
fn mime_type<'e>(document: &'e Element<'_>) -> Vec<(&'static str, &'e str)> {
    let data = document.child(Ns::Dss, "Base64Data");
    data.and_then(|data| data.attribute("MimeType")).map(|text| ("MimeType", text)).into_iter().collect()
}

/// Decrypts a document with a key on a card, ECC before RSA.
///
/// Spec: gemSpec_Kon 5.18.0, DecryptDocument.
pub(super) fn decrypt_document(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let mut fields = call.message.fields();
    let context = call.context(&mut fields)?;
    let (handle, key_types) = key_on_card(call, fields.required(Ns::Crypt, "PrivateKeyOnCard")?, "RSA_ECC")?;
    let document = fields.required(Ns::Conn, "Document")?;
    fields.optional(Ns::Crypt, "OptionalInputs");
    fields.end()?;

    let access = call.card(&handle, &context)?;
    let card = access.opened()?;
    let keys = key_types.iter().filter_map(|key_type| card.identity(Purpose::Enc, *key_type));
    let opened = decrypt(&call.document(document)?, keys).map_err(|error| match error {
        DecryptError::NoRecipient => Fault::new(4106),
        DecryptError::Failed => Fault::new(4107),
        DecryptError::Format => Fault::new(4107).with_vendor_trace(20004, "no CMS structure of the profile"),
    })?;
    let mut out = call.response("DecryptDocument");
    out.status(None);
    out.open(Ns::Conn, "Document");
    out.base64(Ns::Dss, "Base64Data", &mime_type(document), &opened.content);
    Ok(out.finish())
}
