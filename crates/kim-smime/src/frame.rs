//! Writing structures around a content that is not copied.

use crate::ber::{header_octets, push_header};

/// What stands before and behind a content of known length.
pub(crate) struct Frame {
    pub(crate) before: Vec<u8>,
    content: usize,
    pub(crate) after: Vec<u8>,
}

impl Frame {
    /// Nothing around a content of that many octets.
    pub(crate) fn new(content: usize) -> Self {
        Self { before: Vec::new(), content, after: Vec::new() }
    }

    /// An element around everything so far, with other elements before and behind it.
    pub(crate) fn within(mut self, tag: u8, before: &[&[u8]], after: &[&[u8]]) -> Self {
        let before = before.concat();
        after.iter().for_each(|part| self.after.extend_from_slice(part));
        let parts = [before.len(), self.before.len(), self.content, self.after.len()];
        let length = parts.into_iter().fold(0, usize::saturating_add);
        let mut start = Vec::with_capacity(header_octets(length).saturating_add(before.len()));
        push_header(&mut start, tag, length);
        start.extend(before);
        start.append(&mut self.before);
        Self { before: start, ..self }
    }

    /// The length of the whole in octets.
    pub(crate) fn len(&self) -> usize {
        [self.before.len(), self.content, self.after.len()].into_iter().fold(0, usize::saturating_add)
    }
}
