//! [`Body`]: the octets of a request, encoded while they are sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kim_types::Octets;

/// Octets encoded at once: a multiple of 3, so that no padding arises inside, giving 64 KiB of text.
const BLOCK: usize = 48 * 1024;

/// The body of a request: XML text with documents in it that become base64 only on the way out.
///
/// Cloning is cheap; a body may be sent again, for example after a PIN was entered.
///
/// Spec: none — how the octets of a request are produced is our own affair.
#[derive(Clone)]
pub struct Body {
    parts: Vec<Part>,
}

#[derive(Clone)]
pub(crate) enum Part {
    Text(Bytes),
    Base64(Octets),
}

impl Body {
    pub(crate) fn new(parts: Vec<Part>) -> Self {
        Self { parts }
    }

    /// The number of octets, for Content-Length.
    pub fn len(&self) -> u64 {
        self.parts.iter().map(Part::len).fold(0, u64::saturating_add)
    }

    /// Whether there are none; no operation makes such a body.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The octets in order, in pieces of at most 64 KiB; memory does not grow with the document.
    pub fn chunks(&self) -> Chunks {
        Chunks { parts: self.parts.clone().into_iter(), current: Current::Text(Bytes::new()) }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} octets]", self.len())
    }
}

impl Part {
    fn len(&self) -> u64 {
        let octets = match self {
            Self::Text(text) => text.len(),
            Self::Base64(octets) => octets.len().div_ceil(3).saturating_mul(4),
        };
        u64::try_from(octets).unwrap_or(u64::MAX)
    }
}

/// The pieces of a [`Body`], from [`Body::chunks`].
///
/// Spec: none — see [`Body`].
pub struct Chunks {
    parts: std::vec::IntoIter<Part>,
    current: Current,
}

enum Current {
    Text(Bytes),
    Base64 { pieces: std::vec::IntoIter<Bytes>, piece: Bytes },
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(chunk) = self.current.next() {
                return Some(chunk);
            }
            self.current = match self.parts.next()? {
                Part::Text(text) => Current::Text(text),
                Part::Base64(octets) => {
                    Current::Base64 { pieces: octets.pieces().to_vec().into_iter(), piece: Bytes::new() }
                }
            };
        }
    }
}

impl Current {
    fn next(&mut self) -> Option<Bytes> {
        match self {
            Self::Text(text) if text.is_empty() => None,
            Self::Text(text) => Some(text.split_to(text.len().min(BLOCK / 3 * 4))),
            Self::Base64 { pieces, piece } => {
                let block = take_block(pieces, piece);
                (!block.is_empty()).then(|| STANDARD.encode(block).into())
            }
        }
    }
}

/// The next [`BLOCK`] octets, fewer only at the end; copies where a block crosses from one piece to the next.
fn take_block(pieces: &mut std::vec::IntoIter<Bytes>, piece: &mut Bytes) -> Bytes {
    if piece.len() >= BLOCK {
        return piece.split_to(BLOCK);
    }
    let mut block = Vec::new();
    while block.len() < BLOCK {
        if piece.is_empty() {
            match pieces.next() {
                Some(next) => *piece = next,
                None => break,
            }
        }
        let missing = BLOCK.saturating_sub(block.len());
        block.extend_from_slice(&piece.split_to(missing.min(piece.len())));
    }
    block.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_the_document_do_not_matter() {
        let octets: Vec<u8> = (0..200_000u32).map(|n| n.to_le_bytes()[0]).collect();
        for size in [1000, BLOCK - 1, BLOCK, BLOCK + 1, 200_000] {
            let mut document = Octets::new();
            octets.chunks(size).for_each(|piece| document.push(piece.to_vec()));
            let body =
                Body::new(vec![Part::Text("<a>".into()), Part::Base64(document), Part::Text("</a>".into())]);
            let chunks: Vec<Bytes> = body.chunks().collect();
            assert!(chunks.iter().all(|chunk| (1..=64 * 1024).contains(&chunk.len())));
            let sent = chunks.concat();
            assert_eq!(sent, format!("<a>{}</a>", STANDARD.encode(&octets)).into_bytes());
            assert_eq!(body.len(), u64::try_from(sent.len()).unwrap());
        }
    }

    #[test]
    fn an_empty_document_is_no_text() {
        let body = Body::new(vec![Part::Base64(Octets::new())]);
        assert_eq!((body.len(), body.is_empty(), body.chunks().count()), (0, true, 0));
    }
}
