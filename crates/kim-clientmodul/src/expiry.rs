//! When the certificates in use end: [`CertificateInUse`], [`watch_certificates`].

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use kim_konnektor::{CheckCertificateExpiration, Crypt, Error};
use kim_tls::Identity;
use kim_types::Context;
use tokio::sync::watch;

use crate::clientmodul::Clientmodul;
use crate::konnektor::Konnektors;

/// How long a warning is good for, and how often cards are asked about.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

/// How often it is looked whether there is something to warn of: a server or a practice may be new.
const ROUND: Duration = Duration::from_secs(3600);

/// A certificate in use, and its last moment.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19513, KOM-LE-A_2070, KOM-LE-A_2182-01 (whose certificates these are).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateInUse {
    /// What it is, for people: where it is configured, which server shows it, or which card has it.
    pub name: String,
    /// Its last moment.
    pub not_after: SystemTime,
}

impl CertificateInUse {
    /// How long it is still good; zero when it is over.
    pub fn time_left(&self, now: SystemTime) -> Duration {
        self.not_after.duration_since(now).unwrap_or_default()
    }
}

impl Clientmodul {
    /// The certificates in use, as far as they are known: those of the settings, those that Konnektors and mail servers have
    /// shown, and those on the cards of every Mandant that has logged in. Konnektors are asked about cards once a day, and again
    /// each time until they have answered.
    ///
    /// Spec: gemSpec_Kon 5.18.0, operation CheckCertificateExpiration.
    pub async fn certificates(&self) -> Vec<CertificateInUse> {
        let shared = self.shared();
        let mut all = shared.certificates.clone();
        let konnektors = self.konnektors().flat_map(|konnektors| konnektors.iter());
        all.extend(konnektors.filter_map(|konnektor| {
            let not_after = kim_tls::not_after(&konnektor.soap.server_certificate()?)?;
            Some(CertificateInUse { name: format!("certificate of {}", konnektor.url()), not_after })
        }));
        let servers = shared.server_certificates.entries(Instant::now()).into_iter();
        all.extend(servers.map(|(name, not_after)| CertificateInUse { name, not_after }));
        for (key, context) in shared.mandants.entries(Instant::now()) {
            let known = shared.card_certificates.find(&key, Instant::now());
            let found = match (known, self.konnektors_of(&key.0)) {
                (Some(known), _) => known,
                (None, Ok(konnektors)) => {
                    let (found, complete) = on_cards(&konnektors, &context).await;
                    if complete {
                        shared.card_certificates.keep(key, found.clone(), Instant::now(), None);
                    }
                    found
                }
                (None, Err(_)) => continue,
            };
            all.extend(found);
        }
        all
    }
}

/// What the Konnektor says about the cards that a call context may use, and about itself; and whether it had an answer to
/// every question.
async fn on_cards(konnektors: &Konnektors, context: &Context) -> (Vec<CertificateInUse>, bool) {
    let turn = konnektors.in_turn(Instant::now());
    let (mut found, mut complete) = (Vec::new(), true);
    for (crypt, kind) in [(Crypt::Rsa, "RSA"), (Crypt::Ecc, "ECC")] {
        let question = CheckCertificateExpiration { card: None, crypt: Some(crypt) };
        match turn.call(context, &question).await {
            Ok(expirations) => found.extend(expirations.into_iter().map(|one| {
                let name = match one.iccsn.filter(|_| one.card.is_some()) {
                    Some(iccsn) => format!("{kind} certificates of card {iccsn}"),
                    None => format!("{kind} certificates of Konnektor {}", konnektors.id),
                };
                let last_day = SystemTime::from(one.last_day.midnight().assume_utc());
                CertificateInUse { name, not_after: last_day.checked_add(DAY).unwrap_or(last_day) }
            })),
            // Old services know RSA only.
            Err(Error::Unsupported(_)) => {}
            // That a Konnektor does not answer is said elsewhere.
            Err(error) => {
                tracing::debug!(%error, kind, "the end of card certificates is not known");
                complete = false;
            }
        }
    }
    (found, complete)
}

/// Reports certificates that end within [`Identity::WARNING`], 180 days, or have ended: each once a day, until it is dropped.
///
/// `clientmodul` is looked at all the time, so that a new configuration has its certificates watched.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21381 (which wants to know in time); the 180 days are our own.
pub async fn watch_certificates(
    clientmodul: watch::Receiver<Clientmodul>,
    report: impl Fn(&CertificateInUse),
) {
    let mut reported = HashMap::new();
    loop {
        let current = clientmodul.borrow().clone();
        let all = current.certificates().await;
        due(all, current.now(), &mut reported).iter().for_each(&report);
        tokio::time::sleep(ROUND).await;
    }
}

/// What is to be reported now; `reported` remembers it for a day.
fn due(
    all: Vec<CertificateInUse>,
    now: SystemTime,
    reported: &mut HashMap<String, SystemTime>,
) -> Vec<CertificateInUse> {
    reported.retain(|_, then| now.duration_since(*then).is_ok_and(|age| age < DAY));
    let ending = all.into_iter().filter(|one| one.time_left(now) <= Identity::WARNING);
    // A card may be in the hands of several Mandanten.
    let new = ending
        .filter(|one| !reported.contains_key(&one.name) && reported.insert(one.name.clone(), now).is_none());
    new.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_within_180_days_is_reported_once_a_day() {
        let start = SystemTime::UNIX_EPOCH;
        let days = |days: u32| start + DAY * days;
        let one = |name: &str, end| CertificateInUse { name: name.to_owned(), not_after: days(end) };
        let all = vec![one("early", 10), one("late", 181), one("early", 10)];
        let mut reported = HashMap::new();
        let mut names = |now| -> Vec<String> {
            due(all.clone(), now, &mut reported).into_iter().map(|one| one.name).collect()
        };
        assert_eq!(names(start), ["early"]);
        assert_eq!(names(start + DAY / 2), [""; 0]);
        assert_eq!(names(days(1)), ["early", "late"]);
        assert_eq!(names(days(1) + ROUND), [""; 0]);
        // What has ended goes on being reported.
        assert_eq!(names(days(365)), ["early", "late"]);
    }
}
