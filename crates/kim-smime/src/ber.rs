//! From the BER of others to the DER the strict types read: the only entry for foreign CMS.
//!
//! Konnektors and mail programs send CMS with indefinite lengths and octet strings in segments, and a decoder that
//! knows the types gets some of these shapes wrong without saying so. [`normalize`] knows no types but CMS's
//! outermost ones:
//!
//! 1. Scan: walk over every element once, without recursion, and note a [`Piece`] for each one whose encoding has to
//!    change and for each part of such a one. An element that can stay as it is is one piece, whatever is in it.
//! 2. Write: the pieces in their order.
//!
//! Changed are indefinite lengths, lengths in more octets than needed, and octet strings in segments. Everything
//! else, certificates above all, is copied octet for octet; when nothing has to change the input itself is the
//! result.

use std::ops::Range;

use bytes::Bytes;
use kim_types::Octets;
use thiserror::Error;

mod element;
mod scan;

pub(crate) use element::{
    IA5_STRING, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, element, header_octets,
    push_element, push_header,
};
use scan::{Content, Scanned, scan};

/// How much of foreign BER is read.
///
/// Spec: none — bounds the work for hostile input; a message of 25 MiB to [`RecipientEmails::MAX_ENTRIES`] recipients
/// stays below the defaults.
///
/// [`RecipientEmails::MAX_ENTRIES`]: crate::RecipientEmails::MAX_ENTRIES
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BerLimits {
    /// The greatest length of the input in octets; default 40 MiB.
    pub octets: usize,
    /// The greatest number of elements within each other; default 32.
    pub depth: usize,
    /// The greatest number of elements; default 250,000. Segments of 1000 octets make 26,000 of 25 MiB.
    pub elements: usize,
}

impl Default for BerLimits {
    fn default() -> Self {
        Self { octets: 40 * 1024 * 1024, depth: 32, elements: 250_000 }
    }
}

/// Why octets are not BER that can be read. Offsets are octets from the start of the input.
///
/// Spec: X.690 §8.1; the limits: none — they bound the work for hostile input.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BerError {
    /// Longer than [`BerLimits::octets`].
    #[error("{len} octets are more than allowed")]
    TooLong {
        /// The length of the input in octets.
        len: usize,
    },
    /// More elements within each other than [`BerLimits::depth`].
    #[error("elements are nested too deep at octet {at}")]
    TooDeep {
        /// Where the first element too deep starts.
        at: usize,
    },
    /// More elements than [`BerLimits::elements`].
    #[error("too many elements at octet {at}")]
    TooMany {
        /// Where the first element too many starts.
        at: usize,
    },
    /// The input, or the element around, ends too early.
    #[error("an element is cut off at octet {at}")]
    Truncated {
        /// Where the element starts.
        at: usize,
    },
    /// Something follows the outermost element.
    #[error("octets after the end at octet {at}")]
    Trailing {
        /// Where the end is.
        at: usize,
    },
    /// A tag that CMS does not use: a number above 30, an end where none can be, a simple type in constructed form or
    /// the reverse.
    #[error("unexpected tag at octet {at}")]
    Tag {
        /// Where the element starts.
        at: usize,
    },
    /// A length of more than four octets, or an indefinite one for an element that is not constructed.
    #[error("unusable length at octet {at}")]
    Length {
        /// Where the element starts.
        at: usize,
    },
    /// An octet string has a segment that is no octet string.
    #[error("an octet string has another type inside at octet {at}")]
    Segment {
        /// Where the segment starts.
        at: usize,
    },
}

/// Turns the BER of a CMS structure into DER as far as lengths and octet strings go.
///
/// The order of sets and the values of simple types are left as they are. Takes time in proportion to the input,
/// and at most one copy of it; input that needs no change is given back without any.
///
/// # Errors
/// [`BerError`] says what is wrong and where.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2112 (real messages are BER); X.690 §8.1.3.6, §8.7.3.
pub fn normalize(ber: &Bytes, limits: &BerLimits) -> Result<Bytes, BerError> {
    Ok(assemble(ber, scan_within(ber, limits, Content::Within)?.pieces))
}

/// [`normalize`] for large objects: in the DER the content is an empty octet string, and its octets are given beside it,
/// where they were in `ber` and not copied.
pub(crate) fn split_content(ber: &Bytes, limits: &BerLimits) -> Result<(Bytes, Octets), BerError> {
    let Scanned { pieces, content } = scan_within(ber, limits, Content::Apart)?;
    let mut octets = Octets::new();
    content.into_iter().for_each(|range| octets.push(ber.slice(range)));
    Ok((assemble(ber, pieces), octets))
}

