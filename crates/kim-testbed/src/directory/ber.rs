//! The BER subset of RFC 4511 §5.1: definite lengths, tags of one octet.
//!
//! Own code because the known codecs recurse as deep as a client likes; here only a caller descends.

/// INTEGER.
pub(super) const INTEGER: u8 = 0x02;
/// OCTET STRING.
pub(super) const OCTET_STRING: u8 = 0x04;
/// ENUMERATED.
pub(super) const ENUMERATED: u8 = 0x0a;
/// SEQUENCE.
pub(super) const SEQUENCE: u8 = 0x30;
/// SET.
pub(super) const SET: u8 = 0x31;

/// Reads elements from the front of octets that are all there.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next element: its tag and its content.
    pub(super) fn element(&mut self) -> Option<(u8, &'a [u8])> {
        let header = Header::read(self.0)?;
        let content = self.0.get(header.octets..)?;
        let (content, rest) = content.split_at_checked(header.length)?;
        self.0 = rest;
        Some((header.tag, content))
    }

    /// The content of the next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.element().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    pub(super) fn octets(&mut self) -> Option<&'a [u8]> {
        self.expect(OCTET_STRING)
    }

    /// A number of at most four octets under this tag; LDAP has no negative ones.
    pub(super) fn number(&mut self, tag: u8) -> Option<u32> {
        let content = self.expect(tag).filter(|content| (1..=4).contains(&content.len()))?;
        Some(content.iter().fold(0, |number, octet| number << 8 | u32::from(*octet)))
    }
}

struct Header {
    tag: u8,
    octets: usize,
    length: usize,
}

impl Header {
    /// Reads tag and length; `None` when they are incomplete, indefinite or too long.
    fn read(octets: &[u8]) -> Option<Self> {
        let (&tag, rest) = octets.split_first()?;
        let (&first, rest) = rest.split_first()?;
        if first < 0x80 {
            return Some(Self { tag, octets: 2, length: first.into() });
        }
        let count = usize::from(first & 0x7f);
        if !(1..=4).contains(&count) {
            return None;
        }
        let length = rest.get(..count)?.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
        Some(Self { tag, octets: count.checked_add(2)?, length })
    }
}

/// How many octets at least the element at the front of `octets` still lacks, 0 when it is complete.
///
/// `None` when its length is indefinite or makes it longer than `limit`.
pub(super) fn missing(octets: &[u8], limit: usize) -> Option<usize> {
    let header_octets = match octets.get(1) {
        None => 2,
        Some(first) if *first < 0x80 => 2,
        Some(first) => usize::from(first & 0x7f).checked_add(2).filter(|octets| (3..=6).contains(octets))?,
    };
    if octets.len() < header_octets {
        return header_octets.checked_sub(octets.len());
    }
    let total = header_octets.checked_add(Header::read(octets)?.length).filter(|total| *total <= limit)?;
    Some(total.saturating_sub(octets.len()))
}

/// An element with this tag and content.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let zeros = length.iter().take_while(|octet| **octet == 0).count();
    let significant = length.get(zeros..).unwrap_or_default();
    let mut element = vec![tag];
    match significant {
        [] => element.push(0),
        [short] if *short < 0x80 => element.push(*short),
        long => {
            element.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            element.extend_from_slice(long);
        }
    }
    element.extend_from_slice(content);
    element
}

/// An INTEGER or another number under this tag.
pub(super) fn number(tag: u8, number: u32) -> Vec<u8> {
    let octets = u64::from(number).to_be_bytes();
    // One octet before the first that matters keeps the sign bit clear.
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    let positive = octets.get(zeros).is_none_or(|octet| *octet < 0x80);
    let start = if positive { zeros.min(7) } else { zeros.saturating_sub(1) };
    element(tag, octets.get(start..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_one_or_more_octets() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let written = element(OCTET_STRING, &vec![7; length]);
            let mut reader = Reader::new(&written);
            assert_eq!(reader.octets().map(<[u8]>::len), Some(length));
            assert!(reader.is_empty());
            assert_eq!(missing(&written, 100_000), Some(0));
        }
    }

    #[test]
    fn numbers_stay_positive() {
        assert_eq!(number(INTEGER, 0), [2, 1, 0]);
        assert_eq!(number(INTEGER, 127), [2, 1, 127]);
        assert_eq!(number(INTEGER, 128), [2, 2, 0, 128]);
        assert_eq!(number(INTEGER, 0x0001_0000), [2, 3, 1, 0, 0]);
        assert_eq!(Reader::new(&[2, 2, 0, 200]).number(INTEGER), Some(200));
    }

    #[test]
    fn what_is_missing_is_known_before_it_comes() {
        assert_eq!(missing(&[], 99), Some(2));
        assert_eq!(missing(&[0x30, 0x82, 1], 99), Some(1));
        assert_eq!(missing(&[0x30, 5, 1], 99), Some(4));
        assert_eq!(missing(&[0x30, 0x82, 1, 0], 99), None);
        assert_eq!(missing(&[0x30, 0x80], 99), None);
        assert_eq!(missing(&[0x30, 0x85], 99), None);
    }
}
