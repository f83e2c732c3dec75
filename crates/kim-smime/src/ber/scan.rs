//! The walk over the elements that decides what has to change.

use std::ops::Range;

use super::element::{CONSTRUCTED, Header, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, header_octets};
use super::{BerError, BerLimits, Piece};

/// What becomes of the content: the `encryptedContent [0] IMPLICIT OCTET STRING` of an `EncryptedContentInfo`, the
/// `eContent [0] EXPLICIT OCTET STRING` of an `EncapsulatedContentInfo`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// It is one octet string.
    Within,
    /// It is an empty octet string, and its octets stay where they are.
    Apart,
}

/// What a scan found.
#[derive(Default)]
pub(super) struct Scanned {
    /// The pieces of which the DER consists; a single one without header when the input can stay as it is.
    pub(super) pieces: Vec<Piece>,
    /// Where the octets of the content are, if they are to be apart.
    pub(super) content: Vec<Range<usize>>,
}

/// Walks over every element of `ber`.
pub(super) fn scan(ber: &[u8], limits: &BerLimits, content: Content) -> Result<Scanned, BerError> {
    let mut scan = Scan { ber, content, at: 0, found: Scanned::default(), open: Vec::new() };
    for _ in 0..limits.elements {
        scan.element(limits.depth)?;
        while scan.ends_here()? {
            scan.close();
        }
        if scan.open.is_empty() {
            return if scan.at == ber.len() {
                Ok(scan.found)
            } else {
                Err(BerError::Trailing { at: scan.at })
            };
        }
    }
    Err(BerError::TooMany { at: scan.at })
}

struct Scan<'a> {
    ber: &'a [u8],
    content: Content,
    at: usize,
    found: Scanned,
    /// The elements around the current position, outermost first.
    open: Vec<Open>,
}

/// A constructed element whose end has not come yet.
struct Open {
    tag: u8,
    form: Form,
    start: usize,
    /// Where it ends; when that is indefinite, where it ends at the latest.
    bound: usize,
    indefinite: bool,
    /// Its place among the pieces.
    piece: usize,
    /// Whether its encoding has to change.
    changed: bool,
    /// The length of its content in the result, so far.
    written: usize,
    children: usize,
    /// The tags of its first two children.
    first: [u8; 2],
}

/// What an element is in the result.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Itself.
    Same,
    /// An octet string that takes its segments in.
    Joined,
    /// No element of its own: its octets are part of the octet string around.
    Segment,
    /// An empty octet string, because its octets are apart.
    Empty,
    /// No element of its own: its octets are part of the content that is apart.
    Apart,
}

