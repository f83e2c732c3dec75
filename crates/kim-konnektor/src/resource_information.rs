//! [`GetResourceInformation`]: how the Konnektor is.

use kim_types::Context;
use yaserde::YaDeserialize;

use crate::document::{Document, at_most_one, one};
use crate::envelope::Envelope;
use crate::namespace::EVT;
use crate::request::{Operation, Patience, Request};
use crate::services::{Service, Services};
use crate::status::Status;
use crate::{Error, Severity};

/// Asks the Konnektor about itself: the cheapest way to see whether it works and reaches the TI.
///
/// Spec: gemSpec_Kon 5.18.0, operation GetResourceInformation
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetResourceInformation;

/// How a Konnektor is.
///
/// Spec: gemSpec_Kon 5.18.0, operation GetResourceInformation, TAB_KON_504 (operating states)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorState {
    /// Whether it is connected to the Telematikinfrastruktur.
    pub ti_online: bool,
    /// The error conditions that hold now, as in `EC_TLS_Client_Certificate_Security`.
    pub conditions: Vec<ErrorCondition>,
}

/// An error condition of a Konnektor.
///
/// Spec: gemSpec_Kon 5.18.0, TAB_KON_504
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCondition {
    /// The condition, starting with `EC_`.
    pub name: String,
    /// How bad it is.
    pub severity: Severity,
}

impl Operation for GetResourceInformation {
    type Response = ConnectorState;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let endpoint = services.endpoint(Service::Event)?;
        let body = Envelope::write("EVT:GetResourceInformation", &[EVT], |xml| xml.context(context));
        let action = format!("{}#GetResourceInformation", EVT.uri);
        Ok(Request { url: endpoint.url.clone(), action, body, patience: Patience::Normal })
    }

    fn response(&self, document: Document) -> Result<ConnectorState, Error> {
        let response: GetResourceInformationResponse =
            document.read(EVT, "GetResourceInformationResponse")?;
        one("Status", response.status)?.note(&document)?;
        let connector = one("Connector", response.connector)?;
        let vpn = one("VPNTIStatus", connector.vpn_ti)?;
        let operating = at_most_one("OperatingState", connector.operating)?;
        let states = operating.into_iter().flat_map(|operating| operating.states);
        let conditions: Result<Vec<Option<ErrorCondition>>, Error> =
            states.map(ErrorState::condition).collect();
        Ok(ConnectorState {
            ti_online: one("ConnectionStatus", vpn.status)?.trim() == "Online",
            conditions: conditions?.into_iter().flatten().collect(),
        })
    }
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "EVT",
    namespaces = {
        "EVT" = "http://ws.gematik.de/conn/EventService/v7.2",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
    }
)]
struct GetResourceInformationResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "Connector", prefix = "CONN")]
    connector: Vec<Connector>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "CONN", namespaces = { "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0" })]
struct Connector {
    #[yaserde(rename = "VPNTIStatus", prefix = "CONN")]
    vpn_ti: Vec<VpnStatus>,
    #[yaserde(rename = "OperatingState", prefix = "CONN")]
    operating: Vec<OperatingState>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "CONN", namespaces = { "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0" })]
struct VpnStatus {
    #[yaserde(rename = "ConnectionStatus", prefix = "CONN")]
    status: Vec<String>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "CONN", namespaces = { "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0" })]
struct OperatingState {
    #[yaserde(rename = "ErrorState", prefix = "CONN")]
    states: Vec<ErrorState>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "CONN", namespaces = { "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0" })]
struct ErrorState {
    #[yaserde(rename = "ErrorCondition", prefix = "CONN")]
    condition: Vec<String>,
    #[yaserde(rename = "Severity", prefix = "CONN")]
    severity: Vec<String>,
    #[yaserde(rename = "Value", prefix = "CONN")]
    holds: Vec<String>,
}

impl ErrorState {
    /// The condition, if it holds.
    fn condition(self) -> Result<Option<ErrorCondition>, Error> {
        let holds = matches!(one("Value", self.holds)?.trim(), "true" | "1");
        let name = one("ErrorCondition", self.condition)?.trim().to_owned();
        let word = at_most_one("Severity", self.severity)?.unwrap_or_default();
        let severity = word.trim().parse().unwrap_or(Severity::Other);
        Ok(holds.then_some(ErrorCondition { name, severity }))
    }
}
