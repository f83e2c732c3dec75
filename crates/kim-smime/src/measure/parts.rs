//! The parts of a mail, line by line.

use std::ops::Range;

use bytes::Bytes;
use memchr::memmem;

use super::{Measure, count};
use crate::entity::{MediaType, media_type, transfer_encoding};
use crate::header::{Header, HeaderLimits};
use crate::version::VERSION_FIELD;

/// The greatest number of multiparts within each other; what is deeper counts as one part.
const MAX_DEPTH: usize = 64;
/// The greatest length of a boundary in octets that is understood; RFC 2046 allows 70.
const MAX_BOUNDARY: usize = 256;
/// The greatest length of the fields of one part that are looked at, in octets.
const MAX_FIELDS: usize = 32 * 1024;

/// Where the lines of a mail belong.
#[derive(Clone, Default)]
pub(super) struct Parts {
    /// The boundaries of the multiparts that are open, the outermost first.
    boundaries: Vec<Vec<u8>>,
    place: Place,
    /// The fields of interest in the header being read.
    fields: Vec<u8>,
    /// Whether the field being read is one of them.
    of_interest: bool,
    /// Headers and what is finished.
    decoded: u64,
    /// The digits of base64 in the current part.
    digits: u64,
    /// What the last line end counts: nothing if the next line is a boundary, which it belongs to then.
    line_end: u64,
    /// The octets of the last line end.
    raw_line_end: u64,
    x_kas_parts: u32,
    /// The octets before the current line.
    offset: u64,
    /// Where the message begins whose header is being read, if it stands in a message/rfc822 entity; after Return-Path, which
    /// is not part of it but was put in front by the server it came from.
    message: Option<u64>,
    /// Whether the field being read is that Return-Path.
    return_path: bool,
    /// Where the forwarded message begins that is being read.
    forwarded: Option<(Forwarded, u64)>,
    forwarded_messages: Vec<(Forwarded, Range<u64>)>,
}

/// What a user forwards to have it opened again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Forwarded {
    KomLe,
    /// A message/rfc822 entity in base64, whatever is in it.
    Encoded,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Header,
    Leaf(Encoding),
    /// Before the first and after the last boundary of a multipart.
    Between,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Identity,
    Base64,
    QuotedPrintable,
}

impl Parts {
    /// The next line with its end, or a fragment of one; `starts` if it begins at the start of the line.
    pub(super) fn line(&mut self, line: &[u8], starts: bool) {
        let end = line_end(line);
        if !(starts && self.boundary(line)) {
            self.decoded = self.decoded.saturating_add(std::mem::take(&mut self.line_end));
            match self.place {
                Place::Header => self.header_line(line, starts),
                Place::Leaf(encoding) => self.leaf_line(line, end, encoding),
                Place::Between => {}
            }
        }
        self.raw_line_end = end as u64;
        self.offset = self.offset.saturating_add(line.len() as u64);
    }