impl Scan<'_> {
    /// Reads one header; a simple element is done with it, a constructed one is open then.
    fn element(&mut self, depth: usize) -> Result<(), BerError> {
        let start = self.at;
        let bound = self.open.last().map_or(self.ber.len(), |parent| parent.bound);
        let header = Header::read(self.ber.get(start..bound).unwrap_or_default(), start)?;
        let form = self.form(&header)?;
        let content = start.saturating_add(header.octets);
        let end = content.saturating_add(header.length.unwrap_or_default());
        if end > bound {
            return Err(BerError::Truncated { at: start });
        }
        if !header.is_constructed() {
            self.at = end;
            self.simple(&header, form, start, content);
            return Ok(());
        }
        if self.open.len() >= depth {
            return Err(BerError::TooDeep { at: start });
        }
        self.at = content;
        self.open.push(Open {
            tag: header.tag,
            form,
            start,
            bound: if header.length.is_some() { end } else { bound },
            indefinite: header.length.is_none(),
            piece: self.found.pieces.len(),
            changed: form != Form::Same || !header.is_der(),
            written: 0,
            children: 0,
            first: [0; 2],
        });
        self.found.pieces.push(Piece { header: None, copy: start..start });
        Ok(())
    }

    fn form(&self, header: &Header) -> Result<Form, BerError> {
        let is_octet_string = header.tag & !CONSTRUCTED == OCTET_STRING;
        let within = match self.open.last().map_or(Form::Same, |parent| parent.form) {
            Form::Same => None,
            Form::Joined | Form::Segment => Some(Form::Segment),
            Form::Empty | Form::Apart => Some(Form::Apart),
        };
        if let Some(form) = within {
            return if is_octet_string { Ok(form) } else { Err(BerError::Segment { at: self.at }) };
        }
        if !header.has_known_form() {
            return Err(BerError::Tag { at: self.at });
        }
        let is_encrypted = self.is_encrypted_content(header.tag);
        let is_content = is_encrypted || (is_octet_string && self.is_signed_content());
        if is_content && self.content == Content::Apart {
            return Ok(Form::Empty);
        }
        let joined = header.is_constructed() && (is_octet_string || is_encrypted);
        Ok(if joined { Form::Joined } else { Form::Same })
    }

    /// Whether an element is the encrypted content.
    ///
    /// By its octets, content in segments could as well be an `[0] EXPLICIT`. In CMS the place tells: third in the
    /// sequence that lies in the content of the `ContentInfo`, behind an OID and a sequence.
    fn is_encrypted_content(&self, tag: u8) -> bool {
        let third = |around: &Open| {
            (around.tag, around.children, around.first) == (SEQUENCE, 2, [OBJECT_IDENTIFIER, SEQUENCE])
        };
        tag & !CONSTRUCTED == 0x80 && self.open.len() == 4 && self.open.last().is_some_and(third)
    }

    /// Whether an octet string is the signed content: by its place in the `[0]` behind the OID of a sequence that lies, like
    /// encrypted content, in that of the `ContentInfo`.
    fn is_signed_content(&self) -> bool {
        let [.., around, parent] = self.open.as_slice() else { return false };
        self.open.len() == 5
            && (parent.tag, parent.children) == (0xa0, 0)
            && (around.tag, around.children, around.first) == (SEQUENCE, 1, [OBJECT_IDENTIFIER, 0])
    }

    fn simple(&mut self, header: &Header, form: Form, start: usize, content: usize) {
        let length = self.at.saturating_sub(content);
        if matches!(form, Form::Empty | Form::Apart) {
            self.found.content.push(content..self.at);
        }
        let piece = match form {
            Form::Apart => return self.complete(header.tag, 0, true),
            Form::Segment => Piece { header: None, copy: content..self.at },
            Form::Empty => Piece { header: Some((header.tag, 0)), copy: start..start },
            Form::Same | Form::Joined if header.is_der() => Piece { header: None, copy: start..self.at },
            Form::Same | Form::Joined => Piece { header: Some((header.tag, length)), copy: content..self.at },
        };
        let (written, changed) = (piece.octets(), piece.header.is_some());
        self.found.pieces.push(piece);
        self.complete(header.tag, written, changed);
    }

    /// Whether the innermost open element ends at the current position; an end-of-contents is passed over.
    fn ends_here(&mut self) -> Result<bool, BerError> {
        let Some(open) = self.open.last() else { return Ok(false) };
        if !open.indefinite {
            return Ok(self.at == open.bound);
        }
        let header = Header::read(self.ber.get(self.at..open.bound).unwrap_or_default(), self.at)?;
        if header.is_end_of_contents() {
            self.at = self.at.saturating_add(header.octets);
        }
        Ok(header.is_end_of_contents())
    }

    /// Closes the innermost open element, whose parts are known now.
    fn close(&mut self) {
        let Some(Open { tag, form, start, piece, changed, written, .. }) = self.open.pop() else { return };
        let written = match form {
            Form::Same if !changed => self.replace(piece, Piece { header: None, copy: start..self.at }),
            Form::Empty => {
                self.replace(piece, Piece { header: Some((tag & !CONSTRUCTED, 0)), copy: start..start })
            }
            Form::Same => self.head(piece, (tag, written)),
            Form::Joined => self.head(piece, (tag & !CONSTRUCTED, written)),
            Form::Segment => written,
            Form::Apart => {
                self.found.pieces.truncate(piece);
                0
            }
        };
        self.complete(tag, written, changed);
    }

    /// Puts one piece in the place of an element and all its parts; its length in the result.
    fn replace(&mut self, place: usize, piece: Piece) -> usize {
        let written = piece.octets();
        self.found.pieces.truncate(place);
        self.found.pieces.push(piece);
        written
    }

    /// Puts a header before the parts of an element; its length with them in the result.
    fn head(&mut self, place: usize, (tag, length): (u8, usize)) -> usize {
        if let Some(piece) = self.found.pieces.get_mut(place) {
            piece.header = Some((tag, length));
        }
        header_octets(length).saturating_add(length)
    }

    /// Tells the element around that one of its children is complete.
    fn complete(&mut self, tag: u8, written: usize, changed: bool) {
        let Some(parent) = self.open.last_mut() else { return };
        if let Some(first) = parent.first.get_mut(parent.children) {
            *first = tag;
        }
        parent.children = parent.children.saturating_add(1);
        parent.written = parent.written.saturating_add(written);
        parent.changed |= changed;
    }
}
