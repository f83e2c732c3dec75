//! The typed messages all services share: CONN:Status and the error report GERROR:Error.

use std::convert::Infallible;

use kim_types::Pii;
use yaserde::YaDeserialize;

use crate::Error;
use crate::document::{Document, at_most_one, one, value};
use crate::error::Malformed;
use crate::fault::{Fault, Trace};

/// CONN:Status, which stands in nearly every response.
#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "CONN",
    namespaces = {
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
        "GERROR" = "http://ws.gematik.de/tel/error/v2.0",
    }
)]
pub(crate) struct Status {
    #[yaserde(rename = "Result", prefix = "CONN")]
    result: Vec<String>,
    #[yaserde(rename = "Error", prefix = "GERROR")]
    error: Vec<ErrorReport>,
}

/// GERROR:Error, in a fault, in a status or in a verification status.
#[derive(Debug, YaDeserialize)]
#[yaserde(rename = "Error", prefix = "GERROR", namespaces = { "GERROR" = "http://ws.gematik.de/tel/error/v2.0" })]
pub(crate) struct ErrorReport {
    #[yaserde(rename = "Trace", prefix = "GERROR")]
    traces: Vec<TraceElement>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(rename = "Trace", prefix = "GERROR", namespaces = { "GERROR" = "http://ws.gematik.de/tel/error/v2.0" })]
struct TraceElement {
    #[yaserde(rename = "Code", prefix = "GERROR")]
    code: Vec<String>,
    #[yaserde(rename = "Severity", prefix = "GERROR")]
    severity: Vec<String>,
    #[yaserde(rename = "ErrorType", prefix = "GERROR")]
    error_type: Vec<String>,
    #[yaserde(rename = "ErrorText", prefix = "GERROR")]
    text: Vec<String>,
    #[yaserde(rename = "Detail", prefix = "GERROR")]
    detail: Vec<String>,
}

impl Status {
    /// The note on a success, if there is one; a failure is an error.
    pub(crate) fn note(self, document: &Document) -> Result<Option<Fault>, Error> {
        let result = one("Result", self.result)?;
        let report = at_most_one("Error", self.error)?;
        let fault = report.map(|report| report.fault(document)).transpose()?;
        if ["OK", "Warning"].iter().any(|success| result.trim().eq_ignore_ascii_case(success)) {
            return Ok(fault);
        }
        Err(fault.map_or(Error::malformed(Malformed::Element("Result")), Error::Fault))
    }
}

impl ErrorReport {
    /// The fault this report describes.
    pub(crate) fn fault(self, document: &Document) -> Result<Fault, Error> {
        let traces: Result<Vec<Trace>, Error> =
            self.traces.into_iter().map(|trace| trace.value(document)).collect();
        Fault::new(traces?).ok_or(Error::malformed(Malformed::Element("Trace")))
    }
}

impl TraceElement {
    fn value(self, document: &Document) -> Result<Trace, Error> {
        let detail = at_most_one("Detail", self.detail)?;
        let detail = detail.map(|text| document.text("Detail", &text)).transpose()?;
        let text = at_most_one("ErrorText", self.text)?;
        let text = text.map(|text| document.text("ErrorText", &text)).transpose()?;
        Ok(Trace {
            code: value("Code", &one("Code", self.code)?)?,
            severity: word("Severity", self.severity)?,
            error_type: word("ErrorType", self.error_type)?,
            text: Pii(text.unwrap_or_default()),
            detail: detail.map(Pii),
        })
    }
}

/// A word of an open vocabulary; a missing one is an unknown one.
fn word<T: std::str::FromStr<Err = Infallible>>(name: &'static str, found: Vec<String>) -> Result<T, Error> {
    value(name, &at_most_one(name, found)?.unwrap_or_default())
}
