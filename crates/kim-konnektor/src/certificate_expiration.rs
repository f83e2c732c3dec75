//! [`CheckCertificateExpiration`]: which certificates end when.

use kim_types::{CardHandle, Context, Iccsn};
use time::Date;
use yaserde::YaDeserialize;

use crate::document::{Document, at_most_one, one, value};
use crate::envelope::Envelope;
use crate::error::{Malformed, Unsupported};
use crate::get_cards::date;
use crate::namespace::CERT;
use crate::request::{Operation, Patience, Request};
use crate::services::{Service, Services};
use crate::status::Status;
use crate::{Crypt, Error};

/// Asks when the certificates of cards, and of the Konnektor itself, end.
///
/// Spec: gemSpec_Kon 5.18.0, operation CheckCertificateExpiration
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckCertificateExpiration {
    /// One card; `None` asks about all of the Mandant and the Konnektor.
    pub card: Option<CardHandle>,
    /// The kind of certificates, where the service knows the choice; `None` leaves it to the Konnektor (RSA).
    pub crypt: Option<Crypt>,
}

/// When the certificates of a card, or of the Konnektor, end.
///
/// Spec: gemSpec_Kon 5.18.0, operation CheckCertificateExpiration
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateExpiration {
    /// The card; `None` for the Konnektor itself.
    pub card: Option<CardHandle>,
    /// The number of the card.
    pub iccsn: Option<Iccsn>,
    /// The last day.
    pub last_day: Date,
}

impl Operation for CheckCertificateExpiration {
    type Response = Vec<CertificateExpiration>;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let endpoint = services.endpoint(Service::Certificate)?;
        let crypt = match self.crypt {
            Some(Crypt::RsaEcc) => {
                return Err(Error::Unsupported(Unsupported::Service(Service::Certificate)));
            }
            crypt if endpoint.version.revision >= 1 => crypt.map(Crypt::name),
            None | Some(Crypt::Rsa) => None,
            Some(Crypt::Ecc) => {
                return Err(Error::Unsupported(Unsupported::Service(Service::Certificate)));
            }
        };
        let body = Envelope::write("CERT:CheckCertificateExpiration", &[CERT], |xml| {
            xml.optional("CONN:CardHandle", self.card.as_ref().map(|card| card.as_str()))
                .context(context)
                .optional("CERT:Crypt", crypt)
        });
        let action = format!("{}#CheckCertificateExpiration", CERT.uri);
        Ok(Request { url: endpoint.url.clone(), action, body, patience: Patience::Normal })
    }

    fn response(&self, document: Document) -> Result<Vec<CertificateExpiration>, Error> {
        let response: CheckCertificateExpirationResponse =
            document.read(CERT, "CheckCertificateExpirationResponse")?;
        one("Status", response.status)?.note(&document)?;
        response.expirations.into_iter().map(Expiration::value).collect()
    }
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CERT",
    namespaces = {
        "CERT" = "http://ws.gematik.de/conn/CertificateService/v6.0",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
    }
)]
struct CheckCertificateExpirationResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "CertificateExpiration", prefix = "CERT")]
    expirations: Vec<Expiration>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CERT",
    namespaces = {
        "CERT" = "http://ws.gematik.de/conn/CertificateService/v6.0",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
    }
)]
struct Expiration {
    #[yaserde(rename = "CardHandle", prefix = "CONN")]
    card: Vec<String>,
    #[yaserde(rename = "ICCSN", prefix = "CERT")]
    iccsn: Vec<String>,
    #[yaserde(rename = "validity", prefix = "CERT")]
    validity: Vec<String>,
}

impl Expiration {
    fn value(self) -> Result<CertificateExpiration, Error> {
        let card = at_most_one("CardHandle", self.card)?.filter(|card| !card.trim().is_empty());
        let iccsn = at_most_one("ICCSN", self.iccsn)?;
        let last_day = date(one("validity", self.validity)?.trim());
        Ok(CertificateExpiration {
            card: card.map(|card| value("CardHandle", &card)).transpose()?,
            iccsn: iccsn.and_then(|text| text.trim().parse().ok()),
            last_day: last_day.ok_or(Error::malformed(Malformed::Element("validity")))?,
        })
    }
}
