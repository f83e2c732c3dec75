//! Subscriptions to the events of Konnektors: [`subscribe`].

use std::time::{Duration, Instant, SystemTime};

use kim_konnektor::{Error, EventSink, RenewSubscriptions, Subscribe, Subscription, Unsubscribe};
use kim_types::Context;
use tokio::sync::watch;

use crate::clientmodul::Clientmodul;
use crate::clock::Clock;
use crate::konnektor::{Konnektor, is_out};

/// What is worth knowing: what makes something that is remembered outdated.
const TOPICS: [&str; 3] = ["BOOTUP/BOOTUP_COMPLETE", "CARD/INSERTED", "CARD/REMOVED"];

/// How often something is asked.
struct Pace {
    /// Between two calls, whatever the clocks say.
    shortest: Duration,
    /// Between two renewals, and between two attempts to subscribe.
    longest: Duration,
    /// Before the second attempt to subscribe; then it doubles. Also between two attempts that events of a restart ask for:
    /// whoever sends them.
    pause: Duration,
}

const PACE: Pace = Pace {
    shortest: Duration::from_secs(60),
    longest: Duration::from_secs(12 * 3600),
    pause: Duration::from_secs(5),
};

/// The longest pause before another attempt to subscribe.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Has every Konnektor send its events about restarts and cards to an [`EventListener`](crate::EventListener), and keeps it
/// so until it is dropped: subscriptions are renewed after half of their time, made anew after a restart of the Konnektor,
/// and attempted again with growing pauses while it does not answer. What an earlier process left for the sink is removed.
///
/// `clientmodul` is looked at all the time, so that a new configuration has its Konnektors subscribed to. `sink` is the
/// address of the listener as the Konnektors see it, `context` the call context in whose name they are asked.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076; gemSpec_Kon 5.18.0, operations Subscribe and RenewSubscriptions.
pub async fn subscribe(mut clientmodul: watch::Receiver<Clientmodul>, sink: EventSink, context: Context) {
    loop {
        let current = clientmodul.borrow_and_update().clone();
        let konnektors = current.konnektors().flat_map(|konnektors| konnektors.iter());
        let kept =
            konnektors.map(|konnektor| keep(konnektor, &current.shared().clock, sink, &context, &PACE));
        tokio::select! {
            // Without a sender there will never be a new configuration.
            Ok(()) = clientmodul.changed() => {}
            _ = futures_util::future::join_all(kept) => break,
        }
    }
}

/// Subscribes at one Konnektor, for ever.
async fn keep(konnektor: &Konnektor, clock: &Clock, sink: EventSink, context: &Context, pace: &Pace) {
    let mut pause = pace.pause;
    let mut trouble = None;
    loop {
        let began = Instant::now();
        match make(konnektor, sink, context).await {
            Ok(subscriptions) => {
                pause = pace.pause;
                trouble = None;
                tracing::info!(konnektor = konnektor.url(), "subscribed to events");
                renew(konnektor, clock, context, subscriptions, pace).await;
            }
            Err(error) => {
                if trouble.as_ref() != Some(&error) {
                    tracing::warn!(konnektor = konnektor.url(), %error, "not subscribed to events");
                    trouble = Some(error);
                }
                // Whichever comes first: that it is time, or that the Konnektor says it is there.
                let _ = tokio::time::timeout(pause, konnektor.restart()).await;
                pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            }
        }
        tokio::time::sleep(pace.pause.saturating_sub(began.elapsed())).await;
    }
}

async fn make(konnektor: &Konnektor, sink: EventSink, context: &Context) -> Result<Vec<Subscription>, Error> {
    match konnektor.call(context, &Unsubscribe { sink }).await {
        Err(error) if is_out(&error) => return Err(error),
        // That there was nothing to remove is a fault to some.
        _ => {}
    }
    let mut made = Vec::with_capacity(TOPICS.len());
    for topic in TOPICS {
        made.push(konnektor.call(context, &Subscribe { sink, topic: topic.to_owned() }).await?);
    }
    Ok(made)
}

