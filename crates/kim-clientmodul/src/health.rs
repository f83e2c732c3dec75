//! Whether a server answers, as far as calls have shown: [`Health`].

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a server that did not answer is spared at first, if there is another one.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// How long it is spared at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What calls have shown about a server. Every change is one log line, however many calls fail.
///
/// Nothing is asked for this alone: a server that does not answer is tried again by a call that needs it, after pauses that
/// grow from 5 seconds to 5 minutes.
pub(crate) struct Health {
    /// What the server is called in the log.
    name: String,
    outage: Mutex<Option<Outage>>,
}

/// A server that does not answer.
#[derive(Debug, Clone, Copy)]
struct Outage {
    since: Instant,
    pause: Duration,
    until: Instant,
}

impl Health {
    pub(crate) fn new(name: String) -> Self {
        Self { name, outage: Mutex::default() }
    }

    /// The server answered.
    pub(crate) fn answered(&self) {
        if self.lock().take().is_some() {
            tracing::info!(server = self.name, "answers again");
        }
    }

    /// The server did not answer, for this reason.
    pub(crate) fn failed(&self, reason: &dyn Display, advice: &str, now: Instant) {
        let mut outage = self.lock();
        let (since, pause) = match *outage {
            // One of many calls that were under way at the same time.
            Some(Outage { until, .. }) if now < until => return,
            Some(Outage { since, pause, .. }) => (since, pause.saturating_mul(2).min(LONGEST_PAUSE)),
            None => {
                tracing::warn!(server = self.name, %reason, advice, "does not answer");
                (now, FIRST_PAUSE)
            }
        };
        *outage = Some(Outage { since, pause, until: now.checked_add(pause).unwrap_or(now) });
    }

    /// The server said that it is there: the next call may try it at once.
    pub(crate) fn announced(&self, now: Instant) {
        if let Some(outage) = &mut *self.lock() {
            outage.until = now;
        }
    }

    /// Whether the server did not answer a short while ago.
    pub(crate) fn is_resting(&self, now: Instant) -> bool {
        self.lock().is_some_and(|outage| now < outage.until)
    }

    /// Since when the server does not answer.
    pub(crate) fn out_since(&self) -> Option<Instant> {
        self.lock().map(|outage| outage.since)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Outage>> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_attempts_and_end_with_an_answer_or_an_announcement() {
        let (health, start) = (Health::new("konnektor".into()), Instant::now());
        let second = Duration::from_secs(1);
        assert!(!health.is_resting(start));
        health.failed(&"timeout", "", start);
        health.failed(&"timeout", "", start + second);
        assert!(health.is_resting(start + second * 4) && !health.is_resting(start + second * 5));
        health.failed(&"timeout", "", start + second * 5);
        assert!(health.is_resting(start + second * 14) && !health.is_resting(start + second * 15));
        assert_eq!(health.out_since(), Some(start));

        let mut now = start + second * 15;
        for _ in 0..20 {
            health.failed(&"timeout", "", now);
            now += LONGEST_PAUSE;
        }
        assert!(health.is_resting(now - second) && !health.is_resting(now));

        health.failed(&"timeout", "", now);
        health.announced(now + second);
        assert!(!health.is_resting(now + second) && health.out_since().is_some());
        health.answered();
        assert_eq!(health.out_since(), None);
    }
}
