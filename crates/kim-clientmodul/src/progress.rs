//! How far a transfer of mail data has come: [`Progress`].

use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often an observer is told at most.
const STEP: Duration = Duration::from_millis(250);

/// How often the log is told about a transfer that takes long.
const LOG_STEP: Duration = Duration::from_secs(10);

/// How far the transfer of a large mail to or from the attachment service has come.
///
/// Spec: none — uploads and downloads of hundreds of mebibytes take minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which way it goes.
    pub direction: Direction,
    /// How many octets have gone.
    pub done: u64,
    /// How many octets there are; `None` if the attachment service does not say.
    pub total: Option<u64>,
}

/// Which way mail data goes.
///
/// Spec: none — see [`Progress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the attachment service.
    Upload,
    /// From the attachment service.
    Download,
}

/// Who wants to know how far transfers have come.
pub(crate) type Observer = Arc<dyn Fn(Progress) + Send + Sync>;

/// Counts the octets of one transfer and tells who wants to know.
pub(crate) struct Meter {
    observer: Option<Observer>,
    progress: Progress,
    start: Instant,
    told: Option<Instant>,
    logged: Instant,
}

impl Meter {
    pub(crate) fn start(observer: Option<Observer>, direction: Direction, total: Option<u64>) -> Self {
        let start = Instant::now();
        let progress = Progress { direction, done: 0, total };
        Self { observer, progress, start, told: None, logged: start }
    }

    /// So many octets more have gone.
    pub(crate) fn add(&mut self, octets: usize) {
        self.progress.done = self.progress.done.saturating_add(octets as u64);
        let now = Instant::now();
        let complete = self.progress.total == Some(self.progress.done);
        if complete || self.told.is_none_or(|told| now.duration_since(told) >= STEP) {
            self.told = Some(now);
            if let Some(observer) = &self.observer {
                observer(self.progress);
            }
        }
        if now.duration_since(self.logged) >= LOG_STEP {
            self.logged = now;
            let Progress { direction, done, total } = self.progress;
            tracing::info!(
                ?direction,
                done,
                total,
                seconds = self.start.elapsed().as_secs(),
                "mail data under way"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn an_observer_is_told_the_beginning_and_the_end() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = seen.clone();
        let observer: Observer = Arc::new(move |progress: Progress| sink.lock().unwrap().push(progress.done));
        let mut meter = Meter::start(Some(observer), Direction::Upload, Some(1000));
        (0..1000).for_each(|_| meter.add(1));
        let seen = seen.lock().unwrap();
        assert!(seen.first() == Some(&1) && seen.last() == Some(&1000) && seen.len() < 100, "{seen:?}");
    }
}
