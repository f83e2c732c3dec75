//! What a service says about its failure: [`Failure`].

use kim_types::Pii;
use serde::Deserialize;

use crate::json;

/// The body of an error response, as far as it could be read.
///
/// `Display` shows the trace id only: the message may name a person.
///
/// Spec: api-kim, CommonSchemas.yaml 1.0.3 (Error).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// What the service says.
    pub message: Option<Pii<String>>,
    /// What its operator finds the failure by: printable ASCII, at most 255 characters.
    pub trace_id: Option<String>,
}

impl Failure {
    /// Reads what can be read; `body` is within its limit already.
    pub(crate) fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Body {
            message: Option<String>,
            #[serde(rename = "traceId")]
            trace_id: Option<String>,
        }
        let Ok(body) = json::object::<Body>(body) else {
            return Self::default();
        };
        let printable = |text: &String| text.len() <= 255 && text.chars().all(|c| c.is_ascii_graphic());
        Self { message: body.message.map(Pii), trace_id: body.trace_id.filter(printable) }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.trace_id.as_deref().unwrap_or("no trace id"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_and_trace_id_are_read_and_only_the_latter_shown() {
        let failure = Failure::read(br#"{"message": "Erika", "traceId": "19aaf69260f63694", "x": 1}"#);
        assert_eq!(failure.message, Some(Pii("Erika".into())));
        assert_eq!(failure.to_string(), "19aaf69260f63694");
        assert!(!format!("{failure:?}").contains("Erika"));
    }

    #[test]
    fn other_bodies_and_odd_trace_ids_are_no_second_failure() {
        assert_eq!(Failure::read(b"<html>"), Failure::default());
        assert_eq!(Failure::read(br#"["Erika", "19aa"]"#), Failure::default());
        assert_eq!(Failure::read(br#"{"traceId": "a\nb"}"#).trace_id, None);
    }
}
