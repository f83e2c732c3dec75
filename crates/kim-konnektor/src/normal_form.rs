//! From XML of a stranger to XML that typed parsers may see.
//!
//! One pass checks the structure and writes the payload anew: element names with default namespaces only, no
//! prefixes, comments or foreign attributes, depth bounded, one root. What follows can rely on that, in particular
//! yaserde, which on foreign XML takes quadratic time for deep nesting.

use bytes::Bytes;
use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

use crate::error::{Malformed, ResponseError};
use crate::namespace::{CARD, CERT, CERTCMN, ERROR, EVT, SOAP, canonical};

/// Deepest nesting of elements.
const MAX_DEPTH: usize = 32;
/// Attributes of one element, namespace declarations included.
const MAX_ATTRIBUTES: usize = 64;
/// Octets of a namespace; it is written once per change, so this bounds the normal form.
const MAX_NAMESPACE: usize = 256;

/// Elements whose text names persons. It is kept aside like a document, because yaserde logs what it reads.
const PERSONAL: [(&str, &str); 7] = [
    (CARD.uri, "CardHolderName"),
    (CARD.uri, "Kvnr"),
    (CERT.uri, "subject_commonName"),
    (CERTCMN.uri, "X509SubjectName"),
    (EVT.uri, "Value"),
    (ERROR.uri, "ErrorText"),
    (ERROR.uri, "Detail"),
];

/// A message in normal form.
#[derive(Debug, Default)]
pub(crate) struct NormalForm {
    /// The payload: a small document with `root` as its only root; empty for a fault without details.
    pub(crate) xml: String,
    /// Namespace and local name of the payload.
    pub(crate) root: (String, String),
    /// Whether the payload stood in a SOAP fault.
    pub(crate) is_fault: bool,
    /// Texts kept aside: where they stood, the payload has a [`placeholder`] with their index.
    pub(crate) aside: Vec<Bytes>,
}

/// The text that stands for octets kept aside; it cannot be taken for part of another.
pub(crate) fn placeholder(index: usize) -> String {
    format!("{index};")
}

/// The index in a [`placeholder`].
pub(crate) fn placeholder_index(text: &str) -> Option<usize> {
    text.trim().strip_suffix(';')?.parse().ok()
}

/// The normal form of what a SOAP envelope carries: the only child of its body, or the error report of a fault.
///
/// Texts that are already kept aside are passed on.
pub(crate) fn of_soap(xml: &[u8], aside: Vec<Bytes>) -> Result<NormalForm, ResponseError> {
    Normaliser::new(true, aside).run(xml)
}

/// The normal form of a whole document.
pub(crate) fn of_document(xml: &[u8]) -> Result<NormalForm, ResponseError> {
    Normaliser::new(false, Vec::new()).run(xml)
}

/// What an open element is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Envelope,
    Body,
    Fault,
    Payload,
    Ignored,
}

struct Open {
    role: Role,
    namespace: String,
}

struct Normaliser {
    soap: bool,
    rooted: bool,
    answered: bool,
    open: Vec<Open>,
    personal: Option<String>,
    result: NormalForm,
}

impl Normaliser {
    fn new(soap: bool, aside: Vec<Bytes>) -> Self {
        let result = NormalForm { aside, ..NormalForm::default() };
        Self { soap, rooted: false, answered: false, open: Vec::new(), personal: None, result }
    }

    fn run(mut self, xml: &[u8]) -> Result<NormalForm, ResponseError> {
        let xml = xml.strip_prefix("\u{feff}".as_bytes()).unwrap_or(xml);
        let text = std::str::from_utf8(xml)
            .map_err(|error| problem(Malformed::Encoding, u64::try_from(error.valid_up_to()).ok()))?;
        let mut reader = NsReader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        loop {
            let at = Some(reader.buffer_position());
            let (namespace, event) =
                reader.read_resolved_event().map_err(|_| problem(Malformed::Markup, at))?;
            let step = match event {
                Event::Eof => break,
                Event::Start(tag) => self.start(namespace, &tag),
                Event::End(tag) => self.end(tag.local_name().as_ref()),
                other => self.content(&other),
            };
            step.map_err(|what| problem(what, at))?;
        }
        if !self.open.is_empty() || !self.rooted {
            return Err(problem(Malformed::Markup, Some(reader.buffer_position())));
        }
        if self.soap && !self.answered {
            return Err(problem(Malformed::Message, None));
        }
        Ok(self.result)
    }

