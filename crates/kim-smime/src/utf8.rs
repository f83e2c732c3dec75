//! Mails that are not UTF-8, made so without a change of what they say.
//!
//! A Konnektor signs the mail as a text in UTF-8 and may refuse other octets. A mail may have them: 8BITMIME lets a client
//! send parts in any character set.

use std::ops::Range;

use bytes::Bytes;
use kim_types::Octets;
use memchr::memchr_iter;

use crate::encoding::{base64_lines, quoted_printable};
use crate::entity::{MediaType, is_of_type, media_type, transfer_encoding};
use crate::header::{Header, HeaderLimits};

/// The greatest number of entities within each other that is looked at.
const MAX_DEPTH: usize = 32;
const TRANSFER_ENCODING: &str = "Content-Transfer-Encoding";

/// The mail in UTF-8; what is UTF-8 already stays octet for octet.
pub(crate) fn in_utf8(mut header: Header, body: Octets, depth: usize) -> (Header, Octets) {
    header.read_as_latin_1();
    let body = body.to_bytes();
    if is_utf8(&body) || depth == MAX_DEPTH {
        return (header, body.into());
    }
    match media_type(&header) {
        // Whoever signed it signed these octets.
        MediaType::Multipart { .. } if is_of_type(&header, "multipart", Some("signed")) => {
            (header, body.into())
        }
        MediaType::Multipart { boundary } => (header, multipart(&body, boundary.as_bytes(), depth)),
        MediaType::Rfc822 => (header, entity(body, depth)),
        MediaType::Pkcs7Mime | MediaType::Other => leaf(header, &body),
    }
}

/// A header and what follows it.
fn entity(octets: Bytes, depth: usize) -> Octets {
    if is_utf8(&octets) {
        return octets.into();
    }
    match Header::split(&octets, &HeaderLimits::default()) {
        Ok((header, body)) => {
            let (header, body) = in_utf8(header, body.into(), depth.saturating_add(1));
            header.with_body(body)
        }
        Err(_) => octets.into(),
    }
}

fn multipart(body: &Bytes, boundary: &[u8], depth: usize) -> Octets {
    let (mut out, mut end) = (Octets::new(), 0);
    for part in parts(body, boundary) {
        // Between parts, what nobody shows.
        out.append(latin_1(body.slice(end..part.start)));
        end = part.end;
        out.append(entity(body.slice(part), depth));
    }
    out.append(latin_1(body.slice(end..)));
    out
}

/// Where the parts of a multipart are, each with its header.
///
/// Spec: RFC 2046 §5.1.1.
pub(crate) fn parts(body: &[u8], boundary: &[u8]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut begin, mut start) = (None, 0);
    for end in memchr_iter(b'\n', body).map(|at| at.saturating_add(1)).chain([body.len()]) {
        if let Some(opens) = delimiter(body.get(start..end).unwrap_or_default(), boundary) {
            if let Some(begin) = begin {
                // The line end before a delimiter belongs to it.
                let part: &[u8] = body.get(begin..start).unwrap_or_default();
                let part =
                    part.strip_suffix(b"\n").map_or(part, |line| line.strip_suffix(b"\r").unwrap_or(line));
                parts.push(begin..begin.saturating_add(part.len()));
            }
            begin = opens.then_some(end);
        }
        start = end;
    }
    parts.extend(begin.map(|begin| begin..body.len()));
    parts
}

/// Whether a line is a delimiter of parts, and if so, whether another part follows it.
///
/// Spec: RFC 2046 §5.1.1.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?.trim_ascii_end();
    matches!(rest, b"" | b"--").then_some(rest.is_empty())
}

fn leaf(mut header: Header, body: &Bytes) -> (Header, Octets) {
    let Ok(encoding) = transfer_encoding(&header) else { return (header, body.clone().into()) };
    let encoded: Bytes = match encoding.as_str() {
        "" | "7bit" | "8bit" | "binary" => {
            let is_text = header.first("Content-Type").is_none() || is_of_type(&header, "text", None);
            let (name, encoded) = if is_text {
                ("quoted-printable", quoted_printable(body))
            } else {
                ("base64", base64_lines(body))
            };
            if header.replace(TRANSFER_ENCODING, name).is_err() {
                return (header, body.clone().into());
            }
            encoded
        }
        // Octets that quoted-printable should not have mean themselves, in base64 they mean nothing.
        "quoted-printable" => escaped(body),
        "base64" => body.iter().copied().filter(u8::is_ascii).collect(),
        _ => body.clone(),
    };
    (header, encoded.into())
}

/// Quoted-printable whose octets outside ASCII are escaped too.
fn escaped(body: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(body.len().saturating_mul(2));
    for octet in body {
        match octet {
            0x80.. => out.extend(format!("={octet:02X}").into_bytes()),
            _ => out.push(*octet),
        }
    }
    out.into()
}

impl Header {
    /// Turns fields that are not UTF-8 into it, each octet taken for a character of ISO 8859-1: there is nothing that says
    /// what it is. Other fields stay octet for octet.
    ///
    /// [`Draft::in_utf8`](crate::Draft::in_utf8) does the same. A header that is used elsewhere too has to be changed before,
    /// or the receiver finds two headers that differ.
    ///
    /// ```
    /// use kim_smime::{Header, HeaderLimits};
    ///
    /// let mail = b"From: M\xfcller <a@x.de>\r\n\r\n"[..].into();
    /// let (mut header, _) = Header::split(&mail, &HeaderLimits::default())?;
    /// header.read_as_latin_1();
    /// assert_eq!(header.first("From").map(|field| field.text()).as_deref(), Some("Müller <a@x.de>"));
    /// # Ok::<(), kim_smime::HeaderError>(())
    /// ```
    ///
    /// Spec: none — deltas Q23; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2299-01 (the document is text/plain; charset=utf-8).
    pub fn read_as_latin_1(&mut self) {
        self.map_raw(|raw| if is_utf8(raw) { raw.clone() } else { latin_1(raw.clone()).to_bytes() });
    }
}

fn latin_1(octets: Bytes) -> Octets {
    if is_utf8(&octets) {
        return octets.into();
    }
    octets.iter().map(|octet| char::from(*octet)).collect::<String>().into_bytes().into()
}

fn is_utf8(octets: &[u8]) -> bool {
    std::str::from_utf8(octets).is_ok()
}
