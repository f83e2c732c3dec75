//! The pages for people name tests and files: none of them may have gone, and nothing they promise to name may be missing.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).to_owned()
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// What stands in single backticks.
fn code(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2)
}

/// A test as `file::function`, or a trace.
fn is_missing(name: &str) -> bool {
    match name.split_once(".rs::") {
        Some((file, function)) => {
            let code = fs::read_to_string(root().join(format!("{file}.rs"))).unwrap_or_default();
            !code.contains(&format!("fn {function}("))
        }
        None => name.ends_with(".trace") && !root().join(name).is_file(),
    }
}

/// Spec: none — keeps the pages true.
#[test]
fn every_test_that_is_named_exists() {
    let pages = [
        ("SECURITY.md", 50),
        ("docs/API-KIM-RULINGS.md", 50),
        ("docs/PITFALLS.md", 100),
        ("docs/FUZZING.md", 1),
    ];
    for (name, at_least) in pages {
        let page = page(name);
        let named: Vec<_> =
            code(&page).filter(|code| code.contains(".rs::") || code.ends_with(".trace")).collect();
        assert!(named.len() >= at_least, "{name} names tests as file::function");
        let missing: Vec<_> = named.into_iter().filter(|name| is_missing(name)).collect();
        assert!(missing.is_empty(), "{name}: {missing:#?}");
    }
}

/// Spec: none — keeps the page true.
#[test]
fn every_question_has_an_answer() {
    let page = page("docs/API-KIM-RULINGS.md");
    let questions: Vec<_> = page.lines().filter(|line| line.starts_with("| **Q")).collect();
    assert_eq!(questions.len(), 26);
    for (number, row) in (1..).zip(&questions) {
        assert!(row.starts_with(&format!("| **Q{number}** ")), "{row}");
    }
    let open: Vec<_> = questions.iter().filter(|row| row.contains("no test yet")).collect();
    println!("{} of 26 questions without a test: {open:#?}", open.len());
}

/// Spec: none — keeps the pages true.
#[test]
fn every_attack_and_every_mistake_has_a_test() {
    for (name, at_least) in [("SECURITY.md", 20), ("docs/PITFALLS.md", 50)] {
        let page = page(name);
        let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| **")).collect();
        assert!(rows.len() >= at_least, "{name}: {} rows", rows.len());
        for row in rows {
            assert!(row.contains(".rs::") || row.contains(".trace`"), "without a test: {row}");
        }
    }
}

/// Spec: none — keeps the pages true.
#[test]
fn every_link_leads_somewhere() {
    let mut pages = vec![PathBuf::from(".")];
    pages.extend(["docs", "examples", "fuzz", "tests"].map(PathBuf::from));
    pages.extend(fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path()));
    let mut links = 0;
    for folder in pages {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let file = entry.unwrap().path();
            // The table of requirements has a test of its own.
            if file.extension().is_none_or(|extension| extension != "md") || file.ends_with("REQUIREMENTS.md")
            {
                continue;
            }
            for link in fs::read_to_string(&file).unwrap().split("](").skip(1) {
                let target = link.split([')', '#']).next().unwrap_or_default();
                if !target.is_empty() && !target.contains("://") {
                    let there = file.parent().unwrap().join(target).exists();
                    assert!(there, "{}: {target}", file.display());
                    links += 1;
                }
            }
        }
    }
    assert!(links > 30, "{links} links");
}