/// Renews until the Konnektor has restarted or does not know the subscriptions any more.
async fn renew(
    konnektor: &Konnektor,
    clock: &Clock,
    context: &Context,
    mut known: Vec<Subscription>,
    pace: &Pace,
) {
    loop {
        let ends = known.iter().map(|one| SystemTime::from(one.ends)).min();
        let left = ends.and_then(|ends| ends.duration_since(clock.now()).ok()).unwrap_or_default();
        let half = (left / 2).clamp(pace.shortest, pace.longest);
        if tokio::time::timeout(half, konnektor.restart()).await.is_ok() {
            return;
        }
        let operation = RenewSubscriptions { ids: known.into_iter().map(|one| one.id).collect() };
        match konnektor.call(context, &operation).await {
            Ok(renewed) => known = renewed,
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use kim_testbed::konnektor::{Injection, Operation};
    use kim_testbed::{Testbed, TestbedConfig, Times};
    use kim_tls::{Identity, Pins, ServerTrust, client_config};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::konnektor::tests::settings;

    const FAST: Pace = Pace {
        shortest: Duration::from_millis(1),
        longest: Duration::from_millis(10),
        pause: Duration::from_millis(1),
    };

    fn client(testbed: &Testbed) -> Konnektor {
        let (file, password) = testbed.konnektor_client_pkcs12();
        let identity = Identity::from_pkcs12(&file, &password).unwrap();
        let pins = Pins::from_pem(testbed.konnektor_certificate_pem().as_bytes()).unwrap();
        let tls = client_config(ServerTrust::Pins(pins), Some(&identity)).unwrap();
        Konnektor::new(settings(testbed.konnektor_url(), 1, tls))
    }

    fn keeper(testbed: &Testbed, konnektor: &Arc<Konnektor>, pace: Pace) -> JoinHandle<()> {
        let (konnektor, context) = (konnektor.clone(), testbed.world().account("A").unwrap().context.clone());
        let sink = EventSink(SocketAddr::from(([127, 0, 0, 1], 9)));
        tokio::spawn(async move { keep(&konnektor, &Clock::default(), sink, &context, &pace).await })
    }

    async fn until(reached: impl Fn() -> bool) {
        let waiting = async {
            while !reached() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap();
    }

    /// Spec: gemSpec_Kon 5.18.0, operations Subscribe and RenewSubscriptions
    #[tokio::test]
    async fn subscriptions_are_renewed_and_made_anew_when_they_are_lost() {
        let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
        let there = testbed.world().konnektor().clone();
        there.inject(Operation::Subscribe, Times::first(2), Injection::HttpStatus(503));
        let konnektor = Arc::new(client(&testbed));
        let task = keeper(&testbed, &konnektor, FAST);
        let count = |operation| there.count(operation);

        until(|| count(Operation::RenewSubscriptions) >= 3).await;
        assert_eq!(count(Operation::Subscribe), 2 + 3, "two attempts, then one for each topic");
        // The Konnektor restarts and nobody hears of it: the next renewal is refused.
        there.restart();
        until(|| count(Operation::Subscribe) >= 2 + 6).await;
        // It says so.
        konnektor.restarted(Instant::now());
        until(|| count(Operation::Subscribe) >= 2 + 9).await;
        task.abort();
    }

    /// Whoever reaches the port of the listener can say that the Konnektor has restarted.
    #[tokio::test]
    async fn a_flood_of_restarts_makes_no_flood_of_subscriptions() {
        let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
        let there = testbed.world().konnektor().clone();
        let konnektor = Arc::new(client(&testbed));
        let pace = Pace { pause: Duration::from_millis(300), ..PACE };
        let began = Instant::now();
        let task = keeper(&testbed, &konnektor, pace);
        until(|| {
            konnektor.restarted(Instant::now());
            there.count(Operation::Subscribe) >= 3 * 3
        })
        .await;
        assert!(began.elapsed() >= 2 * Duration::from_millis(300), "{:?}", began.elapsed());
        task.abort();
    }
}
