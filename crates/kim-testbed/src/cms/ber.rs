//! Reading BER: [`Element`].

use const_oid::ObjectIdentifier;

use super::der::{OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET};

/// The input is not the structure that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// The deepest nesting that is followed.
const MAX_DEPTH: usize = 32;
/// The greatest number of elements in one element: 25 MiB in pieces of 1,000 octets are 26,215.
const MAX_CHILDREN: usize = 100_000;
const CONSTRUCTED: u8 = 0x20;

/// One element of any length form, within the octets it was read from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    /// Everything from the tag to the end of contents.
    pub(super) raw: &'a [u8],
    /// What is inside, without the end of contents.
    pub(super) content: &'a [u8],
}

impl<'a> Element<'a> {
    /// Reads an input that is one element with this tag, and nothing else.
    pub(super) fn only(input: &'a [u8], tag: u8) -> Result<Self, Malformed> {
        match Self::first(input, 0)? {
            (element, []) => element.expect_tag(tag),
            _ => Err(Malformed),
        }
    }

    fn first(input: &'a [u8], depth: usize) -> Result<(Self, &'a [u8]), Malformed> {
        let (&tag, after_tag) = input.split_first().ok_or(Malformed)?;
        let (&length, after_length) = after_tag.split_first().ok_or(Malformed)?;
        if tag & 0x1F == 0x1F || depth > MAX_DEPTH {
            return Err(Malformed);
        }
        let (content, rest) = match length {
            0..0x80 => after_length.split_at_checked(usize::from(length)),
            0x80 if tag & CONSTRUCTED == 0 => None,
            0x80 => return Self::indefinite(input, tag, after_length, depth),
            _ => long_length(after_length, length & 0x7F)
                .and_then(|(length, content)| content.split_at_checked(length)),
        }
        .ok_or(Malformed)?;
        let raw = input.get(..input.len().saturating_sub(rest.len())).ok_or(Malformed)?;
        Ok((Self { tag, raw, content }, rest))
    }

    fn indefinite(
        input: &'a [u8],
        tag: u8,
        inside: &'a [u8],
        depth: usize,
    ) -> Result<(Self, &'a [u8]), Malformed> {
        let mut rest = inside;
        while !rest.starts_with(&[0, 0]) {
            (_, rest) = Self::first(rest, depth.saturating_add(1))?;
        }
        let content = inside.get(..inside.len().saturating_sub(rest.len())).ok_or(Malformed)?;
        let rest = rest.get(2..).ok_or(Malformed)?;
        let raw = input.get(..input.len().saturating_sub(rest.len())).ok_or(Malformed)?;
        Ok((Self { tag, raw, content }, rest))
    }

    pub(super) fn expect_tag(self, tag: u8) -> Result<Self, Malformed> {
        if self.tag == tag { Ok(self) } else { Err(Malformed) }
    }

    /// The elements inside a constructed element.
    pub(super) fn children(&self) -> Result<Vec<Element<'a>>, Malformed> {
        let (mut children, mut rest) = (Vec::new(), self.content);
        if self.tag & CONSTRUCTED == 0 {
            return Err(Malformed);
        }
        while !rest.is_empty() {
            let child;
            (child, rest) = Self::first(rest, 0)?;
            children.push(child);
            if children.len() > MAX_CHILDREN {
                return Err(Malformed);
            }
        }
        Ok(children)
    }

    /// Reads the elements inside a SEQUENCE one after the other.
    pub(super) fn fields(&self) -> Result<Fields<'a>, Malformed> {
        Ok(Fields(self.expect_tag(SEQUENCE)?.children()?.into_iter().peekable()))
    }

    /// The members of a SET.
    pub(super) fn members(&self) -> Result<Vec<Element<'a>>, Malformed> {
        self.expect_tag(SET)?.children()
    }

    /// The octets of a string in one piece or in many.
    pub(super) fn octets(&self) -> Result<Vec<u8>, Malformed> {
        let mut out = Vec::with_capacity(self.content.len());
        self.append_octets(&mut out, 0)?;
        Ok(out)
    }

    fn append_octets(&self, out: &mut Vec<u8>, depth: usize) -> Result<(), Malformed> {
        if self.tag & CONSTRUCTED == 0 {
            out.extend_from_slice(self.content);
            return Ok(());
        }
        for piece in self.children()? {
            if piece.tag & !CONSTRUCTED != OCTET_STRING || depth > MAX_DEPTH {
                return Err(Malformed);
            }
            piece.append_octets(out, depth.saturating_add(1))?;
        }
        Ok(())
    }

    pub(super) fn oid(&self) -> Result<ObjectIdentifier, Malformed> {
        let octets = self.expect_tag(OBJECT_IDENTIFIER)?.content;
        ObjectIdentifier::from_bytes(octets).map_err(|_| Malformed)
    }
}

/// The elements of a SEQUENCE, in their order.
pub(super) struct Fields<'a>(std::iter::Peekable<std::vec::IntoIter<Element<'a>>>);

impl<'a> Fields<'a> {
    /// The next element, whatever its tag.
    pub(super) fn next(&mut self) -> Result<Element<'a>, Malformed> {
        self.0.next().ok_or(Malformed)
    }

    /// The next element if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Option<Element<'a>> {
        self.0.next_if(|element| element.tag == tag)
    }

    /// The next element, which has this tag.
    pub(super) fn tagged(&mut self, tag: u8) -> Result<Element<'a>, Malformed> {
        self.optional(tag).ok_or(Malformed)
    }

    /// Nothing follows.
    pub(super) fn end(&mut self) -> Result<(), Malformed> {
        if self.0.peek().is_none() { Ok(()) } else { Err(Malformed) }
    }
}

/// Reads up to four octets of length.
fn long_length(input: &[u8], count: u8) -> Option<(usize, &[u8])> {
    let (digits, content) = input.split_at_checked(usize::from(count))?;
    if digits.len() > 4 {
        return None;
    }
    let length = digits.iter().fold(0_usize, |length, &digit| length << 8 | usize::from(digit));
    Some((length, content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_in_every_form() {
        for input in [
            &[4, 2, 1, 2][..],
            &[4, 0x81, 2, 1, 2],
            &[0x24, 6, 4, 1, 1, 4, 1, 2],
            &[0x24, 0x80, 4, 1, 1, 4, 1, 2, 0, 0],
            &[0x24, 0x80, 0x24, 3, 4, 1, 1, 4, 1, 2, 0, 0],
        ] {
            let (element, rest) = Element::first(input, 0).unwrap();
            assert_eq!((element.octets().unwrap(), rest), (vec![1, 2], &[][..]), "{input:?}");
        }
    }

    #[test]
    fn broken_lengths_and_depths_are_refused() {
        let deep = [0x30, 0x80].repeat(10_000);
        for input in [
            &[][..],
            &[4],
            &[4, 2, 1],
            &[4, 0x80, 0, 0],
            &[0x30, 0x80, 4, 1, 1],
            &[4, 0x85, 0, 0, 0, 0, 1],
            &deep,
        ] {
            assert!(Element::first(input, 0).is_err());
        }
        assert!(Element::only(&[4, 1, 1, 0], OCTET_STRING).is_err());
    }
}
