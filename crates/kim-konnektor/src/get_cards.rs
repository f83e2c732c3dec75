//! [`GetCards`]: which cards are there.

use kim_types::{Context, Iccsn, Pii};
use time::Date;
use time::macros::format_description;
use yaserde::YaDeserialize;

use crate::Error;
use crate::card::{Card, CardKind};
use crate::document::{Document, at_most_one, one, value};
use crate::envelope::Envelope;
use crate::namespace::{CCMN, EVT};
use crate::request::{Operation, Patience, Request};
use crate::services::{Service, Services};
use crate::status::Status;

/// Lists the cards the call context can reach.
///
/// Handles are valid until the card is pulled or the Konnektor restarts; an empty list is a success.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2052 and KOM-LE-A_2060
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetCards {
    /// Only cards of this kind; [`CardKind::Other`] and `None` list all.
    pub filter: Option<CardKind>,
    /// All cards of the Mandant, not only those the workplace reaches. Default false.
    pub mandant_wide: bool,
}

impl Operation for GetCards {
    type Response = Vec<Card>;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let endpoint = services.endpoint(Service::Event)?;
        let wide = if self.mandant_wide { "true" } else { "false" };
        let body = Envelope::write_with("EVT:GetCards", &[("mandant-wide", wide)], &[EVT, CCMN], |xml| {
            xml.context(context).optional("CCMN:CardType", self.filter.and_then(CardKind::filter))
        });
        let action = format!("{}#GetCards", EVT.uri);
        Ok(Request { url: endpoint.url.clone(), action, body, patience: Patience::Normal })
    }

    fn response(&self, document: Document) -> Result<Vec<Card>, Error> {
        let response: GetCardsResponse = document.read(EVT, "GetCardsResponse")?;
        one("Status", response.status)?.note(&document)?;
        let cards = one("Cards", response.cards)?.cards;
        cards.into_iter().map(|card| card.value(&document)).collect()
    }
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "EVT",
    namespaces = {
        "EVT" = "http://ws.gematik.de/conn/EventService/v7.2",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
        "CARD" = "http://ws.gematik.de/conn/CardService/v8.1",
    }
)]
struct GetCardsResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "Cards", prefix = "CARD")]
    cards: Vec<Cards>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "CARD", namespaces = { "CARD" = "http://ws.gematik.de/conn/CardService/v8.1" })]
struct Cards {
    #[yaserde(rename = "Card", prefix = "CARD")]
    cards: Vec<CardElement>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CARD",
    namespaces = {
        "CARD" = "http://ws.gematik.de/conn/CardService/v8.1",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
        "CCMN" = "http://ws.gematik.de/conn/CardServiceCommon/v2.0",
    }
)]
struct CardElement {
    #[yaserde(rename = "CardHandle", prefix = "CONN")]
    handle: Vec<String>,
    #[yaserde(rename = "CardType", prefix = "CCMN")]
    card_type: Vec<String>,
    #[yaserde(rename = "Iccsn", prefix = "CCMN")]
    iccsn: Vec<String>,
    #[yaserde(rename = "CardHolderName", prefix = "CARD")]
    holder: Vec<String>,
    #[yaserde(rename = "CertificateExpirationDate", prefix = "CARD")]
    expires: Vec<String>,
}

impl CardElement {
    /// The card; what is only informative may be odd without spoiling the list.
    fn value(self, document: &Document) -> Result<Card, Error> {
        let iccsn = at_most_one("Iccsn", self.iccsn)?;
        let holder = at_most_one("CardHolderName", self.holder)?;
        let holder = holder.map(|text| document.text("CardHolderName", &text)).transpose()?;
        let expires = at_most_one("CertificateExpirationDate", self.expires)?;
        Ok(Card {
            handle: value("CardHandle", &one("CardHandle", self.handle)?)?,
            kind: CardKind::of(one("CardType", self.card_type)?.trim()),
            iccsn: iccsn.and_then(|text| text.trim().parse::<Iccsn>().ok()),
            holder: holder.map(Pii),
            expires: expires.and_then(|text| date(text.trim())),
        })
    }
}

/// An xs:date, whose time zone says nothing for a last day of validity.
pub(crate) fn date(text: &str) -> Option<Date> {
    Date::parse(text.get(..10)?, format_description!("[year]-[month]-[day]")).ok()
}
