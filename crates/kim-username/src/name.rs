//! The user name as a whole: [`UserName`].

use std::str::FromStr;

use kim_types::{AddressError, Context, DomainSuffixes, IdError, KimAddress, KimAddressError, KonnektorId};
use thiserror::Error;

use crate::{Layout, Part, Server, ServerError};

/// Between two parts.
const SEPARATOR: char = '#';
/// Instead of an optional part that is not used.
const PLACEHOLDER: &str = "*";

/// What a mail program's user name says: who, at which server, with which cards.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010, KOM-LE-A_2032.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName {
    /// The address of the user: the login at the mail server and, for POP3, the one who fetches.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2044.
    pub address: KimAddress,
    /// The mail server; `None` means that DNS-SD finds it.
    ///
    /// Spec: KIM 1.5.4, A_23541.
    pub server: Option<Server>,
    /// The call context for the Konnektor.
    pub context: Context,
    /// The Konnektor to use; `None` means the default one.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_21457, A_21517.
    pub konnektor: Option<KonnektorId>,
}

/// Why a text is not a [`UserName`].
///
/// `Display` names the part and the place, never what stands there.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21518-02, A_21519-02 (incomplete names).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UserNameError {
    /// The name is longer than [`UserName::MAX_OCTETS`].
    #[error("the user name has {len} octets, at most {max} are allowed", max = UserName::MAX_OCTETS)]
    TooLong {
        /// Its length in octets.
        len: usize,
    },
    /// A part is wrong.
    #[error("{part} is wrong at octet {at}: {fault}")]
    Part {
        /// Which one.
        part: Part,
        /// The offset of the fault in octets, from the start of the user name.
        at: usize,
        /// What is wrong. Offsets in here count from the start of the part.
        fault: Fault,
    },
}

/// What is wrong with a part of a user name.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21518-02, A_21519-02 (incomplete names).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// A required part is not there.
    #[error("it is missing")]
    Missing,
    /// A required part is `*`.
    #[error("it is required and cannot be '*'")]
    Placeholder,
    /// It is not a KIM address.
    #[error("it is not a KIM address")]
    Address(#[source] KimAddressError),
    /// It is not a server.
    #[error("it is not a host and port")]
    Server(#[source] ServerError),
    /// It is not an id.
    #[error("it is not an id")]
    Id(#[source] IdError),
}

impl UserName {
    /// The greatest length in octets; every valid `UserName` is shorter when written.
    pub const MAX_OCTETS: usize = 1024;

    /// Reads a user name whose parts stand as `layout` says, for an address in one of the domains of `suffixes`.
    ///
    /// # Errors
    /// [`UserNameError`] names the first part that is wrong and the place in `text`.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_21518-02, A_21519-02.
    pub fn parse(text: &str, layout: &Layout, suffixes: &DomainSuffixes) -> Result<Self, UserNameError> {
        if text.len() > Self::MAX_OCTETS {
            return Err(UserNameError::TooLong { len: text.len() });
        }
        let parts = Parts { text, layout };
        Ok(Self {
            address: parts.required(Part::Address, |part| KimAddress::parse(part, suffixes))?,
            server: parts.server()?,
            context: Context {
                mandant: parts.required(Part::Mandant, str::parse)?,
                client_system: parts.required(Part::ClientSystem, str::parse)?,
                workplace: parts.required(Part::Workplace, str::parse)?,
                user: parts.optional(Part::User, str::parse)?,
            },
            konnektor: parts.optional(Part::Konnektor, str::parse)?,
        })
    }

    /// Writes the user name as [`parse`](Self::parse) reads it: `*` for unused parts, none at the end.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_21518-02, A_21519-02.
    pub fn to_text(&self, layout: &Layout) -> String {
        let mut parts: Vec<_> = layout.parts().iter().map(|part| self.part(*part)).collect();
        while parts.pop_if(|part| part.is_none()).is_some() {}
        let written = parts.into_iter().map(|part| part.unwrap_or_else(|| PLACEHOLDER.to_owned()));
        written.collect::<Vec<_>>().join(&SEPARATOR.to_string())
    }

    fn part(&self, part: Part) -> Option<String> {
        match part {
            Part::Address => Some(self.address.to_string()),
            Part::Server => self.server.as_ref().map(Server::to_string),
            Part::Mandant => Some(self.context.mandant.to_string()),
            Part::ClientSystem => Some(self.context.client_system.to_string()),
            Part::Workplace => Some(self.context.workplace.to_string()),
            Part::User => self.context.user.as_ref().map(ToString::to_string),
            Part::Konnektor => self.konnektor.as_ref().map(ToString::to_string),
        }
    }
}

/// A user name as text, not yet read.
struct Parts<'a> {
    text: &'a str,
    layout: &'a Layout,
}

impl<'a> Parts<'a> {
    /// A part that must be there.
    fn required<T, E: Into<Fault>>(
        &self,
        part: Part,
        read: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Result<T, UserNameError> {
        let wrong = |at, fault| UserNameError::Part { part, at, fault };
        match self.find(part) {
            None => Err(wrong(self.text.len(), Fault::Missing)),
            Some((at, PLACEHOLDER)) => Err(wrong(at, Fault::Placeholder)),
            Some((start, text)) => read(text).map_err(|error| {
                let fault = error.into();
                wrong(start.saturating_add(fault.at()), fault)
            }),
        }
    }

    /// A part that may be left out at the end or be `*`.
    fn optional<T, E: Into<Fault>>(
        &self,
        part: Part,
        read: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Result<Option<T>, UserNameError> {
        match self.find(part) {
            None | Some((_, PLACEHOLDER)) => Ok(None),
            Some(_) => self.required(part, read).map(Some),
        }
    }

    /// The one part that may also be empty.
    fn server(&self) -> Result<Option<Server>, UserNameError> {
        match self.find(Part::Server) {
            Some((_, "")) => Ok(None),
            _ => self.optional(Part::Server, Server::from_str),
        }
    }

    /// The text of a part and its offset.
    fn find(&self, part: Part) -> Option<(usize, &'a str)> {
        let mut start = 0usize;
        for (text, kind) in self.text.split(SEPARATOR).zip(self.layout.parts()) {
            if *kind == part {
                return Some((start, text));
            }
            start = start.saturating_add(text.len()).saturating_add(SEPARATOR.len_utf8());
        }
        None
    }
}

impl Fault {
    /// The offset of the fault in octets, from the start of the part.
    fn at(&self) -> usize {
        match self {
            Self::Address(
                KimAddressError::LocalPart { at }
                | KimAddressError::Address(AddressError::Domain { at } | AddressError::Character { at }),
            )
            | Self::Id(IdError::Character { at }) => *at,
            Self::Server(error) => error.at(),
            _ => 0,
        }
    }
}

impl From<KimAddressError> for Fault {
    fn from(error: KimAddressError) -> Self {
        Self::Address(error)
    }
}

impl From<ServerError> for Fault {
    fn from(error: ServerError) -> Self {
        Self::Server(error)
    }
}

impl From<IdError> for Fault {
    fn from(error: IdError) -> Self {
        Self::Id(error)
    }
}
