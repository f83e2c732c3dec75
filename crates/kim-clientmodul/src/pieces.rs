//! The octets of a mail that goes out, wherever they are: [`Pieces`].

use std::ops::Range;

use bytes::Bytes;
use kim_flow::{Message, Recipe};
use kim_types::Octets;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::legs::BLOCK;
use crate::plain::Plain;
use crate::spool::{SpoolError, Spooled};

/// Nothing is kept, or it was lost.
const GONE: SpoolError = SpoolError::Read(std::io::ErrorKind::NotFound);

/// How much of it is read at once while somebody takes what was read before.
const READ_AHEAD: usize = 4 * BLOCK;

/// Octets of what is kept, with the rest.
type Ahead = JoinHandle<Result<(Bytes, Spooled, Range<u64>), SpoolError>>;

/// The octets of a mail, piece by piece, from memory and from the spool.
///
/// Spec: none — content of up to 500 MiB passes through a few KiB of memory.
pub struct Pieces {
    len: u64,
    first: Box<dyn Iterator<Item = Bytes> + Send>,
    kept: Option<Spooled>,
    /// What was read of it and not given out yet.
    read: Bytes,
    /// What comes then, while the disk is read.
    ahead: Option<Ahead>,
    /// What of it was not read yet.
    range: Range<u64>,
    last: Box<dyn Iterator<Item = Bytes> + Send>,
}

impl Pieces {
    /// The octets of a recipe; `kept` is the content it speaks of.
    pub(crate) fn of_recipe(recipe: &Recipe, mut kept: Option<Spooled>) -> Self {
        if let Some(kept) = &mut kept {
            kept.seek(recipe.kept.start);
        }
        Self {
            len: recipe.len(),
            first: Box::new(recipe.head.blocks(BLOCK)),
            kept,
            read: Bytes::new(),
            ahead: None,
            range: recipe.kept.clone(),
            last: Box::new(recipe.tail.blocks(BLOCK)),
        }
    }

    /// The octets of a message for the MTA; `kept` is the content it may speak of.
    pub(crate) fn of_message(message: &Message, kept: Option<Spooled>) -> Self {
        match message {
            Message::Protected(outer) => {
                let whole = Self::of_recipe(&Recipe::default(), kept);
                Self { len: outer.len(), first: Box::new(outer.chunks()), ..whole }
            }
            Message::Resent(recipe) => Self::of_recipe(recipe, kept),
        }
    }

    /// How many octets all of them have.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The next octets; `None` at the end. The disk is read by a thread that may wait for it.
    ///
    /// # Errors
    /// [`SpoolError`]: the rest is lost. Cancelled, it is lost, too.
    pub async fn next(&mut self) -> Result<Option<Bytes>, SpoolError> {
        if let Some(piece) = self.first.next() {
            return Ok(Some(piece));
        }
        if self.read.is_empty() && !self.range.is_empty() {
            self.read = self.read().await?;
        }
        if self.read.is_empty() {
            return Ok(self.last.next());
        }
        Ok(Some(self.read.split_to(self.read.len().min(BLOCK))))
    }

    /// Reads the next octets of what is kept.
    async fn read(&mut self) -> Result<Bytes, SpoolError> {
        let on_disk = self.ahead.is_some() || self.kept.as_ref().is_some_and(Spooled::is_on_disk);
        if !on_disk {
            return next_of(self.kept.as_mut().ok_or(GONE)?, &mut self.range);
        }
        let ahead = match self.ahead.take() {
            Some(ahead) => ahead,
            None => read_ahead(self.kept.take().ok_or(GONE)?, self.range.clone()),
        };
        let (read, kept, range) = ahead.await.map_err(|_| SpoolError::Interrupted)??;
        self.range = range.clone();
        match range.is_empty() {
            true => self.kept = Some(kept),
            // While somebody takes this.
            false => self.ahead = Some(read_ahead(kept, range)),
        }
        Ok(read)
    }

