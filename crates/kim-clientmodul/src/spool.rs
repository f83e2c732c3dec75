//! Content that is too large for memory: [`Spool`], [`Spooled`].

mod error;
mod file;

use std::path::PathBuf;

use bytes::{Buf, Bytes};
use kim_tls::SEAL_OCTETS;

use crate::plain::Plain;
pub use error::SpoolError;
use file::{BlockFile, SEALED, SealedBlocks};

/// The length of every block but the last, in octets: sealed it has 64 KiB, so that in the file it begins with a page.
const BLOCK: usize = 64 * 1024 - SEAL_OCTETS;

/// How much content a [`Spool`] takes, and where it puts it.
///
/// Spec: none — own rule: memory is bounded, and nothing of a mail lies on a disk in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolSettings {
    /// How many octets stay in memory, rounded up to blocks of nearly 64 KiB; default 1 MiB.
    pub memory: usize,
    /// The directory of the temporary files; default that of the system. It is looked at when the memory is used up.
    pub directory: PathBuf,
    /// The greatest content in octets; default 734003228, the greatest mail of KIM in encrypted form.
    pub limit: u64,
}

/// Takes content of any size: what exceeds the memory goes to an encrypted temporary file without a name.
///
/// The file is removed from its directory when it is created (on Windows when it is closed), and the key that opens it is
/// in memory only: whatever ends the process, nothing readable is left behind. Blocks the thread while the disk works.
///
/// ```
/// use kim_clientmodul::{Spool, SpoolSettings};
///
/// let mut spool = Spool::new(SpoolSettings { memory: 64 * 1024, ..SpoolSettings::default() });
/// for _ in 0..1000 {
///     spool.push(&[b'x'; 200])?;
/// }
/// let mut spooled = spool.finish()?;
/// let mut len = 0;
/// while let Some(chunk) = spooled.next_chunk()? {
///     len += chunk.len();
/// }
/// assert_eq!(len, 200_000);
/// # Ok::<(), kim_clientmodul::SpoolError>(())
/// ```
///
/// Spec: none — see [`SpoolSettings`].
pub struct Spool {
    settings: SpoolSettings,
    len: u64,
    memory: Vec<Bytes>,
    /// The block that is not full yet.
    open: Plain,
    file: Option<BlockFile>,
}

/// The content of a [`Spool`], to be read as often as needed. It is wiped when it is dropped.
///
/// Spec: none — see [`SpoolSettings`].
pub struct Spooled {
    len: u64,
    memory: Vec<Bytes>,
    file: Option<SealedBlocks>,
    /// The next octet to be read.
    position: u64,
}

impl Default for SpoolSettings {
    fn default() -> Self {
        Self { memory: 1024 * 1024, directory: std::env::temp_dir(), limit: 734_003_228 }
    }
}

impl Spool {
    /// An empty spool. Nothing is created yet.
    pub fn new(settings: SpoolSettings) -> Self {
        Self { settings, len: 0, memory: Vec::new(), open: empty_block(), file: None }
    }

    /// How many octets it has.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing was pushed.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends octets.
    ///
    /// # Errors
    /// [`SpoolError`]; the spool is of no more use then, except to be dropped.
    pub fn push(&mut self, mut octets: &[u8]) -> Result<(), SpoolError> {
        let limit = self.settings.limit;
        let more = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        let len = self.len.checked_add(more).filter(|len| *len <= limit);
        self.len = len.ok_or(SpoolError::TooLarge { limit })?;
        while !octets.is_empty() {
            // A full block is kept only when more follows, so that the last one is known at the end.
            if self.open.len() == BLOCK {
                self.keep()?;
            }
            let room = BLOCK.saturating_sub(self.open.len()).min(octets.len());
            let Some((now, later)) = octets.split_at_checked(room) else { break };
            self.open.extend_from_slice(now);
            octets = later;
        }
        Ok(())
    }

    /// Whether `more` octets still fit into memory, so that pushing them does not wait for a disk.
    pub fn fits_memory(&self, more: usize) -> bool {
        let kept = self.memory.len().saturating_mul(BLOCK).saturating_add(self.open.len());
        self.file.is_none() && kept.saturating_add(more) <= self.settings.memory.next_multiple_of(BLOCK)
    }

    /// Ends the content.
    ///
    /// # Errors
    /// [`SpoolError`] when the last octets cannot be written.
    pub fn finish(mut self) -> Result<Spooled, SpoolError> {
        let file = match self.file.take() {
            Some(file) => Some(file.finish(std::mem::take(&mut self.open))?),
            None => {
                let last = std::mem::take(&mut self.open);
                self.memory.extend((!last.is_empty()).then_some(last.into()));
                None
            }
        };
        Ok(Spooled { len: self.len, memory: self.memory, file, position: 0 })
    }

    /// Keeps the open block, which is full, and begins the next.
    fn keep(&mut self) -> Result<(), SpoolError> {
        if self.file.is_none() && self.memory.len().saturating_mul(BLOCK) < self.settings.memory {
            self.memory.push(std::mem::replace(&mut self.open, empty_block()).into());
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BlockFile::create(&self.settings.directory)?),
        };
        file.append(&mut self.open)
    }
}

