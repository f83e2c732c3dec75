//! Reading SOAP messages, strict about namespaces and order: [`Element`], [`Fields`].

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::fault::Fault;
use super::namespace::Ns;

/// The deepest nesting of elements.
const MAX_DEPTH: usize = 32;
/// The greatest number of elements: 1,000 certificates and what is around them fit easily.
const MAX_ELEMENTS: usize = 20_000;

/// An element with its text, which stays where it was read from.
pub(super) struct Element<'a> {
    pub(super) namespace: Ns,
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    text: Cow<'a, str>,
    children: Vec<Element<'a>>,
}

/// Reads a SOAP envelope and returns the only element of its body.
pub(super) fn soap_body(message: &[u8]) -> Result<Element<'_>, Fault> {
    let text = std::str::from_utf8(message).map_err(|_| Fault::syntax("the message is not UTF-8"))?;
    let envelope = read(text)?;
    if envelope.namespace != Ns::Soap || envelope.name != "Envelope" {
        return Err(Fault::syntax("expected a SOAP 1.1 Envelope"));
    }
    let body =
        envelope.children.into_iter().find(|child| child.namespace == Ns::Soap && child.name == "Body");
    let mut content = body.ok_or_else(|| Fault::syntax("expected a Body"))?.children.into_iter();
    match (content.next(), content.next()) {
        (Some(operation), None) => Ok(operation),
        _ => Err(Fault::syntax("expected one element in the Body")),
    }
}

fn read(text: &str) -> Result<Element<'_>, Fault> {
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<Element<'_>> = Vec::new();
    let mut root = None;
    let mut elements = 0_usize;
    loop {
        let (namespace, event) =
            reader.read_resolved_event().map_err(|_| Fault::syntax("the message is not well-formed"))?;
        let namespace = match namespace {
            ResolveResult::Bound(uri) => Ns::from_uri(uri.into_inner()),
            ResolveResult::Unbound => Ns::Other,
            ResolveResult::Unknown(_) => return Err(Fault::syntax("a prefix is not declared")),
        };
        let closed = match event {
            Event::Start(start) => {
                open.push(Element::new(namespace, &start)?);
                None
            }
            Event::Empty(start) => Some(Element::new(namespace, &start)?),
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                append(&mut open, text.into_inner());
                None
            }
            Event::CData(text) => {
                append(&mut open, text.into_inner());
                None
            }
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().ok().flatten().map(String::from);
                let entity = || resolve_predefined_entity(&reference).map(str::to_owned);
                let text = character.or_else(entity).ok_or_else(|| Fault::syntax("unknown entity"))?;
                append(&mut open, Cow::Owned(text));
                None
            }
            Event::Comment(_) | Event::Decl(_) => None,
            Event::DocType(_) | Event::PI(_) => return Err(Fault::syntax("no DTD, no instructions")),
            Event::Eof => return root.ok_or_else(|| Fault::syntax("the message is empty")),
        };
        if let Some(element) = closed {
            elements = elements.saturating_add(1);
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None if root.is_none() => root = Some(element),
                None => return Err(Fault::syntax("more than one element")),
            }
        }
        if open.len() > MAX_DEPTH || elements > MAX_ELEMENTS {
            return Err(Fault::syntax("the message is too deep or has too many elements"));
        }
    }
}

fn append<'a>(open: &mut [Element<'a>], more: Cow<'a, str>) {
    if let Some(element) = open.last_mut() {
        if element.text.is_empty() {
            element.text = more;
        } else {
            element.text.to_mut().push_str(&more);
        }
    }
}

impl<'a> Element<'a> {
    fn new(namespace: Ns, start: &BytesStart<'a>) -> Result<Self, Fault> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| Fault::syntax("an attribute is not well-formed"))?;
            let value = quick_xml::escape::unescape(&attribute.value)
                .map_err(|_| Fault::syntax("an attribute has an unknown entity"))?;
            attributes.push((attribute.key.into_inner().to_owned(), value.into_owned()));
        }
        let name = start.local_name().into_inner().to_owned();
        Ok(Self { namespace, name, attributes, text: Cow::Borrowed(""), children: Vec::new() })
    }

    /// The value of an attribute without namespace.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The text without blanks at its ends.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }

    /// The octets of base64 text, which may be broken into lines.
    pub(super) fn base64(&self) -> Result<Vec<u8>, Fault> {
        let text = self.text();
        let joined = if text.contains(|character: char| character.is_ascii_whitespace()) {
            Cow::Owned(text.split_ascii_whitespace().collect::<String>())
        } else {
            Cow::Borrowed(text)
        };
        STANDARD.decode(joined.as_bytes()).map_err(|_| Fault::syntax(&format!("{} is not base64", self.name)))
    }

    /// A boolean as XML Schema knows it.
    pub(super) fn boolean(&self) -> Result<bool, Fault> {
        match self.text() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(Fault::syntax(&format!("{} is not a boolean", self.name))),
        }
    }

    /// Its children, to be taken in the order of a schema.
    pub(super) fn fields(&self) -> Fields<'_, 'a> {
        Fields { parent: &self.name, children: self.children.iter().peekable() }
    }

    /// Its children in any order, none twice and each one of these.
    pub(super) fn all(&self, allowed: &[(Ns, &str)]) -> Result<&[Element<'a>], Fault> {
        for (number, child) in self.children.iter().enumerate() {
            let known = allowed.contains(&(child.namespace, child.name.as_str()));
            let twice = self.children.iter().take(number).any(|earlier| earlier.name == child.name);
            if !known || twice {
                return Err(Fault::syntax(&format!("unexpected element in {}", self.name)));
            }
        }
        Ok(&self.children)
    }

    /// The first child with this name.
    pub(super) fn child(&self, namespace: Ns, name: &str) -> Option<&Element<'a>> {
        self.children.iter().find(|child| child.namespace == namespace && child.name == name)
    }

    /// The first element at any depth with this local name, whatever its namespace.
    pub(super) fn descendants(&self, name: &str) -> Vec<&Element<'a>> {
        let deeper = self.children.iter().flat_map(|child| child.descendants(name));
        self.children.iter().filter(|child| child.name == name).chain(deeper).collect()
    }
}

/// The children of an element in the order of a sequence.
pub(super) struct Fields<'e, 'a> {
    parent: &'e str,
    children: std::iter::Peekable<std::slice::Iter<'e, Element<'a>>>,
}

impl<'e, 'a> Fields<'e, 'a> {
    /// The next child, which has this name.
    pub(super) fn required(&mut self, namespace: Ns, name: &str) -> Result<&'e Element<'a>, Fault> {
        let error = || Fault::syntax(&format!("{name} expected in {}", self.parent));
        self.children.next_if(|child| child.namespace == namespace && child.name == name).ok_or_else(error)
    }

    /// The next child if it has this name.
    pub(super) fn optional(&mut self, namespace: Ns, name: &str) -> Option<&'e Element<'a>> {
        self.children.next_if(|child| child.namespace == namespace && child.name == name)
    }

    /// The next children that have this name.
    pub(super) fn repeated(&mut self, namespace: Ns, name: &str) -> Vec<&'e Element<'a>> {
        std::iter::from_fn(|| self.optional(namespace, name)).collect()
    }

    /// Nothing follows.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        match self.children.peek() {
            None => Ok(()),
            Some(_) => {
                Err(Fault::syntax(&format!("no child element is expected at this point of {}", self.parent)))
            }
        }
    }
}
