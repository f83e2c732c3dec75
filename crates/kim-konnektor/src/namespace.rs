//! The XML namespaces of the Konnektor interface, with the prefixes that requests use for them.

/// A namespace and the prefix requests bind to it; responses may use any prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Namespace {
    pub(crate) prefix: &'static str,
    pub(crate) uri: &'static str,
}

const fn namespace(prefix: &'static str, uri: &'static str) -> Namespace {
    Namespace { prefix, uri }
}

pub(crate) const SOAP: Namespace = namespace("S", "http://schemas.xmlsoap.org/soap/envelope/");
pub(crate) const CONN: Namespace = namespace("CONN", "http://ws.gematik.de/conn/ConnectorCommon/v5.0");
pub(crate) const CCTX: Namespace = namespace("CCTX", "http://ws.gematik.de/conn/ConnectorContext/v2.0");
pub(crate) const CCMN: Namespace = namespace("CCMN", "http://ws.gematik.de/conn/CardServiceCommon/v2.0");
pub(crate) const CARD: Namespace = namespace("CARD", "http://ws.gematik.de/conn/CardService/v8.1");
pub(crate) const EVT: Namespace = namespace("EVT", "http://ws.gematik.de/conn/EventService/v7.2");
pub(crate) const CERT: Namespace = namespace("CERT", "http://ws.gematik.de/conn/CertificateService/v6.0");
pub(crate) const CERTCMN: Namespace =
    namespace("CERTCMN", "http://ws.gematik.de/conn/CertificateServiceCommon/v2.0");
pub(crate) const CRYPT: Namespace = namespace("CRYPT", "http://ws.gematik.de/conn/EncryptionService/v6.1");
pub(crate) const SIG_7_4: Namespace = namespace("SIG", "http://ws.gematik.de/conn/SignatureService/v7.4");
pub(crate) const SIG_7_5: Namespace = namespace("SIG", "http://ws.gematik.de/conn/SignatureService/v7.5");
pub(crate) const DSS: Namespace = namespace("dss", "urn:oasis:names:tc:dss:1.0:core:schema");
pub(crate) const ERROR: Namespace = namespace("GERROR", "http://ws.gematik.de/tel/error/v2.0");
pub(crate) const DIRECTORY: Namespace = namespace("SD", "http://ws.gematik.de/conn/ServiceDirectory/v3.1");

/// The namespace whose message shapes a response in `uri` has.
///
/// SignatureService 7.4 and 7.5 differ, as far as KIM reads them, in nothing but the namespace: both are read
/// as 7.4.
pub(crate) fn canonical(uri: &str) -> &str {
    if uri == SIG_7_5.uri { SIG_7_4.uri } else { uri }
}
