//! Requirements and mentions as a table.

use std::{collections::BTreeMap, fmt::Write};

use super::{Requirement, mentions::Mention, open::OPEN};

/// A line of the table; places are written as Markdown.
pub(crate) struct Row<'a> {
    pub(crate) requirement: &'a Requirement,
    pub(crate) code: Vec<String>,
    pub(crate) tests: Vec<String>,
    /// Why it is not met, if it is not.
    pub(crate) open: Option<&'static str>,
}

/// One row per requirement. The testbed plays the other side: what it does is neither code nor test of a requirement.
pub(crate) fn rows<'a>(requirements: &'a [Requirement], mentions: &[Mention]) -> Vec<Row<'a>> {
    let row = |requirement: &'a Requirement| {
        let places = |tests: bool| {
            let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            let ours = |mention: &&Mention| {
                mention.is_test == tests && !mention.file.starts_with("crates/kim-testbed/")
            };
            for mention in mentions.iter().filter(ours).filter(|mention| mention.names(&requirement.id)) {
                let items = files.entry(&mention.file).or_default();
                items.extend(mention.item.as_deref().filter(|item| !items.contains(item)));
            }
            files.into_iter().map(|(file, items)| place(file, &items)).collect()
        };
        let id = requirement.id.to_string();
        let open = OPEN.iter().find(|(open, _)| *open == id).map(|(_, why)| *why);
        Row { requirement, code: places(false), tests: places(true), open }
    };
    requirements.iter().map(row).collect()
}

/// `smtp/src/reply.rs: Reply, Text`, as a link to the file.
fn place(file: &str, items: &[&str]) -> String {
    let short = file.trim_start_matches("crates/");
    let separator = if items.is_empty() { "" } else { ": " };
    format!(
        "[{short}](../{file}){separator}{}",
        items.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ")
    )
}

/// How much is covered, in a sentence.
pub(crate) fn summary(rows: &[Row<'_>]) -> String {
    let testable: Vec<&Row<'_>> = rows.iter().filter(|row| row.requirement.testable == "yes").collect();
    let done: Vec<_> = testable.iter().filter(|row| row.open.is_none()).collect();
    let tested = done.iter().filter(|row| !row.tests.is_empty()).count();
    let with_code = done.iter().filter(|row| !row.code.is_empty()).count();
    format!(
        "{} requirements; {} are testable: {with_code} of these have code, {tested} a test that names them, {} are open.",
        rows.len(),
        testable.len(),
        testable.len() - done.len()
    )
}

/// The whole document.
pub(crate) fn markdown(rows: &[Row<'_>]) -> String {
    let mut text = String::from(
        "# Requirements\n\n\
         Which code and which test answers for which requirement of gematik. Written by\n\
         `UPDATE_REQUIREMENTS=1 cargo test -p kim-tests --test requirements_table` from the `Spec:` lines of code, traces and tests;\n\
         the same test fails when the table is out of date. Titles are our own short English ones. A range in a `Spec:` line counts for\n\
         every requirement in it. The testbed is left out: it plays the other side.\n\n",
    );
    writeln!(text, "{}", summary(rows)).unwrap();
    text.push_str("\n## Open\n\n| not met | title | why |\n|---|---|---|\n");
    for Row { requirement, open, .. } in rows {
        if let Some(why) = open {
            writeln!(text, "| {} | {} | {why} |", requirement.name, requirement.title).unwrap();
        }
    }
    let mut areas: Vec<&str> = Vec::new();
    for row in rows {
        if !areas.contains(&row.requirement.area.as_str()) {
            areas.push(&row.requirement.area);
        }
    }
    for area in areas {
        write!(
            text,
            "\n## {area}\n\n| requirement | title | testable | code | tests |\n|---|---|---|---|---|\n"
        )
        .unwrap();
        for Row { requirement, code, tests, open } in rows.iter().filter(|row| row.requirement.area == area) {
            let Requirement { name, title, testable, .. } = requirement;
            let code = if open.is_some() { format!("**open**; {}", cell(code)) } else { cell(code) };
            writeln!(text, "| {name} | {title} | {testable} | {code} | {} |", cell(tests)).unwrap();
        }
    }
    text
}

fn cell(places: &[String]) -> String {
    if places.is_empty() { "—".to_owned() } else { places.join("<br>") }
}
