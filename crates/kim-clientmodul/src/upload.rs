//! Mail data on its way to the attachment service: [`upload`].

use std::time::Duration;

use bytes::Bytes;
use kim_fachdienst::{AddMailData, KasReference, LinkError, MailDataError, Service, SharedLink};
use kim_flow::Uploaded;
use kim_tls::{MailDataCipherError, MailDataDigest, MailDataEncryptor};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, spawn_blocking};

use crate::fachdienst::{self, ServiceError};
use crate::http::{Call, HttpError, Line, RequestBody, Use};
use crate::orphan::Orphan;
use crate::participant::Participant;
use crate::pieces::Pieces;
use crate::plain::Plain;
use crate::progress::{Direction, Meter};
use crate::services;
use crate::spool::{SpoolError, Spooled};

/// How many octets are read and encrypted at once.
const BATCH: usize = 512 * 1024;

/// How many of them the service has to take within CM_KAS_TIMEOUT.
const STEP: usize = 256 * 1024;

/// Why mail data is not on the attachment service.
#[derive(Debug, Error)]
pub(crate) enum UploadError {
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error(transparent)]
    Form(#[from] kim_fachdienst::UploadError),
    #[error(transparent)]
    Refused(#[from] MailDataError),
    #[error("the attachment service gave a link that nobody would follow: {0}")]
    Link(#[from] LinkError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error(transparent)]
    Cipher(#[from] MailDataCipherError),
}

impl From<HttpError> for UploadError {
    fn from(error: HttpError) -> Self {
        Self::Service(error.into())
    }
}

impl UploadError {
    /// What the flow makes of it: 521 or 451.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19363-03, A_22419-01.
    pub(crate) fn meaning(&self) -> kim_flow::UploadError {
        match self {
            Self::Refused(MailDataError::QuotaExceeded(_)) => kim_flow::UploadError::Full,
            _ => kim_flow::UploadError::Failed,
        }
    }
}

/// Encrypts a mail and puts it on the attachment service of the own provider, in one pass and with few octets in memory.
///
/// It ends when the service did not take the next 256 KiB within CM_KAS_TIMEOUT, or as soon as it answers, be it in the middle.
/// What it has taken is removed again unless the [`Orphan`] is adopted, even if this future is dropped before it answers.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19358-01, A_19360-02, A_19361-01, A_19362, A_19363-03, A_22427-01.
pub(crate) async fn upload(
    participant: &Participant,
    upload: &kim_flow::Upload,
    pieces: Pieces,
) -> Result<(Uploaded, Orphan, Option<Spooled>), UploadError> {
    let patience = participant.shared.fachdienst.services.timeout;
    let enc_size = pieces.len().saturating_add(MailDataEncryptor::OVERHEAD);
    let add = AddMailData {
        base: services::base(participant, Service::AttachmentService).await?,
        account: participant.account.address.clone(),
        password: participant.account.password.clone().ok_or(ServiceError::NoPassword)?,
        message_id: upload.message_id.clone(),
        recipients: upload.recipients.clone(),
        expires: kim_smime::rfc5322_date(upload.expires),
        size: enc_size,
    };
    let form = add.to_upload(kim_tls::random())?;
    let encryptor = MailDataEncryptor::new()?;
    let key = encryptor.key();

    let line = fachdienst::open(participant, &form.request.url, Use::Fresh).await?;
    let (chunks, body) = RequestBody::awaited(form.content_length);
    let (all_sent, end) = oneshot::channel();
    let call = fachdienst::call(&form.request, body, Use::Fresh);
    // A task of its own: a link that nobody waits for any more is dropped in there, and its data removed.
    let mut answer = tokio::spawn(answer(participant.clone(), line, call, end, patience));
    let meter = Meter::start(participant.observer.clone(), Direction::Upload, Some(form.content_length));
    let mut sender = Sender { chunks, meter, patience };
    let sent = tokio::select! {
        biased;
        answer = &mut answer => Err(too_early(answer)),
        sent = sender.send(form.head.into(), Sealing::new(pieces, encryptor), form.tail.into()) => Ok(sent),
    };
    drop(sender);
    let (digest, kept) = match sent? {
        Ok(sent) => sent,
        // The connection broke: the service may have said why.
        Err(SendError::Gone) => return Err(too_early(answer.await)),
        Err(SendError::Other(error)) => return Err(error),
    };
    let _ = all_sent.send(());
    let (link, orphan) = answer.await.unwrap_or(Err(SpoolError::Interrupted.into()))?;
    let MailDataDigest { size, hash } = digest;
    let reference = KasReference { link: link.as_str().to_owned(), key, hash, size };
    Ok((Uploaded { reference, enc_size }, orphan, kept))
}

type Answer = Result<(SharedLink, Orphan), UploadError>;

/// Sends the request and reads the answer, which comes at most `patience` after the `end` of the body.
async fn answer(
    participant: Participant,
    line: Line,
    call: Call,
    end: oneshot::Receiver<()>,
    patience: Duration,
) -> Answer {
    let limit = MailDataError::MAX_BODY_OCTETS;
    let exchange = async {
        let response = line.send(call, limit as u64).await?;
        let status = response.status.as_u16();
        Ok::<_, UploadError>((status, fachdienst::body(response).await))
    };
    let timeout = async {
        let _ = end.await;
        tokio::time::sleep(patience).await;
    };
    let (status, body) = tokio::select! {
        answer = exchange => answer?,
        () = timeout => return Err(ServiceError::Timeout.into()),
    };
    let link = SharedLink::from_response(status, &body)?;
    let orphan = Orphan::new(participant.clone(), link.check(&participant.shared.rules.links())?);
    Ok((link, orphan))
}

/// What it means that the service answers before it has everything. A link for half a mail is none.
fn too_early(answer: Result<Answer, JoinError>) -> UploadError {
    match answer {
        Ok(Err(error)) => error,
        Ok(Ok(_)) => MailDataError::Malformed.into(),
        Err(_) => SpoolError::Interrupted.into(),
    }
}

/// Why a body was not sent to its end.
enum SendError {
    /// Nobody takes it any more.
    Gone,
    Other(UploadError),
}

/// The sending side of a body.
struct Sender {
    chunks: mpsc::Sender<Bytes>,
    meter: Meter,
    patience: Duration,
}

impl Sender {
    /// Sends head, encrypted mail and tail. The next batch is encrypted while one is under way.
    async fn send(
        &mut self,
        head: Bytes,
        sealing: Box<Sealing>,
        tail: Bytes,
    ) -> Result<(MailDataDigest, Option<Spooled>), SendError> {
        let mut sealed = spawn_blocking(move || sealing.next());
        self.push(head).await?;
        loop {
            let next = sealed.await.unwrap_or(Err(SpoolError::Interrupted.into()));
            match next.map_err(SendError::Other)? {
                Sealed::Part(octets, sealing) => {
                    sealed = spawn_blocking(move || sealing.next());
                    self.push(octets).await?;
                }
                Sealed::End(octets, digest, kept) => {
                    self.push(octets).await?;
                    self.push(tail).await?;
                    return Ok((digest, kept));
                }
            }
        }
    }

    async fn push(&mut self, mut octets: Bytes) -> Result<(), SendError> {
        while !octets.is_empty() {
            let step = octets.split_to(octets.len().min(STEP));
            let len = step.len();
            match tokio::time::timeout(self.patience, self.chunks.send(step)).await {
                Ok(Ok(())) => self.meter.add(len),
                Ok(Err(_)) => return Err(SendError::Gone),
                Err(_) => return Err(SendError::Other(ServiceError::Timeout.into())),
            }
        }
        Ok(())
    }
}

/// A mail that is being encrypted.
struct Sealing {
    pieces: Pieces,
    /// It comes first.
    iv: Option<[u8; 12]>,
    encryptor: MailDataEncryptor,
}

/// What one step of encrypting gives.
enum Sealed {
    Part(Bytes, Box<Sealing>),
    End(Bytes, MailDataDigest, Option<Spooled>),
}

impl Sealing {
    fn new(pieces: Pieces, encryptor: MailDataEncryptor) -> Box<Self> {
        Box::new(Self { pieces, iv: Some(encryptor.iv()), encryptor })
    }

    fn next(mut self: Box<Self>) -> Result<Sealed, UploadError> {
        let mut out = Plain::with_capacity(BATCH.saturating_add(Spooled::ROOM));
        out.extend_from_slice(self.iv.take().as_ref().map_or(&[], |iv| iv));
        while out.len() < BATCH {
            let start = out.len();
            if !self.pieces.append_to(&mut out)? {
                let (tag, digest) = self.encryptor.finish()?;
                out.extend_from_slice(&tag);
                return Ok(Sealed::End(out.into_public().into(), digest, self.pieces.into_kept()));
            }
            self.encryptor.update(out.get_mut(start..).unwrap_or_default())?;
        }
        Ok(Sealed::Part(out.into_public().into(), self))
    }
}

#[cfg(test)]
mod tests {
    use kim_types::Octets;

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(200);

    fn sending(len: usize) -> (Sender, Box<Sealing>, mpsc::Receiver<Bytes>) {
        let (chunks, received) = mpsc::channel(1);
        let meter = Meter::start(None, Direction::Upload, None);
        let pieces = Pieces::from(Octets::from(vec![7; len]));
        let sealing = Sealing::new(pieces, MailDataEncryptor::new().unwrap());
        (Sender { chunks, meter, patience: PATIENCE }, sealing, received)
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, Tab_Konf_Param (CM_KAS_TIMEOUT counts from the last progress)
    #[tokio::test]
    async fn a_slow_service_is_waited_for_as_long_as_it_moves() {
        let (mut sender, sealing, mut received) = sending(6 * BATCH);
        let slow = tokio::spawn(async move {
            let (start, mut len) = (std::time::Instant::now(), 0);
            while let Some(chunk) = received.recv().await {
                len += chunk.len();
                tokio::time::sleep(PATIENCE / 3).await;
            }
            (len, start.elapsed())
        });
        let sent = sender.send("head".into(), sealing, "tail".into()).await;
        assert_eq!(sent.ok().unwrap().0.size, 6 * BATCH as u64);
        drop(sender);
        let (len, took) = slow.await.unwrap();
        assert!(len == 6 * BATCH + 28 + 8 && took > PATIENCE, "{len} octets in {took:?}");
    }

    #[tokio::test]
    async fn a_service_that_takes_nothing_or_leaves_is_told_apart() {
        let (mut sender, sealing, received) = sending(6 * BATCH);
        let stuck = sender.send("head".into(), sealing, "tail".into()).await;
        assert!(matches!(stuck, Err(SendError::Other(UploadError::Service(ServiceError::Timeout)))));
        drop(received);
        let (_, sealing, _received) = sending(1);
        assert!(matches!(sender.send("head".into(), sealing, "tail".into()).await, Err(SendError::Gone)));
    }
}