fn scan_within(ber: &Bytes, limits: &BerLimits, content: Content) -> Result<Scanned, BerError> {
    if ber.len() > limits.octets {
        return Err(BerError::TooLong { len: ber.len() });
    }
    scan(ber, limits, content)
}

fn assemble(ber: &Bytes, pieces: Vec<Piece>) -> Bytes {
    if let [Piece { header: None, .. }] = pieces.as_slice() {
        return ber.clone();
    }
    let mut der = Vec::with_capacity(pieces.iter().map(Piece::octets).fold(0, usize::saturating_add));
    for piece in pieces {
        if let Some((tag, length)) = piece.header {
            push_header(&mut der, tag, length);
        }
        der.extend_from_slice(ber.get(piece.copy).unwrap_or_default());
    }
    der.into()
}

/// A part of the result: a header to write, then octets of the input to copy.
struct Piece {
    header: Option<(u8, usize)>,
    copy: Range<usize>,
}

impl Piece {
    /// Its length in the result.
    fn octets(&self) -> usize {
        self.copy.len().saturating_add(self.header.map_or(0, |(_, length)| header_octets(length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ContentInfo around `encryptedContent` and a code of one octet.
    fn envelope(content: &[u8]) -> Bytes {
        let kind = element(OBJECT_IDENTIFIER, &[0x2a, 0x03]);
        let encrypted = element(SEQUENCE, &[&kind, element(SEQUENCE, &[]).as_slice(), content].concat());
        let data = element(SEQUENCE, &[encrypted, element(OCTET_STRING, b"m")].concat());
        element(SEQUENCE, &[kind, element(0xa0, &data)].concat()).into()
    }

    /// A ContentInfo around `eContent`.
    fn signature(content: &[u8]) -> Bytes {
        let kind = element(OBJECT_IDENTIFIER, &[0x2a, 0x03]);
        let encapsulated = element(SEQUENCE, &[&kind, element(0xa0, content).as_slice()].concat());
        let data = element(SEQUENCE, &[element(INTEGER, &[1]), element(SET, &[]), encapsulated].concat());
        element(SEQUENCE, &[kind, element(0xa0, &data)].concat()).into()
    }

    fn split(ber: &Bytes) -> (Bytes, Bytes) {
        let (der, content) = split_content(ber, &BerLimits::default()).unwrap();
        (der, content.to_bytes())
    }

    #[test]
    fn the_encrypted_content_can_be_apart() {
        let empty = envelope(&[0x80, 0]);
        for content in [
            element(0x80, b"content"),
            element(0xa0, &element(OCTET_STRING, b"content")),
            element(0xa0, &element(0x24, &element(OCTET_STRING, b"content"))),
            element(0xa0, &[element(OCTET_STRING, b"con"), element(OCTET_STRING, b"tent")].concat()),
            [&[0xa0, 0x80], element(OCTET_STRING, b"content").as_slice(), &[0, 0]].concat(),
        ] {
            assert_eq!(split(&envelope(&content)), (empty.clone(), "content".into()));
        }
        let nothing = envelope(&[]);
        assert_eq!(split(&nothing), (nothing, Bytes::new()));
    }

    #[test]
    fn the_signed_content_can_be_apart() {
        let empty = signature(&[OCTET_STRING, 0]);
        let segments =
            [element(OCTET_STRING, b"con"), element(0x24, &element(OCTET_STRING, b"tent"))].concat();
        for content in [
            element(OCTET_STRING, b"content"),
            element(0x24, &segments),
            [&[0x24, 0x80], segments.as_slice(), &[0, 0]].concat(),
        ] {
            assert_eq!(split(&signature(&content)), (empty.clone(), "content".into()));
        }
        let other = signature(&element(INTEGER, &[1]));
        assert_eq!(split(&other), (other, Bytes::new()));
    }

    #[test]
    fn only_the_content_is_taken_for_it() {
        let elsewhere: Bytes = element(SEQUENCE, &element(0xa0, &element(OCTET_STRING, b"content"))).into();
        assert_eq!(split(&elsewhere), (elsewhere.clone(), Bytes::new()));
        assert_eq!(normalize(&elsewhere, &BerLimits::default()).unwrap(), elsewhere);
    }
}
