//! [`CetpDecoder`] and [`Event`]: what a Konnektor reports by itself.

use kim_types::Pii;
use thiserror::Error;
use yaserde::YaDeserialize;

use crate::document::{Document, one};
use crate::error::ResponseError;
use crate::namespace::EVT;
use crate::{Error, Severity, normal_form};

/// Octets of an event's XML that are read; real ones have about 1,000.
///
/// Spec: none — a bound of our own; real events have 2 KiB.
pub const MAX_EVENT_OCTETS: usize = 64 * 1024;

const MAGIC: &[u8] = b"CETP";
/// The word `CETP` and the length, big-endian.
const HEADER: usize = 8;

/// Cuts what arrives on a CETP connection into [`Event`]s.
///
/// A frame is the word `CETP`, the length of the XML as 4 octets with the most significant first, and the XML in UTF-8. A
/// connection may carry several. No more than one frame is held, of at most [`MAX_EVENT_OCTETS`].
///
/// ```
/// use kim_konnektor::CetpDecoder;
///
/// let xml = "<Event xmlns='http://ws.gematik.de/conn/EventService/v7.2'><Topic>BOOTUP/BOOTUP_COMPLETE</Topic>\
///     <Type>Operation</Type><Severity>Info</Severity><SubscriptionID/><Message/></Event>";
/// let frame = [b"CETP", &(xml.len() as u32).to_be_bytes()[..], xml.as_bytes()].concat();
/// let mut decoder = CetpDecoder::default();
/// let (first, second) = frame.split_at(100);
/// assert_eq!(decoder.push(first)?, []);
/// for event in decoder.push(second)? {
///     assert_eq!(event.map(|event| event.topic), Ok("BOOTUP/BOOTUP_COMPLETE".to_owned()));
/// }
/// # Ok::<(), kim_konnektor::CetpError>(())
/// ```
///
/// Spec: gemSpec_Kon 5.18.0, TIP1-A_4595 (CETP)
#[derive(Default)]
pub struct CetpDecoder {
    frame: Vec<u8>,
}

/// Why a CETP connection has to be closed: after this, nobody knows where the next frame starts.
///
/// Spec: none — robustness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CetpError {
    /// The frame does not start with `CETP`: another protocol, or TLS where none was expected.
    #[error("not a cetp frame")]
    Magic,
    /// The frame is longer than [`MAX_EVENT_OCTETS`].
    #[error("cetp frame is longer than allowed")]
    TooLong,
}

/// An event.
///
/// Spec: gemSpec_Kon 5.18.0, TIP1-A_4595; EventService v7.2 (Event)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The topic, as in `CARD/INSERTED`.
    pub topic: String,
    /// How bad it is.
    pub severity: Severity,
    /// Keys and values; the values may name persons.
    pub parameters: Vec<(String, Pii<String>)>,
}

impl Event {
    /// Whether the topic is this one or below it; case does not matter.
    pub fn is_about(&self, topic: &str) -> bool {
        let start = self.topic.get(..topic.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(topic))
            && self.topic.get(topic.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The value of a parameter, whose key vendors write in upper and lower case.
    pub fn parameter(&self, key: &str) -> Option<&Pii<String>> {
        self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    }
}

impl CetpDecoder {
    /// Takes the next octets and gives the events that are complete with them. A frame that holds no event is one error
    /// among them: the frames before and after it are not to blame.
    ///
    /// # Errors
    ///
    /// [`CetpError`]: the connection should be closed. It comes after all that was read before it, so perhaps from the next
    /// call only.
    pub fn push(&mut self, mut octets: &[u8]) -> Result<Vec<Result<Event, ResponseError>>, CetpError> {
        let mut events = Vec::new();
        loop {
            let wanted = match self.wanted() {
                Err(_) if !events.is_empty() => return Ok(events),
                wanted => wanted?,
            };
            if let Some(missing) = wanted.checked_sub(self.frame.len()).filter(|missing| *missing > 0) {
                let Some((now, later)) = octets.split_at_checked(missing) else {
                    self.frame.extend_from_slice(octets);
                    if events.is_empty() {
                        self.wanted()?;
                    }
                    return Ok(events);
                };
                self.frame.extend_from_slice(now);
                octets = later;
            } else {
                events.push(event(self.frame.get(HEADER..).unwrap_or_default()));
                self.frame.clear();
            }
        }
    }

    /// The length of the frame as far as it is known.
    fn wanted(&self) -> Result<usize, CetpError> {
        if self.frame.iter().zip(MAGIC).any(|(octet, expected)| octet != expected) {
            return Err(CetpError::Magic);
        }
        let length = self.frame.get(MAGIC.len()..HEADER).and_then(|length| length.try_into().ok());
        let Some(length) = length.map(u32::from_be_bytes) else { return Ok(HEADER) };
        match usize::try_from(length) {
            Ok(length) if length <= MAX_EVENT_OCTETS => Ok(HEADER.saturating_add(length)),
            _ => Err(CetpError::TooLong),
        }
    }
}

impl std::fmt::Debug for CetpDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CetpDecoder([{} octets])", self.frame.len())
    }
}

fn event(xml: &[u8]) -> Result<Event, ResponseError> {
    let document = Document::new(normal_form::of_document(xml)?);
    read(&document).map_err(|error| match error {
        Error::Response(error) => error,
        _ => ResponseError { what: crate::Malformed::Message, at: None },
    })
}

fn read(document: &Document) -> Result<Event, Error> {
    let event: EventElement = document.read(EVT, "Event")?;
    let parameters = one("Message", event.message)?.parameters.into_iter().map(|parameter| {
        let value = document.text("Value", &one("Value", parameter.value)?)?;
        Ok((one("Key", parameter.key)?.trim().to_owned(), Pii(value)))
    });
    Ok(Event {
        topic: one("Topic", event.topic)?.trim().to_owned(),
        severity: one("Severity", event.severity)?.trim().parse().unwrap_or(Severity::Other),
        parameters: parameters.collect::<Result<_, Error>>()?,
    })
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "EVT", namespaces = { "EVT" = "http://ws.gematik.de/conn/EventService/v7.2" })]
struct EventElement {
    #[yaserde(rename = "Topic", prefix = "EVT")]
    topic: Vec<String>,
    #[yaserde(rename = "Severity", prefix = "EVT")]
    severity: Vec<String>,
    #[yaserde(rename = "Message", prefix = "EVT")]
    message: Vec<Message>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "EVT", namespaces = { "EVT" = "http://ws.gematik.de/conn/EventService/v7.2" })]
struct Message {
    #[yaserde(rename = "Parameter", prefix = "EVT")]
    parameters: Vec<Parameter>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "EVT", namespaces = { "EVT" = "http://ws.gematik.de/conn/EventService/v7.2" })]
struct Parameter {
    #[yaserde(rename = "Key", prefix = "EVT")]
    key: Vec<String>,
    #[yaserde(rename = "Value", prefix = "EVT")]
    value: Vec<String>,
}
