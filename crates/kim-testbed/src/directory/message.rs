//! Requests and responses of LDAP.
//!
//! Spec: RFC 4511 §4.

use super::ber::{self, ENUMERATED, INTEGER, OCTET_STRING, Reader, SEQUENCE, SET};
use super::{Entry, Filter};

/// Result codes the directory gives by itself.
pub(super) mod result {
    pub(in crate::directory) const SUCCESS: u8 = 0;
    pub(in crate::directory) const PROTOCOL_ERROR: u8 = 2;
    pub(in crate::directory) const SIZE_LIMIT_EXCEEDED: u8 = 4;
    pub(in crate::directory) const REFERRAL: u8 = 10;
    pub(in crate::directory) const NO_SUCH_OBJECT: u8 = 32;
    pub(in crate::directory) const INVALID_CREDENTIALS: u8 = 49;
    pub(in crate::directory) const UNWILLING_TO_PERFORM: u8 = 53;
}

pub(super) struct Request {
    pub(super) id: u32,
    pub(super) operation: Operation,
}

pub(super) enum Operation {
    Bind { version: u32, anonymous: bool },
    Unbind,
    Search(Search),
    Abandon,
    Other { response: Response },
}

pub(super) struct Search {
    pub(super) base: String,
    pub(super) scope: Scope,
    /// 0 means no limit.
    pub(super) size_limit: usize,
    pub(super) types_only: bool,
    /// `None` for a filter the directory does not support.
    pub(super) filter: Option<Filter>,
    pub(super) attributes: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Base,
    OneLevel,
    Subtree,
}

/// The tag of a response that ends an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Response(u8);

impl Response {
    pub(super) const BIND: Self = Self(0x61);
    pub(super) const SEARCH_DONE: Self = Self(0x65);
}

impl Request {
    const MAX_ATTRIBUTES: usize = 100;

    /// Reads a whole LDAPMessage; `None` when it is malformed.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let mut message = Reader::new(Reader::new(octets).expect(SEQUENCE)?);
        let id = message.number(INTEGER)?;
        let (tag, content) = message.element()?;
        let mut content = Reader::new(content);
        let operation = match tag {
            0x60 => {
                let version = content.number(INTEGER)?;
                let name = content.octets()?;
                let (method, password) = content.element()?;
                Operation::Bind {
                    version,
                    anonymous: method == 0x80 && name.is_empty() && password.is_empty(),
                }
            }
            0x42 => Operation::Unbind,
            0x50 => Operation::Abandon,
            0x63 => Operation::Search(Self::read_search(&mut content)?),
            // Modify, Add, ModifyDN, Compare, Extended: the response has the next tag. Delete is primitive.
            0x66 | 0x68 | 0x6c | 0x6e | 0x77 => Operation::Other { response: Response(tag.checked_add(1)?) },
            0x4a => Operation::Other { response: Response(0x6b) },
            _ => return None,
        };
        Some(Self { id, operation })
    }

    fn read_search(content: &mut Reader<'_>) -> Option<Search> {
        let base = String::from_utf8(content.octets()?.to_vec()).ok()?;
        let scope = match content.number(ENUMERATED)? {
            0 => Scope::Base,
            1 => Scope::OneLevel,
            2 => Scope::Subtree,
            _ => return None,
        };
        let _dereference_aliases = content.number(ENUMERATED)?;
        let size_limit = usize::try_from(content.number(INTEGER)?).ok()?;
        let _time_limit = content.number(INTEGER)?;
        let types_only = content.expect(0x01)? != [0];
        let filter = Filter::read(content);
        let mut attributes = Vec::new();
        // After a filter that was not understood nothing further is of interest.
        if filter.is_some() {
            let mut names = Reader::new(content.expect(SEQUENCE)?);
            while !names.is_empty() && attributes.len() < Self::MAX_ATTRIBUTES {
                attributes.push(String::from_utf8(names.octets()?.to_vec()).ok()?);
            }
        }
        Some(Search { base, scope, size_limit, types_only, filter, attributes })
    }
}

/// The response that ends an operation, as an LDAPMessage.
pub(super) fn done(id: u32, response: Response, code: u8, referral: Option<&str>) -> Vec<u8> {
    let mut content = ber::number(ENUMERATED, code.into());
    content.extend(ber::element(OCTET_STRING, b""));
    content.extend(ber::element(OCTET_STRING, b""));
    if let Some(url) = referral {
        content.extend(ber::element(0xa3, &ber::element(OCTET_STRING, url.as_bytes())));
    }
    message(id, &ber::element(response.0, &content))
}

/// The attributes of `entry` that `search` selects, as an LDAPMessage.
pub(super) fn found(id: u32, entry: &Entry, search: &Search) -> Vec<u8> {
    let mut attributes = Vec::new();
    for attribute in entry.select(&search.attributes) {
        let values: &[Vec<u8>] = if search.types_only { &[] } else { &attribute.values };
        let values: Vec<u8> = values.iter().flat_map(|value| ber::element(OCTET_STRING, value)).collect();
        let mut content = ber::element(OCTET_STRING, attribute.name.as_bytes());
        content.extend(ber::element(SET, &values));
        attributes.extend(ber::element(SEQUENCE, &content));
    }
    let mut content = ber::element(OCTET_STRING, entry.dn().as_bytes());
    content.extend(ber::element(SEQUENCE, &attributes));
    message(id, &ber::element(0x64, &content))
}

fn message(id: u32, operation: &[u8]) -> Vec<u8> {
    let mut content = ber::number(INTEGER, id);
    content.extend_from_slice(operation);
    ber::element(SEQUENCE, &content)
}
