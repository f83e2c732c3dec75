//! Mail data on the attachment service that a mail depends on: [`Orphan`].

use kim_fachdienst::{DeleteMailData, KasLink, MailDataError};
use tokio::runtime::Handle;
use tracing::{info, warn};

use crate::fachdienst::{self, ServiceError};
use crate::participant::Participant;

/// Mail data on the attachment service that nobody knows of yet. Dropped, it is removed there, unless it was
/// [adopted](Orphan::adopted).
///
/// The removal outlives the session; its failure is worth a line in the log, not more.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19363-03; flows K6, S18, S19.
pub(crate) struct Orphan {
    participant: Participant,
    link: Option<KasLink>,
}

impl Orphan {
    pub(crate) fn new(participant: Participant, link: KasLink) -> Self {
        Self { participant, link: Some(link) }
    }

    /// Whether it lies at this link, as the attachment service gave it.
    pub(crate) fn is_at(&self, link: &str) -> bool {
        let rules = self.participant.shared.rules.links();
        self.link.is_some() && KasLink::parse(link, &rules).ok() == self.link
    }

    /// A mail server has taken over the mail that names it.
    pub(crate) fn adopted(mut self) {
        self.link = None;
    }

    /// Removes it now.
    pub(crate) async fn remove(mut self) {
        if let Some(link) = self.link.take() {
            remove(&self.participant, link).await;
        }
    }
}

impl Drop for Orphan {
    fn drop(&mut self) {
        // Without a runtime the process is about to end.
        if let (Some(link), Ok(runtime)) = (self.link.take(), Handle::try_current()) {
            let participant = self.participant.clone();
            runtime.spawn(async move { remove(&participant, link).await });
        }
    }
}

/// Why mail data lies there still.
#[derive(Debug, thiserror::Error)]
enum RemoveError {
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error(transparent)]
    Refused(#[from] MailDataError),
}

async fn remove(participant: &Participant, link: KasLink) {
    match try_to_remove(participant, link).await {
        Ok(()) => info!("mail data that nobody will fetch was removed"),
        Err(error) => warn!(%error, "mail data that nobody will fetch was not removed"),
    }
}

async fn try_to_remove(participant: &Participant, link: KasLink) -> Result<(), RemoveError> {
    let password = participant.account.password.clone().ok_or(ServiceError::NoPassword)?;
    let request = DeleteMailData { link, account: participant.account.address.clone(), password };
    let limit = MailDataError::MAX_BODY_OCTETS;
    let (status, body) = fachdienst::exchange(participant, &request.to_http(), limit).await?;
    Ok(DeleteMailData::from_response(status, &body)?)
}
