//! [`Subscribe`], [`RenewSubscriptions`], [`Unsubscribe`], [`GetSubscription`]: which events a Konnektor reports.

use std::fmt;
use std::net::SocketAddr;

use kim_types::Context;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use yaserde::YaDeserialize;

use crate::Error;
use crate::body::Body;
use crate::document::{Document, at_most_one, one, value};
use crate::envelope::Envelope;
use crate::error::Malformed;
use crate::namespace::EVT;
use crate::request::{Operation, Patience, Request};
use crate::services::{Service, Services};
use crate::status::Status;

/// The id of a subscription, valid until it ends or the Konnektor restarts.
///
/// Spec: gemSpec_Kon 5.18.0, operation Subscribe
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SubscriptionId(String);

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a Konnektor sends events, written `cetp://192.0.2.5:4711`.
///
/// Spec: gemSpec_Kon 5.18.0, TIP1-A_4595 (CETP)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventSink(pub SocketAddr);

impl fmt::Display for EventSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cetp://{}", self.0)
    }
}

/// A subscription and when it ends, about 25 hours after it was made or renewed.
///
/// Spec: gemSpec_Kon 5.18.0, operations Subscribe and RenewSubscriptions
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// When it ends unless it is renewed, by the clock of the TI.
    pub ends: OffsetDateTime,
}

/// Has the Konnektor report the events of a topic. For several topics, subscribe several times.
///
/// Spec: gemSpec_Kon 5.18.0, operation Subscribe
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// Where to.
    pub sink: EventSink,
    /// The topic, a prefix as in `CARD` or `BOOTUP/BOOTUP_COMPLETE`.
    pub topic: String,
}

/// Makes subscriptions last longer.
///
/// Spec: gemSpec_Kon 5.18.0, operation RenewSubscriptions
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewSubscriptions {
    /// The subscriptions, 1 to 1,000; an unknown one is fault 4102.
    pub ids: Vec<SubscriptionId>,
}

/// Ends all subscriptions to a sink, also those nobody remembers.
///
/// Spec: gemSpec_Kon 5.18.0, operation Unsubscribe
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// The sink.
    pub sink: EventSink,
}

/// Lists the subscriptions of the call context.
///
/// Spec: gemSpec_Kon 5.18.0, operation GetSubscription
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetSubscription {
    /// All subscriptions of the Mandant. Default false.
    pub mandant_wide: bool,
}

impl Operation for Subscribe {
    type Response = Subscription;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let body = Envelope::write("EVT:Subscribe", &[EVT], |xml| {
            xml.context(context).within("EVT:Subscription", |xml| {
                xml.leaf("EVT:EventTo", &self.sink.to_string()).leaf("EVT:Topic", &self.topic)
            })
        });
        request("Subscribe", body, services)
    }

    fn response(&self, document: Document) -> Result<Subscription, Error> {
        let response: SubscribeResponse = document.read(EVT, "SubscribeResponse")?;
        one("Status", response.status)?.note(&document)?;
        subscription(response.id, response.ends)
    }
}

impl Operation for RenewSubscriptions {
    type Response = Vec<Subscription>;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let body = Envelope::write("EVT:RenewSubscriptions", &[EVT], |xml| {
            let xml = xml.context(context);
            self.ids.iter().fold(xml, |xml, id| xml.leaf("EVT:SubscriptionID", &id.0))
        });
        request("RenewSubscriptions", body, services)
    }

    fn response(&self, document: Document) -> Result<Vec<Subscription>, Error> {
        let response: RenewSubscriptionsResponse = document.read(EVT, "RenewSubscriptionsResponse")?;
        one("Status", response.status)?.note(&document)?;
        let renewals = one("SubscribeRenewals", response.renewals)?.renewals;
        renewals.into_iter().map(|renewal| subscription(renewal.id, renewal.ends)).collect()
    }
}

impl Operation for Unsubscribe {
    type Response = ();

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let body = Envelope::write("EVT:Unsubscribe", &[EVT], |xml| {
            xml.context(context).leaf("EVT:EventTo", &self.sink.to_string())
        });
        request("Unsubscribe", body, services)
    }

    fn response(&self, document: Document) -> Result<(), Error> {
        let response: UnsubscribeResponse = document.read(EVT, "UnsubscribeResponse")?;
        one("Status", response.status)?.note(&document)?;
        Ok(())
    }
}

