//! The limits of an account: asked for, remembered, and good even when they are old.

use std::time::{Duration, Instant};

use kim_fachdienst::{Limits, LimitsRequest, Service};
use tracing::warn;

use crate::fachdienst::{self, ServiceError};
use crate::participant::Participant;
use crate::services;

/// How long a service that did not answer is left alone: no mail shall wait for it.
pub(crate) const PAUSE: Duration = Duration::from_secs(300);

/// The limits of the account: cached ones, else those of the Fachdienst, else cached ones however old they are.
///
/// `None` lets the flow take the defaults.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22416-01; deltas Q14.
pub(crate) async fn limits(participant: &Participant) -> Option<Limits> {
    let (shared, key) = (&participant.shared, participant.account.address.to_key());
    if let Some(limits) = shared.limits.find(&key, Instant::now()) {
        return Some(limits);
    }
    if shared.without_limits.find(&key, Instant::now()).is_none() {
        match ask(participant).await {
            Ok(limits) => {
                shared.limits.keep(key, limits, Instant::now(), None);
                return Some(limits);
            }
            Err(error) => {
                warn!(%error, "the limits of the account are not known");
                shared.without_limits.keep(key.clone(), (), Instant::now(), None);
            }
        }
    }
    shared.limits.find_ended(&key)
}

async fn ask(participant: &Participant) -> Result<Limits, Box<dyn std::error::Error + Send + Sync>> {
    let password = participant.account.password.clone().ok_or(ServiceError::NoPassword)?;
    let base = services::base(participant, Service::AccountLimit).await?;
    let request = LimitsRequest { base, account: participant.account.address.clone(), password };
    let (status, body) =
        fachdienst::exchange(participant, &request.to_http(), Limits::MAX_BODY_OCTETS).await?;
    Ok(Limits::from_response(status, &body)?)
}
