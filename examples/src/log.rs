//! The log of a proxy: one record a line, in files of one day each.

mod daily_files;
mod record;

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use kim_clientmodul::config::LogSettings;
use time::OffsetDateTime;
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use daily_files::DailyFiles;
use record::{Operation, Record};

/// Records of the steps of an operation (Ablaufprotokoll) have this target.
const FLOW: &str = kim_clientmodul::FLOW_LOG;

/// A log that takes the records of the KIM crates.
///
/// ```text
/// 2026-11-25T19:52:45.123Z WARN 4f2a9c01-2 kim_clientmodul::smtp "mail refused" code=451 error="no card can sign"
/// ```
///
/// Time in UTC, level, number of the operation (`-` outside of one), module, message, fields. Values with blanks stand in
/// quotes, escaped as in JSON, so that a record never has more than one line. As JSON the members are `time`, `level`,
/// `operation`, `module`, `message` and the fields.
///
/// Of a record of another crate only its origin is logged, and only from WARN on: nobody here can vouch for its text.
///
/// Files can be read by their owner only (on Windows: by whom the folder allows), each record is written at once, and
/// nothing is ever written to the file of a past day, so that it can be copied away. A log that cannot be written does not
/// stop a mail.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2079-01 to KOM-LE-A_2083, KOM-LE-A_2085 to KOM-LE-A_2087, KOM-LE-A_2090.
pub struct Log {
    settings: LogSettings,
    general: Sink,
    flow: Sink,
}

impl Log {
    /// A log.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn new(settings: LogSettings) -> io::Result<Self> {
        let sink = |prefix| match &settings.folder {
            None => Ok(Sink::Stderr),
            Some(folder) => DailyFiles::new(folder.clone(), prefix, settings.days)
                .map(|files| Sink::Files(Box::new(Mutex::new(files)))),
        };
        Ok(Self { general: sink("kim-proxy")?, flow: sink("kim-proxy-flow")?, settings })
    }

    /// Makes it the log of this process. A second one is ignored.
    pub fn start(self) {
        use tracing_subscriber::layer::SubscriberExt;
        // Only tests start more than one.
        let _ = tracing::subscriber::set_global_default(Registry::default().with(self));
    }

    fn takes(&self, metadata: &Metadata<'_>) -> bool {
        if !is_ours(metadata) {
            return metadata.is_event() && *metadata.level() <= Level::WARN;
        }
        match metadata.target() {
            FLOW => self.settings.flow,
            _ => metadata.is_span() || *metadata.level() <= self.settings.level,
        }
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("kim_")
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for Log {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.takes(metadata)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let (Some(span), Some(operation)) = (context.span(id), Operation::of(attributes)) {
            span.extensions_mut().insert(operation);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let operation = context.event_scope(event).and_then(|mut scope| {
            scope.find_map(|span| span.extensions().get::<Operation>().map(|operation| operation.0.clone()))
        });
        let now = OffsetDateTime::from(SystemTime::now());
        let record = Record::of(now, operation, event, is_ours(event.metadata()));
        let line = if self.settings.json { record.to_json() } else { record.to_text() };
        let sink = if event.metadata().target() == FLOW { &self.flow } else { &self.general };
        sink.write(now, &line);
    }
}

enum Sink {
    Stderr,
    Files(Box<Mutex<DailyFiles>>),
}

impl Sink {
    /// A log that cannot be written is said on stderr and changes nothing else.
    fn write(&self, now: OffsetDateTime, line: &str) {
        let written = match self {
            Self::Stderr => Err(None),
            Self::Files(files) => {
                let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
                files.write(now, line.as_bytes()).map_err(Some)
            }
        };
        let _ = match written {
            Ok(()) => Ok(()),
            Err(None) => io::stderr().lock().write_all(line.as_bytes()),
            Err(Some(error)) => {
                writeln!(io::stderr().lock(), "log not written ({error}): {}", line.trim_end())
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    /// What the log in a folder of its own holds after `work`: the general file, then the flow file.
    fn logged(settings: LogSettings, work: impl FnOnce()) -> [String; 2] {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new(LogSettings { folder: Some(folder.path().to_owned()), ..settings }).unwrap();
        tracing::subscriber::with_default(Registry::default().with(log), work);
        let day = OffsetDateTime::from(SystemTime::now()).date();
        ["kim-proxy", "kim-proxy-flow"].map(|prefix| {
            std::fs::read_to_string(folder.path().join(format!("{prefix}.{day}.log"))).unwrap_or_default()
        })
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2086, KOM-LE-A_2090, KOM-LE-A_2081
    #[test]
    fn a_record_has_time_level_operation_module_message_and_fields_on_one_line() {
        let [general, _] = logged(LogSettings::default(), || {
            let _operation = tracing::info_span!("mail", operation = "4f2a-1").entered();
            tracing::warn!(code = 451, error = "no card\r\n\"can\" sign", "mail refused");
        });
        let (time, rest) = general.split_once(' ').unwrap();
        assert!(time.len() == 24 && time.ends_with('Z') && time.contains('T'), "{time}");
        let expected = format!(
            "WARN 4f2a-1 {} \"mail refused\" code=451 error=\"no card\\r\\n\\\"can\\\" sign\"\n",
            module_path!()
        );
        assert_eq!(rest, expected);
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2081
    #[test]
    fn as_json_every_record_is_an_object() {
        let [general, _] = logged(LogSettings { json: true, ..LogSettings::default() }, || {
            tracing::error!(code = "x", "a\nb");
            tracing::info!("c");
        });
        let records: Vec<serde_json::Value> =
            general.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [first, second] = records.as_slice() else { panic!("{general}") };
        assert_eq!(
            (&first["level"], &first["message"], &first["code"]),
            (&"ERROR".into(), &"a\nb".into(), &"x".into())
        );
        assert_eq!((&second["operation"], &second["level"]), (&"-".into(), &"INFO".into()));
        assert!(first["time"].is_string() && first["module"].is_string());
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2079-01, KOM-LE-A_2087
    #[test]
    fn the_flow_log_is_off_unless_asked_for_and_has_files_of_its_own() {
        let work = || {
            let _operation = tracing::info_span!("mail", operation = "77").entered();
            tracing::info!(target: FLOW, step = "sign");
        };
        assert_eq!(logged(LogSettings::default(), work), ["", ""]);
        let [general, flow] = logged(LogSettings { flow: true, ..LogSettings::default() }, work);
        assert_eq!(general, "");
        assert!(flow.contains(" INFO 77 ") && flow.ends_with(" step=sign\n"), "{flow}");
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2080
    #[test]
    fn of_another_crate_only_the_origin_of_a_warning_is_logged() {
        let [general, _] = logged(LogSettings { level: Level::TRACE, ..LogSettings::default() }, || {
            tracing::warn!(target: "ldap3::protocol", secret = "canary", "canary");
            tracing::info!(target: "hyper::client", "canary");
        });
        assert!(general.contains("ldap3::protocol") && !general.contains("canary"), "{general}");
        assert_eq!(general.lines().count(), 1);
    }

    #[test]
    fn less_important_records_are_left_out() {
        let [general, _] = logged(LogSettings { level: Level::WARN, ..LogSettings::default() }, || {
            tracing::info!("no");
            tracing::warn!("yes");
        });
        assert!(general.contains("yes") && !general.contains("no "), "{general}");
    }
}
