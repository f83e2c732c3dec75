//! Finds real data that is not part of the project.

#![allow(dead_code, reason = "every test file uses its own part")]
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// The octets of a file; `None`, with a line that says so, when it is not there.
#[expect(clippy::disallowed_methods, reason = "the data lies in files and the environment says where")]
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
pub(crate) fn vector(path: &str) -> Option<Bytes> {
    let folder = std::env::var("KIM_VECTORS").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")),
        PathBuf::from,
    );
    let octets = std::fs::read(folder.join(path)).ok();
    if octets.is_none() {
        println!("skipped: {path} is not there");
    }
    octets.map(Bytes::from)
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
