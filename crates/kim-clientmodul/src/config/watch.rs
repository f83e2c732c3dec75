//! Whether a file has changed: [`Watch`].

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Notices that a configuration file has changed, so that it can be read again.
///
/// Start it before the file is read. It looks at the file once a second and believes a change when the file has stayed the same
/// from one look to the next: an editor may still be writing.
///
/// Spec: none — a file of our own.
#[derive(Debug)]
pub struct Watch {
    file: PathBuf,
    /// How it was at the start.
    first: Option<Stamp>,
    /// How it was when it was looked at last.
    seen: Option<Stamp>,
}

/// What tells one state of a file from another.
type Stamp = (SystemTime, u64);

impl Watch {
    /// Watches a file from now on.
    pub fn new(file: PathBuf) -> Self {
        let stamp = stamp(&file);
        Self { file, first: stamp, seen: stamp }
    }

    /// Starts anew: what has changed until now is no news.
    pub fn restart(&mut self) {
        self.first = stamp(&self.file);
        self.seen = self.first;
    }

    /// Waits until the file is another one than at the start. May be dropped and called again.
    pub async fn changed(&mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let before = std::mem::replace(&mut self.seen, stamp(&self.file));
            // A file that is gone for a moment is being replaced.
            if self.seen.is_some() && self.seen == before && self.seen != self.first {
                return;
            }
        }
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
