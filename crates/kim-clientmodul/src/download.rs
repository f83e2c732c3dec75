//! Mail data on its way from an attachment service: [`download`].

use std::time::{Duration, Instant};

use bytes::Bytes;
use kim_fachdienst::{CheckMailData, HttpRequest, MailDataError, ReadMailData};
use kim_flow::{Download, Downloaded};
use kim_tls::{MailDataCipherError, MailDataDecryptor, MailDataDigest, MailDataEncryptor};
use thiserror::Error;

use crate::blocking::{Worker, off_the_runtime};
use crate::fachdienst::{self, ServiceError};
use crate::http::{HttpError, RequestBody, Response, Use};
use crate::incoming::Head;
use crate::participant::Participant;
use crate::plain::Plain;
use crate::progress::{Direction, Meter};
use crate::spool::{Spool, SpoolError, Spooled};

/// How many octets are decrypted and kept at once.
const BATCH: usize = 512 * 1024;

/// In how many pieces they may lie in memory: each takes a little more than its octets, which a service may send one by one.
const PIECES: usize = 256;

/// How many of them go through memory in the clear at once.
const STEP: usize = 64 * 1024;

/// How many octets a second a download has to bring, once its credit is used up.
const SLOWEST: u64 = 16 * 1024;

/// How much longer than that it may take, in units of CM_KAS_TIMEOUT.
const CREDIT: u32 = 4;

