//! A mail while it comes in, [`Incoming`], and when it is complete, [`Stored`].

use kim_flow::{Content, Kept};
use kim_smime::{HeaderLimits, Measure};
use kim_types::Octets;

use crate::blocking::{Worker, off_the_runtime};
use crate::spool::{Spool, SpoolError, SpoolSettings, Spooled};

/// How many octets are collected before they are measured and kept.
const BATCH: usize = 512 * 1024;

/// Up to how many octets are one piece of memory, however few came at once.
const BLOCK: usize = 64 * 1024;

/// Takes a mail of any size while it comes in: it is measured in passing, and what exceeds the memory of the spool goes to
/// an encrypted file.
///
/// The disk is written by the threads tokio keeps for work that blocks, half a mebibyte at a time; meanwhile the next half
/// may come, then [`Incoming::push`] waits, and so does who sends the mail. Made by [`Clientmodul::incoming_mail`] and
/// [`Clientmodul::incoming_message`]. Dropped, it leaves nothing behind.
///
/// [`Clientmodul::incoming_mail`]: crate::Clientmodul::incoming_mail
/// [`Clientmodul::incoming_message`]: crate::Clientmodul::incoming_message
///
/// Spec: none — own rule: memory is bounded, and nothing of a mail lies on a disk in the clear.
pub struct Incoming {
    /// The greatest mail that is read back into memory at the end, in octets.
    whole: u64,
    pending: Batch,
    /// Whether it is known that the mail cannot be kept.
    failed: bool,
    sink: Worker<Box<Sink>>,
}

/// A mail that is complete: whole in memory, or measured and kept in the spool.
///
/// Spec: none — see [`Incoming`].
#[derive(Debug)]
pub struct Stored {
    pub(crate) content: Content,
    pub(crate) kept: Option<Spooled>,
}

impl<T: Into<Octets>> From<T> for Stored {
    fn from(mail: T) -> Self {
        Self { content: Content::Whole(mail.into()), kept: None }
    }
}

/// Octets as they came, copied only if there are few of them.
#[derive(Default)]
struct Batch {
    pieces: Vec<Vec<u8>>,
    len: usize,
}

/// What happens to every octet.
struct Sink {
    measure: Measure,
    head: Head,
    /// As long as it could keep everything.
    spool: Result<Spool, SpoolError>,
}

impl Incoming {
    pub(crate) fn new(spool: SpoolSettings, whole: u64) -> Self {
        let sink = Sink { measure: Measure::new(), head: Head::default(), spool: Ok(Spool::new(spool)) };
        Self { whole, pending: Batch::default(), failed: false, sink: Worker::new(Box::new(sink)) }
    }

    /// Appends octets. What goes wrong is remembered for [`Incoming::finish`]; what comes then is thrown away.
    pub async fn push(&mut self, octets: &[u8]) {
        self.take(octets.to_vec()).await;
    }

    /// [`Incoming::push`] for octets that nobody else needs.
    pub(crate) async fn take(&mut self, octets: Vec<u8>) {
        if !self.failed {
            self.pending.push(octets);
            if self.pending.len >= BATCH {
                self.flush().await;
            }
        }
    }

    /// Ends the mail.
    ///
    /// # Errors
    /// [`SpoolError`]: the mail could not be kept and nothing is left of it.
    pub async fn finish(self) -> Result<Stored, SpoolError> {
        self.finish_or_head().await.map_err(|(error, _)| error)
    }

    /// Ends the mail; of one that could not be kept there is the header, as far as it came.
    pub(crate) async fn finish_or_head(mut self) -> Result<Stored, (SpoolError, Octets)> {
        let lost = (SpoolError::Interrupted, Octets::default());
        self.flush().await;
        let Some(sink) = self.sink.take().await else { return Err(lost) };
        let Sink { measure, head, spool } = *sink;
        let (spool, head, whole) = match spool {
            Ok(spool) => (spool, head.finish(), self.whole),
            Err(error) => return Err((error, head.finish())),
        };
        let blocks = !spool.fits_memory(0);
        let stored = off_the_runtime(blocks, move || stored(spool, Kept { head, measure }, whole)).await;
        stored.ok_or(lost)?.map_err(|error| (error, Octets::default()))
    }

    /// Hands the batch on, once the one before is kept.
    async fn flush(&mut self) {
        let batch = std::mem::take(&mut self.pending);
        let Some(mut sink) = self.sink.take().await else {
            self.failed = true;
            return;
        };
        self.failed = sink.spool.is_err();
        let blocks = sink.spool.as_ref().is_ok_and(|spool| !spool.fits_memory(batch.len));
        self.sink.start(blocks, move || {
            batch.pieces.iter().for_each(|octets| sink.take(octets));
            sink
        });
    }
}

impl Batch {
    fn push(&mut self, octets: Vec<u8>) {
        self.len = self.len.saturating_add(octets.len());
        match self.pieces.last_mut() {
            // Nobody can make a list of single octets, which would take many times their room.
            Some(last) if last.len().saturating_add(octets.len()) <= BLOCK => last.extend_from_slice(&octets),
            _ => self.pieces.push(octets),
        }
    }
}

impl Sink {
    fn take(&mut self, octets: &[u8]) {
        self.measure.push(octets);
        self.head.push(octets);
        if let Ok(spool) = &mut self.spool
            && let Err(error) = spool.push(octets)
        {
            self.spool = Err(error);
        }
    }
}

