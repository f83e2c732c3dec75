//! [`EncryptDocument`] and [`DecryptDocument`]: hybrid encryption as CMS.

use std::fmt;

use bytes::Bytes;
use kim_types::{CardHandle, Context, Octets};
use yaserde::YaDeserialize;

use crate::Error;
use crate::document::{Document, at_most_one, one};
use crate::envelope::Envelope;
use crate::error::Malformed;
use crate::fault::Fault;
use crate::namespace::{CRYPT, DSS};
use crate::request::{Operation, Patience, Request};
use crate::services::{Service, Services};
use crate::sign_document::CMS;
use crate::status::Status;

/// The media type says nothing here: the Konnektor echoes it.
const MIME_TYPE: &str = "application/octet-stream";

/// Encrypts a document for the owners of certificates.
///
/// The response is the CMS with AuthEnvelopedData, BER or DER. One bad certificate fails the call (4105). A
/// warning that a certificate was left out (4259) or the attribute ignored (4273) is an error here.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2177 and KOM-LE-A_2191
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptDocument {
    /// What to encrypt, at most 26,214,400 octets.
    pub document: Octets,
    /// The certificates, DER encoded; the kind of their keys decides the algorithm.
    pub certificates: Vec<Bytes>,
    /// The recipient-emails attribute, DER encoded; it is copied into the unprotected attributes.
    pub attribute: Bytes,
}

impl fmt::Debug for EncryptDocument {
    /// Without certificates and attribute, which have names and mail addresses in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptDocument").field("document", &self.document).finish_non_exhaustive()
    }
}

/// Decrypts a CMS with the key of a card.
///
/// The response is the plain document. The Konnektor finds the fitting key on the card, elliptic curves first.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecryptDocument {
    /// The card; its PIN must be verified (else 4085).
    pub card: CardHandle,
    /// The CMS with AuthEnvelopedData, as received.
    pub document: Octets,
}

impl Operation for EncryptDocument {
    type Response = Bytes;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let endpoint = services.endpoint(Service::Encryption)?;
        let body = Envelope::write("CRYPT:EncryptDocument", &[CRYPT, DSS], |xml| {
            xml.context(context)
                .within("CRYPT:RecipientKeys", |xml| {
                    self.certificates.iter().fold(xml, |xml, certificate| {
                        xml.base64("CRYPT:Certificate", &[], certificate.clone().into())
                    })
                })
                .within("CONN:Document", |xml| {
                    xml.base64("dss:Base64Data", &[("MimeType", MIME_TYPE)], self.document.clone())
                })
                .within("CRYPT:OptionalInputs", |xml| {
                    xml.leaf("CRYPT:EncryptionType", CMS).within("CRYPT:UnprotectedProperties", |xml| {
                        xml.recipient_emails(self.attribute.clone())
                    })
                })
        });
        let action = format!("{}#EncryptDocument", CRYPT.uri);
        Ok(Request { url: endpoint.url.clone(), action, body, patience: Patience::Normal })
    }

    fn response(&self, document: Document) -> Result<Bytes, Error> {
        let fatal = |note: &Fault| note.has(4259) || note.has(4273);
        read(&document, "EncryptDocumentResponse", fatal)
    }
}

impl Operation for DecryptDocument {
    type Response = Bytes;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let endpoint = services.endpoint(Service::Encryption)?;
        let body = Envelope::write("CRYPT:DecryptDocument", &[CRYPT, DSS], |xml| {
            xml.context(context)
                .within("CRYPT:PrivateKeyOnCard", |xml| xml.leaf("CONN:CardHandle", self.card.as_str()))
                .within("CONN:Document", |xml| {
                    xml.base64("dss:Base64Data", &[("MimeType", MIME_TYPE)], self.document.clone())
                })
        });
        // The WSDL has "crypt" in this action, and only in this one.
        let action = "http://ws.gematik.de/conn/crypt/EncryptionService/v6.1#DecryptDocument".to_owned();
        Ok(Request { url: endpoint.url.clone(), action, body, patience: Patience::Normal })
    }

    fn response(&self, document: Document) -> Result<Bytes, Error> {
        read(&document, "DecryptDocumentResponse", |_| false)
    }
}

/// The document in a response, unless the note on it is `fatal`.
fn read(document: &Document, name: &'static str, fatal: impl Fn(&Fault) -> bool) -> Result<Bytes, Error> {
    let response: DocumentResponse = document.read(CRYPT, name)?;
    match (at_most_one("Document", response.document)?, one("Status", response.status)?.note(document)?) {
        (_, Some(note)) if fatal(&note) => Err(Error::Fault(note)),
        (Some(element), _) => document.octets("Base64Data", &one("Base64Data", element.data)?),
        (None, Some(fault)) => Err(Error::Fault(fault)),
        (None, None) => Err(Error::malformed(Malformed::Element("Document"))),
    }
}

/// Both responses, which differ in their name and in the order of elements.
#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CRYPT",
    namespaces = {
        "CRYPT" = "http://ws.gematik.de/conn/EncryptionService/v6.1",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
    }
)]
struct DocumentResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "Document", prefix = "CONN")]
    document: Vec<DocumentElement>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CONN",
    namespaces = {
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
        "dss" = "urn:oasis:names:tc:dss:1.0:core:schema",
    }
)]
struct DocumentElement {
    #[yaserde(rename = "Base64Data", prefix = "dss")]
    data: Vec<String>,
}
