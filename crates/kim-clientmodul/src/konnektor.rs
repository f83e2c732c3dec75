//! A Konnektor in use: [`Konnektor`]; and all that serve the same user names: [`Konnektors`].

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::iter;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kim_konnektor::{Class, Crypt, Error, Operation, PinResult, Reason, VerifyPin};
use kim_types::{Address, Context, KonnektorId};
use kim_vzd::Listing;
use tokio::sync::Notify;

use crate::health::Health;
use crate::settings;
use crate::soap::{Directory, KonnektorClient};
use crate::vzd::{DirectoryClient, DirectoryError};

/// A Konnektor is in a state in which it does nothing (gemSpec_Kon, fault 4002).
const CRITICAL_STATE: u32 = 4002;

/// How a Konnektor and the directory behind it are, as far as calls have shown.
///
/// Spec: none — for the administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KonnektorHealth {
    /// Which user names it serves.
    pub id: KonnektorId,
    /// Its service directory.
    pub url: String,
    /// For how long it has not answered; `None` if it answers, or was not needed yet.
    pub silent_for: Option<Duration>,
    /// The same for the directory (VZD) behind it.
    pub directory_silent_for: Option<Duration>,
}

/// A Konnektor in use.
pub(crate) struct Konnektor {
    pub(crate) soap: KonnektorClient,
    pub(crate) signature: Crypt,
    pub(crate) time_server: Option<(String, u16)>,
    directory: DirectoryClient,
    url: String,
    weight: u32,
    health: Health,
    directory_health: Health,
    restart: Notify,
}

impl Konnektor {
    pub(crate) fn new(settings: settings::Konnektor) -> Self {
        let url = settings.soap.url.clone();
        Self {
            health: Health::new(format!("Konnektor {} at {url}", settings.id)),
            directory_health: Health::new(format!("directory behind Konnektor {} at {url}", settings.id)),
            soap: KonnektorClient::new(settings.soap),
            signature: settings.signature,
            time_server: settings.time_server,
            directory: DirectoryClient::new(settings.directory),
            url,
            weight: settings.weight,
            restart: Notify::new(),
        }
    }

    /// What the Konnektor says about itself. That it can be read does not mean that the services behind it work.
    pub(crate) async fn directory(&self) -> Result<Arc<Directory>, Error> {
        match self.soap.directory().await {
            Ok(directory) => Ok(directory),
            Err(error) => self.noted(Err(error)),
        }
    }

    /// Calls an operation.
    pub(crate) async fn call<O: Operation>(
        &self,
        context: &Context,
        operation: &O,
    ) -> Result<O::Response, Error> {
        self.noted(self.soap.call(context, operation).await)
    }

    /// Asks a person for a PIN. That nobody comes to the terminal says nothing about the Konnektor.
    pub(crate) async fn verify_pin(
        &self,
        context: &Context,
        operation: &VerifyPin,
    ) -> Result<PinResult, Error> {
        match self.soap.verify_pin(context, operation).await {
            Err(error @ Error::Unavailable { reason: Reason::Timeout }) => Err(error),
            result => self.noted(result),
        }
    }

    /// What the directory has for an address.
    pub(crate) async fn look_up(&self, address: &Address) -> Result<Listing, DirectoryError> {
        let result = self.directory.look_up(address).await;
        match &result {
            Ok(_) | Err(DirectoryError::TooMany) => self.directory_health.answered(),
            Err(error) => self.directory_health.failed(error, Class::Unavailable.advice(), Instant::now()),
        }
        result
    }

    /// The Konnektor has started anew: nothing that is known of it need be true.
    pub(crate) fn restarted(&self, now: Instant) {
        self.soap.forget_directory();
        self.health.announced(now);
        self.directory_health.announced(now);
        self.restart.notify_one();
    }

    /// Waits until the Konnektor has started anew; one that nobody waited for counts.
    pub(crate) async fn restart(&self) {
        self.restart.notified().await;
    }

    /// Where its service directory is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn noted<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        match &result {
            Err(error) if is_out(error) => {
                self.health.failed(error, error.class().advice(), Instant::now());
            }
            _ => self.health.answered(),
        }
        result
    }
}

