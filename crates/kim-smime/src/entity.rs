//! The MIME entities that carry a CMS structure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use mail_parser::{ContentType, HeaderValue, MessageParser};
use memchr::memchr;
use thiserror::Error;

use crate::cms_error::CmsError;
use crate::header::{Header, HeaderError};

/// The longest Content-Type that is read, in octets: nobody who wants to be understood writes a longer one, and the parser takes
/// a time that grows with the square.
const MAX_CONTENT_TYPE: usize = 1024;

/// Why a message is not one of the KOM-LE profile: X-KIM-DecryptionResult 02.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02; gemSMIME_KOMLE 1.7.0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// A header cannot be read.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The content type is not the one of this place in the profile.
    #[error("the content type is not {expected}")]
    ContentType {
        /// The content type expected.
        expected: &'static str,
    },
    /// The transfer encoding is none that the profile allows at this place.
    #[error("the transfer encoding is not allowed")]
    TransferEncoding,
    /// The base64 is broken, or longer than allowed.
    #[error("the base64 is malformed at octet {at}")]
    Base64 {
        /// The offset of the fault in octets, from the start of the body.
        at: usize,
    },
    /// The CMS structure is not one of the profile.
    #[error(transparent)]
    Cms(#[from] CmsError),
}

/// The kind of CMS structure an entity announces.
#[derive(Clone, Copy)]
pub(crate) enum SmimeType {
    AuthenticatedEnvelopedData,
    SignedData,
}

/// The octets of the CMS structure in an entity.
///
/// The smime-type may be missing, because the structure itself says what it is; a wrong one is refused. Binary is sliced,
/// base64 decoded up to `max` octets.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2103, KOM-LE-A_2104, KOM-LE-A_2299.
pub(crate) fn cms(header: &Header, body: Bytes, kind: SmimeType, max: usize) -> Result<Bytes, FormatError> {
    let (smime_type, expected) = match kind {
        SmimeType::AuthenticatedEnvelopedData => (
            "authenticated-enveloped-data",
            "application/pkcs7-mime; smime-type=authenticated-enveloped-data",
        ),
        SmimeType::SignedData => ("signed-data", "application/pkcs7-mime; smime-type=signed-data"),
    };
    let named = |found: &ContentType<'_>| {
        found.attribute("smime-type").is_none_or(|found| found.eq_ignore_ascii_case(smime_type))
    };
    if !content_type(header, |found| is(found, "application", "pkcs7-mime") && named(found))
        .unwrap_or_default()
    {
        return Err(FormatError::ContentType { expected });
    }
    match transfer_encoding(header)?.as_str() {
        "base64" => decode(&body, max),
        "binary" => Ok(body),
        _ => Err(FormatError::TransferEncoding),
    }
}

/// Checks that an entity is a mail, not encoded.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2097; RFC 2046 §5.2.1.
pub(crate) fn check_rfc822(header: &Header) -> Result<(), FormatError> {
    if media_type(header) != MediaType::Rfc822 {
        return Err(FormatError::ContentType { expected: "message/rfc822" });
    }
    match transfer_encoding(header)?.as_str() {
        "" | "7bit" | "8bit" | "binary" => Ok(()),
        _ => Err(FormatError::TransferEncoding),
    }
}

/// The character set of an entity in lower case, if it names one.
pub(crate) fn charset(header: &Header) -> Option<String> {
    content_type(header, |found| found.attribute("charset").map(str::to_ascii_lowercase))?
}

/// Whether an entity has that media type; the subtype may be left open.
pub(crate) fn is_of_type(header: &Header, ctype: &str, subtype: Option<&str>) -> bool {
    let named = |found: &ContentType<'_>| match subtype {
        Some(subtype) => is(found, ctype, subtype),
        None => found.ctype().eq_ignore_ascii_case(ctype),
    };
    content_type(header, named).unwrap_or_default()
}

/// The media types whose parts matter.
#[derive(PartialEq, Eq)]
pub(crate) enum MediaType {
    /// Parts between lines of `boundary`.
    Multipart {
        boundary: String,
    },
    Rfc822,
    Pkcs7Mime,
    /// Anything else, or nothing, or several.
    Other,
}

