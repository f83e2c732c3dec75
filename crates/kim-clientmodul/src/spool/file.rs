//! Sealed blocks in a file without a name: [`BlockFile`], [`SealedBlocks`].

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use kim_tls::{Opener, SEAL_OCTETS, SealError, Sealer};
use tokio::runtime::Handle;

use super::{BLOCK, SpoolError};
use crate::plain::Plain;

/// The length of every sealed block but the last, in octets.
pub(super) const SEALED: usize = BLOCK + SEAL_OCTETS;

/// A file without a name. To give back what it occupied takes the disk its time: the thread that drops it does not wait.
struct Nameless(Option<File>);

/// A file to which blocks are appended.
pub(super) struct BlockFile {
    file: Nameless,
    sealer: Sealer,
}

/// A file that is complete.
pub(super) struct SealedBlocks {
    file: Nameless,
    opener: Opener,
    /// The position of the last block, and its length when sealed.
    last: (u64, usize),
}

impl BlockFile {
    /// A new file; nobody else can open it, and it vanishes with its handle.
    pub(super) fn create(directory: &Path) -> Result<Self, SpoolError> {
        let file = tempfile::tempfile_in(directory).map_err(|error| match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => SpoolError::Full,
            kind => SpoolError::Create(kind),
        })?;
        Ok(Self::with(file))
    }

    fn with(file: File) -> Self {
        Self { file: Nameless(Some(file)), sealer: Sealer::new() }
    }

    /// Appends a block of full length, after which more blocks follow. It is empty afterwards.
    pub(super) fn append(&mut self, block: &mut Plain) -> Result<(), SpoolError> {
        self.write(block, false)?;
        block.clear();
        Ok(())
    }

    /// Appends the last block.
    pub(super) fn finish(mut self, mut block: Plain) -> Result<SealedBlocks, SpoolError> {
        let position = self.sealer.blocks();
        self.write(&mut block, true)?;
        Ok(SealedBlocks { file: self.file, opener: self.sealer.into_opener(), last: (position, block.len()) })
    }

    /// Seals a block where it is, and writes it.
    fn write(&mut self, block: &mut Plain, last: bool) -> Result<(), SpoolError> {
        self.sealer.seal(block, last).map_err(|_| SpoolError::Encryption)?;
        self.file.get()?.write_all(block).map_err(|error| match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => SpoolError::Full,
            kind => SpoolError::Write(kind),
        })
    }
}

impl SealedBlocks {
    /// Appends the block at `position`, counted from 0, to `out`; nothing behind the last.
    pub(super) fn read(&mut self, position: usize, out: &mut Plain) -> Result<(), SpoolError> {
        let (last, last_len) = self.last;
        let position = u64::try_from(position).unwrap_or(u64::MAX);
        if position > last {
            return Ok(());
        }
        let (start, len) = (out.len(), if position == last { last_len } else { SEALED });
        let opened = self.read_sealed(position, len, out).and_then(|()| {
            let sealed = out.get_mut(start..).unwrap_or_default();
            match self.opener.open(position, sealed, position == last) {
                Ok(block) => Ok(block.len()),
                Err(SealError::Library) => Err(SpoolError::Encryption),
                Err(_) => Err(SpoolError::Changed),
            }
        });
        out.truncate(start.saturating_add(*opened.as_ref().unwrap_or(&0)));
        opened.map(drop)
    }

    /// Appends a block as it is in the file.
    fn read_sealed(&mut self, position: u64, len: usize, out: &mut Vec<u8>) -> Result<(), SpoolError> {
        let file = self.file.get()?;
        let at = SeekFrom::Start(position.saturating_mul(SEALED as u64));
        // Into room that was not filled before.
        let read = file.seek(at).and_then(|_| file.take(len as u64).read_to_end(out));
        match read {
            Ok(read) if read == len => Ok(()),
            Ok(_) => Err(SpoolError::Read(ErrorKind::UnexpectedEof)),
            Err(error) => Err(SpoolError::Read(error.kind())),
        }
    }
}

impl Nameless {
    fn get(&mut self) -> Result<&mut File, SpoolError> {
        self.0.as_mut().ok_or(SpoolError::Interrupted)
    }
}

impl Drop for Nameless {
    fn drop(&mut self) {
        let file = self.0.take();
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn_blocking(move || drop(file));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &[u8] = b"nobody may read this";

    fn written() -> SealedBlocks {
        let mut file = BlockFile::create(&std::env::temp_dir()).unwrap();
        file.append(&mut block()).unwrap();
        file.finish(MARK.to_vec().into()).unwrap()
    }

    fn block() -> Plain {
        MARK.iter().copied().cycle().take(BLOCK).collect::<Vec<u8>>().into()
    }

    fn read(blocks: &mut SealedBlocks, position: usize) -> Result<Vec<u8>, SpoolError> {
        let mut out = Plain::from(b"before ".to_vec());
        let read = blocks.read(position, &mut out);
        let appended = out.strip_prefix(b"before ").unwrap().to_vec();
        assert!(read.is_ok() || appended.is_empty());
        read.map(|()| appended)
    }

    /// The file as anybody could see it who gets hold of its handle.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_file_has_no_name_and_no_plain_text() {
        use std::os::fd::AsRawFd;
        let mut blocks = written();
        let path = format!("/proc/self/fd/{}", blocks.file.get().unwrap().as_raw_fd());
        let name = std::fs::read_link(&path).unwrap();
        assert!(name.to_string_lossy().ends_with(" (deleted)"), "{name:?}");
        let octets = std::fs::read(&path).unwrap();
        assert_eq!(octets.len(), BLOCK + MARK.len() + 2 * SEAL_OCTETS);
        assert!(!octets.windows(8).any(|window| window == &MARK[..8]));
    }

    #[test]
    fn changed_and_shortened_files_are_noticed() {
        let mut blocks = written();
        assert!(read(&mut blocks, 0).unwrap() == **block());
        assert_eq!(read(&mut blocks, 1).unwrap(), MARK);
        assert_eq!(read(&mut blocks, 2).unwrap(), b"");
        blocks.file.get().unwrap().seek(SeekFrom::Start(5)).unwrap();
        blocks.file.get().unwrap().write_all(b"?????").unwrap();
        assert_eq!(read(&mut blocks, 0), Err(SpoolError::Changed));
        blocks.file.get().unwrap().set_len(BLOCK as u64 + 20).unwrap();
        assert_eq!(read(&mut blocks, 1), Err(SpoolError::Read(ErrorKind::UnexpectedEof)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_apart() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        assert_eq!(BlockFile::with(full).append(&mut block()), Err(SpoolError::Full));
        let unwritable = File::open("/dev/null").unwrap();
        assert!(matches!(BlockFile::with(unwritable).append(&mut block()), Err(SpoolError::Write(_))));
    }
}
