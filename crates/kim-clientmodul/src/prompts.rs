//! Who is asked for a PIN, and who is spared: [`Prompts`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kim_konnektor::{Class, Error, PinResult, PinStatus, Reason};
use kim_types::CardHandle;
use tracing::Instrument;

/// For how long after a dialogue without success nobody is asked again: every wrong entry brings a card closer to its end.
const PAUSE: Duration = Duration::from_secs(60);

/// The dialogues at the terminals of a Konnektor: for each card one at a time, whoever waits for it.
pub(crate) struct Prompts {
    cards: Mutex<HashMap<CardHandle, Arc<Card>>>,
    pause: Duration,
}

impl Default for Prompts {
    fn default() -> Self {
        Self { cards: Mutex::default(), pause: PAUSE }
    }
}

/// Who holds it asks; inside is what became of the dialogue before.
type Card = tokio::sync::Mutex<Option<Dialogue>>;

struct Dialogue {
    ended: Instant,
    result: Result<PinResult, Error>,
}

impl Prompts {
    /// Has a person asked by `prompt`, unless a dialogue before makes it needless.
    ///
    /// One that failed speaks for all who came until a minute after it. Those who waited for another one learn by `status`
    /// whether there is something left to ask. A dialogue goes on when the caller does not wait for it any more, because the terminal does.
    pub(crate) async fn ask(
        &self,
        card: &CardHandle,
        status: impl Future<Output = Result<PinStatus, Error>>,
        prompt: impl Future<Output = Result<PinResult, Error>> + Send + 'static,
    ) -> Result<PinResult, Error> {
        let came = Instant::now();
        let mut last = self.card(card).lock_owned().await;
        if let Some(dialogue) = &*last {
            // None for who came before its end.
            let later = came.checked_duration_since(dialogue.ended);
            if dialogue.failed() && later.is_none_or(|later| later < self.pause) {
                return dialogue.result.clone();
            }
            if later.is_none() {
                match status.await? {
                    PinStatus::Verifiable => {}
                    PinStatus::Verified | PinStatus::Disabled => return Ok(PinResult::Ok),
                    PinStatus::Blocked => return Ok(PinResult::WasBlocked),
                    PinStatus::TransportPin => return Ok(PinResult::TransportPin),
                    _ => return Ok(PinResult::Error),
                }
            }
        }
        let dialogue = async move {
            let result = prompt.await;
            *last = Some(Dialogue { ended: Instant::now(), result: result.clone() });
            result
        };
        let lost = Error::Unavailable { reason: Reason::Closed };
        tokio::spawn(dialogue.in_current_span()).await.unwrap_or(Err(lost))
    }

    fn card(&self, card: &CardHandle) -> Arc<Card> {
        let mut cards = self.cards.lock().unwrap_or_else(PoisonError::into_inner);
        // Handles change with every plug cycle; what nobody waits for and what is long over is forgotten.
        cards.retain(|_, card| {
            let lately = |dialogue: &Dialogue| dialogue.ended.elapsed() < self.pause;
            Arc::strong_count(card) > 1 || card.try_lock().is_ok_and(|last| last.as_ref().is_some_and(lately))
        });
        cards.entry(card.clone()).or_default().clone()
    }
}

