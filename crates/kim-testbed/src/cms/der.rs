//! Writing DER: [`tlv`] and what is made of it.

use const_oid::ObjectIdentifier;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0C;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The constructed tag of the context class with this number, up to 30.
pub(crate) const fn context(number: u8) -> u8 {
    0xA0 | number
}

/// One element of definite length, its content given in pieces.
pub(crate) fn tlv<T: AsRef<[u8]>>(tag: u8, parts: &[T]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.as_ref().len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    push_header(&mut out, tag, length);
    parts.iter().for_each(|part| out.extend_from_slice(part.as_ref()));
    out
}

/// Appends tag and definite length.
pub(crate) fn push_header(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|&octet| octet == 0).collect();
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
            out.extend(digits);
        }
    }
}

/// A SEQUENCE.
pub(crate) fn sequence<T: AsRef<[u8]>>(parts: &[T]) -> Vec<u8> {
    tlv(SEQUENCE, parts)
}

/// A SET OF, its members in the order DER wants.
pub(crate) fn set_of(mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort();
    tlv(SET, &members)
}

/// An OBJECT IDENTIFIER.
pub(crate) fn oid(oid: &ObjectIdentifier) -> Vec<u8> {
    tlv(OBJECT_IDENTIFIER, &[oid.as_bytes()])
}

/// A non-negative INTEGER from its octets, the most significant first.
pub(crate) fn unsigned(octets: &[u8]) -> Vec<u8> {
    let digits = octets.iter().position(|&octet| octet != 0).and_then(|first| octets.get(first..));
    match digits {
        None => tlv(INTEGER, &[[0]]),
        Some(digits) if digits.first().is_some_and(|&octet| octet < 0x80) => tlv(INTEGER, &[digits]),
        Some(digits) => tlv(INTEGER, &[&[0], digits]),
    }
}

/// A BIT STRING of whole octets.
pub(crate) fn bit_string(octets: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], octets])
}

/// An OCTET STRING.
pub(crate) fn octet_string(octets: &[u8]) -> Vec<u8> {
    tlv(OCTET_STRING, &[octets])
}

/// A NULL.
pub(crate) fn null() -> Vec<u8> {
    vec![5, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_fewest_octets() {
        assert_eq!(octet_string(&[0; 127])[..2], [4, 127]);
        assert_eq!(octet_string(&[0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(octet_string(&[0; 1000])[..4], [4, 0x82, 3, 0xE8]);
    }

    #[test]
    fn integers_stay_positive_and_short() {
        assert_eq!(unsigned(&[0, 0, 5]), [2, 1, 5]);
        assert_eq!(unsigned(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[]), [2, 1, 0]);
    }

    #[test]
    fn members_of_a_set_are_sorted() {
        assert_eq!(set_of(vec![unsigned(&[2]), unsigned(&[1])]), [0x31, 6, 2, 1, 1, 2, 1, 2]);
    }
}
