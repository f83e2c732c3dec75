//! [`GetCardTerminals`]: which terminals are there.

use kim_types::Context;
use yaserde::YaDeserialize;

use crate::Error;
use crate::document::{Document, one, value};
use crate::envelope::Envelope;
use crate::namespace::EVT;
use crate::request::{Operation, Patience, Request};
use crate::services::{Service, Services};
use crate::status::Status;

/// Lists the card terminals the call context can reach; an empty list is a success.
///
/// Spec: gemSpec_Kon 5.18.0, operation GetCardTerminals
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetCardTerminals {
    /// All terminals of the Mandant, not only those of the workplace. Default false.
    pub mandant_wide: bool,
}

/// A card terminal.
///
/// Spec: gemSpec_Kon 5.18.0, operation GetCardTerminals
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardTerminal {
    /// Its id at the Konnektor, the one that [`Card`](crate::Card)s and events name.
    pub id: String,
    /// What the administrator called it.
    pub name: String,
    /// Whether it is a device; an HSM-B sits in a logical one.
    pub is_physical: bool,
    /// Whether the Konnektor reaches it now.
    pub connected: bool,
}

impl Operation for GetCardTerminals {
    type Response = Vec<CardTerminal>;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let endpoint = services.endpoint(Service::Event)?;
        let wide = if self.mandant_wide { "true" } else { "false" };
        let body = Envelope::write_with("EVT:GetCardTerminals", &[("mandant-wide", wide)], &[EVT], |xml| {
            xml.context(context)
        });
        let action = format!("{}#GetCardTerminals", EVT.uri);
        Ok(Request { url: endpoint.url.clone(), action, body, patience: Patience::Normal })
    }

    fn response(&self, document: Document) -> Result<Vec<CardTerminal>, Error> {
        let response: GetCardTerminalsResponse = document.read(EVT, "GetCardTerminalsResponse")?;
        one("Status", response.status)?.note(&document)?;
        let terminals = one("CardTerminals", response.terminals)?.terminals;
        terminals.into_iter().map(CardTerminalElement::value).collect()
    }
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "EVT",
    namespaces = {
        "EVT" = "http://ws.gematik.de/conn/EventService/v7.2",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
        "CT" = "http://ws.gematik.de/conn/CardTerminalInfo/v8.0",
    }
)]
struct GetCardTerminalsResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "CardTerminals", prefix = "CT")]
    terminals: Vec<CardTerminals>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "CT", namespaces = { "CT" = "http://ws.gematik.de/conn/CardTerminalInfo/v8.0" })]
struct CardTerminals {
    #[yaserde(rename = "CardTerminal", prefix = "CT")]
    terminals: Vec<CardTerminalElement>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CT",
    namespaces = {
        "CT" = "http://ws.gematik.de/conn/CardTerminalInfo/v8.0",
        "CCMN" = "http://ws.gematik.de/conn/CardServiceCommon/v2.0",
    }
)]
struct CardTerminalElement {
    #[yaserde(rename = "CtId", prefix = "CCMN")]
    id: Vec<String>,
    #[yaserde(rename = "Name", prefix = "CT")]
    name: Vec<String>,
    #[yaserde(rename = "IS_PHYSICAL", prefix = "CT")]
    is_physical: Vec<String>,
    #[yaserde(rename = "Connected", prefix = "CT")]
    connected: Vec<String>,
}

impl CardTerminalElement {
    fn value(self) -> Result<CardTerminal, Error> {
        Ok(CardTerminal {
            id: value("CtId", &one("CtId", self.id)?)?,
            name: value("Name", &one("Name", self.name)?)?,
            is_physical: boolean("IS_PHYSICAL", &one("IS_PHYSICAL", self.is_physical)?)?,
            connected: boolean("Connected", &one("Connected", self.connected)?)?,
        })
    }
}

/// An xs:boolean.
fn boolean(name: &'static str, text: &str) -> Result<bool, Error> {
    match text.trim() {
        "1" => Ok(true),
        "0" => Ok(false),
        word => value(name, word),
    }
}