impl Spooled {
    /// How many octets it has.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The next octets, at most 64 KiB; `None` at the end.
    ///
    /// # Errors
    /// [`SpoolError::Read`], [`SpoolError::Changed`].
    pub fn next_chunk(&mut self) -> Result<Option<Bytes>, SpoolError> {
        let (block, within) = self.place();
        let mut chunk = match self.memory.get(block) {
            Some(chunk) => chunk.clone(),
            None => {
                let mut chunk = empty_block();
                self.read_block(block, &mut chunk)?;
                chunk.into()
            }
        };
        chunk.advance(within.min(chunk.len()));
        self.position = self.position.saturating_add(chunk.len() as u64);
        Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
    }

    /// Appends the next octets, at most 64 KiB, to `out`, in which there should be room for [`Spooled::ROOM`]; nothing at the
    /// end.
    ///
    /// # Errors
    /// As [`Spooled::next_chunk`].
    pub(crate) fn append_to(&mut self, out: &mut Plain) -> Result<(), SpoolError> {
        let (block, within) = self.place();
        let start = out.len();
        self.read_block(block, out)?;
        let before = start.saturating_add(within).min(out.len());
        out.drain(start..before);
        self.position = self.position.saturating_add(out.len().saturating_sub(start) as u64);
        Ok(())
    }

    /// What [`Spooled::append_to`] needs: a block as it is in the file.
    pub(crate) const ROOM: usize = SEALED;

    /// The block in which the next octet is, and its place there.
    fn place(&self) -> (usize, usize) {
        let block = usize::try_from(self.position / BLOCK as u64).unwrap_or(usize::MAX);
        (block, usize::try_from(self.position % BLOCK as u64).unwrap_or(BLOCK))
    }

    /// Appends a block to `out`; nothing behind the last.
    fn read_block(&mut self, block: usize, out: &mut Plain) -> Result<(), SpoolError> {
        match (self.memory.get(block), &mut self.file) {
            (Some(chunk), _) => out.extend_from_slice(chunk),
            (None, Some(file)) => file.read(block.saturating_sub(self.memory.len()), out)?,
            (None, None) => {}
        }
        Ok(())
    }

    /// Goes on reading at this octet, counted from 0.
    pub fn seek(&mut self, position: u64) {
        self.position = position;
    }

    /// Whether reading has to wait for a disk.
    pub fn is_on_disk(&self) -> bool {
        self.file.is_some()
    }
}

fn empty_block() -> Plain {
    Plain::with_capacity(SEALED)
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool").field("len", &self.len).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Spooled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spooled").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spool(memory: usize) -> Spool {
        Spool::new(SpoolSettings { memory, ..SpoolSettings::default() })
    }

    #[test]
    fn content_comes_back_octet_for_octet_and_again() {
        for len in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 1, 4 * BLOCK] {
            let content: Vec<u8> = (0_u8..=250).cycle().take(len).collect();
            for memory in [0, 1, 2 * BLOCK, 10 * BLOCK] {
                let mut spool = spool(memory);
                content.chunks(7777).for_each(|chunk| spool.push(chunk).unwrap());
                let mut spooled = spool.finish().unwrap();
                for _ in 0..2 {
                    let mut read = Vec::new();
                    while let Some(chunk) = spooled.next_chunk().unwrap() {
                        assert!(!chunk.is_empty() && chunk.len() <= BLOCK);
                        read.extend_from_slice(&chunk);
                    }
                    assert!(read == content, "{len} octets with {memory} in memory");
                    spooled.seek(0);
                }
            }
        }
    }

    #[test]
    fn reading_goes_on_at_any_octet() {
        let content: Vec<u8> = (0_u8..=250).cycle().take(3 * BLOCK + 10).collect();
        for memory in [0, BLOCK, 10 * BLOCK] {
            let mut spool = spool(memory);
            spool.push(&content).unwrap();
            let mut spooled = spool.finish().unwrap();
            for from in [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 7, 3 * BLOCK + 9, 3 * BLOCK + 10, 9 * BLOCK] {
                spooled.seek(from as u64);
                let mut read = Vec::new();
                while let Some(chunk) = spooled.next_chunk().unwrap() {
                    read.extend_from_slice(&chunk);
                }
                assert!(read == content.get(from..).unwrap_or_default(), "from {from}, {memory} in memory");
            }
        }
    }

    #[test]
    fn what_fits_into_memory_creates_no_file() {
        let directory = PathBuf::from("/nonexistent/kim");
        let mut spool =
            Spool::new(SpoolSettings { memory: 2 * BLOCK, directory, ..SpoolSettings::default() });
        assert!(spool.fits_memory(2 * BLOCK) && !spool.fits_memory(2 * BLOCK + 1));
        spool.push(&[0; 2 * BLOCK]).unwrap();
        assert!(spool.fits_memory(0) && !spool.fits_memory(1));
        assert!(!spool.finish().unwrap().is_on_disk());
    }

    #[test]
    fn too_much_is_refused() {
        let mut spool = Spool::new(SpoolSettings { limit: 3, ..SpoolSettings::default() });
        spool.push(b"123").unwrap();
        assert_eq!(spool.push(b"4"), Err(SpoolError::TooLarge { limit: 3 }));
    }

    #[test]
    fn a_directory_is_needed_for_large_content_only() {
        let directory = PathBuf::from("/nonexistent/kim");
        let mut spool = Spool::new(SpoolSettings { memory: 0, directory, ..SpoolSettings::default() });
        spool.push(&[0; BLOCK]).unwrap();
        assert_eq!(spool.push(b"x"), Err(SpoolError::Create(std::io::ErrorKind::NotFound)));
    }
}