    fn start(&mut self, namespace: ResolveResult<'_>, tag: &BytesStart<'_>) -> Result<(), Malformed> {
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => canonical(namespace.into_inner()),
            ResolveResult::Unbound => "",
            ResolveResult::Unknown(_) => return Err(Malformed::Markup),
        };
        if self.open.len() >= MAX_DEPTH || namespace.len() > MAX_NAMESPACE {
            return Err(Malformed::Structure);
        }
        if self.open.is_empty() && std::mem::replace(&mut self.rooted, true) {
            return Err(Malformed::Markup);
        }
        let local = tag.local_name();
        let role = self.role(namespace, local.as_ref())?;
        let attributes = attributes(tag)?;
        if role == Role::Payload {
            let parent = self.open.last().filter(|parent| parent.role == Role::Payload);
            let xml = &mut self.result.xml;
            xml.push('<');
            xml.push_str(local.as_ref());
            if parent.is_none_or(|parent| parent.namespace != namespace) {
                xml.push_str(&format!(" xmlns=\"{}\"", escape(namespace)));
            }
            xml.push_str(&attributes);
            xml.push('>');
            if PERSONAL.contains(&(namespace, local.as_ref())) {
                self.personal = Some(String::new());
            }
        }
        self.open.push(Open { role, namespace: namespace.to_owned() });
        Ok(())
    }

    /// What an element is, by its name and its parent.
    fn role(&mut self, namespace: &str, local: &str) -> Result<Role, Malformed> {
        let soap = |name| namespace == SOAP.uri && local == name;
        let role = match self.open.last().map(|parent| parent.role) {
            None if !self.soap => Role::Payload,
            None if soap("Envelope") => Role::Envelope,
            None => return Err(Malformed::Message),
            Some(Role::Envelope) if soap("Body") => Role::Body,
            Some(Role::Body) if std::mem::replace(&mut self.answered, true) => {
                return Err(Malformed::Message);
            }
            Some(Role::Body) if soap("Fault") => Role::Fault,
            Some(Role::Body) => Role::Payload,
            Some(Role::Fault) if namespace == ERROR.uri && local == "Error" && self.result.xml.is_empty() => {
                Role::Payload
            }
            Some(Role::Fault) => Role::Fault,
            Some(Role::Payload) if self.personal.is_none() => Role::Payload,
            Some(Role::Payload | Role::Envelope | Role::Ignored) => Role::Ignored,
        };
        self.result.is_fault |= role == Role::Fault;
        if role == Role::Payload && self.result.xml.is_empty() {
            self.result.root = (namespace.to_owned(), local.to_owned());
        }
        Ok(role)
    }

    fn end(&mut self, local: &str) -> Result<(), Malformed> {
        let open = self.open.pop().ok_or(Malformed::Markup)?;
        if open.role == Role::Payload {
            if let Some(text) = self.personal.take() {
                self.result.xml.push_str(&placeholder(self.result.aside.len()));
                self.result.aside.push(text.into());
            }
            self.result.xml.push_str(&format!("</{local}>"));
        }
        Ok(())
    }

    fn content(&mut self, event: &Event<'_>) -> Result<(), Malformed> {
        match event {
            Event::Comment(_) => Ok(()),
            Event::Decl(declaration) => match declaration.encoding() {
                None => Ok(()),
                Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") => Ok(()),
                Some(_) => Err(Malformed::Encoding),
            },
            Event::Text(text) => self.text(text),
            Event::CData(text) => self.text(text),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(character)) => self.text(character.encode_utf8(&mut [0; 4])),
                Ok(None) => self.text(resolve_predefined_entity(reference).ok_or(Malformed::Forbidden)?),
                Err(_) => Err(Malformed::Markup),
            },
            _ => Err(Malformed::Forbidden),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Malformed> {
        let outside = self.open.is_empty();
        if let Some(personal) = &mut self.personal {
            personal.push_str(text);
        } else if self.open.last().is_some_and(|open| open.role == Role::Payload) {
            self.result.xml.push_str(&escape(text));
        } else if outside && !text.trim_ascii().is_empty() {
            return Err(Malformed::Markup);
        }
        Ok(())
    }
}

