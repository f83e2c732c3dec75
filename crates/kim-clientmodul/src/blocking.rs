//! Work that waits for a disk: [`off_the_runtime`], [`Worker`].

use tokio::task::{JoinHandle, spawn_blocking};

/// Does `work` on a thread that may wait if it `blocks`, else at once. `None` if the runtime ends or the work panicked.
///
/// tokio has up to 512 such threads, and none is held for longer than one piece of work.
pub(crate) async fn off_the_runtime<T: Send + 'static>(
    blocks: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    if blocks { spawn_blocking(work).await.ok() } else { Some(work()) }
}

/// Work on a value that may wait for a disk, done on a thread that may wait, while its owner goes on collecting what the value
/// gets next.
pub(crate) struct Worker<T>(State<T>);

enum State<T> {
    Idle(T),
    Busy(JoinHandle<T>),
    /// The value is with its owner, or was lost by a panic or with the runtime.
    Away,
}

impl<T: Send + 'static> Worker<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(State::Idle(value))
    }

    /// The value, once the work on it is done; `None` if it is away. Safe to cancel.
    pub(crate) async fn take(&mut self) -> Option<T> {
        if let State::Busy(work) = &mut self.0 {
            self.0 = work.await.map_or(State::Away, State::Idle);
        }
        match std::mem::replace(&mut self.0, State::Away) {
            State::Idle(value) => Some(value),
            _ => None,
        }
    }

    /// Puts the value back as `work` gives it: later if it `blocks`, else at once.
    pub(crate) fn start(&mut self, blocks: bool, work: impl FnOnce() -> T + Send + 'static) {
        self.0 = if blocks { State::Busy(spawn_blocking(work)) } else { State::Idle(work()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_value_comes_back_with_the_work_done_or_not_at_all() {
        let mut worker = Worker::new(1);
        for blocks in [false, true] {
            let value = worker.take().await.unwrap();
            assert_eq!(worker.take().await, None, "away");
            worker.start(blocks, move || value + 1);
        }
        assert_eq!(worker.take().await, Some(3));
        worker.start(true, || panic!("on purpose"));
        assert_eq!(worker.take().await, None);
    }
}
