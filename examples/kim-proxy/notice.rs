//! What a running proxy is told from outside: signals, and that its file has changed.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often the file is looked at. It is read once it has stayed the same for so long: an editor may still be writing.
const LOOK: Duration = Duration::from_secs(1);

/// Something the proxy is told.
#[derive(Debug, PartialEq, Eq)]
pub enum Notice {
    /// The configuration shall be read again.
    Reload,
    /// The process shall end.
    Stop,
}

/// Hears signals from the moment it is made, so that none is missed between two calls.
pub struct Notices {
    signals: Signals,
    file: Option<Watched>,
}

/// A file whose changes are noticed.
struct Watched {
    path: PathBuf,
    /// How it was when it was read last.
    read: Option<Stamp>,
    /// How it was when it was looked at last.
    seen: Option<Stamp>,
    looks: Interval,
}

/// What tells one state of a file from another.
type Stamp = (SystemTime, u64);

impl Notices {
    /// Hears signals, and sees that `file` is changed.
    pub fn watch(file: &Path) -> Result<Self, String> {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stamp = stamp(file);
        let file = Watched { path: file.to_owned(), read: stamp, seen: stamp, looks };
        Ok(Self { file: Some(file), ..Self::signals()? })
    }

    /// Hears signals only.
    pub fn signals() -> Result<Self, String> {
        Ok(Self { signals: Signals::new().map_err(|error| error.to_string())?, file: None })
    }

    /// The next notice.
    pub async fn next(&mut self) -> Notice {
        let changed = async {
            match &mut self.file {
                Some(file) => file.changed().await,
                None => std::future::pending().await,
            }
        };
        let notice = tokio::select! {
            notice = self.signals.next() => notice,
            () = changed => Notice::Reload,
        };
        if let Some(file) = &mut self.file {
            file.read = stamp(&file.path);
            file.seen = file.read;
        }
        notice
    }
}

impl Watched {
    async fn changed(&mut self) {
        loop {
            self.looks.tick().await;
            let before = std::mem::replace(&mut self.seen, stamp(&self.path));
            // A file that is gone for a moment is being replaced.
            if self.seen.is_some() && self.seen == before && self.seen != self.read {
                return;
            }
        }
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(unix)]
struct Signals {
    hangup: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Notice {
        tokio::select! {
            _ = self.hangup.recv() => Notice::Reload,
            _ = self.terminate.recv() => Notice::Stop,
            _ = self.interrupt.recv() => Notice::Stop,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Notice {
        // An error means that nobody can interrupt the process this way.
        match tokio::signal::ctrl_c().await {
            Ok(()) => Notice::Stop,
            Err(_) => std::future::pending().await,
        }
    }
}
