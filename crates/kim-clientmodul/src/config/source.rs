//! The file that is read, and what reading it brings up: [`Source`], [`Problems`].

use std::cell::RefCell;
use std::fmt;
use std::path::Path;
use std::time::SystemTime;

use crate::expiry::CertificateInUse;

/// All problems of a configuration, printed in the order of its lines, one a line.
///
/// Spec: none — a file of our own.
#[derive(Debug, Default)]
pub struct Problems(Vec<(usize, String)>);

impl Problems {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort();
        sorted.iter().try_for_each(|(line, text)| writeln!(f, "line {line}: {text}"))
    }
}

impl std::error::Error for Problems {}

/// What reading a file brings up: its problems, what is merely worth knowing, and the certificates it names.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) problems: Problems,
    pub(crate) notes: Vec<String>,
    pub(crate) certificates: Vec<CertificateInUse>,
}

/// The text of a file, for line numbers, and its folder, for relative paths; it collects what is found.
pub(crate) struct Source<'a> {
    pub(crate) text: &'a str,
    pub(crate) folder: &'a Path,
    found: RefCell<Found>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str, folder: &'a Path) -> Self {
        Self { text, folder, found: RefCell::default() }
    }

    /// The line of an octet.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|&octet| octet == b'\n').count().saturating_add(1)
    }

    pub(crate) fn problem(&self, line: usize, text: impl Into<String>) {
        self.found.borrow_mut().problems.0.push((line, text.into()));
    }

    pub(crate) fn note(&self, text: String) {
        self.found.borrow_mut().notes.push(text);
    }

    /// Notes a certificate that is to be watched for its end.
    pub(crate) fn in_use(&self, name: String, not_after: SystemTime) {
        self.found.borrow_mut().certificates.push(CertificateInUse { name, not_after });
    }

    pub(crate) fn into_found(self) -> Found {
        self.found.into_inner()
    }
}
