//! Connections that are used again: [`Idle`].

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::client::conn::http1::SendRequest;
use tokio::task::AbortHandle;

use super::authority::Authority;
use super::body::RequestBody;

/// How many idle connections are kept per host.
const MAX_IDLE: usize = 4;

/// How long an idle connection is kept; servers close theirs soon after.
const IDLE_TIME: Duration = Duration::from_secs(15);

/// How long an idle connection may take to be ready: a server that answered before it had the whole request may never read
/// the rest of it.
const READY_TIME: Duration = Duration::from_millis(100);

/// A connection without its octets, which ends with it: hyper closes an idle one; one with a request under way that nobody
/// waits for is cut off, since its server may never read it.
pub(super) struct Sender {
    pub(super) line: SendRequest<RequestBody>,
    pub(super) task: AbortHandle,
}

impl Drop for Sender {
    fn drop(&mut self) {
        if !self.line.is_ready() {
            self.task.abort();
        }
    }
}

/// Connections that wait for their next request.
#[derive(Default)]
pub(super) struct Idle(Mutex<HashMap<Authority, Vec<Waiting>>>);

pub(super) struct Waiting {
    sender: Sender,
    since: Instant,
}

impl Waiting {
    fn is_usable(&self) -> bool {
        self.since.elapsed() < IDLE_TIME && !self.sender.line.is_closed()
    }
}

impl Idle {
    /// A connection that still looks alive; the youngest, because it lives longest.
    pub(super) async fn take(&self, authority: &Authority) -> Option<Sender> {
        loop {
            let mut waiting = self.lock().get_mut(authority)?.pop()?;
            if !waiting.is_usable() {
                continue;
            }
            let ready = tokio::time::timeout(READY_TIME, waiting.sender.line.ready()).await;
            if matches!(ready, Ok(Ok(()))) {
                return Some(waiting.sender);
            }
        }
    }

    pub(super) fn keep(&self, authority: Authority, sender: Sender) {
        let mut idle = self.lock();
        idle.retain(|_, lines| {
            lines.retain(Waiting::is_usable);
            !lines.is_empty()
        });
        let lines = idle.entry(authority).or_default();
        if lines.len() < MAX_IDLE {
            lines.push(Waiting { sender, since: Instant::now() });
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<Authority, Vec<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
