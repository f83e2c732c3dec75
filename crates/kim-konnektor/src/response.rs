//! [`ResponseReader`]: octets from the network into a [`Document`].

use bytes::Bytes;

use crate::base64_text::{Base64Error, Base64Text};
use crate::document::Document;
use crate::error::{Malformed, Reason, ResponseError};
use crate::{Error, normal_form};

/// How much of a response is accepted.
///
/// Spec: none — robustness. Konnektor documents have at most 26,214,400 octets (fault 4283).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Octets of XML without the documents and certificates in it. Default 256 KiB.
    pub skeleton: usize,
    /// Octets of all documents and certificates together, decoded. Default 40 MiB.
    pub bulk: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { skeleton: 256 * 1024, bulk: 40 * 1024 * 1024 }
    }
}

/// The elements whose text is base64 and may be large or names persons; it is decoded as it arrives.
const BASE64_ELEMENTS: [&[u8]; 3] = [b"Base64Data", b"Base64Signature", b"X509Certificate"];

/// Reads the body of an HTTP response as it arrives, in chunks of any size.
///
/// Documents are decoded from base64 on the fly; only the small XML around them is kept as text. Memory is the
/// decoded documents plus at most [`Limits::skeleton`].
///
/// Spec: gemSpec_Kon 5.18.0, chapter 4.1 (SOAP 1.1); the limits are our own
#[derive(Debug)]
pub struct ResponseReader {
    limits: Limits,
    state: State,
    skeleton: Vec<u8>,
    bulk: Vec<Bytes>,
    bulk_octets: usize,
    /// For each decoded text: where it stood in the skeleton, and how far the octets after it moved.
    moved: Vec<(usize, u64)>,
    read: u64,
    failure: Option<ResponseError>,
}

#[derive(Debug)]
enum State {
    Text,
    Markup { start: usize, quote: Option<u8> },
    Base64 { decoder: Base64Text, start: u64 },
}

