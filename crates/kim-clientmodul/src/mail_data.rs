//! What a mail has outside of memory: content in the spool, data on the attachment service.

use std::sync::{Mutex, MutexGuard, PoisonError};

use kim_flow::{Download, DownloadError, Downloaded, Upload, UploadError, Uploaded};
use tracing::warn;

use crate::orphan::Orphan;
use crate::participant::Participant;
use crate::pieces::Pieces;
use crate::spool::Spooled;
use crate::{download, upload};

/// The content that a flow calls kept, and what it has uploaded. Dropped, it removes the uploads.
#[derive(Default)]
pub(crate) struct MailData(Mutex<State>);

#[derive(Default)]
struct State {
    kept: Option<Spooled>,
    uploads: Vec<Orphan>,
}

impl MailData {
    pub(crate) fn new(kept: Option<Spooled>) -> Self {
        Self(Mutex::new(State { kept, uploads: Vec::new() }))
    }

    /// Encrypts a mail and puts it on the attachment service (K1 to K4).
    pub(crate) async fn upload(
        &self,
        participant: &Participant,
        upload: &Upload,
    ) -> Result<Uploaded, UploadError> {
        let pieces = Pieces::of_recipe(&upload.mail, self.state().kept.take());
        let (uploaded, orphan, kept) =
            upload::upload(participant, upload, pieces).await.map_err(|error| {
                warn!(%error, "mail data was not uploaded");
                error.meaning()
            })?;
        let mut state = self.state();
        state.kept = kept;
        state.uploads.push(orphan);
        Ok(uploaded)
    }

    /// Removes what was uploaded (K6).
    pub(crate) async fn remove(&self, link: &str) {
        let orphan = {
            let uploads = &mut self.state().uploads;
            let at = uploads.iter().position(|orphan| orphan.is_at(link));
            at.map(|at| uploads.swap_remove(at))
        };
        if let Some(orphan) = orphan {
            orphan.remove().await;
        }
    }

    /// Fetches a mail from an attachment service, decrypts and checks it (L3 to L6).
    pub(crate) async fn download(
        &self,
        participant: &Participant,
        download: &Download,
    ) -> Result<Downloaded, DownloadError> {
        let (downloaded, kept) = download::download(participant, download).await.map_err(|error| {
            warn!(%error, "mail data was not downloaded");
            error.meaning()
        })?;
        self.state().kept = Some(kept);
        Ok(downloaded)
    }

    /// What is kept for the mail that comes out, and what was uploaded for it.
    pub(crate) fn into_parts(self) -> (Option<Spooled>, Vec<Orphan>) {
        let State { kept, uploads } = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        (kept, uploads)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
