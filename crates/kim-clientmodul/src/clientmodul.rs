//! [`Clientmodul`]: the library without ports, and what all sessions share.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use kim_fachdienst::Limits;
use kim_flow::Notice;
use kim_smime::IssuerAndSerial;
use kim_types::{Address, Context, Iccsn, KonnektorId, MandantId, Secret};
use kim_vzd::Listing;
use thiserror::Error;

use crate::cache::Cache;
use crate::clock::Clock;
use crate::expiry::{self, CertificateInUse};
use crate::http::HttpClient;
use crate::incoming::Incoming;
use crate::isolation::BrokenMessages;
use crate::konnektor::{KonnektorHealth, Konnektors};
use crate::limits;
use crate::participant::Participant;
use crate::resolver::Resolver;
use crate::settings::{Fachdienst, Konnektor, Settings};
use crate::spool::SpoolSettings;
use crate::workload::Workload;

/// How many entries each cache holds at most.
const CACHE_CAPACITY: usize = 10_000;

/// How long it is remembered who logged in and which servers there are.
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// For how many hosts connections are kept; senders have their mail data at their own providers.
const MAX_SERVICES: usize = 100;

/// How long an account that was told something about the module is not told it again (flows §8).
const NOTICE_LIFETIME: Duration = Duration::from_secs(86_400);

/// How long a host is remembered.
const SERVICE_LIFETIME: Duration = Duration::from_secs(3600);

/// A KIM Clientmodul: protects outgoing mails and opens incoming ones, for any number of accounts.
///
/// Cheap to clone; all clones share connections and caches. Nothing is global. What is written to a disk is encrypted: parts of
/// large mails, see [`SpoolSettings`].
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, chapter 3 (the product type Clientmodul).
#[derive(Clone)]
pub struct Clientmodul(Arc<Shared>);

/// What all sessions share.
pub(crate) struct Shared {
    pub(crate) rules: kim_flow::Rules,
    pub(crate) fachdienst: Fachdienst,
    /// Like notices, broken messages and workload, it outlives a change of the settings.
    pub(crate) clock: Arc<Clock>,
    pub(crate) smtp: kim_smtp::Config,
    pub(crate) pop3: kim_pop3::Config,
    pub(crate) listings: Cache<(KonnektorId, String), Listing>,
    pub(crate) cards: Cache<(String, IssuerAndSerial), Iccsn>,
    pub(crate) server_verdicts: Cache<[u8; 32], ()>,
    pub(crate) spool: SpoolSettings,
    pub(crate) resolver: Resolver,
    pub(crate) early_interval: Duration,
    /// Limits by account, and accounts whose limits could not be had a short while ago.
    pub(crate) limits: Cache<String, Limits>,
    pub(crate) without_limits: Cache<String, ()>,
    /// What accounts were told about the module.
    pub(crate) notices: Arc<Cache<(String, Notice), ()>>,
    /// Clients for the HTTP services of Fachdienste, by host: each expects another name in the certificate.
    pub(crate) services: Cache<String, Arc<HttpClient>>,
    /// The certificates of the settings.
    pub(crate) certificates: Vec<CertificateInUse>,
    /// The ends of the certificates that mail servers have shown.
    pub(crate) server_certificates: Cache<String, SystemTime>,
    /// Who has logged in, each Mandant with one of its call contexts.
    pub(crate) mandants: Cache<(KonnektorId, MandantId), Context>,
    pub(crate) card_certificates: Cache<(KonnektorId, MandantId), Vec<CertificateInUse>>,
    pub(crate) workload: Arc<Workload>,
    pub(crate) broken: Arc<BrokenMessages>,
    konnektors: HashMap<KonnektorId, Arc<Konnektors>>,
    default: Option<KonnektorId>,
}

/// What outlives a change of the settings.
struct Lasting {
    clock: Arc<Clock>,
    notices: Arc<Cache<(String, Notice), ()>>,
    workload: Arc<Workload>,
    broken: Arc<BrokenMessages>,
}