/// Whether an error says that the Konnektor is of no use to anybody now, so that another one is worth a try.
pub(crate) fn is_out(error: &Error) -> bool {
    match error {
        // What cannot be read is the page of a proxy, or of use to nobody either.
        Error::Unavailable { .. } | Error::Unauthorized | Error::Response(_) => true,
        Error::Fault(fault) => fault.has(CRITICAL_STATE),
        _ => false,
    }
}

/// The Konnektors that serve the same user names: each reaches the same cards.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21457, A_21517 (KonnektorId); that there may be several for one is our own.
pub(crate) struct Konnektors {
    pub(crate) id: KonnektorId,
    first: Member,
    others: Vec<Member>,
}

/// A Konnektor and how much work it is owed compared with the others.
struct Member {
    konnektor: Arc<Konnektor>,
    owed: Mutex<i64>,
}

/// The Konnektor whose turn it is, and who steps in for it.
pub(crate) struct Turn {
    pub(crate) konnektor: Arc<Konnektor>,
    others: VecDeque<Arc<Konnektor>>,
}

impl Turn {
    /// The next one, if there is one.
    pub(crate) fn next(mut self) -> Option<Self> {
        Some(Self { konnektor: self.others.pop_front()?, others: self.others })
    }

    /// What the next one would start with; nothing after the last, so that a mail can go as soon as its flow lets it go.
    pub(crate) fn spare<T: Clone>(&self, content: &T) -> Option<T> {
        (!self.others.is_empty()).then(|| content.clone())
    }

    /// Calls an operation that needs no card and may be repeated, of the first that answers.
    pub(crate) async fn call<O: Operation>(
        &self,
        context: &Context,
        operation: &O,
    ) -> Result<O::Response, Error> {
        let mut result = self.konnektor.call(context, operation).await;
        for other in &self.others {
            if !result.as_ref().is_err_and(is_out) {
                break;
            }
            result = other.call(context, operation).await;
        }
        result
    }
}

impl Konnektors {
    pub(crate) fn new(first: settings::Konnektor) -> Self {
        Self { id: first.id.clone(), first: Member::new(first), others: Vec::new() }
    }

    pub(crate) fn add(&mut self, other: settings::Konnektor) {
        self.others.push(Member::new(other));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Konnektor>> {
        self.members().map(|member| &member.konnektor)
    }

    fn members(&self) -> impl Iterator<Item = &Member> {
        iter::once(&self.first).chain(&self.others)
    }

    /// Whose turn it is: by weight, those with weight 0 after those with more, and those that did not answer a short while
    /// ago last.
    pub(crate) fn in_turn(&self, now: Instant) -> Turn {
        let mut total: i64 = 0;
        let mut order: Vec<_> = self
            .members()
            .map(|member| {
                let weight = member.konnektor.weight;
                let resting = member.konnektor.health.is_resting(now);
                let mut owed = member.owed();
                if !resting {
                    *owed = owed.saturating_add(weight.into());
                    total = total.saturating_add(weight.into());
                }
                ((resting, weight == 0, Reverse(*owed)), member)
            })
            .collect();
        order.sort_by_key(|(rank, _)| *rank);
        // The classic smooth round robin: who is chosen pays what everybody got.
        if let Some(((false, false, _), chosen)) = order.first() {
            let mut owed = chosen.owed();
            *owed = owed.saturating_sub(total);
        }
        let mut others: VecDeque<_> = order.into_iter().map(|(_, member)| member.konnektor.clone()).collect();
        let konnektor = others.pop_front().unwrap_or_else(|| self.first.konnektor.clone());
        Turn { konnektor, others }
    }

    /// What the directory has for an address: behind the first Konnektor that reaches it.
    pub(crate) async fn look_up(&self, address: &Address) -> Result<Listing, DirectoryError> {
        let (mut order, now) = (self.iter().collect::<Vec<_>>(), Instant::now());
        order.sort_by_key(|konnektor| konnektor.directory_health.is_resting(now));
        let mut result = Err(DirectoryError::Unreachable);
        for konnektor in order {
            result = konnektor.look_up(address).await;
            if matches!(result, Ok(_) | Err(DirectoryError::TooMany)) {
                break;
            }
        }
        result
    }

    pub(crate) fn health(&self, now: Instant) -> impl Iterator<Item = KonnektorHealth> {
        self.iter().map(move |konnektor| {
            let silent_for = |health: &Health| Some(now.duration_since(health.out_since()?));
            KonnektorHealth {
                id: self.id.clone(),
                url: konnektor.url.clone(),
                silent_for: silent_for(&konnektor.health),
                directory_silent_for: silent_for(&konnektor.directory_health),
            }
        })
    }
}

impl Member {
    fn new(settings: settings::Konnektor) -> Self {
        Self { konnektor: Arc::new(Konnektor::new(settings)), owed: Mutex::default() }
    }

