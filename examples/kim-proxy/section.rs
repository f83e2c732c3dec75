//! Reads TOML tables key by key and collects every problem with its line: [`Section`].

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use kim_clientmodul::CertificateInUse;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What reading a file brings up: all its problems, in the order of its lines, what is merely worth knowing, and the
/// certificates in it.
#[derive(Debug, Default)]
pub struct Problems {
    found: Vec<(usize, String)>,
    notes: Vec<String>,
    certificates: Vec<CertificateInUse>,
}

impl Problems {
    pub fn add(&mut self, line: usize, text: impl Into<String>) {
        self.found.push((line, text.into()));
    }

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Notes a certificate that is to be watched for its end.
    pub fn in_use(&mut self, name: String, not_after: SystemTime) {
        self.certificates.push(CertificateInUse { name, not_after });
    }

    pub fn take_certificates(&mut self) -> Vec<CertificateInUse> {
        std::mem::take(&mut self.certificates)
    }

    pub fn into_notes(self) -> Vec<String> {
        self.notes
    }
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut sorted: Vec<_> = self.found.iter().collect();
        sorted.sort();
        sorted.iter().try_for_each(|(line, text)| writeln!(f, "line {line}: {text}"))
    }
}

/// The text of the file, for line numbers, and its folder, for relative paths.
pub struct Source<'a> {
    pub text: &'a str,
    pub folder: &'a Path,
}

impl Source<'_> {
    pub fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|&octet| octet == b'\n').count().saturating_add(1)
    }
}

/// One table of the file. Every key must be taken; what is left at the end is a problem.
pub struct Section<'a, 's> {
    name: String,
    line: usize,
    table: DeTable<'a>,
    source: &'s Source<'s>,
}

impl<'a, 's> Section<'a, 's> {
    pub fn new(name: impl Into<String>, line: usize, table: DeTable<'a>, source: &'s Source<'s>) -> Self {
        Self { name: name.into(), line, table, source }
    }

    pub fn line(&self) -> usize {
        self.line
    }

    /// How a key of this section is called in a log: `konnektor.identity in line 12`.
    pub fn place_of(&self, key: &str) -> String {
        format!("{}{key} in line {}", self.name, self.line)
    }

    /// A table inside this one; an absent one is read as an empty one.
    pub fn section(&mut self, key: &str, problems: &mut Problems) -> Section<'a, 's> {
        let (line, table) = match self.table.remove(key) {
            None => (self.line, DeTable::new()),
            Some(value) => {
                let line = self.source.line(value.span().start);
                match value.into_inner() {
                    DeValue::Table(table) => (line, table),
                    _ => {
                        problems.add(line, format!("{}{key}: a table is wanted", self.name));
                        (line, DeTable::new())
                    }
                }
            }
        };
        Section::new(format!("{}{key}.", self.name), line, table, self.source)
    }

    /// An array of tables.
    pub fn sections(&mut self, key: &str, problems: &mut Problems) -> Vec<Section<'a, 's>> {
        let Some(value) = self.table.remove(key) else { return Vec::new() };
        let line = self.source.line(value.span().start);
        let DeValue::Array(array) = value.into_inner() else {
            problems.add(line, format!("{}{key}: write [[{key}]]", self.name));
            return Vec::new();
        };
        let tables = array.into_iter().filter_map(|value| {
            let line = self.source.line(value.span().start);
            match value.into_inner() {
                DeValue::Table(table) => {
                    Some(Section::new(format!("{}{key}.", self.name), line, table, self.source))
                }
                _ => None,
            }
        });
        tables.collect()
    }

