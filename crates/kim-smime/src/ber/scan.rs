//! The walk over the elements that decides what has to change.

use super::element::{CONSTRUCTED, Header, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, header_octets};
use super::{BerError, BerLimits, Piece};

/// The pieces of which the DER of `ber` consists; a single one without header when `ber` can stay as it is.
pub(super) fn scan(ber: &[u8], limits: &BerLimits) -> Result<Vec<Piece>, BerError> {
    let mut scan = Scan { ber, at: 0, pieces: Vec::new(), open: Vec::new() };
    for _ in 0..limits.elements {
        scan.element(limits.depth)?;
        while scan.close()? {}
        if scan.open.is_empty() {
            return if scan.at == ber.len() {
                Ok(scan.pieces)
            } else {
                Err(BerError::Trailing { at: scan.at })
            };
        }
    }
    Err(BerError::TooMany { at: scan.at })
}

struct Scan<'a> {
    ber: &'a [u8],
    at: usize,
    pieces: Vec<Piece>,
    /// The elements around the current position, outermost first.
    open: Vec<Open>,
}

/// A constructed element whose end has not come yet.
struct Open {
    tag: u8,
    start: usize,
    /// Where it ends at the latest; its end, unless `indefinite`.
    bound: usize,
    indefinite: bool,
    /// Its place among the pieces.
    piece: usize,
    joined: Joined,
    /// Whether its encoding has to change.
    changed: bool,
    /// The length of the content written so far.
    written: usize,
    /// The tags of its first two children.
    first: [Option<u8>; 2],
    children: usize,
}

/// Whether an element is an octet string in segments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joined {
    No,
    /// It becomes one octet string.
    Whole,
    /// It is a segment of another one and disappears in it.
    Segment,
}

impl Scan<'_> {
    /// Reads one header; a simple element is done with it, a constructed one is open then.
    fn element(&mut self, depth: usize) -> Result<(), BerError> {
        let start = self.at;
        let bound = self.open.last().map_or(self.ber.len(), |parent| parent.bound);
        let header = Header::read(self.ber.get(start..bound).unwrap_or_default(), start)?;
        let inside = self.open.last().map_or(Joined::No, |parent| parent.joined);
        if inside != Joined::No && header.tag & !CONSTRUCTED != OCTET_STRING {
            return Err(BerError::Segment { at: start });
        }
        if !header.has_known_form() {
            return Err(BerError::Tag { at: start });
        }
        let content = start.saturating_add(header.octets);
        let end = content.saturating_add(header.length.unwrap_or_default());
        if end > bound {
            return Err(BerError::Truncated { at: start });
        }
        if !header.is_constructed() {
            self.at = end;
            self.simple(&header, start, content);
            return Ok(());
        }
        if self.open.len() >= depth {
            return Err(BerError::TooDeep { at: start });
        }
        let joined = match inside {
            Joined::No
                if header.tag == OCTET_STRING | CONSTRUCTED || self.is_encrypted_content(header.tag) =>
            {
                Joined::Whole
            }
            Joined::No => Joined::No,
            Joined::Whole | Joined::Segment => Joined::Segment,
        };
        self.at = content;
        self.open.push(Open {
            tag: header.tag,
            start,
            bound: if header.length.is_some() { end } else { bound },
            indefinite: header.length.is_none(),
            piece: self.pieces.len(),
            joined,
            changed: joined != Joined::No || !header.is_der(),
            written: 0,
            first: [None; 2],
            children: 0,
        });
        self.pieces.push(Piece { header: None, copy: start..start });
        Ok(())
    }

    /// A simple element is copied, without its header when it is a segment.
    fn simple(&mut self, header: &Header, start: usize, content: usize) {
        let length = self.at.saturating_sub(content);
        let segment = self.open.last().is_some_and(|parent| parent.joined != Joined::No);
        let (piece, written, changed) = if segment {
            (Piece { header: None, copy: content..self.at }, length, false)
        } else if header.is_der() {
            (Piece { header: None, copy: start..self.at }, self.at.saturating_sub(start), false)
        } else {
            let written = header_octets(length).saturating_add(length);
            (Piece { header: Some((header.tag, length)), copy: content..self.at }, written, true)
        };
        self.pieces.push(piece);
        self.done(header.tag, written, changed);
    }

    /// Closes the innermost open element if it ends here.
    fn close(&mut self) -> Result<bool, BerError> {
        let Some(open) = self.open.last() else { return Ok(false) };
        if open.indefinite {
            let header = Header::read(self.ber.get(self.at..open.bound).unwrap_or_default(), self.at)?;
            if !header.is_end_of_contents() {
                return Ok(false);
            }
            self.at = self.at.saturating_add(header.octets);
        } else if self.at != open.bound {
            return Ok(false);
        }
        let Some(closed) = self.open.pop() else { return Ok(false) };
        self.finish(&closed);
        Ok(true)
    }

    fn finish(&mut self, closed: &Open) {
        let whole = header_octets(closed.written).saturating_add(closed.written);
        let (header, written) = match closed.joined {
            Joined::Segment => (None, closed.written),
            Joined::Whole => (Some((closed.tag & !CONSTRUCTED, closed.written)), whole),
            Joined::No if closed.changed => (Some((closed.tag, closed.written)), whole),
            Joined::No => {
                self.pieces.truncate(closed.piece);
                self.pieces.push(Piece { header: None, copy: closed.start..self.at });
                (None, self.at.saturating_sub(closed.start))
            }
        };
        if let (Some(piece), Some(_)) = (self.pieces.get_mut(closed.piece), header) {
            piece.header = header;
        }
        self.done(closed.tag, written, closed.changed);
    }

    /// Tells the element around that one of its children is complete.
    fn done(&mut self, tag: u8, written: usize, changed: bool) {
        if let Some(parent) = self.open.last_mut() {
            if let Some(first) = parent.first.get_mut(parent.children) {
                *first = Some(tag);
            }
            parent.children = parent.children.saturating_add(1);
            parent.written = parent.written.saturating_add(written);
            parent.changed |= changed;
        }
    }

    /// Whether a constructed element is the `encryptedContent [0] IMPLICIT OCTET STRING` of an `EncryptedContentInfo`.
    ///
    /// By its octets it could as well be an `[0] EXPLICIT`. In CMS the place tells: third in the sequence that lies in
    /// the content of the `ContentInfo`, behind an OID and a sequence.
    fn is_encrypted_content(&self, tag: u8) -> bool {
        let behind = |open: &Open| {
            open.tag == SEQUENCE
                && open.children == 2
                && open.first == [Some(OBJECT_IDENTIFIER), Some(SEQUENCE)]
        };
        tag == 0xa0 && self.open.len() == 4 && self.open.last().is_some_and(behind)
    }
}
