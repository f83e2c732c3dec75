//! What a running proxy is told from outside: signals, and that its file has changed.

use std::io;
use std::path::PathBuf;

use kim_clientmodul::config::Watch;

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
    file: Option<Watch>,
}

impl Notices {
    /// Hears signals, and sees that `file` is changed.
    pub fn watch(file: PathBuf) -> io::Result<Self> {
        Ok(Self { file: Some(Watch::new(file)), ..Self::signals()? })
    }

    /// Hears signals only.
    pub fn signals() -> io::Result<Self> {
        Ok(Self { signals: Signals::new()?, file: None })
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
        self.file.iter_mut().for_each(Watch::restart);
        notice
    }
}

#[cfg(unix)]
struct Signals {
    hangup: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
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
    fn new() -> io::Result<Self> {
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