    /// A value, read by `read`, which says what is wanted instead.
    fn value<T>(
        &mut self,
        key: &str,
        problems: &mut Problems,
        read: impl FnOnce(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<T> {
        let value: Spanned<DeValue<'_>> = self.table.remove(key)?;
        let line = self.source.line(value.span().start);
        read(value.get_ref())
            .map_err(|wanted| problems.add(line, format!("{}{key}: {wanted}", self.name)))
            .ok()
    }

    pub fn text(&mut self, key: &str, problems: &mut Problems) -> Option<String> {
        self.value(key, problems, |value| value.as_str().map(str::to_owned).ok_or("a text is wanted".into()))
    }

    /// A text that `is_right`; `example` is one.
    pub fn text_like(
        &mut self,
        key: &str,
        problems: &mut Problems,
        example: &str,
        is_right: impl FnOnce(&str) -> bool,
    ) -> Option<String> {
        self.value(key, problems, |value| {
            let text = value.as_str().filter(|text| is_right(text));
            text.map(str::to_owned).ok_or_else(|| format!("a text like \"{example}\" is wanted"))
        })
    }

    pub fn flag(&mut self, key: &str, problems: &mut Problems) -> Option<bool> {
        self.value(key, problems, |value| value.as_bool().ok_or("true or false is wanted".into()))
    }

    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        key: &str,
        problems: &mut Problems,
    ) -> Option<T> {
        self.value(key, problems, |value| {
            value.as_str().ok_or("a text is wanted")?.parse().map_err(|error: T::Err| error.to_string())
        })
    }

    pub fn number(&mut self, key: &str, problems: &mut Problems) -> Option<u64> {
        self.value(key, problems, |value| {
            let digits = value.as_integer().map(|number| number.as_str().replace('_', ""));
            digits.and_then(|digits| digits.parse().ok()).ok_or("a whole number is wanted".into())
        })
    }

    /// `30s`, `5m`, `12h`, `30d`.
    pub fn duration(&mut self, key: &str, problems: &mut Problems) -> Option<Duration> {
        self.value(key, problems, |value| {
            value.as_str().and_then(duration).ok_or("a duration like 30s, 5m, 12h or 30d is wanted".into())
        })
    }

    /// One of a few words.
    pub fn choice<T: Copy>(
        &mut self,
        key: &str,
        problems: &mut Problems,
        choices: &[(&str, T)],
    ) -> Option<T> {
        self.value(key, problems, |value| {
            let found = choices.iter().find(|(word, _)| Some(*word) == value.as_str());
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            found.map(|(_, choice)| *choice).ok_or(format!("one of {} is wanted", words.join(", ")))
        })
    }

    /// A text or a list of texts, each parsed.
    pub fn list<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        key: &str,
        problems: &mut Problems,
    ) -> Option<Vec<T>> {
        self.value(key, problems, |value| {
            let texts: Option<Vec<&str>> = match value {
                DeValue::Array(array) => array.iter().map(|one| one.get_ref().as_str()).collect(),
                one => one.as_str().map(|text| vec![text]),
            };
            let texts = texts.ok_or("a text or a list of texts is wanted")?;
            texts
                .into_iter()
                .map(|text| text.parse().map_err(|error: T::Err| format!("{text}: {error}")))
                .collect()
        })
    }

    /// Pairs of texts.
    pub fn map(&mut self, key: &str, problems: &mut Problems) -> Vec<(String, String)> {
        let pairs = self.value(key, problems, |value| {
            let table = value.as_table().ok_or("a table of texts is wanted")?;
            let pair = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                let key: &std::borrow::Cow<'_, str> = key.get_ref();
                Some((key.to_string(), value.get_ref().as_str()?.to_owned()))
            };
            table.iter().map(pair).collect::<Option<Vec<_>>>().ok_or("a table of texts is wanted".into())
        });
        pairs.unwrap_or_default()
    }

    /// A folder, with the path relative to the configuration.
    pub fn folder(&mut self, key: &str, problems: &mut Problems) -> Option<PathBuf> {
        let folder = self.source.folder;
        self.value(key, problems, |value| Ok(folder.join(value.as_str().ok_or("a path is wanted")?)))
    }

    /// The content of a file, with the path relative to the configuration.
    pub fn file(&mut self, key: &str, problems: &mut Problems) -> Option<Vec<u8>> {
        let folder = self.source.folder;
        self.value(key, problems, |value| {
            let path = folder.join(value.as_str().ok_or("a path is wanted")?);
            std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
        })
    }

    /// The content of several files.
    pub fn files(&mut self, key: &str, problems: &mut Problems) -> Option<Vec<Vec<u8>>> {
        let line = self.line;
        let paths: Vec<PathBuf> = self.list::<PathBuf>(key, problems)?;
        let mut read = Vec::new();
        for path in paths {
            match std::fs::read(self.source.folder.join(&path)) {
                Ok(content) => read.push(content),
                Err(error) => problems.add(line, format!("{}{key}: {}: {error}", self.name, path.display())),
            }
        }
        Some(read)
    }

    /// A password from `<key>_file` or the environment variable named by `<key>_env`.
    pub fn password(&mut self, key: &str, problems: &mut Problems) -> Option<kim_types::Secret> {
        if self.table.contains_key(key) {
            problems.add(
                self.line,
                format!(
                    "{}{key}: a password never stands in this file; use {key}_file or {key}_env",
                    self.name
                ),
            );
            self.table.remove(key);
        }
        if let Some(content) = self.file(&format!("{key}_file"), problems) {
            let text = String::from_utf8_lossy(&content);
            return Some(kim_types::Secret::from(text.trim_end_matches(['\r', '\n'])));
        }
        let variable = self.text(&format!("{key}_env"), problems)?;
        let value = std::env::var(&variable);
        if value.is_err() {
            problems.add(self.line, format!("{}{key}_env: the variable {variable} is not set", self.name));
        }
        value.ok().map(|value| kim_types::Secret::from(value.as_str()))
    }

    /// Keys of the contract that this version reads and does not use.
    pub fn unused(&mut self, keys: &[&str], problems: &mut Problems) {
        for key in keys {
            if self.table.remove(*key).is_some() {
                problems.notes.push(format!("{}{key} has no effect in this version", self.name));
            }
        }
    }

    /// Says what is wrong with a value that was read before.
    pub fn problem(&self, key: &str, text: impl std::fmt::Display, problems: &mut Problems) {
        problems.add(self.line, format!("{}{key}: {text}", self.name));
    }

    /// Whatever was not taken is a key nobody knows.
    pub fn finish(self, problems: &mut Problems) {
        for key in self.table.keys() {
            let line = self.source.line(key.span().start);
            problems.add(line, format!("{}{}: unknown key", self.name, key.get_ref()));
        }
    }
}

fn duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}
