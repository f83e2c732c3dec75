//! What a search looks for: [`Filter`].

use std::fmt;

use super::Entry;
use super::ber::Reader;

/// A search filter: the part of RFC 4515 that clients of the VZD need.
///
/// Values of text attributes are compared without case, those of `;binary` attributes octet by octet. `Debug` shows no value.
///
/// Spec: RFC 4511 §4.5.1.7.
#[derive(Clone, PartialEq, Eq)]
pub enum Filter {
    /// All of them match; true when there is none.
    And(Vec<Filter>),
    /// One of them matches; false when there is none.
    Or(Vec<Filter>),
    /// The attribute has this value.
    Equal {
        /// The name of the attribute.
        attribute: String,
        /// The value.
        value: Vec<u8>,
    },
    /// The attribute is there.
    Present(String),
}

impl Filter {
    const MAX_DEPTH: usize = 16;

    /// The filter `(attribute=value)`.
    pub fn equal(attribute: &str, value: impl Into<Vec<u8>>) -> Self {
        Self::Equal { attribute: attribute.to_owned(), value: value.into() }
    }

    /// Whether `entry` matches.
    pub fn matches(&self, entry: &Entry) -> bool {
        match self {
            Self::And(filters) => filters.iter().all(|filter| filter.matches(entry)),
            Self::Or(filters) => filters.iter().any(|filter| filter.matches(entry)),
            Self::Present(name) => entry.attribute(name).is_some(),
            Self::Equal { attribute, value } => entry.attribute(attribute).is_some_and(|found| {
                let binary = found.name.ends_with(";binary");
                found
                    .values
                    .iter()
                    .any(|other| if binary { other == value } else { other.eq_ignore_ascii_case(value) })
            }),
        }
    }

    /// Reads a filter; `None` when it is malformed, too deep or of another kind.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Self::read_below(reader, Self::MAX_DEPTH)
    }

    fn read_below(reader: &mut Reader<'_>, depth: usize) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        let (tag, content) = reader.element()?;
        let mut inner = Reader::new(content);
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).ok();
        match tag {
            0xa0 | 0xa1 => {
                let mut filters = Vec::new();
                while !inner.is_empty() {
                    filters.push(Self::read_below(&mut inner, depth)?);
                }
                Some(if tag == 0xa0 { Self::And(filters) } else { Self::Or(filters) })
            }
            0xa3 => {
                let attribute = text(inner.octets()?)?;
                Some(Self::Equal { attribute, value: inner.octets()?.to_vec() })
            }
            0x87 => text(content).map(Self::Present),
            _ => None,
        }
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(filters) => f.debug_tuple("And").field(filters).finish(),
            Self::Or(filters) => f.debug_tuple("Or").field(filters).finish(),
            Self::Equal { attribute, .. } => write!(f, "({attribute}=[redacted])"),
            Self::Present(attribute) => write!(f, "({attribute}=*)"),
        }
    }
}
