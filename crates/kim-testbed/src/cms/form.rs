//! How lengths and long contents are written: [`Form`].

use super::der::{OCTET_STRING, push_header, tlv};

/// How a CMS structure is encoded.
///
/// Spec: RFC 5652, 5.2 (BER is allowed); recorded messages: both forms occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// BER: indefinite lengths outside, the content in pieces of 1,000 octets.
    #[default]
    Indefinite,
    /// DER: definite lengths, the content in one piece.
    Definite,
}

/// The octets of one piece of a content in indefinite form.
const PIECE: usize = 1000;

impl Form {
    /// A constructed element around parts that are encoded already.
    pub(super) fn wrap<T: AsRef<[u8]>>(self, tag: u8, parts: &[T]) -> Vec<u8> {
        match self {
            Self::Definite => tlv(tag, parts),
            Self::Indefinite => {
                let length: usize = parts.iter().map(|part| part.as_ref().len()).sum();
                let mut out = Vec::with_capacity(length.saturating_add(4));
                out.extend([tag, 0x80]);
                parts.iter().for_each(|part| out.extend_from_slice(part.as_ref()));
                out.extend([0, 0]);
                out
            }
        }
    }

    /// A content under the tag of a primitive string.
    pub(super) fn content(self, tag: u8, content: &[u8]) -> Vec<u8> {
        match self {
            Self::Definite => tlv(tag, &[content]),
            Self::Indefinite => {
                const CONSTRUCTED: u8 = 0x20;
                let mut out =
                    Vec::with_capacity(content.len().saturating_add(content.len() / 128).saturating_add(16));
                out.extend([tag | CONSTRUCTED, 0x80]);
                for piece in content.chunks(PIECE) {
                    push_header(&mut out, OCTET_STRING, piece.len());
                    out.extend_from_slice(piece);
                }
                out.extend([0, 0]);
                out
            }
        }
    }
}
