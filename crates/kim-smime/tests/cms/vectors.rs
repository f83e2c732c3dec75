//! Finds real data that is not part of the project.

#![allow(dead_code, reason = "every test file uses its own part")]
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// The octets of a file; `None`, with a line that says so, when it is not there.
pub(crate) fn vector(path: &str) -> Option<Bytes> {
    kim_vectors::octets(path).map(Bytes::from)
}

/// The base64 content of the element with that local name, in a recorded answer.
pub(crate) fn base64_element(xml: &[u8], name: &str) -> Bytes {
    let text = std::str::from_utf8(xml).unwrap();
    let start = text.find(&format!(":{name}")).unwrap();
    let (_, rest) = text.split_at(start);
    let (_, rest) = rest.split_once('>').unwrap();
    let (content, _) = rest.split_once('<').unwrap();
    decode(content)
}

/// Base64 with or without line breaks.
pub(crate) fn decode(text: &str) -> Bytes {
    let packed: String = text.split_whitespace().collect();
    STANDARD.decode(packed).unwrap().into()
}
