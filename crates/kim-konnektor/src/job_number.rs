//! [`GetJobNumber`]: the number a signature job needs.

use std::fmt;
use std::str::FromStr;

use kim_types::Context;
use thiserror::Error as ThisError;
use yaserde::YaDeserialize;

use crate::Error;
use crate::document::{Document, one, value};
use crate::envelope::Envelope;
use crate::namespace::SIG_7_4;
use crate::request::{Operation, Patience, Request};
use crate::services::Services;

/// The number of a signature job: three capital letters, a hyphen, three digits.
///
/// Used once; again within the last thousand jobs it is refused with 4252.
///
/// Spec: gemSpec_Kon 5.18.0, operation GetJobNumber
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobNumber(String);

/// The text is no job number.
///
/// Spec: none — a parse error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
#[error("not a job number of the form ABC-123")]
pub struct JobNumberError;

impl JobNumber {
    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobNumber {
    type Err = JobNumberError;

    fn from_str(text: &str) -> Result<Self, JobNumberError> {
        let (letters, digits) = text.split_once('-').ok_or(JobNumberError)?;
        let sound = letters.len() == 3
            && digits.len() == 3
            && letters.bytes().all(|letter| letter.is_ascii_uppercase())
            && digits.bytes().all(|digit| digit.is_ascii_digit());
        if sound { Ok(Self(text.to_owned())) } else { Err(JobNumberError) }
    }
}

impl fmt::Display for JobNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Asks for the number of the next signature job.
///
/// Spec: gemSpec_Kon 5.18.0, operation GetJobNumber
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetJobNumber;

impl Operation for GetJobNumber {
    type Response = JobNumber;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let (endpoint, namespace) = services.signature()?;
        let body = Envelope::write("SIG:GetJobNumber", &[namespace], |xml| xml.context(context));
        let action = format!("{}#GetJobNumber", namespace.uri);
        Ok(Request { url: endpoint.url.clone(), action, body, patience: Patience::Normal })
    }

    fn response(&self, document: Document) -> Result<JobNumber, Error> {
        // Alone among the responses this one has no status.
        let response: GetJobNumberResponse = document.read(SIG_7_4, "GetJobNumberResponse")?;
        value("JobNumber", &one("JobNumber", response.number)?)
    }
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "SIG", namespaces = { "SIG" = "http://ws.gematik.de/conn/SignatureService/v7.4" })]
struct GetJobNumberResponse {
    #[yaserde(rename = "JobNumber", prefix = "SIG")]
    number: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_number_is_given_back_as_it_was() {
        assert_eq!("TPZ-032".parse::<JobNumber>().unwrap().to_string(), "TPZ-032");
        for bad in ["", "TPZ032", "tpz-032", "TPZ-32", "TPZ-0320", "TPZ-03x", "TP-Z-032", "ÄPZ-032"] {
            assert_eq!(bad.parse::<JobNumber>(), Err(JobNumberError), "{bad}");
        }
    }
}
