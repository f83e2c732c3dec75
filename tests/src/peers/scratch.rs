//! A directory for the files of one run: [`Scratch`].

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// A new directory that the servers, which run as other users, may enter. It is gone when this is dropped.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes the directory. Its name is short: paths of UNIX sockets have at most 107 octets.
    pub(super) fn new() -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("kim-peers-{}-{number}", process::id()));
        // Fails when the name is taken, so nobody else has prepared it.
        DirBuilder::new().mode(0o755).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes a directory inside.
    pub(super) fn directory(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        DirBuilder::new().mode(0o755).create(&path)?;
        Ok(path)
    }

    /// Writes a file that everybody may read.
    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, content)?;
        Ok(path)
    }

    /// Writes a file for its owner only: keys, and the configuration files of mail programs that insist on it.
    pub(super) fn write_private(&self, name: &str, content: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(content.as_ref())?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The servers may have removed it at their end.
        let _ = fs::remove_dir_all(&self.0);
    }
}
