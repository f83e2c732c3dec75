//! Tag and length of an element, read as BER and written as DER.

use super::BerError;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The bit of a tag that says that elements are inside.
pub(super) const CONSTRUCTED: u8 = 0x20;
const CLASS: u8 = 0xc0;
const NUMBER: u8 = 0x1f;

/// Tag and length of an element.
pub(super) struct Header {
    pub(super) tag: u8,
    /// Its own length in octets.
    pub(super) octets: usize,
    /// The length of the content; `None` when an end-of-contents says where it ends.
    pub(super) length: Option<usize>,
}

impl Header {
    /// Reads the header at the start of `input`, which is at `at` in the whole.
    pub(super) fn read(input: &[u8], at: usize) -> Result<Self, BerError> {
        let (tag, first, rest) = match input {
            [tag, ..] if tag & NUMBER == NUMBER => return Err(BerError::Tag { at }),
            [tag, first, rest @ ..] => (*tag, *first, rest),
            _ => return Err(BerError::Truncated { at }),
        };
        let more = usize::from(first & 0x7f);
        let length = match first {
            0x80 if tag & CONSTRUCTED == 0 => return Err(BerError::Length { at }),
            0x80 => None,
            0x81..=0x84 => {
                let digits = rest.get(..more).ok_or(BerError::Truncated { at })?;
                Some(digits.iter().fold(0, |length: usize, digit| length << 8 | usize::from(*digit)))
            }
            0x85.. => return Err(BerError::Length { at }),
            short => return Ok(Self { tag, octets: 2, length: Some(usize::from(short)) }),
        };
        Ok(Self { tag, octets: more.saturating_add(2), length })
    }

    /// Whether DER would write it so.
    pub(super) fn is_der(&self) -> bool {
        self.length.is_some_and(|length| self.octets == header_octets(length))
    }

    pub(super) fn is_end_of_contents(&self) -> bool {
        (self.tag, self.length) == (0, Some(0))
    }

    pub(super) fn is_constructed(&self) -> bool {
        self.tag & CONSTRUCTED != 0
    }

    /// Whether the type may come in this form: of the universal types, sequences and sets are constructed, octet
    /// strings may be, and all others that CMS uses are simple. The number 0 is the end-of-contents and no type.
    pub(super) fn has_known_form(&self) -> bool {
        match (self.tag & CLASS, self.tag & !CONSTRUCTED) {
            (0, 0) => false,
            (0, OCTET_STRING) => true,
            (0, 0x10 | 0x11) => self.is_constructed(),
            (0, _) => !self.is_constructed(),
            _ => true,
        }
    }
}

/// The length of a DER header for that much content.
pub(crate) fn header_octets(length: usize) -> usize {
    if length < 0x80 { 2 } else { digits(length).count().saturating_add(2) }
}

/// Appends a DER header.
pub(crate) fn push_header(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    match u8::try_from(length) {
        Ok(short @ 0..0x80) => out.push(short),
        _ => {
            out.push(digits(length).fold(0x80, |count: u8, _| count.saturating_add(1)));
            out.extend(digits(length));
        }
    }
}

/// Appends an element in DER.
pub(crate) fn push_element(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    push_header(out, tag, content.len());
    out.extend_from_slice(content);
}

/// An element in DER.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len().saturating_add(6));
    push_element(&mut out, tag, content);
    out
}

/// A number without leading zero octets.
fn digits(number: usize) -> impl Iterator<Item = u8> {
    number.to_be_bytes().into_iter().skip_while(|digit| *digit == 0)
}
