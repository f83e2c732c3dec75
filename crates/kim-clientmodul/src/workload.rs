//! How much mail is in work at once: [`Workload`].

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Mails up to this size, in octets, never wait: their number is bounded by that of the sessions.
const SMALL: usize = 1024 * 1024;

/// How many KiB of larger mails are in work at once. In work a mail takes several times its size, as it is signed,
/// encrypted and wrapped.
const ROOM: u32 = 64 * 1024;

/// How long a mail waits for room. Then it goes on all the same: others may wait for a card that nobody unlocks, and must
/// not hold it back for longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps the memory of large mails that are protected or opened within bounds. Meanwhile who sends or fetches waits: the
/// peers of its session are not read.
pub(crate) struct Workload {
    room: Semaphore,
    patience: Duration,
}

impl Default for Workload {
    fn default() -> Self {
        Self { room: Semaphore::new(ROOM as usize), patience: PATIENCE }
    }
}

impl Workload {
    /// Waits until there is room for a mail of so many octets; it is taken until the value is dropped. A mail larger than
    /// all of the room waits for all of it.
    pub(crate) async fn enter(&self, octets: usize) -> Option<SemaphorePermit<'_>> {
        if octets <= SMALL {
            return None;
        }
        let room = u32::try_from(octets.div_ceil(1024)).unwrap_or(ROOM).min(ROOM);
        tokio::time::timeout(self.patience, self.room.acquire_many(room)).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const MIB: usize = 1024 * 1024;

    /// Spec: none — own bound.
    #[tokio::test]
    async fn large_mails_wait_for_each_other_and_small_ones_for_nobody() {
        let workload = Workload::default();
        let first = workload.enter(40 * MIB).await;
        assert!(first.is_some());
        let mut second = Box::pin(workload.enter(30 * MIB));
        assert!((&mut second).now_or_never().is_none(), "70 MiB at once");
        assert!(workload.enter(MIB).now_or_never().is_some());
        drop(first);
        let second = second.await;
        assert!(second.is_some());
        // What is larger than the room gets all of it.
        let mut greatest = Box::pin(workload.enter(usize::MAX));
        assert!((&mut greatest).now_or_never().is_none());
        drop(second);
        assert!(greatest.await.is_some());
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2094 (no session blocks another)
    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let workload = Workload { patience: Duration::from_millis(20), ..Workload::default() };
        let _for_ever = workload.enter(64 * MIB).await;
        assert!(workload.enter(2 * MIB).await.is_none());
    }
}
