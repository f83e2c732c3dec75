//! The rules of the S/MIME profile, KOM-LE-A_2095 to KOM-LE-A_2129: each is kept when sending and checked when receiving.
//!
//! What a Konnektor makes is checked before it goes out: the tests of kim-smime break one rule each in its answers and in what
//! is received. Here is what a mail looks like that went out ([`sent`]), and that no rule is without its two tests
//! ([`every_rule_has_a_test_in_each_direction`]).

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

mod message;
mod sent;
#[expect(dead_code, reason = "another test uses the rest")]
#[path = "../broken_messages/tree.rs"]
mod tree;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The numbers of the rules; those between them do not exist.
const RULES: [&str; 31] = [
    "2095", "2096", "2097", "2098", "2099", "2100", "2101", "2102", "2103", "2104", "2106", "2107", "2108",
    "2109", "2111", "2112", "2114", "2115", "2116", "2117", "2118", "2119", "2121", "2122", "2123", "2124",
    "2125", "2126", "2127", "2128", "2129",
];

/// The numbers of the rules that tests name for a direction: `Spec: ..., KOM-LE-A_2106 (received and sent)`.
fn tested(direction: &str) -> BTreeSet<String> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut files = Vec::new();
    for folder in ["crates/kim-smime/tests", "tests/tests"] {
        collect(&root.join(folder), &mut files);
    }
    let mut found = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let comments = text.lines().filter_map(|line| line.trim_start().strip_prefix("/// "));
        let comments: Vec<&str> = comments.collect();
        for part in comments.join(" ").split("KOM-LE-A_").skip(1) {
            let (number, rest) = part.split_at_checked(4).unwrap_or((part, ""));
            let comment = rest.split_once(" (").and_then(|(index, rest)| {
                let is_index = index.is_empty() || (index.len() == 3 && index.starts_with('-'));
                is_index.then(|| rest.split(')').next().unwrap_or_default())
            });
            if comment.is_some_and(|comment| comment.split(" and ").any(|word| word == direction)) {
                found.insert(number.to_owned());
            }
        }
    }
    found
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn every_rule_has_a_test_in_each_direction() {
    for direction in ["received", "sent"] {
        let tested = tested(direction);
        let missing: Vec<_> = RULES.iter().filter(|rule| !tested.contains(**rule)).collect();
        assert!(missing.is_empty(), "{direction}: no test names {missing:?}");
    }
}
