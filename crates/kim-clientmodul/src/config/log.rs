//! `[log]`: what is logged, and where to.

use std::path::PathBuf;

use tracing::Level;

use super::section::Section;

const DAY: u64 = 86_400;

/// What is logged, and where to.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2079-01, KOM-LE-A_2081, KOM-LE-A_2082, KOM-LE-A_2085 (TTL_PROTS).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// One JSON object a line instead of text.
    pub json: bool,
    /// The least important level that is logged.
    pub level: Level,
    /// Where a file a day is written; without it the log goes to stderr.
    pub folder: Option<PathBuf>,
    /// How many days a file is kept.
    pub days: u16,
    /// Whether the steps of every operation are logged, in files of their own.
    pub flow: bool,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { json: false, level: Level::INFO, folder: None, days: 30, flow: false }
    }
}

pub(crate) fn read(mut section: Section<'_, '_>) -> LogSettings {
    let default = LogSettings::default();
    let json = section.choice("format", &[("text", false), ("json", true)]).unwrap_or(default.json);
    let levels =
        [("error", Level::ERROR), ("warn", Level::WARN), ("info", Level::INFO), ("debug", Level::DEBUG)];
    let level = section.choice("level", &levels).unwrap_or(default.level);
    let folder = section.folder("dir");
    let keep = section.duration("keep").map(|keep| keep.as_secs().div_ceil(DAY));
    let days = keep.map_or(default.days, |days| u16::try_from(days).unwrap_or(u16::MAX));
    let flow = section.flag("flow").unwrap_or(default.flow);
    section.finish();
    LogSettings { json, level, folder, days, flow }
}
