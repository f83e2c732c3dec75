//! One LDAP connection to the directory: [`LdapSession`].

use std::fmt;

use super::message::{self, Operation, Request, Response, Scope, Search, result};
use super::{Directory, DirectoryFault, DirectoryOperation, Entry, Filter, ber};
use crate::session::{Session, Step};

/// The server's end of one LDAP connection, inside TLS.
///
/// Anonymous Bind, Search, Unbind and Abandon; everything else is answered with unwillingToPerform, as the LDAP proxy of a
/// Konnektor does.
///
/// Spec: RFC 4511; gemSpec_Kon 5.18.0, TIP1-A_5517 (LDAP proxy).
pub struct LdapSession {
    directory: Directory,
    buffer: Vec<u8>,
}

impl LdapSession {
    /// The greatest request in octets.
    pub const MAX_OCTETS: usize = 64 * 1024;

    pub(super) fn new(directory: Directory) -> Self {
        Self { directory, buffer: Vec::new() }
    }

    fn answer(&self, request: &[u8], out: &mut Vec<u8>) -> Step {
        let Some(Request { id, operation }) = Request::read(request) else {
            return Step::CLOSE;
        };
        match operation {
            Operation::Unbind => Step::CLOSE,
            Operation::Abandon => Step::CONTINUE,
            Operation::Other { response } => {
                out.extend(message::done(id, response, result::UNWILLING_TO_PERFORM, None));
                Step::CONTINUE
            }
            Operation::Bind { version, anonymous } => {
                let fault = self.directory.begin(DirectoryOperation::Bind, None);
                let code = match (version, anonymous) {
                    (3, true) => result::SUCCESS,
                    (3, false) => result::INVALID_CREDENTIALS,
                    _ => result::PROTOCOL_ERROR,
                };
                with_fault(id, Response::BIND, fault, out, |out| {
                    out.extend(message::done(id, Response::BIND, code, None));
                })
            }
            Operation::Search(search) => self.search(id, &search, out),
        }
    }

    fn search(&self, id: u32, search: &Search, out: &mut Vec<u8>) -> Step {
        let Some(filter) = &search.filter else {
            out.extend(message::done(id, Response::SEARCH_DONE, result::UNWILLING_TO_PERFORM, None));
            return Step::CONTINUE;
        };
        let fault = self.directory.begin(DirectoryOperation::Search, Some(filter));
        if fault == Some(DirectoryFault::Result(result::SIZE_LIMIT_EXCEEDED)) {
            self.append_entries(id, search, filter, out);
        }
        with_fault(id, Response::SEARCH_DONE, fault, out, |out| {
            let code = self.append_entries(id, search, filter, out);
            out.extend(message::done(id, Response::SEARCH_DONE, code, None));
        })
    }

    /// Appends the entries that match and returns the result code.
    fn append_entries(&self, id: u32, search: &Search, filter: &Filter, out: &mut Vec<u8>) -> u8 {
        let Some(place) = Place::of(&search.base) else {
            return result::NO_SUCH_OBJECT;
        };
        let mut entries = self.directory.search(filter);
        entries.retain(|entry| place.reaches(search.scope, entry));
        let limit = match search.size_limit {
            0 => self.directory.max_results(),
            limit => limit.min(self.directory.max_results()),
        };
        for entry in entries.iter().take(limit) {
            out.extend(message::found(id, entry, search));
        }
        if entries.len() > limit { result::SIZE_LIMIT_EXCEEDED } else { result::SUCCESS }
    }
}

/// Ends an operation with the planned fault, or runs it.
fn with_fault(
    id: u32,
    response: Response,
    fault: Option<DirectoryFault>,
    out: &mut Vec<u8>,
    run: impl FnOnce(&mut Vec<u8>),
) -> Step {
    match fault {
        None => run(out),
        Some(DirectoryFault::Result(code)) => out.extend(message::done(id, response, code & 0x7f, None)),
        Some(DirectoryFault::Referral(url)) => {
            out.extend(message::done(id, response, result::REFERRAL, Some(&url)));
        }
        Some(DirectoryFault::Close) => return Step::CLOSE,
        Some(DirectoryFault::Silence) => return Step::SILENCE,
        Some(DirectoryFault::Delay(delay)) => {
            run(out);
            return Step { delay: Some(delay), ..Step::CONTINUE };
        }
    }
    Step::CONTINUE
}

/// Where in the tree a search starts.
enum Place {
    /// Above the base of all entries.
    Above,
    /// At the base of all entries.
    Base,
    /// At the entry with this name in lower case, if there is one.
    Entry(String),
}

impl Place {
    fn of(dn: &str) -> Option<Self> {
        let dn = dn.to_ascii_lowercase().split(',').map(str::trim).collect::<Vec<_>>().join(",");
        match dn.as_str() {
            "" | "dc=vzd" => Some(Self::Above),
            Directory::BASE => Some(Self::Base),
            _ if dn.ends_with(",dc=data,dc=vzd") => Some(Self::Entry(dn)),
            _ => None,
        }
    }

    fn reaches(&self, scope: Scope, entry: &Entry) -> bool {
        match self {
            Self::Above => scope == Scope::Subtree,
            Self::Base => scope != Scope::Base,
            Self::Entry(dn) => scope != Scope::OneLevel && entry.dn().eq_ignore_ascii_case(dn),
        }
    }
}

impl Session for LdapSession {
    fn greet(&mut self, _out: &mut Vec<u8>) -> Step {
        Step::CONTINUE
    }

    fn receive(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Step {
        loop {
            let Some(missing) = ber::missing(&self.buffer, Self::MAX_OCTETS) else {
                return Step::CLOSE;
            };
            if missing == 0 {
                let request = std::mem::take(&mut self.buffer);
                return self.answer(&request, out);
            }
            if input.is_empty() {
                return Step::CONTINUE;
            }
            let (head, rest) = input.split_at_checked(missing).unwrap_or((input, &[]));
            self.buffer.extend_from_slice(head);
            *input = rest;
        }
    }
}

impl fmt::Debug for LdapSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LdapSession").finish_non_exhaustive()
    }
}
