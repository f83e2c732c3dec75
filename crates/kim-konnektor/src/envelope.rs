//! Writing of SOAP envelopes: elements in the order of the calls, every value escaped.

use bytes::Bytes;
use kim_types::{Context, Octets};
use quick_xml::escape::escape;

use crate::body::{Body, Part};
use crate::namespace::{CCTX, CONN, Namespace, SOAP};

/// A SOAP 1.1 envelope under construction.
///
/// Names are written as `PREFIX:Name` with the prefixes of [`crate::namespace`].
pub(crate) struct Envelope {
    text: String,
    parts: Vec<Part>,
}

impl Envelope {
    /// An envelope around the element `operation`, which declares `namespaces` besides SOAP, CONN and CCTX.
    pub(crate) fn write(
        operation: &str,
        namespaces: &[Namespace],
        content: impl FnOnce(&mut Self) -> &mut Self,
    ) -> Body {
        Self::write_with(operation, &[], namespaces, content)
    }

    /// Like [`Envelope::write`], with attributes on the element of the operation.
    pub(crate) fn write_with(
        operation: &str,
        attributes: &[(&str, &str)],
        namespaces: &[Namespace],
        content: impl FnOnce(&mut Self) -> &mut Self,
    ) -> Body {
        let mut envelope =
            Self { text: r#"<?xml version="1.0" encoding="UTF-8"?>"#.to_owned(), parts: Vec::new() };
        let declared = [SOAP, CONN, CCTX].iter().chain(namespaces);
        let declarations: Vec<(String, &str)> =
            declared.map(|namespace| (format!("xmlns:{}", namespace.prefix), namespace.uri)).collect();
        let declarations: Vec<(&str, &str)> =
            declarations.iter().map(|(name, uri)| (name.as_str(), *uri)).collect();
        envelope.element("S:Envelope", &declarations, |soap| {
            soap.within("S:Body", |soap| soap.element(operation, attributes, content))
        });
        envelope.flush();
        Body::new(envelope.parts)
    }

    /// An element with attributes around `content`.
    pub(crate) fn element(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        content: impl FnOnce(&mut Self) -> &mut Self,
    ) -> &mut Self {
        self.text.push('<');
        self.text.push_str(name);
        for (attribute, value) in attributes {
            self.text.push_str(&format!(" {attribute}=\"{}\"", escape(*value)));
        }
        self.text.push('>');
        content(self);
        self.text.push_str(&format!("</{name}>"));
        self
    }

    /// An element without attributes around `content`.
    pub(crate) fn within(&mut self, name: &str, content: impl FnOnce(&mut Self) -> &mut Self) -> &mut Self {
        self.element(name, &[], content)
    }

    /// An element with text.
    pub(crate) fn leaf(&mut self, name: &str, text: &str) -> &mut Self {
        self.within(name, |xml| {
            xml.text.push_str(&escape(text));
            xml
        })
    }

    /// The same, or nothing without text.
    pub(crate) fn optional(&mut self, name: &str, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.leaf(name, text),
            None => self,
        }
    }

    /// An element whose text is the base64 form of `octets`.
    pub(crate) fn base64(&mut self, name: &str, attributes: &[(&str, &str)], octets: Octets) -> &mut Self {
        self.element(name, attributes, |xml| {
            xml.flush();
            xml.parts.push(Part::Base64(octets));
            xml
        })
    }

    /// The call context; UserId only when there is one, because an empty one is refused (4021).
    pub(crate) fn context(&mut self, context: &Context) -> &mut Self {
        self.within("CCTX:Context", |xml| {
            xml.leaf("CONN:MandantId", context.mandant.as_str())
                .leaf("CONN:ClientSystemId", context.client_system.as_str())
                .leaf("CONN:WorkplaceId", context.workplace.as_str())
                .optional("CONN:UserId", context.user.as_ref().map(|user| user.as_str()))
        })
    }

    /// The dss:Property that hands the DER encoded recipient-emails attribute to the Konnektor.
    ///
    /// `CMSAttribute` belongs to no namespace in the example of the specification.
    pub(crate) fn recipient_emails(&mut self, attribute: Bytes) -> &mut Self {
        self.within("dss:Property", |xml| {
            xml.leaf("dss:Identifier", "RecipientEmailsAttribute")
                .within("dss:Value", |xml| xml.base64("CMSAttribute", &[("xmlns", "")], attribute.into()))
        })
    }

    fn flush(&mut self) {
        self.parts.push(Part::Text(std::mem::take(&mut self.text).into()));
    }
}