impl ResponseReader {
    /// A reader for one response.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::Text,
            skeleton: Vec::new(),
            bulk: Vec::new(),
            bulk_octets: 0,
            moved: Vec::new(),
            read: 0,
            failure: None,
        }
    }

    /// Checks the Content-Type of a response before it is read.
    ///
    /// # Errors
    ///
    /// [`Error::Response`] with [`Malformed::Multipart`] for `multipart/...`: the Konnektor used MTOM although
    /// the request did not. Anything else is let through, because error pages come with any type.
    ///
    /// Spec: gemSpec_Kon 5.18.0, chapter 4.1 (MTOM only when the client uses it)
    pub fn check_content_type(content_type: &str) -> Result<(), Error> {
        let multipart =
            content_type.trim_start().get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/"));
        if multipart { Err(Error::malformed(Malformed::Multipart)) } else { Ok(()) }
    }

    /// Takes more octets of the body.
    ///
    /// What is malformed is only reported by [`ResponseReader::finish`], because the HTTP status may explain it.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when a limit is exceeded: stop reading and close the connection.
    pub fn push(&mut self, mut octets: &[u8]) -> Result<(), Error> {
        while !octets.is_empty() && self.failure.is_none() {
            let before = octets.len();
            match &mut self.state {
                State::Text => octets = self.read_text(octets),
                State::Markup { .. } => octets = self.read_markup(octets),
                State::Base64 { .. } => octets = self.read_base64(octets)?,
            }
            let taken = before.saturating_sub(octets.len());
            self.read = self.read.saturating_add(count(taken));
            if self.skeleton.len() > self.limits.skeleton {
                return Err(Error::TooLarge);
            }
        }
        Ok(())
    }

    /// The message, once the body is complete.
    ///
    /// A SOAP fault is a message too; the operation that reads it reports it.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`] for status 401 or 403, [`Error::Unavailable`] for any other status but 2xx, both
    /// unless the body is a Konnektor's fault; [`Error::Response`] when the body of a 2xx is malformed.
    pub fn finish(self, http_status: u16) -> Result<Document, Error> {
        let success = (200..300).contains(&http_status);
        match self.document() {
            Ok(document) if success || document.is_fault() => Ok(document),
            Err(error) if success => Err(error),
            _ if matches!(http_status, 401 | 403) => Err(Error::Unauthorized),
            _ => Err(Error::Unavailable { reason: Reason::Http(http_status) }),
        }
    }

    fn document(mut self) -> Result<Document, Error> {
        if let Some(failure) = self.failure.take() {
            return Err(Error::Response(failure));
        }
        let bulk = std::mem::take(&mut self.bulk);
        let message = normal_form::of_soap(&self.skeleton, bulk).map_err(|failure| {
            Error::Response(ResponseError { at: failure.at.map(|at| self.origin(at)), ..failure })
        })?;
        Ok(Document::new(message))
    }

    /// The octet of the response that stands at `at` in the skeleton.
    fn origin(&self, at: u64) -> u64 {
        let place = usize::try_from(at).unwrap_or(usize::MAX);
        let before = self.moved.iter().rev().find(|(start, _)| *start <= place);
        before.map_or(at, |(_, distance)| at.saturating_add(*distance))
    }

    fn read_text<'a>(&mut self, octets: &'a [u8]) -> &'a [u8] {
        let Some(at) = octets.iter().position(|octet| *octet == b'<') else {
            self.keep(octets);
            return &[];
        };
        let (text, rest) = octets.split_at(at);
        self.keep(text);
        self.state = State::Markup { start: self.skeleton.len(), quote: None };
        rest
    }

    fn read_markup<'a>(&mut self, octets: &'a [u8]) -> &'a [u8] {
        let State::Markup { start, mut quote } = self.state else { return octets };
        let mut rest = octets;
        while let Some((&octet, after)) = rest.split_first() {
            rest = after;
            if self.skeleton.len() > self.limits.skeleton {
                break;
            }
            self.skeleton.push(octet);
            let markup = self.skeleton.get(start..).unwrap_or_default();
            match quote {
                Some(mark) if octet == mark => quote = None,
                Some(_) => {}
                None if matches!(octet, b'"' | b'\'') && is_tag(markup) => quote = Some(octet),
                None if octet == b'>' && is_complete(markup) => {
                    self.state = if is_base64_element(markup) {
                        let room = self.limits.bulk.saturating_sub(self.bulk_octets);
                        let taken = octets.len().saturating_sub(rest.len());
                        let start = self.read.saturating_add(count(taken));
                        State::Base64 { decoder: Base64Text::new(room), start }
                    } else {
                        State::Text
                    };
                    return rest;
                }
                None => {}
            }
        }
        self.state = State::Markup { start, quote };
        rest
    }

    fn read_base64<'a>(&mut self, octets: &'a [u8]) -> Result<&'a [u8], Error> {
        let State::Base64 { decoder, start } = &mut self.state else { return Ok(octets) };
        let start = *start;
        let end = octets.iter().position(|octet| *octet == b'<');
        let (text, rest) = octets.split_at(end.unwrap_or(octets.len()));
        let mut result = decoder.push(text);
        if end.is_some() && result.is_ok() {
            result = self.end_base64(self.read.saturating_add(count(text.len())));
        }
        match result {
            Ok(()) => {}
            Err(Base64Error::TooLong) => return Err(Error::TooLarge),
            Err(Base64Error::Malformed) => {
                self.failure = Some(ResponseError { what: Malformed::Base64, at: Some(start) });
            }
        }
        Ok(rest)
    }

    /// Puts a placeholder where the text stood that ends before octet `source` of the response.
    fn end_base64(&mut self, source: u64) -> Result<(), Base64Error> {
        if let State::Base64 { decoder, .. } = std::mem::replace(&mut self.state, State::Text) {
            let octets = decoder.finish()?;
            self.bulk_octets = self.bulk_octets.saturating_add(octets.len());
            self.keep(normal_form::placeholder(self.bulk.len()).as_bytes());
            self.bulk.push(octets);
            let distance = source.saturating_sub(count(self.skeleton.len()));
            self.moved.push((self.skeleton.len(), distance));
        }
        Ok(())
    }

    /// Adds to the skeleton, never more than shows that it is too long.
    fn keep(&mut self, octets: &[u8]) {
        let room = self.limits.skeleton.saturating_add(1).saturating_sub(self.skeleton.len());
        self.skeleton.extend(octets.iter().take(room));
    }
}

fn count(octets: usize) -> u64 {
    u64::try_from(octets).unwrap_or(u64::MAX)
}

fn is_tag(markup: &[u8]) -> bool {
    !markup.starts_with(b"<!") && !markup.starts_with(b"<?")
}

/// Whether markup that ends in `>` ends there.
fn is_complete(markup: &[u8]) -> bool {
    if markup.starts_with(b"<!--") {
        markup.len() >= 7 && markup.ends_with(b"-->")
    } else if markup.starts_with(b"<![CDATA[") {
        markup.ends_with(b"]]>")
    } else if markup.starts_with(b"<?") {
        markup.ends_with(b"?>")
    } else {
        true
    }
}

/// Whether markup is the start tag of one of [`BASE64_ELEMENTS`], under any prefix.
fn is_base64_element(markup: &[u8]) -> bool {
    let Some(tag) = markup.strip_prefix(b"<").filter(|_| !markup.ends_with(b"/>")) else { return false };
    let name = tag.split(|octet| octet.is_ascii_whitespace() || *octet == b'>').next().unwrap_or_default();
    let local = name.rsplit(|octet| *octet == b':').next().unwrap_or_default();
    is_tag(markup) && !name.starts_with(b"/") && BASE64_ELEMENTS.contains(&local)
}
