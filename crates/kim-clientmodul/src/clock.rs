//! The time of the Telematikinfrastruktur: [`Clock`], kept right by [`keep_time`].

use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use rsntp::AsyncSntpClient;
use tokio::sync::watch;

use crate::clientmodul::Clientmodul;

/// How long a correction is good for.
const HOUR: Duration = Duration::from_secs(3600);

/// The first pause after an attempt without answer; then it doubles up to [`HOUR`].
const FIRST_PAUSE: Duration = Duration::from_secs(15);

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The greatest correction in seconds. A clock that is wrong by more than a day has to be set; and answers come without
/// proof of who gives them.
const GREATEST: f64 = 86_400.0;

/// The clock of this machine, corrected by what a Konnektor says.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// How many milliseconds the time of the TI is ahead.
    ahead: AtomicI64,
}

impl Clock {
    /// The time of the TI, as far as it is known.
    pub(crate) fn now(&self) -> SystemTime {
        let (now, ahead) = (SystemTime::now(), self.ahead.load(Relaxed));
        let distance = Duration::from_millis(ahead.unsigned_abs());
        let corrected = if ahead < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
        corrected.unwrap_or(now)
    }

    /// Sets the correction; `false` if it is too great to be believed.
    fn correct(&self, seconds: f64) -> bool {
        let believed = seconds.is_finite() && seconds.abs() <= GREATEST;
        if believed {
            #[expect(clippy::cast_possible_truncation, reason = "a day has fewer milliseconds than i64")]
            self.ahead.store((seconds * 1000.0) as i64, Relaxed);
        }
        believed
    }
}

/// Asks the Konnektors for the time (sync_Time) once an hour and corrects the clock of the Clientmodul by it, until it is
/// dropped. The clock of the machine stays as it is. Without an answer the last correction stays in force and is asked for
/// again with growing pauses.
///
/// Konnektors are asked whose settings name a time server. `clientmodul` is looked at all the time, so that a new
/// configuration gets the time, too.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2230; gemSpec_Kon 5.18.0, TIP1-A_4791 (NTPv4).
pub async fn keep_time(mut clientmodul: watch::Receiver<Clientmodul>) {
    let mut said = Said::default();
    loop {
        let current = clientmodul.borrow_and_update().clone();
        let pause = match synchronise(&current, &mut said).await {
            true => HOUR,
            false => said.next_pause(),
        };
        tokio::select! {
            // Without a sender there will never be a new configuration.
            Ok(()) = clientmodul.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What the log knows, so that it gets a line with every change only.
#[derive(Default)]
struct Said {
    seconds: i64,
    pause: Option<Duration>,
}

impl Said {
    fn next_pause(&mut self) -> Duration {
        let pause = match self.pause {
            None => FIRST_PAUSE,
            Some(pause) => pause.saturating_mul(2).min(HOUR),
        };
        self.pause = Some(pause);
        pause
    }
}

/// Asks one Konnektor after the other; `false` if all that should have answered did not.
async fn synchronise(clientmodul: &Clientmodul, said: &mut Said) -> bool {
    let client = AsyncSntpClient::with_config(rsntp::Config::default().timeout(PATIENCE));
    let konnektors = clientmodul.konnektors().flat_map(|konnektors| konnektors.iter());
    let mut trouble = None;
    for server in konnektors.filter_map(|konnektor| konnektor.time_server.as_ref()) {
        let seconds = match client.synchronize(server.clone()).await {
            Ok(result) => result.clock_offset().as_secs_f64(),
            Err(error) => {
                trouble = Some(error.to_string());
                continue;
            }
        };
        if !clientmodul.shared().clock.correct(seconds) {
            trouble = Some("the clock of this machine is wrong by more than a day".to_owned());
            continue;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most a day")]
        let whole = seconds.round() as i64;
        if said.pause.take().is_some() || said.seconds != whole {
            tracing::info!(seconds = whole, "the time of the TI is known; this machine is behind by so much");
        }
        said.seconds = whole;
        return true;
    }
    if let Some(error) = trouble.as_ref().filter(|_| said.pause.is_none()) {
        tracing::warn!(error, "no Konnektor tells the time");
    }
    trouble.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_corrected_in_both_directions_and_by_a_day_at_most() {
        let clock = Clock::default();
        for seconds in [3600.0, -3600.0] {
            assert!(clock.correct(seconds));
            let (now, machine) = (clock.now(), SystemTime::now());
            let distance =
                if seconds < 0.0 { machine.duration_since(now) } else { now.duration_since(machine) };
            let distance = distance.unwrap().as_secs_f64();
            assert!((distance - 3600.0).abs() < 60.0, "{distance}");
        }
        let before = clock.ahead.load(Relaxed);
        for seconds in [86_401.0, -1e300, f64::NAN, f64::INFINITY] {
            assert!(!clock.correct(seconds));
        }
        assert_eq!(clock.ahead.load(Relaxed), before);
    }

    #[test]
    fn pauses_grow_up_to_an_hour() {
        let mut said = Said::default();
        let pauses: Vec<u64> = (0..10).map(|_| said.next_pause().as_secs()).collect();
        assert_eq!(pauses, [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    }
}
