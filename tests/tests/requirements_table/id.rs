//! Identifiers of requirements: `KOM-LE-A_2015-01` is number 2015 of series `KOM-LE-A_`, index 01.

/// A requirement whatever its index: Spec lines name the edition they were written for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) series: String,
    pub(crate) number: u32,
}

impl Id {
    /// Reads one word; other text and requirements of other series (`TIP1-A_`, `GS-A_`) are none of ours.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let (series, rest) =
            ["KOM-LE-A_", "A_"].iter().find_map(|series| Some((*series, word.strip_prefix(series)?)))?;
        let (number, index) = rest.split_once('-').unwrap_or((rest, "0"));
        index.parse::<u32>().ok()?;
        Some(Self { series: series.to_owned(), number: number.parse().ok()? })
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.series, self.number)
    }
}

/// The ids in a text, with `A to B` as pairs; a single id is a pair with itself.
pub(crate) fn ranges(text: &str) -> Vec<(Id, Id)> {
    let mut ranges: Vec<(Id, Id)> = Vec::new();
    let mut continues = false;
    for word in text
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        .filter(|word| !word.is_empty())
    {
        match (Id::parse(word), ranges.last_mut()) {
            (Some(id), Some(last)) if continues => last.1 = id,
            (Some(id), _) => ranges.push((id.clone(), id)),
            (None, _) => {}
        }
        continues = word == "to" && !ranges.is_empty();
    }
    ranges
}

#[test]
fn indices_do_not_matter_and_ranges_are_read() {
    let id = |word| Id::parse(word).unwrap();
    assert_eq!(id("KOM-LE-A_2015-01"), id("KOM-LE-A_2015"));
    assert_ne!(id("A_2015"), id("KOM-LE-A_2015"));
    assert_eq!(Id::parse("TIP1-A_4515"), None);
    assert_eq!(
        ranges("KOM-LE-A_2030 to KOM-LE-A_2041, A_19367 (sent to the client)."),
        [(id("KOM-LE-A_2030"), id("KOM-LE-A_2041")), (id("A_19367"), id("A_19367"))]
    );
}
