//! One record of the log, as text and as JSON.

use std::fmt::{Debug, Write as _};

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::macros::format_description;
use tracing::Event;
use tracing::field::{Field, Visit};
use tracing::span::Attributes;

/// The number of an operation (Vorgangsnummer), kept with its span.
pub(crate) struct Operation(pub(crate) String);

impl Operation {
    /// The number in the fields of a new span.
    pub(crate) fn of(attributes: &Attributes<'_>) -> Option<Self> {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let number = fields.0.into_iter().find(|(name, _)| *name == "operation")?.1;
        Some(Self(plain(&number)))
    }
}

/// What is known of an event.
pub(crate) struct Record {
    time: OffsetDateTime,
    level: &'static str,
    operation: String,
    module: String,
    message: String,
    fields: Vec<(&'static str, Value)>,
}

impl Record {
    /// Of an event that is not `ours` there is only where it came from.
    pub(crate) fn of(time: OffsetDateTime, operation: Option<String>, event: &Event<'_>, ours: bool) -> Self {
        let mut fields = Fields::default();
        if ours {
            event.record(&mut fields);
        }
        let mut fields = fields.0;
        let message = fields.iter().position(|(name, _)| *name == "message").map(|at| fields.remove(at).1);
        Self {
            time,
            level: event.metadata().level().as_str(),
            operation: operation.unwrap_or_else(|| "-".to_owned()),
            module: event.metadata().target().to_owned(),
            message: message.map(|message| plain(&message)).unwrap_or_default(),
            fields,
        }
    }

    pub(crate) fn to_text(&self) -> String {
        let Self { level, operation, module, message, fields, .. } = self;
        let mut line = format!("{} {level} {operation} {module} {}", self.time(), quoted(message));
        for (name, value) in fields {
            // Writing to a String cannot fail.
            let _ = match value {
                Value::String(text) if is_word(text) => write!(line, " {name}={text}"),
                value => write!(line, " {name}={value}"),
            };
        }
        line.push('\n');
        line
    }

    pub(crate) fn to_json(&self) -> String {
        let known = [
            ("time", self.time().into()),
            ("level", self.level.into()),
            ("operation", self.operation.as_str().into()),
            ("module", self.module.as_str().into()),
            ("message", self.message.as_str().into()),
        ];
        // What a field would hide stands before it.
        let fields = self.fields.iter().cloned().chain(known);
        let record: Map<String, Value> = fields.map(|(name, value)| (name.to_owned(), value)).collect();
        format!("{}\n", Value::Object(record))
    }

    fn time(&self) -> String {
        let format =
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        // Every time between year 0 and 9999 has this form.
        self.time.format(format).unwrap_or_default()
    }
}

#[derive(Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name(), format!("{value:?}").into()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.into()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.push((field.name(), value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.push((field.name(), value.into()));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.push((field.name(), value.into()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.push((field.name(), value.into()));
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '=' | '\\'))
}