    /// Appends the next octets to `out`, in which there should be room for [`Spooled::ROOM`]; false at the end. Waits for the
    /// disk on the thread that calls.
    pub(crate) fn append_to(&mut self, out: &mut Plain) -> Result<bool, SpoolError> {
        if let Some(piece) = self.first.next() {
            out.extend_from_slice(&piece);
            return Ok(true);
        }
        if self.range.is_empty() {
            let piece = self.last.next();
            out.extend_from_slice(piece.as_deref().unwrap_or_default());
            return Ok(piece.is_some());
        }
        append_of(self.kept.as_mut().ok_or(GONE)?, &mut self.range, out)?;
        Ok(true)
    }

    /// All octets in memory: for mails that are known to be small.
    ///
    /// # Errors
    /// As [`Pieces::next`].
    pub async fn whole(mut self) -> Result<Octets, SpoolError> {
        let mut whole = Octets::new();
        while let Some(piece) = self.next().await? {
            whole.push(piece);
        }
        Ok(whole)
    }

    /// The kept content again, for the next recipe.
    pub(crate) fn into_kept(self) -> Option<Spooled> {
        self.kept
    }
}

impl From<Octets> for Pieces {
    fn from(octets: Octets) -> Self {
        Self::of_recipe(&octets.into(), None)
    }
}

/// Reads the next octets of `range` on a thread that may wait for the disk.
fn read_ahead(mut kept: Spooled, mut range: Range<u64>) -> Ahead {
    spawn_blocking(move || {
        let mut read = Plain::with_capacity(READ_AHEAD.saturating_add(Spooled::ROOM));
        while read.len() < READ_AHEAD && !range.is_empty() {
            append_of(&mut kept, &mut range, &mut read)?;
        }
        Ok((read.into(), kept, range))
    })
}

/// Appends the next octets of `range`, which they are taken off, to `out`.
fn append_of(kept: &mut Spooled, range: &mut Range<u64>, out: &mut Plain) -> Result<(), SpoolError> {
    let start = out.len();
    kept.append_to(out)?;
    let read = take_off(range, out.len().saturating_sub(start))?;
    out.truncate(start.saturating_add(read));
    Ok(())
}

/// The next octets of `range`, which they are taken off.
fn next_of(kept: &mut Spooled, range: &mut Range<u64>) -> Result<Bytes, SpoolError> {
    let piece = kept.next_chunk()?.unwrap_or_default();
    let read = take_off(range, piece.len())?;
    Ok(piece.slice(..read))
}

/// Takes what was read off `range`; how much of it belongs to the range. That there is nothing is an error.
fn take_off(range: &mut Range<u64>, read: usize) -> Result<usize, SpoolError> {
    if read == 0 {
        return Err(SpoolError::Read(std::io::ErrorKind::UnexpectedEof));
    }
    let left = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
    let read = read.min(left);
    range.start = range.start.saturating_add(read as u64);
    Ok(read)
}

impl std::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pieces").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::{Spool, SpoolSettings};

    #[tokio::test]
    async fn a_recipe_is_followed_through_memory_and_disk() {
        let content: Vec<u8> = (0_u8..=250).cycle().take(400_000).collect();
        for memory in [0, 1024 * 1024] {
            for (start, end) in [(0, 400_000), (70_000, 70_001), (65_536, 200_000), (0, 0)] {
                let mut spool = Spool::new(SpoolSettings { memory, ..SpoolSettings::default() });
                spool.push(&content).unwrap();
                let recipe =
                    Recipe { head: "head".into(), kept: start as u64..end as u64, tail: "tail".into() };
                let pieces = Pieces::of_recipe(&recipe, Some(spool.finish().unwrap()));
                assert_eq!(pieces.len(), recipe.len());
                let expected = [b"head", &content[start..end], b"tail"].concat();
                assert!(pieces.whole().await.unwrap().to_bytes() == expected, "{start} to {end}");
            }
        }
    }

    #[tokio::test]
    async fn missing_and_short_content_is_an_error() {
        let recipe = Recipe { kept: 0..10, ..Recipe::default() };
        assert!(Pieces::of_recipe(&recipe, None).whole().await.is_err());
        let spool = Spool::new(SpoolSettings::default());
        assert!(Pieces::of_recipe(&recipe, Some(spool.finish().unwrap())).whole().await.is_err());
    }
}
