//! [`Fault`]: what a Konnektor says went wrong.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use kim_types::Pii;

use crate::Class;

/// An error report of the Konnektor, from a SOAP fault or from the status inside a response.
///
/// `Debug` and `Display` show codes only: texts come from the vendor and may name persons.
///
/// Spec: gemSpec_Kon 5.18.0, A_14159
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The code of the last trace, which is always one gematik defined.
    pub code: u32,
    /// All traces, cause first; at least one.
    pub traces: Vec<Trace>,
}

/// One entry of a fault's trace.
///
/// Spec: gemSpec_Kon 5.18.0, A_14159
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// gematik's code, or a vendor's from 10000 to 40999.
    pub code: u32,
    /// How bad it is.
    pub severity: Severity,
    /// Whose trade it is.
    pub error_type: ErrorType,
    /// German text for people.
    pub text: Pii<String>,
    /// More of it, free form.
    pub detail: Option<Pii<String>>,
}

impl Fault {
    /// Makes a fault of its traces; without any there is no fault.
    pub(crate) fn new(traces: Vec<Trace>) -> Option<Self> {
        let code = traces.last()?.code;
        Some(Self { code, traces })
    }

    /// Whether any trace has this code.
    pub fn has(&self, code: u32) -> bool {
        self.traces.iter().any(|trace| trace.code == code)
    }

    /// The codes of all traces, cause first.
    pub fn codes(&self) -> impl Iterator<Item = u32> + '_ {
        self.traces.iter().map(|trace| trace.code)
    }

    /// Whether the Konnektor does not accept the call context: Mandant, Clientsystem, workplace or a parameter.
    ///
    /// Older firmware reports 4004, 4005 or 4006, newer 4021 for all of them.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2015-01 and KOM-LE-A_2037-01
    pub fn is_context(&self) -> bool {
        [4004, 4005, 4006, 4021].into_iter().any(|code| self.has(code))
    }

    /// What can be done about it.
    ///
    /// An unverified PIN or a stale handle anywhere in the trace decides, because some firmware wraps the
    /// cause in a general code; otherwise the last known code does.
    ///
    /// Spec: gemSpec_Kon 5.18.0, A_14159
    pub fn class(&self) -> Class {
        let mut classes = self.codes().map(Class::of);
        if let Some(class) = classes.find(|class| matches!(class, Class::Pin | Class::Refresh)) {
            return class;
        }
        let known = self.codes().map(Class::of).filter(|class| *class != Class::Unknown);
        known.last().unwrap_or(Class::Unknown)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "konnektor fault {}", self.code)?;
        let causes: Vec<String> =
            self.codes().filter(|code| *code != self.code).map(|code| code.to_string()).collect();
        if causes.is_empty() { Ok(()) } else { write!(f, " after {}", causes.join(", ")) }
    }
}

impl std::error::Error for Fault {}

/// The severity of a [`Trace`].
///
/// Spec: gemSpec_Kon 5.18.0, A_14159
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Just so that somebody knows.
    Info,
    /// The operation succeeded, with a note.
    Warning,
    /// The operation failed.
    Error,
    /// The Konnektor is in trouble.
    Fatal,
    /// A word the specification does not know.
    Other,
}

/// The trade a [`Trace`] belongs to.
///
/// Spec: gemSpec_Kon 5.18.0, A_14159
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorType {
    /// Technical.
    Technical,
    /// Security.
    Security,
    /// Business.
    Business,
    /// Infrastructure.
    Infrastructure,
    /// A word the specification does not know.
    Other,
}

impl FromStr for Severity {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "Info" => Self::Info,
            "Warning" => Self::Warning,
            "Error" => Self::Error,
            "Fatal" => Self::Fatal,
            _ => Self::Other,
        })
    }
}

impl FromStr for ErrorType {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "Technical" => Self::Technical,
            "Security" => Self::Security,
            "Business" => Self::Business,
            "Infrastructure" => Self::Infrastructure,
            _ => Self::Other,
        })
    }
}
