//! [`GetPinStatus`] and [`VerifyPin`]: unlocking a card.

use kim_types::{CardHandle, Context};
use yaserde::YaDeserialize;

use crate::document::{Document, at_most_one, one, value};
use crate::envelope::Envelope;
use crate::error::Malformed;
use crate::namespace::{CARD, CCMN};
use crate::request::{Operation, Patience, Request};
use crate::services::{Service, Services};
use crate::status::Status;
use crate::{CardKind, Error};

/// Which PIN of a card.
///
/// Spec: gemSpec_Kon 5.18.0, operation GetPinStatus
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PinKind {
    /// PIN.SMC of an SM-B.
    Smc,
    /// PIN.CH of an HBA.
    Ch,
}

impl PinKind {
    /// The PIN that unlocks decryption, and on an SM-B signing; none for other cards.
    pub fn of(card: CardKind) -> Option<Self> {
        match card {
            CardKind::Smb => Some(Self::Smc),
            CardKind::Hba => Some(Self::Ch),
            CardKind::Egk | CardKind::Other => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Smc => "PIN.SMC",
            Self::Ch => "PIN.CH",
        }
    }
}

/// Asks whether a PIN is verified for the call context.
///
/// Verification belongs to a session: of an SM-B to card and Mandant, of an HBA to card, Clientsystem and user.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2058 and KOM-LE-A_2063
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetPinStatus {
    /// The card.
    pub card: CardHandle,
    /// The PIN.
    pub pin: PinKind,
}

/// Has a person enter a PIN at the card terminal.
///
/// The terminal prompts even if the PIN is verified already: call [`GetPinStatus`] first. Takes minutes.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2058 and KOM-LE-A_2063
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyPin {
    /// The card.
    pub card: CardHandle,
    /// The PIN.
    pub pin: PinKind,
}

/// The state of a PIN.
///
/// Spec: gemSpec_Kon 5.18.0, operation GetPinStatus
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PinStatus {
    /// Verified: the card can be used.
    Verified,
    /// Still the transport PIN, which a person must change.
    TransportPin,
    /// No PIN set yet.
    EmptyPin,
    /// Blocked after wrong entries; VerifyPin is of no use.
    Blocked,
    /// Not verified; VerifyPin can change that.
    Verifiable,
    /// Switched off: the card can be used without.
    Disabled,
}

/// What came of the entry of a PIN.
///
/// An entry that was aborted or timed out is an [`Error::Fault`] with 4049 or 4043, however the Konnektor puts it.
///
/// Spec: gemSpec_Kon 5.18.0, operation VerifyPin
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PinResult {
    /// Verified.
    Ok,
    /// The Konnektor does not say what failed.
    Error,
    /// Wrong PIN.
    Rejected {
        /// Entries left before the PIN is blocked, if known.
        left_tries: Option<u32>,
    },
    /// Was blocked before.
    WasBlocked,
    /// Is blocked by this entry.
    NowBlocked,
    /// Still the transport PIN, which a person must change.
    TransportPin,
}

impl Operation for GetPinStatus {
    type Response = PinStatus;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        request("GetPinStatus", &self.card, self.pin, services, context, Patience::Normal)
    }

    fn response(&self, document: Document) -> Result<PinStatus, Error> {
        let response: GetPinStatusResponse = document.read(CARD, "GetPinStatusResponse")?;
        let note = one("Status", response.status)?.note(&document)?;
        match (at_most_one("PinStatus", response.pin_status)?, note) {
            (Some(word), _) => match word.trim() {
                "VERIFIED" => Ok(PinStatus::Verified),
                "TRANSPORT_PIN" => Ok(PinStatus::TransportPin),
                "EMPTY_PIN" => Ok(PinStatus::EmptyPin),
                "BLOCKED" => Ok(PinStatus::Blocked),
                "VERIFIABLE" => Ok(PinStatus::Verifiable),
                "DISABLED" => Ok(PinStatus::Disabled),
                _ => Err(Error::malformed(Malformed::Element("PinStatus"))),
            },
            (None, Some(fault)) => Err(Error::Fault(fault)),
            (None, None) => Err(Error::malformed(Malformed::Element("PinStatus"))),
        }
    }
}

impl Operation for VerifyPin {
    type Response = PinResult;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        request("VerifyPin", &self.card, self.pin, services, context, Patience::Pin)
    }

    fn response(&self, document: Document) -> Result<PinResult, Error> {
        let response: VerifyPinResponse = document.read(CARD, "VerifyPinResponse")?;
        let note = one("Status", response.status)?.note(&document)?;
        let left_tries = response.left_tries.into_iter().next();
        // A note for people: what cannot be read of it takes nothing from the result.
        let left_tries = left_tries.and_then(|text| value("LeftTries", &text).ok());
        match (one("PinResult", response.pin_result)?.trim(), note) {
            ("OK", _) => Ok(PinResult::Ok),
            ("REJECTED", _) => Ok(PinResult::Rejected { left_tries }),
            ("WASBLOCKED", _) => Ok(PinResult::WasBlocked),
            ("NOWBLOCKED", _) => Ok(PinResult::NowBlocked),
            ("TRANSPORT_PIN", _) => Ok(PinResult::TransportPin),
            ("ERROR", Some(fault)) => Err(Error::Fault(fault)),
            ("ERROR", None) => Ok(PinResult::Error),
            _ => Err(Error::malformed(Malformed::Element("PinResult"))),
        }
    }
}

fn request(
    operation: &str,
    card: &CardHandle,
    pin: PinKind,
    services: &Services,
    context: &Context,
    patience: Patience,
) -> Result<Request, Error> {
    let endpoint = services.endpoint(Service::Card)?;
    let body = Envelope::write(&format!("CARD:{operation}"), &[CARD, CCMN], |xml| {
        // The element is spelled without "e".
        xml.context(context).leaf("CONN:CardHandle", card.as_str()).leaf("CCMN:PinTyp", pin.name())
    });
    Ok(Request { url: endpoint.url.clone(), action: format!("{}#{operation}", CARD.uri), body, patience })
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CARD",
    namespaces = {
        "CARD" = "http://ws.gematik.de/conn/CardService/v8.1",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
    }
)]
struct GetPinStatusResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "PinStatus", prefix = "CARD")]
    pin_status: Vec<String>,
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
struct VerifyPinResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "PinResult", prefix = "CCMN")]
    pin_result: Vec<String>,
    #[yaserde(rename = "LeftTries", prefix = "CCMN")]
    left_tries: Vec<String>,
}
