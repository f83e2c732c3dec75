//! `SECURITY.md` names a test against each attack; none of them may have gone.

use std::{fs, path::Path};

/// Spec: none — keeps the page true.
#[test]
fn every_test_that_is_named_exists() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let page = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let named: Vec<_> = page.split('`').filter_map(|code| code.split_once(".rs::")).collect();
    assert!(named.len() > 20, "the page names tests as file::function");
    let is_missing = |(file, function): &(&str, &str)| {
        let code = fs::read_to_string(root.join(format!("{file}.rs"))).unwrap_or_default();
        !code.contains(&format!("fn {function}("))
    };
    let missing: Vec<_> = named.into_iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