/// The media type of an entity.
pub(crate) fn media_type(header: &Header) -> MediaType {
    let read = |found: &ContentType<'_>| {
        if found.ctype().eq_ignore_ascii_case("multipart") {
            found
                .attribute("boundary")
                .map_or(MediaType::Other, |boundary| MediaType::Multipart { boundary: boundary.to_owned() })
        } else if is(found, "message", "rfc822") {
            MediaType::Rfc822
        } else if is(found, "application", "pkcs7-mime") {
            MediaType::Pkcs7Mime
        } else {
            MediaType::Other
        }
    };
    content_type(header, read).unwrap_or(MediaType::Other)
}

fn is(found: &ContentType<'_>, ctype: &str, subtype: &str) -> bool {
    found.ctype().eq_ignore_ascii_case(ctype)
        && found.subtype().is_some_and(|found| found.eq_ignore_ascii_case(subtype))
}

/// What `read` makes of the Content-Type, if there is exactly one and it is not too long.
fn content_type<T>(header: &Header, read: impl Fn(&ContentType<'_>) -> T) -> Option<T> {
    let value = header.only("Content-Type")?.value();
    if value.len() > MAX_CONTENT_TYPE {
        return None;
    }
    let field = [b"Content-Type: ", value.as_slice(), b"\r\n\r\n"].concat();
    let message = MessageParser::new().parse_headers(&field)?;
    match message.headers() {
        [header] => match header.value() {
            HeaderValue::ContentType(found) => Some(read(found)),
            _ => None,
        },
        _ => None,
    }
}

/// The transfer encoding in lower case, empty if there is none.
pub(crate) fn transfer_encoding(header: &Header) -> Result<String, FormatError> {
    match (header.only("Content-Transfer-Encoding"), header.first("Content-Transfer-Encoding")) {
        (Some(field), _) => Ok(field.text().to_ascii_lowercase()),
        (None, None) => Ok(String::new()),
        (None, Some(_)) => Err(FormatError::TransferEncoding),
    }
}

/// Decodes base64 with any blanks and line ends in between, but nothing else.
pub(crate) fn decode(body: &[u8], max: usize) -> Result<Bytes, FormatError> {
    // Hardly anybody has blanks within lines or lines of many widths, so they are looked for only when it does not work without.
    decode_lines(body, max, false).or_else(|_| decode_lines(body, max, true))
}

fn decode_lines(body: &[u8], max: usize, with_blanks: bool) -> Result<Bytes, FormatError> {
    /// A multiple of four.
    const BLOCK: usize = 64 * 1024;
    let error = || {
        let alphabet = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/= \t\r\n".contains(octet);
        FormatError::Base64 { at: body.iter().position(|octet| !alphabet(octet)).unwrap_or(body.len()) }
    };
    let mut decoded = Vec::with_capacity((body.len() / 4).saturating_mul(3).min(max));
    let mut block = Vec::with_capacity(BLOCK.saturating_mul(2));
    let mut padded = false;
    let mut flush = |block: &mut Vec<u8>, whole: usize| {
        let ready = block.get(..whole).unwrap_or_default();
        // Padding ends the data; the engine sees only one block at a time.
        if padded && !ready.is_empty() {
            return Err(error());
        }
        padded = ready.ends_with(b"=");
        STANDARD.decode_vec(ready, &mut decoded).map_err(|_| error())?;
        block.drain(..whole);
        if decoded.len() > max { Err(error()) } else { Ok(()) }
    };
    let (mut rest, mut width) = (body, 0);
    while !rest.is_empty() {
        let line;
        (line, rest) = next_line(rest, width);
        width = line.len();
        for part in line.chunks(BLOCK) {
            if with_blanks {
                block.extend(part.iter().filter(|octet| !matches!(octet, b' ' | b'\t' | b'\r' | b'\n')));
            } else {
                block.extend_from_slice(part);
            }
            if block.len() >= BLOCK {
                flush(&mut block, BLOCK)?;
            }
        }
    }
    let rest = block.len();
    flush(&mut block, rest)?;
    Ok(decoded.into())
}

/// A line without its end, and what follows. Lines of base64 are of one width: if one seems to end there, it is not looked at
/// otherwise, and may hold line ends, which do not decode.
fn next_line(octets: &[u8], width: usize) -> (&[u8], &[u8]) {
    if width > 0
        && let Some((line, [b'\r', b'\n', rest @ ..])) = octets.split_at_checked(width)
    {
        return (line, rest);
    }
    let end = memchr(b'\n', octets).unwrap_or(octets.len());
    let (line, rest) = octets.split_at_checked(end).unwrap_or((octets, &[]));
    (line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::header::HeaderLimits;

    fn header(text: &str) -> Header {
        Header::split(&Bytes::from(text.to_owned()), &HeaderLimits::default()).unwrap().0
    }

    #[test]
    fn base64_may_be_broken_into_any_lines_and_nothing_else() {
        let decode = |text: &[u8]| decode(text, 1000);
        assert_eq!(decode(b"QU\r\n JD\n\tRA==\r\n\r\n").unwrap(), "ABCD");
        assert_eq!(decode(b"").unwrap(), "");
        assert_eq!(decode(b"QUJD-RA=="), Err(FormatError::Base64 { at: 4 }));
        assert_eq!(decode(b"QUJDRA="), Err(FormatError::Base64 { at: 7 }));
        assert_eq!(decode(b"QUJDRA==QUJD"), Err(FormatError::Base64 { at: 12 }));
        assert_eq!(super::decode(b"QUJD", 2), Err(FormatError::Base64 { at: 4 }));
    }

    #[test]
    fn lines_may_be_of_many_widths() {
        let decode = |text: &[u8]| decode(text, 1000);
        assert_eq!(decode(b"QUJDRE\r\nVGR0\r\nhJ\r\n").unwrap(), "ABCDEFGHI");
        // The second and third line look like one as wide as the first.
        assert_eq!(decode(b"QUJDRE\r\nVG\nR0h\r\nJ\r\n").unwrap(), "ABCDEFGHI");
        assert_eq!(decode(b"QUJDRE\r\nV\r\nGR0\r\nhJ").unwrap(), "ABCDEFGHI");
        assert_eq!(decode(b"QUJDRE\r\nVG\nR0-\r\nJ\r\n"), Err(FormatError::Base64 { at: 13 }));
    }

    #[test]
    fn padding_ends_the_data_at_the_end_of_a_block_too() {
        let mut text = "A".repeat(64 * 1024 - 4);
        text.push_str("QQ==");
        assert!(decode(text.as_bytes(), 1 << 20).is_ok());
        text.push_str("QUJD");
        assert!(decode(text.as_bytes(), 1 << 20).is_err());
    }

    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104, KOM-LE-A_2299
    #[test]
    fn content_type_and_transfer_encoding_are_those_of_the_profile() {
        let read = |text: &str| cms(&header(text), "QUJD".into(), SmimeType::AuthenticatedEnvelopedData, 100);
        let base64 = "Content-Transfer-Encoding: BASE64\r\n";
        let right = "Content-Type: application/pkcs7-mime;\r\n\tSMIME-Type=\"Authenticated-Enveloped-Data\"; name=x\r\n";
        assert_eq!(read(&format!("{right}{base64}")).unwrap(), "ABC");
        assert_eq!(read(&format!("content-type:application/PKCS7-MIME\r\n{base64}")).unwrap(), "ABC");
        assert_eq!(read(&format!("{right}Content-Transfer-Encoding: binary\r\n")).unwrap(), "QUJD");
        assert_eq!(read(right), Err(FormatError::TransferEncoding));
        assert_eq!(read(&format!("{right}{base64}{base64}")), Err(FormatError::TransferEncoding));
        let refused = |text: &str| matches!(read(text), Err(FormatError::ContentType { .. }));
        assert!(refused(base64));
        assert!(refused(&format!("{right}{right}{base64}")));
        assert!(refused(&format!(
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n{base64}"
        )));
        assert!(refused(&format!("Content-Type: text/plain\r\n{base64}")));
    }

    /// The first two took a time that grew with the square of their length.
    #[test]
    fn a_content_type_of_one_mebibyte_is_none() {
        for parameter in ["a*1=xxxxx;", "a=\"=?ab?q? \";", "a=b;"] {
            let value = parameter.repeat((1 << 20) / parameter.len() - 20);
            let header = header(&format!("Content-Type: application/pkcs7-mime; {value}\r\n"));
            assert!(media_type(&header) == MediaType::Other, "{parameter}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(octets in prop::collection::vec(any::<u8>(), 0..300), width in 1usize..90) {
            let encoded = STANDARD.encode(&octets);
            let lines: Vec<&[u8]> = encoded.as_bytes().chunks(width).collect();
            prop_assert_eq!(decode(&lines.join(&b"\r\n"[..]), 300).unwrap(), octets);
        }

        #[test]
        fn random_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&octets, 100);
        }
    }
}
