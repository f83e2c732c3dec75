//! Replays traces against the machines of kim-smtp and kim-pop3; their tests are its only users.
//!
//! A trace is a session as text: what each side sends, line by line. The notation is in the README beside the traces of a
//! crate, and the words it has for its own server are a [`Notation`]. A crate makes its session a [`Machine`] and has two
//! tests: [`Traces::replay`] and [`Traces::prove_rows`].
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod rows;
mod script;
mod stage;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub use script::{Notation, Seen};
pub use stage::{Input, Machine, Wait};

use stage::Stage;

/// Sizes of the pieces that octets are cut into; the last one leaves them whole.
const PIECES: [usize; 4] = [1, 2, 7, usize::MAX];

/// The traces of a crate.
///
/// Spec: none — a harness for tests.
#[derive(Debug, Clone, Copy)]
pub struct Traces<'a> {
    /// The folder with `*.trace`, `*.part` and `ROWS.md`.
    pub folder: &'a str,
    /// The words of this protocol.
    pub notation: Notation,
}

impl Traces<'_> {
    /// Replays every trace, with a new session for each size of pieces, and compares what comes out block by block.
    ///
    /// # Panics
    /// When something else comes out, when a `Debug` output shows personal data, when a line has no meaning, and when there
    /// are fewer than `least` traces.
    pub fn replay<M: Machine>(&self, least: usize, session: impl Fn(Instant) -> M) {
        let files = self.files();
        assert!(files.len() >= least, "the traces are missing");
        for path in files {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            let blocks = script::read(&path, &self.notation);
            for piece in PIECES {
                let now = Instant::now();
                let mut stage = Stage::new(session(now), now, piece);
                for block in &blocks {
                    let at = format!("{name}:{} in pieces of {piece}", block.line);
                    let seen = stage.act(&block.act, &at);
                    let [printed, wanted] = [&seen, &block.expected].map(|seen| self.notation.text(seen));
                    // The octets as numbers would tell nobody more.
                    assert!(seen == block.expected, "{at}\nseen:\n{printed}expected:\n{wanted}");
                }
            }
        }
    }

    /// Checks that every row of `ROWS.md` is claimed by a trace and proved by its lines.
    ///
    /// # Panics
    /// When a row is not claimed, or a claim names no row or is not proved.
    pub fn prove_rows(&self) {
        let rows = rows::read(Path::new(self.folder));
        let mut proved = BTreeSet::new();
        for path in self.files() {
            let trace: Vec<String> = script::lines(&path).into_iter().map(|(_, line)| line).collect();
            for claim in trace.iter().filter_map(|line| line.strip_prefix("Row: ")) {
                let name = path.display();
                let proof = rows.get(claim).unwrap_or_else(|| panic!("{name}: there is no row {claim}"));
                assert!(rows::prove(proof, &trace), "{name}: {claim} is not proved by {proof:?}");
                proved.insert(claim.to_owned());
            }
        }
        let open: Vec<_> = rows.keys().filter(|row| !proved.contains(*row)).collect();
        assert!(!rows.is_empty() && open.is_empty(), "no trace claims {open:#?}");
    }

    fn files(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.folder).expect("the traces");
        let files = files.map(|entry| entry.expect("a trace").path());
        let is_trace = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "trace");
        let mut files: Vec<_> = files.filter(is_trace).collect();
        files.sort();
        files
    }
}
