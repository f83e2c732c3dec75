//! [`ReadCardCertificate`]: a certificate from a card.

use bytes::Bytes;
use kim_types::{CardHandle, Context};
use yaserde::YaDeserialize;

use crate::document::{Document, at_most_one, one};
use crate::envelope::Envelope;
use crate::error::{Malformed, Unsupported};
use crate::fault::Fault;
use crate::namespace::CERT;
use crate::request::{Operation, Patience, Request};
use crate::services::{Service, Services};
use crate::status::Status;
use crate::{Crypt, Error};

/// Which certificate of a card.
///
/// Spec: gemSpec_Kon 5.18.0, operation ReadCardCertificate
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CertRef {
    /// For encryption: C.HCI.ENC or C.HP.ENC.
    Enc,
    /// For signatures: C.HCI.OSIG of an SM-B.
    Sig,
    /// For authentication: C.HCI.AUT or C.HP.AUT.
    Aut,
}

impl CertRef {
    fn name(self) -> &'static str {
        match self {
            Self::Enc => "C.ENC",
            Self::Sig => "C.SIG",
            Self::Aut => "C.AUT",
        }
    }
}

/// Reads a certificate from a card.
///
/// The response is the DER encoded certificate, or `None` when the card has none of this kind: codes 4256, 4257
/// and 4258, as warning or as fault.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2060
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadCardCertificate {
    /// The card.
    pub card: CardHandle,
    /// The certificate.
    pub reference: CertRef,
    /// The kind of its key: RSA by default; [`Crypt::RsaEcc`] is read as [`Crypt::Ecc`].
    ///
    /// A service before 6.0.1 only knows RSA; asking it for anything else is [`Error::Unsupported`].
    pub crypt: Option<Crypt>,
}

impl Operation for ReadCardCertificate {
    type Response = Option<Bytes>;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let endpoint = services.endpoint(Service::Certificate)?;
        let crypt = match self.crypt {
            None => None,
            Some(Crypt::Rsa) if endpoint.version.revision < 1 => None,
            Some(_) if endpoint.version.revision < 1 => {
                return Err(Error::Unsupported(Unsupported::Service(Service::Certificate)));
            }
            Some(Crypt::Rsa) => Some(Crypt::Rsa.name()),
            Some(Crypt::Ecc | Crypt::RsaEcc) => Some(Crypt::Ecc.name()),
        };
        let body = Envelope::write("CERT:ReadCardCertificate", &[CERT], |xml| {
            xml.leaf("CONN:CardHandle", self.card.as_str())
                .context(context)
                .within("CERT:CertRefList", |xml| xml.leaf("CERT:CertRef", self.reference.name()))
                .optional("CERT:Crypt", crypt)
        });
        let action = format!("{}#ReadCardCertificate", CERT.uri);
        Ok(Request { url: endpoint.url.clone(), action, body, patience: Patience::Normal })
    }

    fn response(&self, document: Document) -> Result<Option<Bytes>, Error> {
        let response: ReadCardCertificateResponse = match document.read(CERT, "ReadCardCertificateResponse") {
            Err(Error::Fault(fault)) if is_absence(&fault) => return Ok(None),
            other => other?,
        };
        let note = match one("Status", response.status)?.note(&document) {
            Err(Error::Fault(fault)) if is_absence(&fault) => return Ok(None),
            other => other?,
        };
        let list = at_most_one("X509DataInfoList", response.list)?;
        let infos = list.map(|list| list.infos).unwrap_or_default();
        let data = infos.into_iter().find(|info| info.is(self.reference)).map(|info| info.data);
        match (at_most_one("X509Data", data.unwrap_or_default())?, note) {
            (Some(data), _) => {
                let text = one("X509Certificate", data.certificate)?;
                document.octets("X509Certificate", &text).map(Some)
            }
            (None, Some(fault)) if is_absence(&fault) => Ok(None),
            (None, Some(fault)) => Err(Error::Fault(fault)),
            (None, None) => Err(Error::malformed(Malformed::Element("X509Data"))),
        }
    }
}

fn is_absence(fault: &Fault) -> bool {
    [4256, 4257, 4258].into_iter().any(|code| fault.has(code))
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CERT",
    namespaces = {
        "CERT" = "http://ws.gematik.de/conn/CertificateService/v6.0",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
        "CERTCMN" = "http://ws.gematik.de/conn/CertificateServiceCommon/v2.0",
    }
)]
struct ReadCardCertificateResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "X509DataInfoList", prefix = "CERTCMN")]
    list: Vec<X509DataInfoList>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CERTCMN",
    namespaces = { "CERTCMN" = "http://ws.gematik.de/conn/CertificateServiceCommon/v2.0" }
)]
struct X509DataInfoList {
    #[yaserde(rename = "X509DataInfo", prefix = "CERTCMN")]
    infos: Vec<X509DataInfo>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CERTCMN",
    namespaces = { "CERTCMN" = "http://ws.gematik.de/conn/CertificateServiceCommon/v2.0" }
)]
struct X509DataInfo {
    #[yaserde(rename = "CertRef", prefix = "CERTCMN")]
    reference: Vec<String>,
    #[yaserde(rename = "X509Data", prefix = "CERTCMN")]
    data: Vec<X509Data>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CERTCMN",
    namespaces = { "CERTCMN" = "http://ws.gematik.de/conn/CertificateServiceCommon/v2.0" }
)]
struct X509Data {
    #[yaserde(rename = "X509Certificate", prefix = "CERTCMN")]
    certificate: Vec<String>,
}

impl X509DataInfo {
    fn is(&self, reference: CertRef) -> bool {
        self.reference.iter().any(|name| name.trim() == reference.name())
    }
}