    /// Takes whole lines that are neither boundaries nor looked at one by one, all at once. What is left, from the first
    /// other line on.
    pub(super) fn lines<'a>(&mut self, octets: &'a [u8]) -> &'a [u8] {
        let (Place::Leaf(encoding @ (Encoding::Identity | Encoding::Base64)), false) =
            (self.place, octets.starts_with(b"--"))
        else {
            return octets;
        };
        let end = memmem::find(octets, b"\n--").or_else(|| memchr::memrchr(b'\n', octets));
        let Some(end) = end else { return octets };
        let (lines, rest) = octets.split_at_checked(end.saturating_add(1)).unwrap_or((octets, &[]));
        self.decoded = self.decoded.saturating_add(std::mem::take(&mut self.line_end));
        let end = line_end(lines);
        self.leaf_line(lines, end, encoding);
        self.raw_line_end = end as u64;
        self.offset = self.offset.saturating_add(lines.len() as u64);
        rest
    }

    pub(super) fn decoded_octets(&self) -> u64 {
        [self.decoded, self.line_end, decoded_base64(self.digits)].into_iter().fold(0, u64::saturating_add)
    }

    pub(super) fn x_kas_parts(&self) -> u32 {
        self.x_kas_parts
    }

    /// The messages of one kind in a mail that ends at `end`.
    pub(super) fn forwarded(&self, kind: Forwarded, end: u64) -> Vec<Range<u64>> {
        let open = self.forwarded.map(|(kind, start)| (kind, start..end));
        let all = self.forwarded_messages.iter().cloned().chain(open);
        all.filter(|(found, _)| *found == kind).map(|(_, range)| range).collect()
    }

    /// Whether the line is a boundary; if so, what was open within it ends.
    fn boundary(&mut self, line: &[u8]) -> bool {
        let Some(line) = line.strip_prefix(b"--") else { return false };
        let found = self.boundaries.iter().enumerate().rev().find_map(|(depth, boundary)| {
            let rest = line.strip_prefix(boundary.as_slice())?.trim_ascii_end();
            matches!(rest, b"" | b"--").then_some((depth, rest.is_empty()))
        });
        let Some((depth, opens)) = found else { return false };
        self.end_part();
        self.boundaries.truncate(if opens { depth.saturating_add(1) } else { depth });
        self.place = if opens { Place::Header } else { Place::Between };
        true
    }

    fn end_part(&mut self) {
        self.decoded = self.decoded.saturating_add(decoded_base64(std::mem::take(&mut self.digits)));
        if let Some((kind, start)) = self.forwarded.take() {
            let end = self.offset.saturating_sub(self.raw_line_end);
            let known = self.forwarded_messages.iter().filter(|(found, _)| *found == kind).count();
            if known < Measure::MAX_KOM_LE_MESSAGES {
                self.forwarded_messages.push((kind, start..end));
            }
        }
        self.line_end = 0;
        self.message = None;
        self.return_path = false;
        self.fields.clear();
        self.of_interest = false;
    }

    fn header_line(&mut self, line: &[u8], starts: bool) {
        self.decoded = self.decoded.saturating_add(line.len() as u64);
        if starts && matches!(line, b"\n" | b"\r\n") {
            self.end_header(line.len());
            return;
        }
        if starts && !line.starts_with(b" ") && !line.starts_with(b"\t") {
            self.of_interest = is_of_interest(line);
            self.return_path = self.message == Some(self.offset) && is_field(line, "Return-Path");
        }
        if self.return_path {
            self.message = Some(self.offset.saturating_add(line.len() as u64));
        }
        if self.of_interest && self.fields.len().saturating_add(line.len()) <= MAX_FIELDS {
            self.fields.extend_from_slice(line);
        }
    }

    fn end_header(&mut self, blank_line: usize) {
        let fields = Bytes::from(std::mem::take(&mut self.fields));
        let (header, _) = Header::split(&fields, &HeaderLimits::default()).unwrap_or_default();
        self.of_interest = false;
        let message = self.message.take();
        if is_x_kas(&header) {
            self.x_kas_parts = self.x_kas_parts.saturating_add(1);
        }
        let encoding = match transfer_encoding(&header).as_deref() {
            Ok("base64") => Encoding::Base64,
            Ok("quoted-printable") => Encoding::QuotedPrintable,
            _ => Encoding::Identity,
        };
        self.place = match media_type(&header) {
            MediaType::Multipart { boundary } if self.takes(&boundary) => {
                self.boundaries.push(boundary.into_bytes());
                Place::Between
            }
            MediaType::Rfc822 if encoding == Encoding::Identity => {
                self.message = Some(self.offset.saturating_add(blank_line as u64));
                Place::Header
            }
            MediaType::Rfc822 if encoding == Encoding::Base64 => {
                self.forwarded = Some((Forwarded::Encoded, self.offset.saturating_add(blank_line as u64)));
                Place::Leaf(encoding)
            }
            MediaType::Pkcs7Mime if header.first(VERSION_FIELD).is_some() => {
                self.forwarded = message.map(|start| (Forwarded::KomLe, start));
                Place::Leaf(encoding)
            }
            _ => Place::Leaf(encoding),
        };
    }

    fn takes(&self, boundary: &str) -> bool {
        self.boundaries.len() < MAX_DEPTH && (1..=MAX_BOUNDARY).contains(&boundary.len())
    }

    fn leaf_line(&mut self, line: &[u8], end: usize, encoding: Encoding) {
        let text = line.get(..line.len().saturating_sub(end)).unwrap_or_default();
        let (octets, end) = match encoding {
            Encoding::Identity => (text.len(), end),
            Encoding::Base64 => {
                self.digits = self.digits.saturating_add(count(text, is_base64_digit));
                (0, 0)
            }
            Encoding::QuotedPrintable => decoded_quoted_printable(text, end),
        };
        self.decoded = self.decoded.saturating_add(octets as u64);
        self.line_end = end as u64;
    }
}

/// The length of a line's end.
fn line_end(line: &[u8]) -> usize {
    match line {
        [.., b'\r', b'\n'] => 2,
        [.., b'\n'] => 1,
        _ => 0,
    }
}

fn is_base64_digit(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() | (octet == b'+') | (octet == b'/')
}

fn is_of_interest(line: &[u8]) -> bool {
    ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition", VERSION_FIELD]
        .iter()
        .any(|name| is_field(line, name))
}

fn is_field(line: &[u8], name: &str) -> bool {
    let (found, rest) = line.split_at_checked(name.len()).unwrap_or_default();
    found.eq_ignore_ascii_case(name.as_bytes()) && rest.trim_ascii_start().starts_with(b":")
}

/// Whether an entity is a description of data on the KAS.
pub(crate) fn is_x_kas(header: &Header) -> bool {
    header.all("Content-Disposition").any(|field| {
        let value = field.text();
        value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("x-kas"))
    })
}

fn decoded_base64(digits: u64) -> u64 {
    (digits / 4).saturating_mul(3).saturating_add((digits % 4).saturating_mul(3) / 4)
}

/// The octets of a line of quoted-printable, and those of its end, none if the line goes on.
fn decoded_quoted_printable(text: &[u8], end: usize) -> (usize, usize) {
    let text = text.trim_ascii_end();
    let (text, end) = text.strip_suffix(b"=").map_or((text, end), |text| (text, 0));
    let escapes = text.windows(3).filter(
        |three| matches!(three, [b'=', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()),
    );
    let saved = escapes.count().saturating_mul(2);
    (text.len().saturating_sub(saved), end)
}