impl Dialogue {
    /// Whether somebody was asked, or may have been, without success. What the card itself has to say about it, its status
    /// says as well.
    fn failed(&self) -> bool {
        match &self.result {
            Ok(result) => matches!(result, PinResult::Rejected { .. } | PinResult::Error),
            Err(Error::Fault(fault)) => !matches!(fault.class(), Class::Configuration | Class::Refresh),
            Err(Error::Unavailable { reason }) => !matches!(reason, Reason::Connect | Reason::Tls),
            Err(Error::Response(_) | Error::TooLarge) => true,
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    const REJECTED: Result<PinResult, Error> = Ok(PinResult::Rejected { left_tries: Some(2) });
    const TIMEOUT: Result<PinResult, Error> = Err(Error::Unavailable { reason: Reason::Timeout });

    /// A terminal that waits for a person.
    struct Terminal {
        prompts: Prompts,
        /// How many PINs are going to be entered.
        person: Arc<Semaphore>,
        dialogues: Arc<AtomicUsize>,
    }

    impl Terminal {
        fn new(pause: Duration) -> Self {
            let prompts = Prompts { pause, ..Prompts::default() };
            Self { prompts, person: Arc::new(Semaphore::new(0)), dialogues: Arc::default() }
        }

        async fn ask(
            &self,
            status: PinStatus,
            result: &Result<PinResult, Error>,
        ) -> Result<PinResult, Error> {
            let (person, dialogues, result) = (self.person.clone(), self.dialogues.clone(), result.clone());
            let prompt = async move {
                dialogues.fetch_add(1, Ordering::Relaxed);
                person.acquire().await.unwrap().forget();
                result
            };
            self.prompts.ask(&"card".parse().unwrap(), async { Ok(status) }, prompt).await
        }

        /// Who asks for a PIN that is entered at once.
        async fn ask_and_enter(&self, result: &Result<PinResult, Error>) -> Result<PinResult, Error> {
            self.person.add_permits(1);
            self.ask(PinStatus::Verifiable, result).await
        }

        fn dialogues(&self) -> usize {
            self.dialogues.load(Ordering::Relaxed)
        }
    }

    /// Spec: gemSpec_Kon 5.18.0, operation VerifyPin: three wrong entries block a card.
    #[tokio::test]
    async fn a_dialogue_that_failed_speaks_for_all_who_waited_and_for_a_while() {
        for failure in [REJECTED, Ok(PinResult::Error), TIMEOUT] {
            for (pause, dialogues) in [(PAUSE, 1), (Duration::ZERO, 2)] {
                let terminal = Terminal::new(pause);
                let ask = || terminal.ask(PinStatus::Verifiable, &failure);
                terminal.person.add_permits(1);
                let (first, second, third) = tokio::join!(ask(), ask(), ask());
                assert_eq!([&first, &second, &third], [&failure; 3]);
                assert_eq!(terminal.dialogues(), 1, "{failure:?}");
                assert_eq!(terminal.ask_and_enter(&failure).await, failure);
                assert_eq!(terminal.dialogues(), dialogues, "{failure:?}");
            }
        }
    }

    /// Nobody was asked: the next one may be.
    #[tokio::test]
    async fn a_dialogue_that_never_began_speaks_for_nobody() {
        let terminal = Terminal::new(PAUSE);
        for reason in [Reason::Connect, Reason::Tls] {
            let failure = Err(Error::Unavailable { reason });
            assert_eq!(terminal.ask_and_enter(&failure).await, failure);
        }
        assert_eq!(terminal.dialogues(), 2);
    }

    /// Spec: gemSpec_Kon 5.18.0, operation GetPinStatus
    #[tokio::test]
    async fn who_waited_asks_only_if_there_is_something_to_ask() {
        for (status, expected, dialogues) in [
            (PinStatus::Verified, PinResult::Ok, 1),
            (PinStatus::Disabled, PinResult::Ok, 1),
            (PinStatus::Blocked, PinResult::WasBlocked, 1),
            (PinStatus::TransportPin, PinResult::TransportPin, 1),
            (PinStatus::EmptyPin, PinResult::Error, 1),
            // The PIN belongs to a Mandant: another one has to enter it, too.
            (PinStatus::Verifiable, PinResult::Ok, 2),
        ] {
            let terminal = Terminal::new(PAUSE);
            let success = Ok(PinResult::Ok);
            terminal.person.add_permits(2);
            let (_, second) = tokio::join!(terminal.ask(status, &success), terminal.ask(status, &success));
            assert_eq!((second, terminal.dialogues()), (Ok(expected), dialogues), "{status:?}");
        }
    }

    /// The mail program gave up; the terminal did not.
    #[tokio::test]
    async fn a_dialogue_outlives_who_asked_for_it() {
        let terminal = Terminal::new(PAUSE);
        tokio::select! {
            biased;
            _ = terminal.ask(PinStatus::Verifiable, &REJECTED) => panic!("nobody was there"),
            () = tokio::task::yield_now() => {}
        }
        let second = terminal.ask(PinStatus::Verifiable, &TIMEOUT);
        let (second, ()) = tokio::join!(second, async { terminal.person.add_permits(1) });
        assert_eq!((second, terminal.dialogues()), (REJECTED, 1));
    }
}
