//! [`Octets`]: message content in shared pieces.

use std::fmt;

use bytes::Bytes;

/// Octets in pieces that are shared, not copied: "this header, then that body".
///
/// Cloning and joining cost a reference count per piece. `Debug` prints the length only, because the octets are
/// message content.
///
/// ```
/// use kim_types::Octets;
///
/// let mail: Octets = [Octets::from("Subject: x\r\n"), Octets::from("\r\nbody")].into_iter().collect();
/// assert_eq!(mail.len(), 18);
/// assert_eq!(mail.pieces().len(), 2);
/// assert_eq!(mail.to_bytes(), &b"Subject: x\r\n\r\nbody"[..]);
/// ```
///
/// Spec: none — how content is shared instead of copied.
#[derive(Clone, Default)]
pub struct Octets {
    pieces: Vec<Bytes>,
    len: usize,
}

impl Octets {
    /// No octets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a piece; an empty one is dropped.
    pub fn push(&mut self, piece: impl Into<Bytes>) {
        let piece = piece.into();
        if !piece.is_empty() {
            self.len = self.len.saturating_add(piece.len());
            self.pieces.push(piece);
        }
    }

    /// Appends the pieces of `other`.
    pub fn append(&mut self, other: Self) {
        self.len = self.len.saturating_add(other.len);
        self.pieces.extend(other.pieces);
    }

    /// The number of octets.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The pieces in order, none of them empty.
    pub fn pieces(&self) -> &[Bytes] {
        &self.pieces
    }

    /// The last octets, shared; all of them if there are no more than `len`.
    ///
    /// ```
    /// use kim_types::Octets;
    ///
    /// let mail: Octets = [Octets::from("head"), Octets::from("body")].into_iter().collect();
    /// assert_eq!(mail.last(5), Octets::from("dbody"));
    /// ```
    #[must_use]
    pub fn last(&self, len: usize) -> Self {
        let mut before = self.len.saturating_sub(len);
        let mut last = Self::new();
        for piece in &self.pieces {
            let skipped = before.min(piece.len());
            before = before.saturating_sub(skipped);
            last.push(piece.slice(skipped..));
        }
        last
    }

    /// The octets in order, in pieces of at most `max` octets, which are shared, too; 0 counts as 1.
    ///
    /// ```
    /// use kim_types::Octets;
    ///
    /// let blocks: Vec<_> = Octets::from("abcde").blocks(2).collect();
    /// assert_eq!(blocks, ["ab", "cd", "e"]);
    /// ```
    pub fn blocks(&self, max: usize) -> impl Iterator<Item = Bytes> + Send + use<> {
        self.pieces.clone().into_iter().flat_map(move |mut piece| {
            std::iter::from_fn(move || {
                let block = piece.split_to(max.max(1).min(piece.len()));
                (!block.is_empty()).then_some(block)
            })
        })
    }

    /// All octets as one piece; copies unless there is only one.
    pub fn to_bytes(&self) -> Bytes {
        match self.pieces.as_slice() {
            [] => Bytes::new(),
            [only] => only.clone(),
            many => {
                let mut whole = Vec::with_capacity(self.len);
                many.iter().for_each(|piece| whole.extend_from_slice(piece));
                whole.into()
            }
        }
    }
}

impl PartialEq for Octets {
    /// Compares the octets; where the pieces begin and end does not matter.
    fn eq(&self, other: &Self) -> bool {
        if self.len != other.len {
            return false;
        }
        let (mut ours, mut theirs) = (self.pieces.iter(), other.pieces.iter());
        let (mut left, mut right): (&[u8], &[u8]) = (&[], &[]);
        loop {
            if left.is_empty() {
                let Some(piece) = ours.next() else { return true };
                left = piece;
            }
            if right.is_empty() {
                let Some(piece) = theirs.next() else { return true };
                right = piece;
            }
            let common = left.len().min(right.len());
            let ((one, left_rest), (other, right_rest)) = (left.split_at(common), right.split_at(common));
            if one != other {
                return false;
            }
            (left, right) = (left_rest, right_rest);
        }
    }
}

impl Eq for Octets {}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} octets]", self.len)
    }
}

impl From<Bytes> for Octets {
    fn from(piece: Bytes) -> Self {
        let mut octets = Self::new();
        octets.push(piece);
        octets
    }
}

impl From<Vec<u8>> for Octets {
    fn from(piece: Vec<u8>) -> Self {
        Bytes::from(piece).into()
    }
}

impl From<&'static str> for Octets {
    fn from(piece: &'static str) -> Self {
        Bytes::from_static(piece.as_bytes()).into()
    }
}

impl FromIterator<Octets> for Octets {
    fn from_iter<I: IntoIterator<Item = Octets>>(parts: I) -> Self {
        parts.into_iter().fold(Self::new(), |mut whole, part| {
            whole.append(part);
            whole
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_do_not_matter_for_equality_and_content_is_not_printed() {
        let mut split = Octets::from("ab");
        split.push(Bytes::new());
        split.append("cd".into());
        assert_eq!(split, Octets::from("abcd"));
        assert_ne!(split, Octets::from("abce"));
        assert_ne!(split, Octets::from("abc"));
        assert_ne!(Octets::from("abc"), split);
        assert_eq!(Octets::new(), Octets::from(""));
        assert_eq!(format!("{split:?}"), "[4 octets]");
    }
}
