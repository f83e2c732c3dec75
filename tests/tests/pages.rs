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

/// Whether the code has a function of that name with an attribute that makes it a test.
fn has_test(code: &str, function: &str) -> bool {
    let Some((before, _)) = code.split_once(&format!("fn {function}(")) else { return false };
    let above = before.rsplit('\n').skip(1).map(str::trim);
    let mut attributes = above.take_while(|line| !line.is_empty() && !line.ends_with('}'));
    attributes.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
}

#[test]
fn only_a_function_that_is_run_is_a_test() {
    let code = "#[test]\nfn one() {}\n\n#[tokio::test(flavor = \"multi_thread\")]\n#[expect(dead_code)]\nasync fn two() {}\n\nfn three() {}";
    assert!(has_test(code, "one") && has_test(code, "two"));
    assert!(!has_test(code, "three") && !has_test(code, "four"));
}

/// A test as `file::function`, or a trace.
fn is_missing(name: &str) -> bool {
    match name.split_once(".rs::") {
        Some((file, function)) => {
            let code = fs::read_to_string(root().join(format!("{file}.rs"))).unwrap_or_default();
            !has_test(&code, function)
        }
        None => name.ends_with(".trace") && !root().join(name).is_file(),
    }
}

/// Whether a row of a table names a test that exists.
fn names_a_test(row: &str) -> bool {
    code(row).any(|code| (code.contains(".rs::") || code.ends_with(".trace")) && !is_missing(code))
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
    let open: Vec<_> = questions.iter().filter(|row| !names_a_test(row)).collect();
    assert!(open.is_empty(), "without a test: {open:#?}");
}

/// Spec: none — keeps the pages true.
#[test]
fn every_attack_and_every_mistake_has_a_test() {
    for (name, at_least) in [("SECURITY.md", 20), ("docs/PITFALLS.md", 50)] {
        let page = page(name);
        let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| **")).collect();
        assert!(rows.len() >= at_least, "{name}: {} rows", rows.len());
        for row in rows {
            assert!(names_a_test(row), "without a test: {row}");
        }
    }
}

/// The refusals in a part of a source file, as they go over the wire: `451 4.3.1 Es ist kein Platz`, `-ERR [IN-USE] ...`.
fn refusals(file: &str, from: &str, to: &str) -> Vec<String> {
    let source = page(file);
    let (_, part) = source.split_once(from).unwrap();
    let (part, _) = part.split_once(to).unwrap();
    let until_quote = |text: &str| text.split('"').next().unwrap_or_default().to_owned();
    let pieces: Vec<&str> = part.split(", \"").collect();
    let smtp = pieces.windows(2).filter_map(|pair| {
        let &[before, after] = pair else { return None };
        let code = before.get(before.len().checked_sub(3)?..)?;
        let refuses = code.starts_with(['4', '5']) && code.bytes().all(|octet| octet.is_ascii_digit());
        refuses.then(|| format!("{code} {}", until_quote(after)))
    });
    let pop3 = part.split("\"-ERR ").skip(1).map(|text| format!("-ERR {}", until_quote(text)));
    smtp.chain(pop3).collect()
}

/// What a mail program shows to people when it cannot log in or send. What it only gets for breaking the protocol is left out.
///
/// Spec: none — keeps the page true.
#[test]
fn every_reply_that_people_see_is_explained() {
    let readme = page("README.md");
    let explained: Vec<&str> =
        code(&readme).map(|code| code.trim_end_matches(" ...")).filter(|code| code.len() > 15).collect();
    let smtp = "crates/kim-smtp/src/replies.rs";
    let seen = [
        refusals("crates/kim-pop3/src/replies.rs", "fn refusal(", "\n}\n"),
        refusals(smtp, "USER_NAME_PLEASE", "// Envelope"),
        refusals(smtp, "// Processing.", "/// The lines of the reply to EHLO"),
        refusals("crates/kim-flow/src/refusal.rs", "pub fn reply(", "\n    }\n"),
        refusals("crates/kim-clientmodul/src/smtp.rs", "use ", "/// Waits for the task"),
    ];
    for replies in &seen {
        assert!(replies.len() >= 3, "{replies:?}");
        for reply in replies {
            assert!(explained.iter().any(|text| reply.starts_with(text)), "README.md lacks `{reply}`");
        }
    }
    assert!(seen.concat().len() > 30, "{seen:#?}");
}

