//! What ROWS.md demands of the traces.

use std::collections::BTreeMap;
use std::path::Path;

/// Every row, as a trace claims it, with the lines that prove it.
pub(crate) fn read(directory: &Path) -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(directory.join("ROWS.md")).expect("the rows");
    let (mut rows, mut table) = (BTreeMap::new(), "");
    for line in text.lines() {
        table = line.strip_prefix("## ").unwrap_or(table);
        let name = line.strip_prefix("| ").and_then(|rest| rest.split(" |").next());
        let proof: Vec<String> = line.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        if let Some(name) = name.filter(|_| !proof.is_empty()) {
            let twice = rows.insert(format!("{table}, {name}"), proof);
            assert!(twice.is_none(), "{table}, {name} is there twice");
        }
    }
    rows
}

/// Whether these lines stand in a trace one right after the other, each given by its beginning.
pub(crate) fn prove(proof: &[String], trace: &[String]) -> bool {
    let said: Vec<&String> = trace.iter().filter(|line| !is_remark(line)).collect();
    said.windows(proof.len())
        .any(|lines| lines.iter().zip(proof).all(|(line, start)| line.starts_with(start.as_str())))
}

fn is_remark(line: &str) -> bool {
    ["#", "Spec:", "Row:"].iter().any(|mark| line.starts_with(mark))
}