impl Default for Lasting {
    fn default() -> Self {
        Self {
            clock: Arc::default(),
            notices: Arc::new(Cache::new(NOTICE_LIFETIME, CACHE_CAPACITY)),
            workload: Arc::default(),
            broken: Arc::new(Cache::new(expiry::DAY, CACHE_CAPACITY)),
        }
    }
}

/// For whom the Clientmodul works: an account and the way to its cards.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010, KOM-LE-A_2032 (parts of the user name).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The KIM address: login at the Fachdienst and owner of the mailbox.
    pub address: Address,
    /// The call context at the Konnektor.
    pub context: Context,
    /// The Konnektor; `None` is the default one.
    pub konnektor: Option<KonnektorId>,
    /// The password at the Fachdienst, for its attachment service and account limits; without it no large mail can be sent,
    /// and the limits are those of [`kim_fachdienst::Limits::default`].
    pub password: Option<Secret>,
}

impl Account {
    /// The account a user name stands for, with its password at the Fachdienst.
    pub fn of(user: &kim_username::UserName, password: Secret) -> Self {
        Self {
            address: user.address.address().clone(),
            context: user.context.clone(),
            konnektor: user.konnektor.clone(),
            password: Some(password),
        }
    }
}

/// The account names a Konnektor that is not configured, or it names none, there are several, and none is marked as default.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21457, A_21517.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no such Konnektor is configured")]
pub struct UnknownKonnektor;

impl Clientmodul {
    /// A Clientmodul that connects to nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self::made_of(settings, Lasting::default())
    }

    /// A Clientmodul with new settings that remembers what has nothing to do with them: the time of the TI, which messages
    /// broke the module, what accounts were told, and how much mail is in work. Both may be used side by side.
    ///
    /// Connections and caches of answers begin anew.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2230; own rule: a change of the settings forgets no broken message.
    pub fn renewed(&self, settings: Settings) -> Self {
        let Shared { clock, notices, workload, broken, .. } = &*self.0;
        let (clock, notices) = (clock.clone(), notices.clone());
        Self::made_of(
            settings,
            Lasting { clock, notices, workload: workload.clone(), broken: broken.clone() },
        )
    }

    fn made_of(settings: Settings, lasting: Lasting) -> Self {
        let default = default_of(&settings.konnektors).cloned();
        let mut konnektors: HashMap<KonnektorId, Konnektors> = HashMap::new();
        for one in settings.konnektors {
            match konnektors.get_mut(&one.id) {
                Some(known) => known.add(one),
                None => drop(konnektors.insert(one.id.clone(), Konnektors::new(one))),
            }
        }
        Self(Arc::new(Shared {
            konnektors: konnektors.into_iter().map(|(id, konnektors)| (id, Arc::new(konnektors))).collect(),
            default,
            rules: settings.rules,
            resolver: Resolver::new(settings.fachdienst.resolver),
            fachdienst: settings.fachdienst,
            clock: lasting.clock,
            smtp: settings.smtp,
            pop3: settings.pop3,
            listings: Cache::new(settings.caches.certificates, CACHE_CAPACITY),
            cards: Cache::new(settings.caches.cards, CACHE_CAPACITY),
            server_verdicts: Cache::new(settings.caches.certificates, CACHE_CAPACITY),
            certificates: settings.certificates,
            server_certificates: Cache::new(WEEK, CACHE_CAPACITY),
            mandants: Cache::new(WEEK, CACHE_CAPACITY),
            card_certificates: Cache::new(expiry::DAY, CACHE_CAPACITY),
            spool: settings.spool,
            early_interval: settings.early_interval,
            limits: Cache::new(settings.caches.limits, CACHE_CAPACITY),
            without_limits: Cache::new(limits::PAUSE, CACHE_CAPACITY),
            notices: lasting.notices,
            services: Cache::new(SERVICE_LIFETIME, MAX_SERVICES),
            workload: lasting.workload,
            broken: lasting.broken,
        }))
    }

    /// The participant an account stands for.
    ///
    /// # Errors
    /// The account names a Konnektor that is not configured, or it names none, there are several, and none is marked as
    /// default.
    pub fn participant(&self, account: Account) -> Result<Participant, UnknownKonnektor> {
        let id = account.konnektor.as_ref().or(self.0.default.as_ref()).ok_or(UnknownKonnektor)?;
        let konnektors = self.konnektors_of(id)?;
        Ok(Participant { shared: self.0.clone(), konnektors, account, observer: None })
    }

    /// Takes a mail that a user sends, for [`Participant::protect`]. What a Konnektor can sign is whole in memory at the end.
    pub fn incoming_mail(&self) -> Incoming {
        Incoming::new(self.0.spool.clone(), self.0.rules.konnektor_limit)
    }

    /// Takes a message that a user fetches, for [`Participant::open`]. What may be opened is whole in memory at the end.
    pub fn incoming_message(&self) -> Incoming {
        Incoming::new(self.0.spool.clone(), self.0.rules.message_limit)
    }

    /// The time of the TI as far as it is known: what stands in Expires, and what belongs into tokens.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2230.
    pub fn now(&self) -> SystemTime {
        self.0.clock.now()
    }

    /// How all Konnektors are, as far as calls have shown; nothing is asked for it.
    pub fn health(&self) -> Vec<KonnektorHealth> {
        let now = Instant::now();
        self.konnektors().flat_map(|konnektors| konnektors.health(now)).collect()
    }

    pub(crate) fn konnektors_of(&self, id: &KonnektorId) -> Result<Arc<Konnektors>, UnknownKonnektor> {
        self.0.konnektors.get(id).cloned().ok_or(UnknownKonnektor)
    }

    pub(crate) fn konnektors(&self) -> impl Iterator<Item = &Arc<Konnektors>> {
        self.0.konnektors.values()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}

