//! [`Clientmodul`]: the library without ports, and what all sessions share.

use std::collections::HashMap;
use std::sync::Arc;

use kim_smime::IssuerAndSerial;
use kim_types::{Address, Context, Iccsn, KonnektorId};
use kim_vzd::Listing;
use thiserror::Error;

use crate::cache::Cache;
use crate::participant::Participant;
use crate::settings::{Fachdienst, Settings};
use crate::soap::KonnektorClient;
use crate::vzd::DirectoryClient;

/// How many entries each cache holds at most.
const CACHE_CAPACITY: usize = 10_000;

/// A KIM Clientmodul: protects outgoing mails and opens incoming ones, for any number of accounts.
///
/// Cheap to clone; all clones share connections and caches. Nothing is global and nothing is written to a disk.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, chapter 3 (the product type Clientmodul).
#[derive(Clone)]
pub struct Clientmodul(Arc<Shared>);

/// What all sessions share.
pub(crate) struct Shared {
    pub(crate) rules: kim_flow::Rules,
    pub(crate) fachdienst: Fachdienst,
    pub(crate) smtp: kim_smtp::Config,
    pub(crate) pop3: kim_pop3::Config,
    pub(crate) listings: Cache<(KonnektorId, String), Listing>,
    pub(crate) cards: Cache<(String, IssuerAndSerial), Iccsn>,
    pub(crate) server_verdicts: Cache<[u8; 32], ()>,
    konnektors: HashMap<KonnektorId, Arc<Konnektor>>,
    default: Option<KonnektorId>,
}

/// A Konnektor in use.
pub(crate) struct Konnektor {
    pub(crate) id: KonnektorId,
    pub(crate) soap: KonnektorClient,
    pub(crate) directory: DirectoryClient,
    pub(crate) signature: kim_konnektor::Crypt,
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
}

impl Account {
    /// The account a user name stands for.
    pub fn of(user: &kim_username::UserName) -> Self {
        Self {
            address: user.address.address().clone(),
            context: user.context.clone(),
            konnektor: user.konnektor.clone(),
        }
    }
}

/// The account names a Konnektor that is not configured, or none is marked as default.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21457, A_21517.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no such Konnektor is configured")]
pub struct UnknownKonnektor;

impl Clientmodul {
    /// A Clientmodul that connects to nothing yet.
    pub fn new(settings: Settings) -> Self {
        let default = settings.konnektors.iter().find(|one| one.default).map(|one| one.id.clone());
        let konnektors = settings.konnektors.into_iter().map(|one| {
            let konnektor = Konnektor {
                id: one.id.clone(),
                soap: KonnektorClient::new(one.soap),
                directory: DirectoryClient::new(one.directory),
                signature: one.signature,
            };
            (one.id, Arc::new(konnektor))
        });
        Self(Arc::new(Shared {
            konnektors: konnektors.collect(),
            default,
            rules: settings.rules,
            fachdienst: settings.fachdienst,
            smtp: settings.smtp,
            pop3: settings.pop3,
            listings: Cache::new(settings.caches.certificates, CACHE_CAPACITY),
            cards: Cache::new(settings.caches.cards, CACHE_CAPACITY),
            server_verdicts: Cache::new(settings.caches.certificates, CACHE_CAPACITY),
        }))
    }

    /// The participant an account stands for.
    ///
    /// # Errors
    /// The account names a Konnektor that is not configured, or none is marked as default.
    pub fn participant(&self, account: Account) -> Result<Participant, UnknownKonnektor> {
        let id = account.konnektor.as_ref().or(self.0.default.as_ref()).ok_or(UnknownKonnektor)?;
        let konnektor = self.konnektor(id)?;
        Ok(Participant { shared: self.0.clone(), konnektor, account })
    }

    pub(crate) fn konnektor(&self, id: &KonnektorId) -> Result<Arc<Konnektor>, UnknownKonnektor> {
        self.0.konnektors.get(id).cloned().ok_or(UnknownKonnektor)
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}
