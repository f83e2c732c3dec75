//! Sealed blocks in a file without a name: [`BlockFile`], [`SealedBlocks`].

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use kim_tls::{Opener, SEAL_OCTETS, SealError, Sealer};

use super::{BLOCK, SpoolError};
use crate::plain::Plain;

/// A file to which blocks are appended.
pub(super) struct BlockFile {
    file: File,
    sealer: Sealer,
}

/// A file that is complete.
pub(super) struct SealedBlocks {
    file: File,
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
        Self { file, sealer: Sealer::new() }
    }

    /// Appends a block of full length, after which more blocks follow.
    pub(super) fn append(&mut self, block: &[u8]) -> Result<(), SpoolError> {
        self.write(block, false).map(drop)
    }

    /// Appends the last block.
    pub(super) fn finish(mut self, block: &[u8]) -> Result<SealedBlocks, SpoolError> {
        let position = self.sealer.blocks();
        let len = self.write(block, true)?;
        Ok(SealedBlocks { file: self.file, opener: self.sealer.into_opener(), last: (position, len) })
    }

    fn write(&mut self, block: &[u8], last: bool) -> Result<usize, SpoolError> {
        let sealed = self.sealer.seal(block, last).map_err(|_| SpoolError::Encryption)?;
        self.file.write_all(&sealed).map_err(|error| match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => SpoolError::Full,
            kind => SpoolError::Write(kind),
        })?;
        Ok(sealed.len())
    }
}

impl SealedBlocks {
    /// The block at `position`, counted from 0; `None` behind the last.
    pub(super) fn read(&mut self, position: usize) -> Result<Option<Plain>, SpoolError> {
        let (last, last_len) = self.last;
        let position = u64::try_from(position).unwrap_or(u64::MAX);
        if position > last {
            return Ok(None);
        }
        const SEALED: usize = BLOCK + SEAL_OCTETS;
        let mut sealed = vec![0; if position == last { last_len } else { SEALED }];
        let at = SeekFrom::Start(position.saturating_mul(SEALED as u64));
        let read = self.file.seek(at).and_then(|_| self.file.read_exact(&mut sealed));
        read.map_err(|error| SpoolError::Read(error.kind()))?;
        match self.opener.open(position, &sealed, position == last) {
            Ok(block) => Ok(Some(block.into())),
            Err(SealError::Library) => Err(SpoolError::Encryption),
            Err(_) => Err(SpoolError::Changed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &[u8] = b"nobody may read this";

    fn written() -> SealedBlocks {
        let mut file = BlockFile::create(&std::env::temp_dir()).unwrap();
        file.append(&MARK.iter().copied().cycle().take(BLOCK).collect::<Vec<u8>>()).unwrap();
        file.finish(MARK).unwrap()
    }

    /// The file as anybody could see it who gets hold of its handle.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_file_has_no_name_and_no_plain_text() {
        use std::os::fd::AsRawFd;
        let blocks = written();
        let path = format!("/proc/self/fd/{}", blocks.file.as_raw_fd());
        let name = std::fs::read_link(&path).unwrap();
        assert!(name.to_string_lossy().ends_with(" (deleted)"), "{name:?}");
        let octets = std::fs::read(&path).unwrap();
        assert_eq!(octets.len(), BLOCK + MARK.len() + 2 * SEAL_OCTETS);
        assert!(!octets.windows(8).any(|window| window == &MARK[..8]));
    }

    #[test]
    fn changed_and_shortened_files_are_noticed() {
        let mut blocks = written();
        assert_eq!(blocks.read(1).unwrap().unwrap().as_ref(), MARK);
        assert!(blocks.read(2).unwrap().is_none());
        blocks.file.seek(SeekFrom::Start(5)).unwrap();
        blocks.file.write_all(b"?????").unwrap();
        assert_eq!(blocks.read(0).unwrap_err(), SpoolError::Changed);
        blocks.file.set_len(BLOCK as u64 + 20).unwrap();
        assert_eq!(blocks.read(1).unwrap_err(), SpoolError::Read(ErrorKind::UnexpectedEof));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_apart() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        assert_eq!(BlockFile::with(full).append(&[0; BLOCK]), Err(SpoolError::Full));
        let unwritable = File::open("/dev/null").unwrap();
        assert!(matches!(BlockFile::with(unwritable).append(&[0; BLOCK]), Err(SpoolError::Write(_))));
    }
}
