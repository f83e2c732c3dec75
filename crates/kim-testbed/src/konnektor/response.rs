//! Writing SOAP messages: [`fault`], [`Writer`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::escape::escape;

use super::fault::Fault;
use super::http::HttpResponse;
use super::namespace::Ns;
use super::vendor::Vendor;

/// A SOAP fault.
pub(super) fn fault(vendor: Vendor, fault: &Fault) -> HttpResponse {
    let mut writer = Writer::new(vendor);
    writer.start(Ns::Soap, "Fault", &[Ns::Gerror], &[]);
    let side = if fault.code == 4000 { "Client" } else { "Server" };
    let code = format!("{}:{side}", writer.soap_prefix);
    writer.unqualified("faultcode", &code);
    writer.unqualified("faultstring", fault.text());
    if !fault.without_detail {
        writer.out.push_str("<detail>");
        fault.write(&mut writer);
        writer.out.push_str("</detail>");
    }
    HttpResponse { status: 500, ..writer.finish() }
}

/// Writes a message with the prefixes of a manufacturer.
pub(super) struct Writer {
    soap_prefix: &'static str,
    out: String,
    open: Vec<String>,
}

impl Writer {
    /// Starts an envelope.
    fn new(vendor: Vendor) -> Self {
        let mut writer = Self { soap_prefix: vendor.soap_prefix(), out: String::new(), open: Vec::new() };
        writer.start(Ns::Soap, "Envelope", &[Ns::Soap], &[]);
        if vendor.writes_header() {
            writer.empty(Ns::Soap, "Header", &[]);
        }
        writer.start(Ns::Soap, "Body", &[], &[]);
        writer
    }

    /// Starts a response, on whose element all namespaces are declared.
    pub(super) fn response(vendor: Vendor, namespace: Ns, name: &str) -> Self {
        let mut writer = Self::new(vendor);
        writer.start(namespace, name, &Ns::DECLARED, &[]);
        writer
    }

    /// Ends the message.
    pub(super) fn finish(mut self) -> HttpResponse {
        while !self.open.is_empty() {
            self.close();
        }
        HttpResponse::xml(200, self.out.into_bytes())
    }

    pub(super) fn open(&mut self, namespace: Ns, name: &str) {
        self.start(namespace, name, &[], &[]);
    }

    pub(super) fn open_with(&mut self, namespace: Ns, name: &str, attributes: &[(&str, &str)]) {
        self.start(namespace, name, &[], attributes);
    }

    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.out.push_str("</");
            self.out.push_str(&name);
            self.out.push('>');
        }
    }

    pub(super) fn empty(&mut self, namespace: Ns, name: &str, attributes: &[(&str, &str)]) {
        self.open_with(namespace, name, attributes);
        self.open.pop();
        self.out.pop();
        self.out.push_str("/>");
    }

    pub(super) fn text(&mut self, namespace: Ns, name: &str, text: &str) {
        self.open(namespace, name);
        self.out.push_str(&escape(text));
        self.close();
    }

    /// An element with base64 text.
    pub(super) fn base64(&mut self, namespace: Ns, name: &str, attributes: &[(&str, &str)], octets: &[u8]) {
        self.open_with(namespace, name, attributes);
        STANDARD.encode_string(octets, &mut self.out);
        self.close();
    }

    /// `Status` of a success, or of a success with a note.
    pub(super) fn status(&mut self, warning: Option<&Fault>) {
        self.open(Ns::Conn, "Status");
        self.text(Ns::Conn, "Result", if warning.is_some() { "Warning" } else { "OK" });
        if let Some(fault) = warning {
            fault.write(self);
        }
        self.close();
    }

    /// An element without namespace, as SOAP 1.1 wants them in faults.
    fn unqualified(&mut self, name: &str, text: &str) {
        self.out.push_str(&format!("<{name}>{}</{name}>", escape(text)));
    }

    fn start(&mut self, namespace: Ns, name: &str, declared: &[Ns], attributes: &[(&str, &str)]) {
        let name = format!("{}:{name}", self.prefix(namespace));
        self.out.push('<');
        self.out.push_str(&name);
        for namespace in declared {
            let prefix = self.prefix(*namespace);
            self.out.push_str(&format!(" xmlns:{prefix}=\"{}\"", namespace.uri()));
        }
        for (name, value) in attributes {
            self.out.push_str(&format!(" {name}=\"{}\"", escape(*value)));
        }
        self.out.push('>');
        self.open.push(name);
    }

    fn prefix(&self, namespace: Ns) -> String {
        let number = Ns::DECLARED.iter().position(|declared| *declared == namespace);
        number.map_or_else(|| self.soap_prefix.to_owned(), |number| format!("ns{}", number.saturating_add(2)))
    }
}
