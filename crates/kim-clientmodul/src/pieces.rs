//! The octets of a mail that goes out, wherever they are: [`Pieces`].

use std::ops::Range;

use bytes::Bytes;
use kim_flow::{Message, Recipe};
use kim_types::Octets;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::legs::BLOCK;
use crate::spool::{SpoolError, Spooled};

/// A piece of what is kept, with the rest.
type Ahead = JoinHandle<Result<(Bytes, Spooled, Range<u64>), SpoolError>>;

/// The octets of a mail, piece by piece, from memory and from the spool.
///
/// Spec: none — content of up to 500 MiB passes through a few KiB of memory.
pub struct Pieces {
    len: u64,
    first: Box<dyn Iterator<Item = Bytes> + Send>,
    kept: Option<Spooled>,
    /// The next piece of it, while the disk is read.
    ahead: Option<Ahead>,
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
            ahead: None,
            range: recipe.kept.clone(),
            last: Box::new(recipe.tail.blocks(BLOCK)),
        }
    }

    /// The octets of a message for the MTA; `kept` is the content it may speak of.
    pub(crate) fn of_message(message: &Message, kept: Option<Spooled>) -> Self {
        match message {
            Message::Protected(outer) => {
                let (len, first) = (outer.len(), Box::new(outer.chunks()));
                Self { len, first, kept, ahead: None, range: 0..0, last: Box::new(std::iter::empty()) }
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
        if self.range.is_empty() {
            return Ok(self.last.next());
        }
        let on_disk = self.ahead.is_some() || self.kept.as_ref().is_some_and(Spooled::is_on_disk);
        if !on_disk {
            return self.read();
        }
        let gone = SpoolError::Read(std::io::ErrorKind::NotFound);
        let ahead = match self.ahead.take() {
            Some(ahead) => ahead,
            None => read_ahead(self.kept.take().ok_or(gone)?, self.range.clone()),
        };
        let (piece, kept, range) = ahead.await.map_err(|_| SpoolError::Interrupted)??;
        self.range = range.clone();
        match range.is_empty() {
            true => self.kept = Some(kept),
            // While somebody takes this piece.
            false => self.ahead = Some(read_ahead(kept, range)),
        }
        Ok(Some(piece))
    }

    /// As [`Pieces::next`], but waits for the disk on the thread that calls.
    pub(crate) fn read(&mut self) -> Result<Option<Bytes>, SpoolError> {
        if let Some(piece) = self.first.next() {
            return Ok(Some(piece));
        }
        if self.range.is_empty() {
            return Ok(self.last.next());
        }
        let gone = SpoolError::Read(std::io::ErrorKind::NotFound);
        next_of(self.kept.as_mut().ok_or(gone)?, &mut self.range).map(Some)
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
    spawn_blocking(move || next_of(&mut kept, &mut range).map(|piece| (piece, kept, range)))
}

/// The next octets of `range`, which they are taken off.
fn next_of(kept: &mut Spooled, range: &mut Range<u64>) -> Result<Bytes, SpoolError> {
    let short = SpoolError::Read(std::io::ErrorKind::UnexpectedEof);
    let left = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
    let piece = kept.next_chunk()?.ok_or(short)?;
    let piece = piece.slice(..piece.len().min(left));
    range.start = range.start.saturating_add(piece.len() as u64);
    Ok(piece)
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
