//! `docs/REQUIREMENTS.md` says what the `Spec:` lines of code, traces and tests say.
//!
//! `UPDATE_REQUIREMENTS=1 cargo test -p kim-tests --test requirements_table` writes the table anew. Which requirements there are
//! comes from `../spec/requirements.csv` beside the vectors where it exists, and from the committed table otherwise.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod id;
mod known;
mod mentions;
mod open;
mod table;

use std::{fs, path::Path};

use known::Requirement;

/// Everything a reader of the table may look up is in it, and nothing else; ids that no specification has are named.
///
/// Spec: none — keeps the table true.
#[test]
fn table_is_what_the_spec_lines_say() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let file = root.join("docs/REQUIREMENTS.md");
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let requirements = match fs::read_to_string(kim_vectors::folder().join("../spec/requirements.csv")) {
        Ok(csv) => known::from_csv(&csv),
        Err(_) => {
            kim_vectors::skipped("no list of requirements, the committed table is taken as the list");
            known::from_table(&committed)
        }
    };
    let mentions = mentions::below(root);

    let unknown: Vec<String> =
        mentions.iter().flat_map(|mention| mention.unknown_ids(&requirements)).collect();
    assert!(
        unknown.is_empty(),
        "Spec lines name requirements that are not in the list:\n{}",
        unknown.join("\n")
    );

    let rows = table::rows(&requirements, &mentions);
    let untested = rows.iter().filter(|row| row.requirement.testable == "yes" && row.tests.is_empty());
    let unexplained: Vec<_> =
        untested.filter(|row| row.open.is_none()).map(|row| &row.requirement.name).collect();
    assert!(unexplained.is_empty(), "without a test, and no row of open.rs says why: {unexplained:?}");
    let known = |id: &str| rows.iter().any(|row| row.requirement.id.to_string() == id);
    assert!(open::OPEN.iter().all(|(id, _)| known(id)), "open.rs names what is not in the list");

    let table = table::markdown(&rows);
    if std::env::var_os("UPDATE_REQUIREMENTS").is_some() {
        fs::write(&file, table).unwrap();
    } else {
        let first = table.lines().zip(committed.lines()).find(|(new, old)| new != old);
        assert!(
            table == committed,
            "docs/REQUIREMENTS.md is out of date; UPDATE_REQUIREMENTS=1 writes it anew. First difference: {first:#?}"
        );
    }
}
