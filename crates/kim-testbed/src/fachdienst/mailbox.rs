//! Where mails wait: [`Mailboxes`], [`Mailbox`], [`Mail`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use kim_types::{Address, Secret};

use crate::lock::lock;

/// The mailboxes of a Fachdienst, by address. A clone shows the same mailboxes.
///
/// Spec: none — a testbed of our own.
#[derive(Debug, Clone, Default)]
pub struct Mailboxes(Arc<Mutex<BTreeMap<String, Mailbox>>>);

impl Mailboxes {
    /// Opens an empty mailbox, or gives the existing one back with the new password.
    pub fn open(&self, address: &Address, password: Secret) -> Mailbox {
        let mut all = lock(&self.0);
        let mailbox = all.entry(address.to_key()).or_insert_with(|| Mailbox::new(address.clone()));
        lock(&mailbox.0.state).password = password;
        mailbox.clone()
    }

    /// The mailbox of `address`, whatever its case.
    pub fn mailbox(&self, address: &Address) -> Option<Mailbox> {
        lock(&self.0).get(&address.to_key()).cloned()
    }

    /// Closes the mailbox of `address`; its mails stay with whoever still holds it.
    pub fn close(&self, address: &Address) -> Option<Mailbox> {
        lock(&self.0).remove(&address.to_key())
    }

    /// The mailbox that `user` (a mail address) and `password` open.
    pub(super) fn log_in(&self, user: &str, password: &Secret) -> Option<Mailbox> {
        let mailbox = self.mailbox(&user.parse().ok()?)?;
        let accepted = lock(&mailbox.0.state).password == *password;
        accepted.then_some(mailbox)
    }
}

/// One mailbox. A clone shows the same mailbox.
///
/// Spec: none — a tool for tests.
#[derive(Clone)]
pub struct Mailbox(Arc<Inner>);

struct Inner {
    address: Address,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    password: Secret,
    mails: Vec<Mail>,
    received: u64,
}

/// A mail in a mailbox.
///
/// Spec: none — a tool for tests.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The unique id of the mail: never given to another mail of the mailbox.
    pub uid: String,
    /// Header and body as stored, with CRLF line ends and without dot-stuffing.
    pub octets: Bytes,
}

impl Mailbox {
    fn new(address: Address) -> Self {
        Self(Arc::new(Inner { address, state: Mutex::default() }))
    }

    /// The address.
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// Puts a mail into the mailbox as it is and returns its unique id.
    pub fn put(&self, octets: impl Into<Bytes>) -> String {
        let mut state = lock(&self.0.state);
        state.received = state.received.saturating_add(1);
        let uid = format!("kim-{:08}", state.received);
        state.mails.push(Mail { uid: uid.clone(), octets: octets.into() });
        uid
    }

    /// The mails, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.0.state).mails.clone()
    }

    /// Removes the mail with this unique id; `false` when there is none.
    pub fn remove(&self, uid: &str) -> bool {
        let mut state = lock(&self.0.state);
        let before = state.mails.len();
        state.mails.retain(|mail| mail.uid != uid);
        state.mails.len() != before
    }

    /// Removes all mails.
    pub fn clear(&self) {
        lock(&self.0.state).mails.clear();
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailbox({} mails)", lock(&self.0.state).mails.len())
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({}, {} octets)", self.uid, self.octets.len())
    }
}
