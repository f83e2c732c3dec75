//! The directory (VZD) behind the Konnektor: [`Directory`], searched over LDAP or in memory.

mod ber;
mod entry;
mod filter;
mod message;
mod session;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kim_types::Address;

use crate::FaultPlan;
use crate::lock::lock;

pub use entry::Entry;
pub use filter::Filter;
pub use session::LdapSession;

/// The entries of the directory, and what a test plans for and sees of it. A clone is the same directory.
///
/// ```
/// use kim_testbed::directory::{Directory, Entry, Filter};
///
/// let directory = Directory::default();
/// directory.put(Entry::new("1").with("mail", "Praxis@x.kim.telematik-test").with("cn", "Praxis"));
/// let found = directory.search(&Filter::equal("mail", "praxis@X.kim.telematik-test"));
/// assert_eq!(found[0].dn(), "uid=1,dc=data,dc=vzd");
/// ```
///
/// Spec: gemSpec_VZD 1.15.0, TIP1-A_5607-09; RFC 4511.
#[derive(Clone, Default)]
pub struct Directory(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    faults: FaultPlan<DirectoryOperation, DirectoryFault>,
}

struct State {
    entries: Vec<Entry>,
    max_results: usize,
    searches: Vec<Filter>,
    binds: usize,
}

impl Default for Inner {
    fn default() -> Self {
        let state = State { entries: Vec::new(), max_results: 100, searches: Vec::new(), binds: 0 };
        Self { state: Mutex::new(state), faults: FaultPlan::default() }
    }
}

/// What a client asks of the directory, as far as faults tell it apart.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DirectoryOperation {
    /// A Bind.
    Bind,
    /// A Search.
    Search,
}

/// What the directory does instead of what the protocol wants.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryFault {
    /// Ends the operation with this result code (0 to 127), for instance 51 busy or 52 unavailable; entries are sent before
    /// code 4 (sizeLimitExceeded) only.
    Result(u8),
    /// Ends the operation with result code 10 and this URL.
    Referral(String),
    /// Closes the connection without an answer.
    Close,
    /// Never answers again on this connection, and keeps it open.
    Silence,
    /// Carries the operation out and answers after this time.
    Delay(Duration),
}

impl Directory {
    /// What all entries are below.
    pub const BASE: &'static str = "dc=data,dc=vzd";

    /// Adds an entry, or replaces the one with the same uid.
    pub fn put(&self, entry: Entry) {
        let mut state = lock(&self.0.state);
        state.entries.retain(|other| other.uid() != entry.uid());
        state.entries.push(entry);
    }

    /// Removes the entry with this uid and gives it back.
    pub fn remove(&self, uid: &str) -> Option<Entry> {
        let mut state = lock(&self.0.state);
        let at = state.entries.iter().position(|entry| entry.uid() == uid)?;
        Some(state.entries.remove(at))
    }

    /// All entries.
    pub fn entries(&self) -> Vec<Entry> {
        lock(&self.0.state).entries.clone()
    }

    /// The entries that match `filter`, without limit and without counting as a search.
    pub fn search(&self, filter: &Filter) -> Vec<Entry> {
        lock(&self.0.state).entries.iter().filter(|entry| filter.matches(entry)).cloned().collect()
    }

    /// The entries of a mail address, whatever its case.
    pub fn find(&self, address: &Address) -> Vec<Entry> {
        self.search(&Filter::equal("mail", address.as_str()))
    }

    /// Changes the greatest number of entries one search returns; default 100. What is more ends in result code 4.
    pub fn set_max_results(&self, max_results: usize) {
        lock(&self.0.state).max_results = max_results;
    }

    /// The filters of all searches over LDAP so far.
    pub fn searches(&self) -> Vec<Filter> {
        lock(&self.0.state).searches.clone()
    }

    /// How many Binds there were so far.
    pub fn binds(&self) -> usize {
        lock(&self.0.state).binds
    }

    /// The faults to come.
    pub fn faults(&self) -> &FaultPlan<DirectoryOperation, DirectoryFault> {
        &self.0.faults
    }

    /// The server's end of a new LDAP connection.
    pub fn session(&self) -> LdapSession {
        LdapSession::new(self.clone())
    }

    fn max_results(&self) -> usize {
        lock(&self.0.state).max_results
    }

    /// Counts an operation and returns the fault that hits it.
    fn begin(&self, operation: DirectoryOperation, filter: Option<&Filter>) -> Option<DirectoryFault> {
        let mut state = lock(&self.0.state);
        match filter {
            Some(filter) => state.searches.push(filter.clone()),
            None => state.binds = state.binds.saturating_add(1),
        }
        self.0.faults.next(operation)
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Directory({} entries)", lock(&self.0.state).entries.len())
    }
}
