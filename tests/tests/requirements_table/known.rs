//! The list of requirements, from the CSV or from the committed table.

use super::id::Id;

/// A requirement as the list has it.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    pub(crate) id: Id,
    /// The id with its latest index.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) area: String,
    /// `yes`, `partly` or `no`.
    pub(crate) testable: String,
}

/// Columns: id, latest_index, title_en, level, area, crate, testable, ...
pub(crate) fn from_csv(csv: &str) -> Vec<Requirement> {
    csv.lines()
        .skip(1)
        .map(fields)
        .filter_map(|fields| {
            let field = |at: usize| fields.get(at).cloned();
            Some(Requirement {
                id: Id::parse(&field(0)?)?,
                name: format!("{}{}", field(0)?, field(1)?),
                title: field(2)?.replace('|', "/"),
                area: field(4)?,
                testable: field(6)?,
            })
        })
        .collect()
}

/// Headings are areas; columns: requirement, title, testable, ...
pub(crate) fn from_table(table: &str) -> Vec<Requirement> {
    let mut area = String::new();
    let mut requirements = Vec::new();
    for line in table.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut area);
        }
        let cells: Vec<&str> = line.split(" | ").map(|cell| cell.trim_start_matches("| ")).collect();
        if let [name, title, testable, _, _] = cells.as_slice() {
            let (name, title, testable) = ((*name).to_owned(), (*title).to_owned(), (*testable).to_owned());
            requirements.extend(Id::parse(&name).map(|id| Requirement {
                id,
                name,
                title,
                area: area.clone(),
                testable,
            }));
        }
    }
    requirements
}

/// Splits a line of CSV; quoted fields may contain commas and doubled quotes, but no line ends.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => fields.last_mut().unwrap().push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}