/// Who serves user names without a KonnektorId: who is marked, or the only one there is.
fn default_of(konnektors: &[Konnektor]) -> Option<&KonnektorId> {
    let only = || {
        let (first, others) = konnektors.split_first()?;
        others.iter().all(|one| one.id == first.id).then_some(first)
    };
    konnektors.iter().find(|one| one.default).or_else(only).map(|one| &one.id)
}

#[cfg(test)]
mod tests {
    use kim_testbed::World;
    use kim_tls::Anchors;

    use super::*;
    use crate::settings::{Caches, FachdienstServices};

    fn settings() -> Settings {
        let fachdienst = Fachdienst {
            identity: None,
            anchors: Anchors::from_pem(World::new(1).pki().trust_pem().as_bytes()).unwrap(),
            verify_with_konnektor: true,
            names: HashMap::new(),
            connect_timeout: Duration::from_secs(1),
            resolver: None,
            services: FachdienstServices::default(),
        };
        Settings {
            rules: kim_flow::Rules::default(),
            fachdienst,
            konnektors: Vec::new(),
            caches: Caches::default(),
            certificates: Vec::new(),
            spool: SpoolSettings::default(),
            early_interval: Duration::from_secs(5),
            smtp: kim_smtp::Config::default(),
            pop3: kim_pop3::Config::default(),
        }
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2230 (the clock); own rule (the rest)
    #[test]
    fn new_settings_forget_neither_the_time_nor_what_broke_nor_who_was_told() {
        let before = Clientmodul::new(settings());
        let key = ("praxis@a.kim.telematik".to_owned(), [7; 32]);
        before.0.broken.keep(key.clone(), (), Instant::now(), None);
        let after = before.renewed(settings());
        assert!(after.0.broken.find(&key, Instant::now()).is_some());
        assert!(Arc::ptr_eq(&before.0.clock, &after.0.clock));
        assert!(Arc::ptr_eq(&before.0.notices, &after.0.notices));
        assert!(Arc::ptr_eq(&before.0.workload, &after.0.workload));
        assert!(!Arc::ptr_eq(&before.0.clock, &Clientmodul::new(settings()).0.clock));
    }
}
