//! Reads TOML tables key by key: [`Section`].

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use kim_types::Secret;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::Source;

/// One table of the file. Every key must be taken; what is left at the end is a problem.
pub(crate) struct Section<'a, 's> {
    name: String,
    line: usize,
    /// The keys that stand in the file, each with its line.
    given: Vec<(String, usize)>,
    table: DeTable<'a>,
    source: &'s Source<'a>,
}

impl<'a, 's> Section<'a, 's> {
    /// The whole file; `None`, and a problem, if it is not TOML.
    pub(crate) fn root(source: &'s Source<'a>) -> Option<Self> {
        match DeTable::parse(source.text) {
            Ok(table) => Some(Self::new(String::new(), 1, table.into_inner(), source)),
            Err(error) => {
                let line = error.span().map_or(1, |span| source.line(span.start));
                source.problem(line, error.message());
                None
            }
        }
    }

    fn new(name: String, line: usize, table: DeTable<'a>, source: &'s Source<'a>) -> Self {
        let given = table.keys().map(|key| (key.get_ref().to_string(), source.line(key.span().start)));
        Self { name, line, given: given.collect(), table, source }
    }

    /// A table inside this one; an absent one is read as an empty one.
    pub(crate) fn section(&mut self, key: &str) -> Self {
        let (line, table) = match self.table.remove(key) {
            None => (self.line, DeTable::new()),
            Some(value) => {
                let line = self.source.line(value.span().start);
                match value.into_inner() {
                    DeValue::Table(table) => (line, table),
                    _ => {
                        self.source.problem(line, format!("{}{key}: a table is wanted", self.name));
                        (line, DeTable::new())
                    }
                }
            }
        };
        self.inside(key, line, table)
    }

    /// An array of tables.
    pub(crate) fn sections(&mut self, key: &str) -> Vec<Self> {
        let Some(value) = self.table.remove(key) else { return Vec::new() };
        let line = self.source.line(value.span().start);
        let DeValue::Array(array) = value.into_inner() else {
            self.source.problem(line, format!("{}{key}: write [[{key}]]", self.name));
            return Vec::new();
        };
        let tables = array.into_iter().filter_map(|value| {
            let line = self.source.line(value.span().start);
            match value.into_inner() {
                DeValue::Table(table) => Some(self.inside(key, line, table)),
                _ => None,
            }
        });
        tables.collect()
    }

    fn inside(&self, key: &str, line: usize, table: DeTable<'a>) -> Self {
        Self::new(format!("{}{key}.", self.name), line, table, self.source)
    }

    /// A value, read by `read`, which says what is wanted instead.
    fn value<T>(&mut self, key: &str, read: impl FnOnce(&DeValue<'_>) -> Result<T, String>) -> Option<T> {
        let value: Spanned<DeValue<'_>> = self.table.remove(key)?;
        let line = self.source.line(value.span().start);
        read(value.get_ref())
            .map_err(|wanted| self.source.problem(line, format!("{}{key}: {wanted}", self.name)))
            .ok()
    }

    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        self.value(key, |value| value.as_str().map(str::to_owned).ok_or("a text is wanted".into()))
    }

    /// A text that `is_right`; `example` is one.
    pub(crate) fn text_like(
        &mut self,
        key: &str,
        example: &str,
        is_right: impl FnOnce(&str) -> bool,
    ) -> Option<String> {
        self.value(key, |value| {
            let text = value.as_str().filter(|text| is_right(text));
            text.map(str::to_owned).ok_or_else(|| format!("a text like \"{example}\" is wanted"))
        })
    }

    pub(crate) fn flag(&mut self, key: &str) -> Option<bool> {
        self.value(key, |value| value.as_bool().ok_or("true or false is wanted".into()))
    }

