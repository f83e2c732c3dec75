//! [`SignDocument`]: an enveloping CMS signature by a card.

use std::fmt;

use bytes::Bytes;
use kim_types::{CardHandle, Context, Octets};
use yaserde::YaDeserialize;

use crate::document::{Document, at_most_one, one};
use crate::envelope::Envelope;
use crate::error::{Malformed, Unsupported};
use crate::fault::Fault;
use crate::job_number::JobNumber;
use crate::namespace::{DSS, SIG_7_4};
use crate::request::{Operation, Patience, Request};
use crate::services::{Service, Services};
use crate::status::Status;
use crate::version::Version;
use crate::{Crypt, Error};

/// The document is UTF-8; without the parameter a Konnektor assumes ISO-8859-15.
const MIME_TYPE: &str = "text/plain; charset=utf-8";
/// What a terminal may show; at most 30 characters.
const SHORT_TEXT: &str = "KIM-Nachricht";
/// CMS, as opposed to XML and PDF signatures.
pub(crate) const CMS: &str = "urn:ietf:rfc:5652";
/// The first version whose SignDocument has an element Crypt.
const WITH_CRYPT: Version = Version::new(7, 4, 1);

/// Signs a document as CMS with the document inside, by the organisation's key of an SM-B.
///
/// The attribute is copied into the signed attributes. A warning that it was ignored (4273) is an error here:
/// the mail would fail every receiver's check.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2020, KOM-LE-A_2177, KOM-LE-A_2190, KOM-LE-A_2299-01
#[derive(Clone, PartialEq, Eq)]
pub struct SignDocument {
    /// The SM-B; an HBA is refused (4058).
    pub card: CardHandle,
    /// The kind of key. [`Crypt::RsaEcc`] makes one signature with the best key of the card.
    ///
    /// A service before 7.4.2 always signs with RSA; asking it for [`Crypt::Ecc`] is [`Error::Unsupported`].
    pub crypt: Crypt,
    /// From [`GetJobNumber`](crate::GetJobNumber), unused.
    pub job: JobNumber,
    /// The MIME entity to sign, UTF-8 with CRLF, at most 26,214,400 octets.
    pub document: Octets,
    /// The recipient-emails attribute, DER encoded.
    pub attribute: Bytes,
}

/// A signed document.
///
/// Spec: gemSpec_Kon 5.18.0, operation SignDocument
#[derive(Clone, PartialEq, Eq)]
pub struct SignedDocument {
    /// ContentInfo with SignedData; DER or BER.
    pub cms: Bytes,
    /// Codes of a warning, none of them about the attribute.
    pub warnings: Vec<u32>,
}

impl fmt::Debug for SignDocument {
    /// Without the attribute, which has mail addresses in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignDocument")
            .field("card", &self.card)
            .field("crypt", &self.crypt)
            .field("job", &self.job)
            .field("document", &self.document)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SignedDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedDocument([{} octets], {:?})", self.cms.len(), self.warnings)
    }
}

impl Operation for SignDocument {
    type Response = SignedDocument;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let (endpoint, namespace) = services.signature()?;
        let crypt = match self.crypt {
            crypt if endpoint.version >= WITH_CRYPT => Some(crypt.name()),
            Crypt::Rsa | Crypt::RsaEcc => None,
            Crypt::Ecc => return Err(Error::Unsupported(Unsupported::Service(Service::Signature))),
        };
        let body = Envelope::write("SIG:SignDocument", &[namespace, DSS], |xml| {
            xml.leaf("CONN:CardHandle", self.card.as_str())
                .optional("SIG:Crypt", crypt)
                .context(context)
                .leaf("SIG:TvMode", "NONE")
                .leaf("SIG:JobNumber", self.job.as_str())
                .element("SIG:SignRequest", &[("RequestID", "1")], |xml| self.sign_request(xml))
        });
        let action = format!("{}#SignDocument", namespace.uri);
        Ok(Request { url: endpoint.url.clone(), action, body, patience: Patience::Normal })
    }

    fn response(&self, document: Document) -> Result<SignedDocument, Error> {
        let response: SignDocumentResponse = document.read(SIG_7_4, "SignDocumentResponse")?;
        let response = one("SignResponse", response.responses)?;
        let note = one("Status", response.status)?.note(&document)?;
        // The document in the optional outputs is empty for CMS: only the signature object counts.
        match (at_most_one("SignatureObject", response.signature)?, note) {
            (_, Some(fault)) if fault.has(4273) => Err(Error::Fault(fault)),
            (Some(object), note) => {
                let cms = document.octets("Base64Signature", &one("Base64Signature", object.cms)?)?;
                if cms.is_empty() {
                    return Err(Error::malformed(Malformed::Element("Base64Signature")));
                }
                Ok(SignedDocument { cms, warnings: note.iter().flat_map(Fault::codes).collect() })
            }
            (None, Some(fault)) => Err(Error::Fault(fault)),
            (None, None) => Err(Error::malformed(Malformed::Element("SignatureObject"))),
        }
    }
}

impl SignDocument {
    fn sign_request<'a>(&self, xml: &'a mut Envelope) -> &'a mut Envelope {
        xml.within("SIG:OptionalInputs", |xml| {
            xml.leaf("dss:SignatureType", CMS)
                .within("dss:Properties", |xml| {
                    xml.within("dss:SignedProperties", |xml| xml.recipient_emails(self.attribute.clone()))
                })
                .leaf("SIG:IncludeEContent", "true")
        })
        .element("SIG:Document", &[("ShortText", SHORT_TEXT)], |xml| {
            xml.base64("dss:Base64Data", &[("MimeType", MIME_TYPE)], self.document.clone())
        })
        .leaf("SIG:IncludeRevocationInfo", "false")
    }
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "SIG", namespaces = { "SIG" = "http://ws.gematik.de/conn/SignatureService/v7.4" })]
struct SignDocumentResponse {
    #[yaserde(rename = "SignResponse", prefix = "SIG")]
    responses: Vec<SignResponse>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "SIG",
    namespaces = {
        "SIG" = "http://ws.gematik.de/conn/SignatureService/v7.4",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
        "dss" = "urn:oasis:names:tc:dss:1.0:core:schema",
    }
)]
struct SignResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "SignatureObject", prefix = "dss")]
    signature: Vec<SignatureObject>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "dss", namespaces = { "dss" = "urn:oasis:names:tc:dss:1.0:core:schema" })]
struct SignatureObject {
    #[yaserde(rename = "Base64Signature", prefix = "dss")]
    cms: Vec<String>,
}