/// Why there is no mail from an attachment service.
#[derive(Debug, Error)]
pub(crate) enum DownloadError {
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error(transparent)]
    Refused(#[from] MailDataError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error(transparent)]
    Cipher(#[from] MailDataCipherError),
    #[error("the mail has another hash than its message says")]
    Hash,
    #[error("the mail is longer than the user asked for")]
    TooLarge,
}

impl From<HttpError> for DownloadError {
    fn from(error: HttpError) -> Self {
        Self::Service(error.into())
    }
}

impl DownloadError {
    /// What the flow makes of it.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05, A_19371, A_19372, A_22412; deltas Q15.
    pub(crate) fn meaning(&self) -> kim_flow::DownloadError {
        match self {
            Self::Refused(MailDataError::TooManyDownloads(_)) => kim_flow::DownloadError::TooOften,
            Self::Refused(MailDataError::NotRecipient(_) | MailDataError::Missing(_)) => {
                kim_flow::DownloadError::Gone
            }
            Self::Cipher(_) => kim_flow::DownloadError::Decryption,
            Self::Hash => kim_flow::DownloadError::Hash,
            Self::TooLarge => kim_flow::DownloadError::TooLarge,
            Self::Service(_) | Self::Refused(_) | Self::Spool(_) => kim_flow::DownloadError::Failed,
        }
    }
}

/// Fetches a mail, decrypts it into the spool while it comes, and checks it. Nothing of it is given out before.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05, A_19371, A_19372; flows L3 to L6; deltas Q5, Q6.
pub(crate) async fn download(
    participant: &Participant,
    download: &Download,
) -> Result<(Downloaded, Spooled), DownloadError> {
    let shared = &participant.shared;
    let patience = shared.fachdienst.services.timeout;
    let most = download.most.map(|most| most.saturating_add(MailDataEncryptor::OVERHEAD));
    let above = |len: Option<u64>| len.zip(most).is_some_and(|(len, most)| len > most);
    if above(download.enc_size) {
        return Err(DownloadError::TooLarge);
    }
    if download.enc_size.is_some() {
        check_length(participant, download, patience).await?;
    }
    let greatest = shared.spool.limit.saturating_add(MailDataEncryptor::OVERHEAD);
    let limit = [download.enc_size, most].into_iter().flatten().fold(greatest, u64::min);
    let request = ReadMailData { link: download.link.clone(), recipient: download.recipient.clone() };
    let response = answer(participant, &request.to_http(), limit, patience).await?;
    let status = response.status.as_u16();
    if status != 200 {
        let body = tokio::time::timeout(patience, fachdienst::body(response)).await.unwrap_or_default();
        ReadMailData::from_response(status, None, None, &body)?;
        return Err(MailDataError::Malformed.into());
    }
    let len = ReadMailData::from_response(status, length(&response), download.enc_size, b"")?;
    if above(len) {
        return Err(DownloadError::TooLarge);
    }
    let opening = Opening {
        decryptor: MailDataDecryptor::new(download.key.clone()),
        head: Head::default(),
        spool: Spool::new(shared.spool.clone()),
        plain: Plain::with_capacity(STEP.saturating_add(64)),
    };
    let meter = Meter::start(participant.observer.clone(), Direction::Download, len);
    let opening = receive(response, opening, meter, patience).await.map_err(|error| match error {
        DownloadError::Service(ServiceError::Http(HttpError::TooLarge)) if most == Some(limit) => {
            DownloadError::TooLarge
        }
        error => error,
    })?;
    let (digest, head, spooled) =
        off_the_runtime(true, move || opening.finish()).await.ok_or(SpoolError::Interrupted)??;
    let MailDataDigest { size, hash } = digest;
    if hash != download.hash {
        return Err(DownloadError::Hash);
    }
    if size != download.size {
        tracing::warn!(size, announced = download.size, "the mail has another length than its message says");
    }
    Ok((Downloaded { head: head.finish(), size }, spooled))
}

/// Asks for the length before a download that would be in vain. Services that do not know the question are left in peace.
async fn check_length(
    participant: &Participant,
    download: &Download,
    patience: Duration,
) -> Result<(), DownloadError> {
    let request = CheckMailData { link: download.link.clone(), recipient: download.recipient.clone() };
    let response = answer(participant, &request.to_http(), 0, patience).await?;
    let status = response.status.as_u16();
    match CheckMailData::from_response(status, length(&response), download.enc_size) {
        Err(MailDataError::Status { .. }) | Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn answer(
    participant: &Participant,
    request: &HttpRequest,
    limit: u64,
    patience: Duration,
) -> Result<Response, DownloadError> {
    let line = fachdienst::open(participant, &request.url, Use::Any).await?;
    let response = line.send(fachdienst::call(request, RequestBody::none(), Use::Any), limit);
    Ok(tokio::time::timeout(patience, response).await.map_err(|_| ServiceError::Timeout)??)
}

fn length(response: &Response) -> Option<u64> {
    response.field(hyper::header::CONTENT_LENGTH)?.parse().ok()
}

/// How long is still waited for octets, so that a service that trickles holds nobody's mailbox for ever.
///
/// Only waiting for the network costs. The whole of a download waits at most for `CREDIT` times the patience, and a second
/// more for every `SLOWEST` octets.
struct Credit {
    patience: Duration,
    left: Duration,
}

impl Credit {
    fn new(patience: Duration) -> Self {
        Self { patience, left: patience.saturating_mul(CREDIT) }
    }

    /// How long the next octets have.
    fn next(&self) -> Duration {
        self.patience.min(self.left)
    }

    /// So many octets came, after so long.
    fn spend(&mut self, waited: Duration, octets: usize) {
        let earned = Duration::from_micros((octets as u64).saturating_mul(1_000_000) / SLOWEST);
        let left = self.left.saturating_sub(waited).saturating_add(earned);
        // What came fast at first is no credit for standing still later.
        self.left = left.min(self.patience.saturating_mul(CREDIT));
    }
}

/// Reads the body to its end; every part of it has `patience` to come, and all of it as long as its [`Credit`] lasts.
async fn receive(
    mut response: Response,
    opening: Opening,
    mut meter: Meter,
    patience: Duration,
) -> Result<Opening, DownloadError> {
    let mut batch = Batch::default();
    let mut worker = Worker::new(Ok(opening));
    let mut credit = Credit::new(patience);
    loop {
        let asked = Instant::now();
        let chunk = tokio::time::timeout(credit.next(), response.chunk()).await;
        let chunk = chunk.map_err(|_| ServiceError::Timeout)??;
        let ended = chunk.is_none();
        if let Some(chunk) = chunk {
            credit.spend(asked.elapsed(), chunk.len());
            meter.add(chunk.len());
            batch.push(chunk);
        }
        if batch.is_full() || ended {
            // The batch before; the next one comes while this one is decrypted.
            let opening: Opening = worker.take().await.ok_or(SpoolError::Interrupted)??;
            let sealed = std::mem::take(&mut batch);
            worker.start(true, move || opening.take(&sealed.pieces));
        }
        if ended {
            return worker.take().await.ok_or(SpoolError::Interrupted)?;
        }
    }
}

/// What has come and is not decrypted yet, not copied.
#[derive(Default)]
struct Batch {
    pieces: Vec<Bytes>,
    len: usize,
}

impl Batch {
    fn push(&mut self, piece: Bytes) {
        self.len = self.len.saturating_add(piece.len());
        self.pieces.push(piece);
    }

    fn is_full(&self) -> bool {
        self.len >= BATCH || self.pieces.len() >= PIECES
    }
}

/// A mail that is being decrypted. Nothing of it is verified yet.
struct Opening {
    decryptor: MailDataDecryptor,
    head: Head,
    spool: Spool,
    /// Room for what comes out of the next octets.
    plain: Plain,
}

impl Opening {
    fn take(mut self, sealed: &[Bytes]) -> Result<Self, DownloadError> {
        for piece in sealed.iter().flat_map(|sealed| sealed.chunks(STEP)) {
            self.plain.clear();
            self.decryptor.update(piece, &mut self.plain)?;
            self.head.push(&self.plain);
            self.spool.push(&self.plain)?;
        }
        Ok(self)
    }

    fn finish(self) -> Result<(MailDataDigest, Head, Spooled), DownloadError> {
        let digest = self.decryptor.finish()?;
        Ok((digest, self.head, self.spool.finish()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// Spec: none — own bound: memory does not depend on how a service cuts what it sends.
    #[test]
    fn a_batch_is_full_with_many_octets_or_many_pieces() {
        for (piece, pieces) in [(16 * 1024, BATCH / (16 * 1024)), (1, PIECES)] {
            let mut batch = Batch::default();
            let mut pushed = 0;
            while !batch.is_full() {
                batch.push(Bytes::from(vec![0; piece]));
                pushed += 1;
            }
            assert_eq!((pushed, batch.len), (pieces, pieces * piece));
        }
    }

    /// How long a service holds the download of so many octets, given in portions with a pause before each.
    fn held(octets: u64, portion: usize, pause: Duration) -> Option<Duration> {
        let (mut credit, mut took, mut come) = (Credit::new(PATIENCE), Duration::ZERO, 0);
        while come < octets {
            if pause >= credit.next() {
                return None;
            }
            credit.spend(pause, portion);
            took += pause;
            come += portion as u64;
        }
        Some(took)
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, Tab_Konf_Param (CM_KAS_TIMEOUT); own bound against services that trickle
    #[test]
    fn a_slow_service_is_waited_for_and_one_that_trickles_is_not() {
        let second = Duration::from_secs(1);
        let mail = 700 * 1024 * 1024;
        assert!(held(mail, 20 * 1024, second).is_some());
        assert!(held(mail, 1024 * 1024, 29 * second).is_some());
        assert_eq!(held(mail, 1, 29 * second), None);
        assert_eq!(held(mail, 15 * 1024, second), None);
        // Nothing is saved up for later.
        let mut credit = Credit::new(PATIENCE);
        credit.spend(Duration::ZERO, 700 * 1024 * 1024);
        (0..4).for_each(|_| credit.spend(29 * second, 1));
        assert!(credit.next() < 5 * second, "{:?}", credit.next());
    }
}