/// The pages in a folder and below it.
fn pages_below(folder: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && !["target", "corpus"].contains(&name.as_str()) {
            pages.extend(pages_below(&path));
        } else if name.ends_with(".md") {
            pages.push(path);
        }
    }
    pages
}

/// What a link within a page names a heading by: small letters and digits, blanks as hyphens.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let letters = heading.trim_start_matches('#').trim().chars();
        let kept = letters.filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

/// Spec: none — keeps the pages true.
#[test]
fn every_link_leads_somewhere() {
    let mut links = 0;
    // The table of requirements has a test of its own.
    for file in pages_below(&root()).into_iter().filter(|file| !file.ends_with("REQUIREMENTS.md")) {
        for link in fs::read_to_string(&file).unwrap().split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            if link.contains("://") {
                continue;
            }
            let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if target.is_empty() { file.clone() } else { file.parent().unwrap().join(target) };
            assert!(target.exists(), "{}: {link}", file.display());
            let there = anchor.is_empty()
                || anchors(&fs::read_to_string(target).unwrap()).iter().any(|heading| heading == anchor);
            assert!(there, "{}: there is no heading for {link}", file.display());
            links += 1;
        }
    }
    assert!(links > 30, "{links} links");
}

/// A file of the table without a folder stands beside the one before it.
///
/// Spec: none — keeps the page true.
#[test]
fn the_table_of_where_to_find_what_names_files_that_exist() {
    let page = page("ARCHITECTURE.md");
    let (_, table) = page.split_once("## Where to find what").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let (mut files, mut folder) = (0, root());
    for name in
        code(table).filter(|name| name.ends_with(".rs") || name.ends_with(".md") || name.contains('/'))
    {
        let file = if name.contains('/') { root().join(name) } else { folder.join(name) };
        assert!(file.exists(), "{name}");
        folder = file.parent().unwrap().to_owned();
        files += 1;
    }
    assert!(files > 20, "{files} files");
}

/// A line of a page or of the documentation of a crate, in the form of a page.
fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, link)) = rest.split_once('[') {
        text.push_str(before);
        let (name, after) = link.split_once(']').unwrap_or((link, ""));
        text.push_str(name);
        rest = match after.strip_prefix('(') {
            Some(target) => target.split_once(')').map_or("", |(_, after)| after),
            None => after,
        };
    }
    text + rest
}

/// Code and headings apart: in code a page does without what only rustdoc needs.
fn prose(page: &str) -> Vec<String> {
    let mut in_code = false;
    let lines = page.lines().filter(|line| {
        let fence = line.starts_with("```");
        in_code ^= fence;
        !(fence || in_code || line.is_empty() || line.starts_with('#'))
    });
    let is_target = |line: &&str| line.starts_with('[') && line.contains("]: ");
    lines.filter(|line| !is_target(line)).map(plain).collect()
}

/// The page of a crate is the introduction of its documentation.
///
/// Spec: none — keeps the pages true.
#[test]
fn every_readme_says_what_the_crate_says() {
    let mut crates = 0;
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let code = fs::read_to_string(folder.join("src/lib.rs")).unwrap();
        let introduction = code.lines().map_while(|line| line.strip_prefix("//!"));
        let introduction: Vec<&str> =
            introduction.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        let page = fs::read_to_string(folder.join("README.md")).unwrap();
        assert_eq!(prose(&page), prose(&introduction.join("\n")), "{}", folder.display());
        crates += 1;
    }
    assert_eq!(crates, 12, "a crate has come or gone");
}

/// The keys of the configuration stand in the operating guide as in the crate's documentation.
///
/// Spec: none — keeps the pages true.
#[test]
fn the_operating_guide_has_every_key() {
    let code = fs::read_to_string(root().join("crates/kim-clientmodul/src/config.rs")).unwrap();
    let rows = code.lines().filter_map(|line| line.strip_prefix("//! ")).filter(|line| line.starts_with('|'));
    let keys: Vec<&str> = rows.skip_while(|row| *row != "| key | value | default |").collect();
    assert!(keys.len() > 40, "{keys:?}");
    assert!(page("docs/OPERATING.md").contains(&keys.join("\n")), "the table of keys differs");
}
