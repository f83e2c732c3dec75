//! Incremental decoding of base64 text as it stands in XML.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// Characters decoded at once; a multiple of 4.
const BLOCK: usize = 64 * 1024;

/// Character references to white space: some XML writers put `&#13;` where an encoder broke lines with CRLF.
const WHITE_SPACE: [&str; 8] = ["#13", "#xD", "#xd", "#10", "#xA", "#xa", "#9", "#32"];

/// Why text could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base64Error {
    /// Not base64.
    Malformed,
    /// More octets than allowed.
    TooLong,
}

/// A decoder that is fed text in chunks of any size.
#[derive(Debug)]
pub(crate) struct Base64Text {
    limit: usize,
    pending: Vec<u8>,
    reference: Option<String>,
    padded: bool,
    octets: Vec<u8>,
}

impl Base64Text {
    /// A decoder for at most `limit` octets.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, pending: Vec::new(), reference: None, padded: false, octets: Vec::new() }
    }

    /// Decodes more text.
    pub(crate) fn push(&mut self, mut text: &[u8]) -> Result<(), Base64Error> {
        while let Some((&first, rest)) = text.split_first() {
            if let Some(reference) = self.reference.take() {
                self.reference = continue_reference(reference, first)?;
                text = rest;
            } else if first == b'&' {
                self.reference = Some(String::new());
                text = rest;
            } else if first.is_ascii_whitespace() {
                text = rest;
            } else {
                let room = BLOCK.saturating_sub(self.pending.len());
                let run = text
                    .iter()
                    .take(room)
                    .position(|octet| *octet == b'&' || octet.is_ascii_whitespace())
                    .unwrap_or(room.min(text.len()));
                let (run, rest) = text.split_at(run);
                self.pending.extend_from_slice(run);
                text = rest;
                if self.pending.len() >= BLOCK {
                    self.decode()?;
                }
            }
        }
        Ok(())
    }

    /// The decoded octets, at the end of the text.
    pub(crate) fn finish(mut self) -> Result<Bytes, Base64Error> {
        if self.reference.is_some() {
            return Err(Base64Error::Malformed);
        }
        self.decode()?;
        Ok(self.octets.into())
    }

    fn decode(&mut self) -> Result<(), Base64Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        if self.padded {
            return Err(Base64Error::Malformed);
        }
        STANDARD.decode_vec(&self.pending, &mut self.octets).map_err(|_| Base64Error::Malformed)?;
        if self.octets.len() > self.limit {
            return Err(Base64Error::TooLong);
        }
        self.padded = self.pending.last() == Some(&b'=');
        self.pending.clear();
        Ok(())
    }
}

/// What is known of a character reference after one more octet; nothing once it is complete.
fn continue_reference(mut name: String, octet: u8) -> Result<Option<String>, Base64Error> {
    if octet == b';' {
        let white = WHITE_SPACE.contains(&name.as_str());
        return if white { Ok(None) } else { Err(Base64Error::Malformed) };
    }
    name.push(octet.into());
    if name.len() > 3 { Err(Base64Error::Malformed) } else { Ok(Some(name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &[u8], chunk: usize) -> Result<Bytes, Base64Error> {
        let mut decoder = Base64Text::new(1 << 20);
        text.chunks(chunk).try_for_each(|part| decoder.push(part))?;
        decoder.finish()
    }

    #[test]
    fn white_space_is_skipped_however_it_is_written() {
        for chunk in [1, 2, 100] {
            assert_eq!(decode(b" TWFs\r\n\teg&#13;\n=\n= ", chunk).unwrap(), "Malz");
            assert_eq!(decode(b"", chunk).unwrap(), "");
        }
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in
            ["A", "AAA", "AA=A", "AAA*", "AA==AAAA", "&lt;AAA", "AAAA&#13", "AAAA\u{e4}A", "=", "===="]
        {
            assert_eq!(decode(text.as_bytes(), 3), Err(Base64Error::Malformed), "{text:?}");
        }
    }

    #[test]
    fn padding_ends_the_text_even_at_the_border_of_a_block() {
        let mut text = vec![b'A'; BLOCK - 1];
        text.push(b'=');
        assert_eq!(decode(&text, 999).unwrap().len(), BLOCK / 4 * 3 - 1);
        text.extend_from_slice(b"AAAA");
        assert_eq!(decode(&text, 999), Err(Base64Error::Malformed));
    }

    #[test]
    fn the_limit_is_kept() {
        let mut decoder = Base64Text::new(1000);
        assert_eq!(decoder.push(&vec![b'A'; 2 * BLOCK]), Err(Base64Error::TooLong));
        let mut exact = Base64Text::new(3);
        exact.push(b"AAAA").unwrap();
        assert_eq!(exact.finish().unwrap().len(), 3);
    }
}
