//! Finds `Spec:` lines: `Spec: DOCUMENT VERSION, ID, ID to ID (comment); DOCUMENT VERSION, ID`, up to the end of the paragraph.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Requirement,
    id::{Id, ranges},
};

/// One `Spec:` paragraph.
#[derive(Debug)]
pub(crate) struct Mention {
    /// Path from the root of the workspace.
    pub(crate) file: String,
    /// What the paragraph describes; `None`: the whole file.
    pub(crate) item: Option<String>,
    /// It describes a test or a trace.
    pub(crate) is_test: bool,
    text: String,
}

impl Mention {
    /// Whether the requirement is named, alone or in a range.
    pub(crate) fn names(&self, id: &Id) -> bool {
        ranges(&self.text).iter().any(|(from, to)| from <= id && id <= to && from.series == id.series)
    }

    /// Ids that are said to be of a document the list covers, and are not in it.
    pub(crate) fn unknown_ids(&self, known: &[Requirement]) -> Vec<String> {
        self.text
            .split(';')
            .map(str::trim_start)
            .filter(|part| {
                ["gemSpec_CM_KOMLE", "gemSMIME_KOMLE"].iter().any(|document| part.starts_with(document))
            })
            .flat_map(ranges)
            .flat_map(|(from, to)| [from, to])
            .filter(|id| !known.iter().any(|requirement| requirement.id == *id))
            .map(|id| format!("{id} in {}", self.file))
            .collect()
    }
}

/// All `Spec:` paragraphs of the workspace's code, tests and traces, in the order of the paths.
pub(crate) fn below(root: &Path) -> Vec<Mention> {
    let mut files = Vec::new();
    for directory in ["crates", "examples", "tests", "fuzz"] {
        collect(&root.join(directory), &mut files);
    }
    files.sort();
    files.iter().flat_map(|path| in_file(root, path)).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "trace") {
            files.push(path);
        }
    }
}

fn in_file(root: &Path, path: &Path) -> Vec<Mention> {
    let text = fs::read_to_string(path).unwrap();
    let file = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    let is_trace = file.ends_with(".trace");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut mentions = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((marker, first)) =
            line.split_once("Spec: ").filter(|(before, _)| is_marker(before, is_trace))
        else {
            continue;
        };
        if first.starts_with("none") {
            continue;
        }
        let below = lines.get(at + 1..).unwrap_or_default();
        let more = below
            .iter()
            .map_while(|line| line.strip_prefix(marker.trim_end()))
            .take_while(|line| !line.trim().is_empty());
        let more: Vec<&str> = if is_trace { Vec::new() } else { more.collect() };
        let (item, has_test_attribute) = if marker.starts_with("///") { item(below) } else { (None, false) };
        mentions.push(Mention {
            is_test: has_test_attribute || is_trace || file.contains("/tests/") || file.ends_with("tests.rs"),
            text: format!("{first} {}", more.join(" ")),
            file: file.clone(),
            item,
        });
    }
    mentions
}

fn is_marker(before: &str, is_trace: bool) -> bool {
    matches!((before.trim(), is_trace), ("///" | "//!" | "//", false) | ("", true))
}

/// The name of what follows a doc comment, and whether it is marked as a test.
fn item(below: &[&str]) -> (Option<String>, bool) {
    let mut is_test = false;
    for line in below.iter().filter(|line| !line.is_empty() && !line.starts_with("//")) {
        if line.starts_with("#[") || line.starts_with(")]") {
            is_test |= line.contains("test]") || line.contains("test(");
            continue;
        }
        let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
        let keywords = [
            "pub", "crate", "super", "in", "const", "static", "async", "unsafe", "fn", "struct", "enum",
            "trait", "type", "mod", "impl", "use",
        ];
        let name = words.into_iter().find(|word| !keywords.contains(word));
        return (name.map(str::to_owned), is_test);
    }
    (None, is_test)
}
