//! Finds real data that is not part of the repository: gematik's examples and recorded sessions. Tests are its only users.
//!
//! The data lies in the folder that `KIM_VECTORS` names, else in `../shared/vectors` beside the checkout; `CONTRIBUTING.md` says
//! what is in it. A test whose data is not there passes and says so on standard error, which the test harness does not keep to
//! itself as it does with `println!`. With `KIM_VECTORS_REQUIRED=1` in the environment it fails.
#![expect(clippy::panic, reason = "a test may fail loudly")]

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where the data lies, if it is there.
///
/// Spec: none — data for tests.
pub fn folder() -> PathBuf {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors").into();
    env::var_os("KIM_VECTORS").map_or_else(beside, PathBuf::from)
}

/// A file, named from [`folder`]; `None`, with a line that says so, when it is not there.
///
/// Spec: none — data for tests.
///
/// # Panics
/// It is not there, and `KIM_VECTORS_REQUIRED=1` says it has to be.
pub fn file(name: &str) -> Option<PathBuf> {
    let required = env::var_os("KIM_VECTORS_REQUIRED").is_some_and(|value| value == "1");
    let found = find(&folder(), name, required);
    if found.is_none() {
        skipped(&format!("{name} is not among the vectors"));
    }
    found
}

/// The octets of a file, as [`file()`] finds it.
///
/// Spec: none — data for tests.
///
/// # Panics
/// It cannot be read, or it is not there and has to be.
pub fn octets(name: &str) -> Option<Vec<u8>> {
    file(name).map(|path| std::fs::read(path).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// A file of text, as [`file()`] finds it.
///
/// Spec: none — data for tests.
///
/// # Panics
/// It is no UTF-8 text, it cannot be read, or it is not there and has to be.
pub fn text(name: &str) -> Option<String> {
    octets(name).map(|octets| String::from_utf8(octets).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// Says on standard error that a test was skipped: `.ci/run` counts these lines.
///
/// Spec: none — data for tests.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

fn find(folder: &Path, name: &str, required: bool) -> Option<PathBuf> {
    let path = Some(folder.join(name)).filter(|path| path.is_file());
    assert!(path.is_some() || !required, "KIM_VECTORS_REQUIRED=1, but {name} is not among the vectors");
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_found_and_another_one_is_not() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(find(folder, "Cargo.toml", true), Some(folder.join("Cargo.toml")));
        assert_eq!(find(folder, "../vectors/Cargo.toml", true), Some(folder.join("../vectors/Cargo.toml")));
        assert_eq!(find(folder, "nothing", false), None);
    }

    #[test]
    #[should_panic(expected = "KIM_VECTORS_REQUIRED=1, but nothing is not among the vectors")]
    fn what_is_required_has_to_be_there() {
        find(Path::new(env!("CARGO_MANIFEST_DIR")), "nothing", true);
    }
}
