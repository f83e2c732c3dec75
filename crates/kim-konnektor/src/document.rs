//! [`Document`]: a response that operations read from.

use std::str::FromStr;

use bytes::Bytes;
use yaserde::YaDeserialize;

use crate::error::Malformed;
use crate::namespace::{ERROR, Namespace};
use crate::normal_form::{NormalForm, placeholder_index};
use crate::status::ErrorReport;
use crate::{Error, Reason};

/// A structurally sound response: its message in normal form, and the documents that stood in it.
///
/// `Debug` shows the name of the message only.
///
/// Spec: gemSpec_Kon 5.18.0, chapter 4.1 (SOAP 1.1)
#[derive(Clone)]
pub struct Document {
    xml: String,
    root: (String, String),
    is_fault: bool,
    aside: Vec<Bytes>,
}

impl Document {
    pub(crate) fn new(message: NormalForm) -> Self {
        Self { xml: message.xml, root: message.root, is_fault: message.is_fault, aside: message.aside }
    }

    /// Whether the Konnektor answered with a SOAP fault that says why.
    pub fn is_fault(&self) -> bool {
        self.is_fault && !self.xml.is_empty()
    }

    /// The message, which must have this name; a fault becomes an error.
    pub(crate) fn read<T: YaDeserialize>(
        &self,
        namespace: Namespace,
        name: &'static str,
    ) -> Result<T, Error> {
        if self.is_fault {
            return Err(self.fault());
        }
        if self.root.0 != namespace.uri || self.root.1 != name {
            return Err(Error::malformed(Malformed::Message));
        }
        self.parse(name)
    }

    fn fault(&self) -> Error {
        if self.xml.is_empty() {
            // Not a Konnektor's fault: those have details. HTTP says 500 for every SOAP fault.
            return Error::Unavailable { reason: Reason::Http(500) };
        }
        let report = self.parse(ERROR.prefix).and_then(|report: ErrorReport| report.fault(self));
        report.map_or_else(|error| error, Error::Fault)
    }

    fn parse<T: YaDeserialize>(&self, name: &'static str) -> Result<T, Error> {
        // yaserde's own errors quote values, so they are not passed on.
        yaserde::de::from_str(&self.xml).map_err(|_| Error::malformed(Malformed::Element(name)))
    }

    /// The octets whose placeholder is the text of element `name`.
    pub(crate) fn octets(&self, name: &'static str, text: &str) -> Result<Bytes, Error> {
        let octets = placeholder_index(text).and_then(|index| self.aside.get(index));
        octets.cloned().ok_or(Error::malformed(Malformed::Element(name)))
    }

    /// The text whose placeholder is the text of element `name`.
    pub(crate) fn text(&self, name: &'static str, text: &str) -> Result<String, Error> {
        let octets = self.octets(name, text)?;
        String::from_utf8(octets.into()).map_err(|_| Error::malformed(Malformed::Element(name)))
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({}, {} documents)", self.root.1, self.aside.len())
    }
}

/// The element `name`, which must occur exactly once.
///
/// Typed messages read every element as a list, because yaserde takes the last of several without a word.
pub(crate) fn one<T>(name: &'static str, found: Vec<T>) -> Result<T, Error> {
    at_most_one(name, found)?.ok_or(Error::malformed(Malformed::Element(name)))
}

/// The element `name`, which may occur once.
pub(crate) fn at_most_one<T>(name: &'static str, found: Vec<T>) -> Result<Option<T>, Error> {
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        _ => Err(Error::malformed(Malformed::Element(name))),
    }
}

/// The value of element `name`.
pub(crate) fn value<T: FromStr>(name: &'static str, text: &str) -> Result<T, Error> {
    text.trim().parse().map_err(|_| Error::malformed(Malformed::Element(name)))
}