impl Operation for GetSubscription {
    type Response = Vec<SubscriptionId>;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let wide = if self.mandant_wide { "true" } else { "false" };
        let body = Envelope::write_with("EVT:GetSubscription", &[("mandant-wide", wide)], &[EVT], |xml| {
            xml.context(context)
        });
        request("GetSubscription", body, services)
    }

    fn response(&self, document: Document) -> Result<Vec<SubscriptionId>, Error> {
        let response: GetSubscriptionResponse = document.read(EVT, "GetSubscriptionResponse")?;
        one("Status", response.status)?.note(&document)?;
        let subscriptions = one("Subscriptions", response.subscriptions)?.subscriptions;
        let ids = subscriptions.into_iter().map(|one| at_most_one("SubscriptionID", one.id));
        ids.filter_map(Result::transpose).map(|id| Ok(SubscriptionId(id?.trim().to_owned()))).collect()
    }
}

fn request(operation: &str, body: Body, services: &Services) -> Result<Request, Error> {
    let endpoint = services.endpoint(Service::Event)?;
    let action = format!("{}#{operation}", EVT.uri);
    Ok(Request { url: endpoint.url.clone(), action, body, patience: Patience::Normal })
}

fn subscription(id: Vec<String>, ends: Vec<String>) -> Result<Subscription, Error> {
    let id: String = value("SubscriptionID", &one("SubscriptionID", id)?)?;
    let ends = one("TerminationTime", ends)?;
    let ends = ends.trim();
    // xs:dateTime may have no zone; a Konnektor lives in UTC.
    let ends = OffsetDateTime::parse(ends, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{ends}Z"), &Rfc3339))
        .map_err(|_| Error::malformed(Malformed::Element("TerminationTime")))?;
    Ok(Subscription { id: SubscriptionId(id), ends })
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "EVT",
    namespaces = {
        "EVT" = "http://ws.gematik.de/conn/EventService/v7.2",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
    }
)]
struct SubscribeResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "SubscriptionID", prefix = "EVT")]
    id: Vec<String>,
    #[yaserde(rename = "TerminationTime", prefix = "EVT")]
    ends: Vec<String>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "EVT",
    namespaces = {
        "EVT" = "http://ws.gematik.de/conn/EventService/v7.2",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
    }
)]
struct RenewSubscriptionsResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "SubscribeRenewals", prefix = "EVT")]
    renewals: Vec<SubscribeRenewals>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "EVT", namespaces = { "EVT" = "http://ws.gematik.de/conn/EventService/v7.2" })]
struct SubscribeRenewals {
    #[yaserde(rename = "SubscriptionRenewal", prefix = "EVT")]
    renewals: Vec<SubscriptionRenewal>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "EVT", namespaces = { "EVT" = "http://ws.gematik.de/conn/EventService/v7.2" })]
struct SubscriptionRenewal {
    #[yaserde(rename = "SubscriptionID", prefix = "EVT")]
    id: Vec<String>,
    #[yaserde(rename = "TerminationTime", prefix = "EVT")]
    ends: Vec<String>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "EVT",
    namespaces = {
        "EVT" = "http://ws.gematik.de/conn/EventService/v7.2",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
    }
)]
struct UnsubscribeResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "EVT",
    namespaces = {
        "EVT" = "http://ws.gematik.de/conn/EventService/v7.2",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
    }
)]
struct GetSubscriptionResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "Subscriptions", prefix = "EVT")]
    subscriptions: Vec<Subscriptions>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "EVT", namespaces = { "EVT" = "http://ws.gematik.de/conn/EventService/v7.2" })]
struct Subscriptions {
    #[yaserde(rename = "Subscription", prefix = "EVT")]
    subscriptions: Vec<SubscriptionElement>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "EVT", namespaces = { "EVT" = "http://ws.gematik.de/conn/EventService/v7.2" })]
struct SubscriptionElement {
    #[yaserde(rename = "SubscriptionID", prefix = "EVT")]
    id: Vec<String>,
}