    pub(crate) fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, key: &str) -> Option<T> {
        self.value(key, |value| {
            value.as_str().ok_or("a text is wanted")?.parse().map_err(|error: T::Err| error.to_string())
        })
    }

    pub(crate) fn number(&mut self, key: &str) -> Option<u64> {
        self.value(key, |value| {
            let digits = value.as_integer().map(|number| number.as_str().replace('_', ""));
            digits.and_then(|digits| digits.parse().ok()).ok_or("a whole number is wanted".into())
        })
    }

    /// `30s`, `5m`, `12h`, `30d`.
    pub(crate) fn duration(&mut self, key: &str) -> Option<Duration> {
        self.value(key, |value| {
            value.as_str().and_then(duration).ok_or("a duration like 30s, 5m, 12h or 30d is wanted".into())
        })
    }

    /// A duration that is longer than nothing: nobody can keep a limit of `0s`.
    pub(crate) fn timeout(&mut self, key: &str) -> Option<Duration> {
        let duration = self.duration(key)?;
        if duration.is_zero() {
            self.problem(key, "a duration above zero is wanted");
        }
        Some(duration)
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        self.value(key, |value| {
            let found = choices.iter().find(|(word, _)| Some(*word) == value.as_str());
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            found.map(|(_, choice)| *choice).ok_or(format!("one of {} is wanted", words.join(", ")))
        })
    }

    /// A text or a list of texts, each parsed.
    pub(crate) fn list<T: FromStr<Err: fmt::Display>>(&mut self, key: &str) -> Option<Vec<T>> {
        self.value(key, |value| {
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
    pub(crate) fn map(&mut self, key: &str) -> Vec<(String, String)> {
        let pairs = self.value(key, |value| {
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
    pub(crate) fn folder(&mut self, key: &str) -> Option<PathBuf> {
        let folder = self.source.folder;
        self.value(key, |value| Ok(folder.join(value.as_str().ok_or("a path is wanted")?)))
    }

    /// The content of a file, with the path relative to the configuration.
    pub(crate) fn file(&mut self, key: &str) -> Option<Vec<u8>> {
        let path =
            self.value(key, |value| value.as_str().map(PathBuf::from).ok_or("a path is wanted".into()));
        self.read(key, &path?)
    }

    /// The content of several files; `None` if one of them cannot be read.
    pub(crate) fn files(&mut self, key: &str) -> Option<Vec<Vec<u8>>> {
        let paths: Vec<PathBuf> = self.list::<PathBuf>(key)?;
        let read: Vec<_> = paths.iter().map(|path| self.read(key, path)).collect();
        read.into_iter().collect()
    }

    fn read(&self, key: &str, path: &Path) -> Option<Vec<u8>> {
        let path = self.source.folder.join(path);
        let content = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()));
        self.usable(key, content)
    }

    /// A password from `<key>_file` or the environment variable named by `<key>_env`.
    pub(crate) fn password(&mut self, key: &str) -> Option<Secret> {
        if self.table.contains_key(key) {
            let instead = format_args!("use {key}_file or {key}_env");
            self.problem(key, format_args!("a password never stands in this file; {instead}"));
            self.table.remove(key);
        }
        if let Some(content) = self.file(&format!("{key}_file")) {
            let text = String::from_utf8_lossy(&content);
            return Some(Secret::from(text.trim_end_matches(['\r', '\n'])));
        }
        let variable = self.text(&format!("{key}_env"))?;
        let value = std::env::var(&variable);
        if value.is_err() {
            self.problem(&format!("{key}_env"), format_args!("the variable {variable} is not set"));
        }
        value.ok().map(|value| Secret::from(value.as_str()))
    }

    /// Keys of the contract that this version reads and does not use.
    pub(crate) fn unused(&mut self, keys: &[&str]) {
        for key in keys {
            if self.table.remove(*key).is_some() {
                self.source.note(format!("{}{key} has no effect in this version", self.name));
            }
        }
    }

    /// Whether one of these keys stands in the file, whatever became of its value.
    pub(crate) fn has(&self, keys: &[&str]) -> bool {
        self.given.iter().any(|(given, _)| keys.contains(&given.as_str()))
    }

    /// The line of a key, or of the table where it is missing.
    fn line_of(&self, key: &str) -> usize {
        self.given.iter().find(|(given, _)| given == key).map_or(self.line, |(_, line)| *line)
    }

    /// Says what is wrong with a value that was read before, or that is missing.
    pub(crate) fn problem(&self, key: &str, text: impl fmt::Display) {
        self.source.problem(self.line_of(key), format!("{}{key}: {text}", self.name));
    }

    /// Says what is not wrong but may not be meant.
    pub(crate) fn note(&self, text: &str) {
        self.source.note(text.to_owned());
    }

    /// What was made of a value that was read before; an error is a problem.
    pub(crate) fn usable<T>(&self, key: &str, made: Result<T, impl fmt::Display>) -> Option<T> {
        made.map_err(|error| self.problem(key, error)).ok()
    }

    /// Notes a certificate that is to be watched for its end, by where it stands: `konnektor.identity in line 12`. `part` says
    /// which one of several.
    pub(crate) fn in_use(&self, key: &str, part: &str, not_after: SystemTime) {
        self.source.in_use(format!("{}{key}{part} in line {}", self.name, self.line_of(key)), not_after);
    }

    /// Whatever was not taken is a key nobody knows.
    pub(crate) fn finish(&self) {
        for key in self.table.keys() {
            let line = self.source.line(key.span().start);
            self.source.problem(line, format!("{}{}: unknown key", self.name, key.get_ref()));
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