    fn owed(&self) -> MutexGuard<'_, i64> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use kim_konnektor::EndpointMode;
    use kim_tls::{Pins, ServerTrust, client_config};
    use rustls::ClientConfig;

    use super::*;
    use crate::{Auth, DirectorySettings, KonnektorSettings};

    /// A Konnektor with nothing behind it.
    pub(crate) fn settings(url: String, weight: u32, tls: Arc<ClientConfig>) -> settings::Konnektor {
        let timeout = Duration::from_secs(20);
        settings::Konnektor {
            id: "Konn_1".parse().unwrap(),
            default: true,
            weight,
            soap: KonnektorSettings {
                url,
                tls: tls.clone(),
                auth: Auth::Certificate,
                endpoints: EndpointMode::Published,
                timeout,
                pin_timeout: timeout,
            },
            directory: DirectorySettings {
                host: String::new(),
                port: 636,
                base: String::new(),
                tls,
                timeout,
                max_entries: 50,
            },
            time_server: None,
            signature: Crypt::RsaEcc,
        }
    }

    /// Konnektors with these weights, which nobody connects to.
    fn konnektors(weights: &[u32]) -> Konnektors {
        let tls = client_config(ServerTrust::Pins(Pins::from_fingerprints([])), None).unwrap();
        let settings = |(number, weight): (usize, &u32)| settings(number.to_string(), *weight, tls.clone());
        let mut settings = weights.iter().enumerate().map(settings);
        let mut konnektors = Konnektors::new(settings.next().unwrap());
        settings.for_each(|other| konnektors.add(other));
        konnektors
    }

    fn order(konnektors: &Konnektors, now: Instant) -> String {
        let mut turn = Some(konnektors.in_turn(now));
        let urls = iter::from_fn(|| {
            let this = turn.take()?;
            let url = this.konnektor.url.clone();
            turn = this.next();
            Some(url)
        });
        urls.collect()
    }

    #[test]
    fn work_is_shared_by_weight_and_weight_0_waits_for_trouble() {
        let (konnektors, now) = (konnektors(&[2, 1, 0]), Instant::now());
        let turns: Vec<String> = (0..6).map(|_| order(&konnektors, now)).collect();
        assert_eq!(turns, ["012", "102", "012", "012", "102", "012"]);
        for konnektor in konnektors.iter().take(2) {
            konnektor.noted::<()>(Err(Error::Unauthorized)).unwrap_err();
        }
        assert!(order(&konnektors, Instant::now()).starts_with('2'));
    }

    #[test]
    fn who_did_not_answer_comes_last_until_it_answers() {
        let konnektors = konnektors(&[1, 1]);
        let first = konnektors.first.konnektor.clone();
        let error = Error::Unavailable { reason: Reason::Timeout };
        first.noted::<()>(Err(error)).unwrap_err();
        let now = Instant::now();
        assert_eq!([order(&konnektors, now), order(&konnektors, now)], ["10", "10"]);
        let silent: Vec<bool> = konnektors.health(now).map(|one| one.silent_for.is_some()).collect();
        assert_eq!(silent, [true, false]);
        first.noted(Ok(())).unwrap();
        let turns = [order(&konnektors, now), order(&konnektors, now)];
        assert!(turns.contains(&"01".into()), "{turns:?}");
    }
}
