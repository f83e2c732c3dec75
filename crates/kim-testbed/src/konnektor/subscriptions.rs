//! The operations about subscriptions to events.

use time::OffsetDateTime;

use super::call::Call;
use super::clock;
use super::fault::Fault;
use super::http::HttpResponse;
use super::namespace::Ns;
use super::response::Writer;
use super::state::Subscription;
use crate::lock::lock;

/// The protocol of events, before host and port.
const CETP: &str = "cetp://";

/// Subscribes to the events of a topic.
///
/// Spec: gemSpec_Kon 5.18.0, Subscribe.
pub(super) fn subscribe(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let mut fields = call.message.fields();
    let context = call.context(&mut fields)?;
    let mut wanted = fields.required(Ns::Evt, "Subscription")?.fields();
    fields.end()?;
    wanted.optional(Ns::Evt, "SubscriptionID");
    wanted.optional(Ns::Evt, "TerminationTime");
    let sink = wanted.required(Ns::Evt, "EventTo")?.text();
    let topic = wanted.required(Ns::Evt, "Topic")?.text().to_owned();
    wanted.optional(Ns::Evt, "Filter");
    wanted.end()?;
    let sink = sink.strip_prefix(CETP).ok_or_else(|| Fault::syntax("EventTo is no CETP address"))?.to_owned();

    let mut state = lock(call.state);
    let id = state.next_subscription_id();
    let subscription = Subscription { id, context, sink, topic, ends: ends(call) };
    let mut out = call.response("Subscribe");
    out.status(None);
    write_end(&mut out, &subscription);
    state.subscriptions.push(subscription);
    Ok(out.finish())
}

/// Makes subscriptions last longer; if one is unknown, none.
///
/// Spec: gemSpec_Kon 5.18.0, RenewSubscriptions.
pub(super) fn renew_subscriptions(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let mut fields = call.message.fields();
    call.context(&mut fields)?;
    let ids = fields.repeated(Ns::Evt, "SubscriptionID");
    fields.end()?;
    if ids.is_empty() {
        return Err(Fault::syntax("SubscriptionID expected"));
    }
    let now = OffsetDateTime::now_utc();
    let mut state = lock(call.state);
    let mut out = call.response("RenewSubscriptions");
    out.status(None);
    out.open(Ns::Evt, "SubscribeRenewals");
    for id in ids {
        let mut known = state.subscriptions.iter_mut();
        let known =
            known.find(|one| one.id == id.text() && one.ends > now).ok_or_else(|| Fault::new(4102))?;
        known.ends = ends(call);
        out.open(Ns::Evt, "SubscriptionRenewal");
        write_end(&mut out, known);
        out.close();
    }
    Ok(out.finish())
}

/// Ends a subscription, or all to an address.
///
/// Spec: gemSpec_Kon 5.18.0, Unsubscribe.
pub(super) fn unsubscribe(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let mut fields = call.message.fields();
    call.context(&mut fields)?;
    let id = fields.optional(Ns::Evt, "SubscriptionID");
    let mut state = lock(call.state);
    let before = state.subscriptions.len();
    match id {
        Some(id) => {
            state.subscriptions.retain(|one| one.id != id.text());
            if state.subscriptions.len() == before {
                return Err(Fault::new(4102));
            }
        }
        None => {
            let sink = fields.required(Ns::Evt, "EventTo")?.text();
            state.subscriptions.retain(|one| Some(one.sink.as_str()) != sink.strip_prefix(CETP));
        }
    }
    fields.end()?;
    let mut out = call.response("Unsubscribe");
    out.status(None);
    Ok(out.finish())
}

/// Lists the subscriptions of the caller, or of the whole Mandant.
///
/// Spec: gemSpec_Kon 5.18.0, GetSubscription.
pub(super) fn get_subscription(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let mut fields = call.message.fields();
    let context = call.context(&mut fields)?;
    let id = fields.optional(Ns::Evt, "SubscriptionID").map(|id| id.text().to_owned());
    fields.end()?;
    let wide = matches!(call.message.attribute("mandant-wide"), Some("true" | "1"));
    let state = lock(call.state);
    let mut out = call.response("GetSubscription");
    out.status(None);
    out.open(Ns::Evt, "Subscriptions");
    for one in &state.subscriptions {
        let visible = if wide { one.context.mandant == context.mandant } else { one.context == context };
        if visible && id.as_ref().is_none_or(|id| *id == one.id) {
            out.open(Ns::Evt, "Subscription");
            write_end(&mut out, one);
            out.text(Ns::Evt, "EventTo", &format!("{CETP}{}", one.sink));
            out.text(Ns::Evt, "Topic", &one.topic);
            out.close();
        }
    }
    Ok(out.finish())
}

fn ends(call: &Call<'_>) -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    let lifetime =
        time::Duration::try_from(call.config.subscription_lifetime).unwrap_or(time::Duration::ZERO);
    now.checked_add(lifetime).unwrap_or(now)
}

fn write_end(out: &mut Writer, subscription: &Subscription) {
    out.text(Ns::Evt, "SubscriptionID", &subscription.id);
    out.text(Ns::Evt, "TerminationTime", &clock::text(subscription.ends));
}