fn stored(spool: Spool, kept: Kept, whole: u64) -> Result<Stored, SpoolError> {
    let mut spooled = spool.finish()?;
    if spooled.len() > whole {
        return Ok(Stored { content: Content::Kept(kept), kept: Some(spooled) });
    }
    let mut mail = Vec::with_capacity(usize::try_from(spooled.len()).unwrap_or_default());
    while let Some(chunk) = spooled.next_chunk()? {
        mail.extend_from_slice(&chunk);
    }
    Ok(mail.into())
}

/// The first octets of a mail: its header and the empty line, within the limits of a header.
#[derive(Default)]
pub(crate) struct Head {
    octets: Vec<u8>,
    complete: bool,
}

impl Head {
    pub(crate) fn push(&mut self, octets: &[u8]) {
        if self.complete {
            return;
        }
        // Two octets back: the empty line may have begun in the piece before.
        let from = self.octets.len().saturating_sub(2);
        self.octets.extend_from_slice(octets);
        let new = self.octets.get(from..).unwrap_or_default();
        let ends = |at: usize| {
            let rest = new.get(at..).unwrap_or_default();
            [&b"\n\n"[..], b"\n\r\n"].into_iter().find(|end| rest.starts_with(end)).map(<[u8]>::len)
        };
        let line_ends = new.iter().enumerate().filter(|(_, octet)| **octet == b'\n');
        let end =
            line_ends.filter_map(|(at, _)| ends(at).map(|len| from.saturating_add(at).saturating_add(len)));
        // A mail that begins with the empty line has no header.
        let at_once =
            [&b"\r\n"[..], b"\n"].into_iter().find(|end| self.octets.starts_with(end)).map(<[u8]>::len);
        // One octet more than a header may have, so that too long ones are recognised as such.
        let limit = HeaderLimits::default().octets.saturating_add(1024);
        if let Some(end) = at_once.into_iter().chain(end).next() {
            self.octets.truncate(end);
            self.complete = true;
        } else if self.octets.len() > limit {
            self.octets.truncate(limit);
            self.complete = true;
        }
    }

    pub(crate) fn finish(self) -> Octets {
        self.octets.into()
    }
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming").field("pending", &self.pending.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn settings(memory: usize) -> SpoolSettings {
        SpoolSettings { memory, ..SpoolSettings::default() }
    }

    async fn stored(mail: &[u8], step: usize, whole: u64) -> Stored {
        let mut incoming = Incoming::new(settings(0), whole);
        for piece in mail.chunks(step) {
            incoming.push(piece).await;
        }
        incoming.finish().await.unwrap()
    }

    fn mail(body: usize) -> Vec<u8> {
        [b"Subject: a\r\n\r\n".to_vec(), b"0123456789abcde\r\n".iter().copied().cycle().take(body).collect()]
            .concat()
    }

    #[tokio::test]
    async fn small_mails_are_whole_and_others_kept() {
        let mail = mail(600_000);
        for step in [1000, 700_000] {
            let Stored { content: Content::Whole(whole), kept: None } = stored(&mail, step, 700_000).await
            else {
                panic!("not whole")
            };
            assert!(whole.to_bytes() == mail);
            let Stored { content: Content::Kept(kept), kept: Some(mut spooled) } =
                stored(&mail, step, 599_999).await
            else {
                panic!("not kept")
            };
            assert_eq!(kept.head, Octets::from("Subject: a\r\n\r\n"));
            assert_eq!(kept.measure.octets(), mail.len() as u64);
            let mut read = Vec::new();
            while let Some(chunk) = spooled.next_chunk().unwrap() {
                read.extend_from_slice(&chunk);
            }
            assert!(read == mail);
        }
    }

    #[tokio::test]
    async fn a_full_or_missing_disk_is_said_at_the_end() {
        let spool = SpoolSettings { directory: PathBuf::from("/nonexistent/kim"), ..settings(0) };
        let mut incoming = Incoming::new(spool, 10);
        for _ in 0..20 {
            incoming.push(&[b'x'; 100_000]).await;
        }
        assert_eq!(incoming.pending.len, 0);
        let kind = std::io::ErrorKind::NotFound;
        assert_eq!(incoming.finish().await.unwrap_err(), SpoolError::Create(kind));
    }

    #[tokio::test]
    async fn of_a_mail_that_is_too_large_the_header_is_left() {
        let mut incoming = Incoming::new(SpoolSettings { limit: 600_000, ..settings(0) }, 10);
        for piece in mail(2_000_000).chunks(1000) {
            incoming.push(piece).await;
        }
        let (error, head) = incoming.finish_or_head().await.unwrap_err();
        assert_eq!(
            (error, head.to_bytes()),
            (SpoolError::TooLarge { limit: 600_000 }, "Subject: a\r\n\r\n".into())
        );
    }

    #[test]
    fn the_head_ends_with_the_empty_line_however_it_comes() {
        for (mail, head) in [
            ("a: b\r\n\r\nc\r\n\r\n", "a: b\r\n\r\n"),
            ("a: b\n\nc", "a: b\n\n"),
            ("a: b\r\n\nc", "a: b\r\n\n"),
            ("a: b\n\r\nc", "a: b\n\r\n"),
            ("\r\nbody\r\n\r\n", "\r\n"),
            ("\nbody", "\n"),
            ("a: b\r\n", "a: b\r\n"),
            ("", ""),
        ] {
            for step in 1..6 {
                let mut found = Head::default();
                mail.as_bytes().chunks(step).for_each(|piece| found.push(piece));
                assert_eq!(found.finish(), Octets::from(head), "{mail:?} by {step}");
            }
        }
        let mut endless = Head::default();
        (0..30).for_each(|_| endless.push(&[b'x'; 100_000]));
        assert_eq!(endless.finish().len(), 1024 * 1024 + 1024);
    }
}
