//! `docs/FUZZING.md` names every fuzz target, and `fuzz/table` keeps what it does not replace.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).to_owned()
}

/// What `fuzz/table` makes of a page.
fn with_rows(page: &str, rows: &str, targets: &[&str]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.md");
    fs::write(&file, page).unwrap();
    let mut command = Command::new(root().join("fuzz/table"));
    command.arg(&file).arg("A note.").args(targets).stdin(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(rows.as_bytes()).unwrap();
    child.wait().unwrap().success().then(|| fs::read_to_string(file).unwrap())
}

/// Spec: none — a page of our own.
#[test]
fn a_row_takes_the_place_of_its_own_and_the_rest_of_the_page_stays() {
    let page = "before\n<!-- table -->\n| one | 1 | old |\n| gone | 2 | old |\n| two_ops | 3 | old |\n<!-- end of table -->\nafter\n";
    let made =
        with_rows(page, "| two_ops | 4 | new |\n| three | 5 | new |\n", &["one", "three", "two", "two_ops"]);
    let made = made.unwrap();
    assert!(made.starts_with("before\n<!-- table -->\n\nA note.\n"), "{made}");
    assert!(made.ends_with("\n<!-- end of table -->\nafter\n"), "{made}");
    let rows: Vec<_> =
        made.lines().filter(|line| line.ends_with(" old |") || line.ends_with(" new |")).collect();
    assert_eq!(rows, ["| one | 1 | old |", "| three | 5 | new |", "| two_ops | 4 | new |"]);
    assert_eq!(with_rows("no table", "| one | 1 |\n", &["one"]), None);
}

/// Spec: none — keeps the page true.
#[test]
fn every_target_says_what_must_hold_and_what_it_did() {
    let page = fs::read_to_string(root().join("docs/FUZZING.md")).unwrap();
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    let targets: BTreeSet<&str> =
        manifest.split("[[bin]]\nname = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let (claims, campaigns) = page.split_once("<!-- table -->").unwrap();
    let claimed = claims.lines().skip_while(|line| *line != "|---|---|").skip(1);
    let claimed = claimed.take_while(|line| line.starts_with('|')).filter_map(|line| line.split('|').nth(1));
    let claimed: BTreeSet<&str> = claimed.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert_eq!(claimed, targets);
    let rows = campaigns.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| target "));
    let measured: BTreeSet<&str> = rows.filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(measured, targets);
}
