//! Calls that are made again because the trouble passes: [`Retries`].

use std::time::Duration;

use kim_konnektor::{Class, Error, Fault};

/// Before the second and the third attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// What is left of the attempts at one call. Not for what must happen once: signatures and PINs.
#[derive(Default)]
pub(crate) struct Retries {
    done: usize,
}

impl Retries {
    /// How long to wait before another attempt, if the Konnektor says that the trouble passes and there were not enough yet.
    pub(crate) fn pause_after<T>(&mut self, result: &Result<T, Error>) -> Option<Duration> {
        let fault = result.as_ref().err().and_then(Error::fault)?;
        let pause = PAUSES.get(self.done).filter(|_| self.done < retries(fault))?;
        self.done = self.done.saturating_add(1);
        tracing::debug!(%fault, "the Konnektor is called again");
        Some(*pause)
    }
}

/// How often a call that failed like this is worth another attempt within the same mail.
///
/// Spec: gemSpec_Kon 5.18.0, fault tables of the operations.
fn retries(fault: &Fault) -> usize {
    if fault.class() != Class::Transient {
        return 0;
    }
    match fault.codes().filter(|code| Class::of(*code) == Class::Transient).last() {
        // Internal error, error of the card.
        Some(4001 | 4120) => 1,
        // Terminal or resource busy, card reserved, card too slow.
        Some(4039 | 4060 | 4093 | 4094) => PAUSES.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use kim_konnektor::{ErrorType, Reason, Severity, Trace};
    use kim_types::Pii;

    use super::*;

    fn fault(code: u32) -> Error {
        let (severity, error_type) = (Severity::Error, ErrorType::Technical);
        let trace = Trace { code, severity, error_type, text: Pii(String::new()), detail: None };
        Error::Fault(Fault { code, traces: vec![trace] })
    }

    /// The pauses, in milliseconds, before the attempts at a call that always fails like this.
    fn pauses(error: Error) -> Vec<u128> {
        let (mut retries, failed) = (Retries::default(), Err::<(), _>(error));
        iter::from_fn(|| retries.pause_after(&failed)).map(|pause| pause.as_millis()).collect()
    }

    /// Spec: gemSpec_Kon 5.18.0, fault tables of the operations.
    #[test]
    fn a_busy_terminal_is_waited_for() {
        for code in [4039, 4060, 4093, 4094] {
            assert_eq!(pauses(fault(code)), [500, 2000], "{code}");
        }
    }

    #[test]
    fn an_internal_error_is_worth_one_more_attempt() {
        for code in [4001, 4120] {
            assert_eq!(pauses(fault(code)), [500], "{code}");
        }
    }

    #[test]
    fn what_does_not_pass_is_not_called_again() {
        for code in [4000, 4002, 4004, 4085, 4101, 4105, 4123, 4252, 9999] {
            assert_eq!(pauses(fault(code)), [0; 0], "{code}");
        }
        assert_eq!(pauses(Error::Unavailable { reason: Reason::Timeout }), [0; 0]);
        assert_eq!(Retries::default().pause_after(&Ok(())), None);
    }
}