/// The attributes without namespace, as they are written; others say nothing we read.
fn attributes(tag: &BytesStart<'_>) -> Result<String, Malformed> {
    let mut written = String::new();
    for (number, attribute) in tag.attributes().enumerate() {
        let attribute = attribute.map_err(|_| Malformed::Markup)?;
        if number >= MAX_ATTRIBUTES {
            return Err(Malformed::Structure);
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| Malformed::Forbidden)?;
        let name = attribute.key.as_ref();
        if !name.contains(':') && name != "xmlns" {
            written.push_str(&format!(" {name}=\"{}\"", escape(value)));
        }
    }
    Ok(written)
}

fn problem(what: Malformed, at: Option<u64>) -> ResponseError {
    ResponseError { what, at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soap(body: &str) -> Result<NormalForm, ResponseError> {
        let xml = format!("<e:Envelope xmlns:e='{}'><e:Header><x/></e:Header>{body}</e:Envelope>", SOAP.uri);
        of_soap(xml.as_bytes(), Vec::new())
    }

    #[test]
    fn prefixes_comments_and_foreign_attributes_vanish() {
        let form = soap(
            "<e:Body><p:A xmlns:p='urn:a' q='1' p:r='2'><!-- c --><B xmlns='urn:b'>&lt;&#65;<![CDATA[<]]></B>\
             <p:C/></p:A></e:Body>",
        )
        .unwrap();
        assert_eq!(form.xml, "<A xmlns=\"urn:a\" q=\"1\"><B xmlns=\"urn:b\">&lt;A&lt;</B><C></C></A>");
        assert_eq!(form.root, ("urn:a".to_owned(), "A".to_owned()));
        assert!(!form.is_fault);
    }

    #[test]
    fn names_of_persons_are_kept_aside() {
        let form = soap(&format!(
            "<e:Body><A xmlns='urn:a'><h:CardHolderName xmlns:h='{}'>Erika <b>&amp;</b> Co</h:CardHolderName></A></e:Body>",
            CARD.uri
        ))
        .unwrap();
        assert!(!form.xml.contains("Erika"));
        assert!(form.xml.contains(">0;<"));
        assert_eq!(form.aside, ["Erika & Co"]);
    }

    #[test]
    fn exactly_one_message_in_exactly_one_body() {
        let what = |body| soap(body).unwrap_err().what;
        assert_eq!(what(""), Malformed::Message);
        assert_eq!(what("<e:Body/>"), Malformed::Message);
        assert_eq!(what("<e:Body><a/><b/></e:Body>"), Malformed::Message);
        assert_eq!(what("<e:Body><a/></e:Body><e:Body><b/></e:Body>"), Malformed::Message);
        assert_eq!(what("<Body><a/></Body>"), Malformed::Message);
        assert_eq!(of_soap(b"<Envelope/>", Vec::new()).unwrap_err().what, Malformed::Message);
    }

    #[test]
    fn a_fault_without_details_has_no_payload() {
        let form = soap("<e:Body><e:Fault><faultcode>x</faultcode></e:Fault></e:Body>").unwrap();
        assert_eq!((form.is_fault, form.xml.as_str()), (true, ""));
    }

    #[test]
    fn placeholders_cannot_be_composed() {
        assert_eq!(placeholder_index(&placeholder(12)), Some(12));
        assert_eq!(placeholder_index(&format!("{}{}", placeholder(1), placeholder(2))), None);
        assert_eq!(placeholder_index("TWFseg=="), None);
    }
}
