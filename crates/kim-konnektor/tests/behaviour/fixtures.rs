//! What several tests need: a context, a service directory, the vectors, and responses from a body.

use std::io::Write as _;

use kim_konnektor::{
    Document, EndpointMode, Error, Limits, Operation, Request, ResponseReader, ServiceDirectory, Services,
};
use kim_types::Context;

pub(crate) const DIRECTORY_URL: &str = "https://konnektor.example/connector.sds";

/// A call context whose values need escaping.
pub(crate) fn context() -> Context {
    Context {
        mandant: "M<1>".parse().unwrap(),
        client_system: "C&2".parse().unwrap(),
        workplace: "W\"3'".parse().unwrap(),
        user: None,
    }
}

/// A service directory that offers versions of services under `https://192.0.2.1:443/ws/<Name>/<Version>`.
pub(crate) fn directory(offers: &[(&str, &str)]) -> String {
    let services: String = offers
        .iter()
        .map(|(name, version)| {
            format!(
                "<si:Service Name='{name}'><si:Abstract>x</si:Abstract><si:Versions>\
                 <si:Version TargetNamespace='urn:x' Version='{version}'><si:Abstract/>\
                 <si:Endpoint Location='http://192.0.2.1:80/{name}'/>\
                 <si:EndpointTLS Location='https://192.0.2.1:443/ws/{name}/{version}'/>\
                 </si:Version></si:Versions></si:Service>"
            )
        })
        .collect();
    format!(
        "<?xml version='1.0' encoding='utf-8'?>\
         <sd:ConnectorServices xmlns:sd='http://ws.gematik.de/conn/ServiceDirectory/v3.1' \
         xmlns:pi='http://ws.gematik.de/int/version/ProductInformation/v1.1' \
         xmlns:si='http://ws.gematik.de/conn/ServiceInformation/v2.0'><pi:ProductInformation>\
         <pi:InformationDate>2026-01-01T00:00:00Z</pi:InformationDate>\
         <pi:ProductTypeInformation><pi:ProductType>Konnektor</pi:ProductType>\
         <pi:ProductTypeVersion>5.1.0</pi:ProductTypeVersion></pi:ProductTypeInformation>\
         <pi:ProductIdentification><pi:ProductVendorID>TEST</pi:ProductVendorID>\
         <pi:ProductCode>box</pi:ProductCode><pi:ProductVersion><pi:Local><pi:HWVersion>1.0.0</pi:HWVersion>\
         <pi:FWVersion>2.0.0</pi:FWVersion></pi:Local></pi:ProductVersion></pi:ProductIdentification>\
         <pi:ProductMiscellaneous><pi:ProductVendorName>Test AG</pi:ProductVendorName>\
         <pi:ProductName>Test &amp; Box</pi:ProductName></pi:ProductMiscellaneous></pi:ProductInformation>\
         <sd:TLSMandatory>false</sd:TLSMandatory><sd:ClientAutMandatory>false</sd:ClientAutMandatory>\
         <si:ServiceInformation>{services}</si:ServiceInformation></sd:ConnectorServices>"
    )
}

pub(crate) fn services_of(offers: &[(&str, &str)]) -> Services {
    let directory = ServiceDirectory::parse(directory(offers).as_bytes()).unwrap();
    directory.services(EndpointMode::Published, DIRECTORY_URL).unwrap()
}

/// The services of an up-to-date Konnektor.
pub(crate) fn services() -> Services {
    services_of(&[
        ("EventService", "7.2.0"),
        ("CardService", "8.1.2"),
        ("CertificateService", "6.0.1"),
        ("SignatureService", "7.5.5"),
        ("EncryptionService", "6.1.1"),
    ])
}

/// The octets a request sends.
pub(crate) fn sent(request: &Request) -> String {
    String::from_utf8(request.body.chunks().flatten().collect()).unwrap()
}

/// What stands between the SOAP body tags of a request.
pub(crate) fn sent_body(request: &Request) -> String {
    let envelope = sent(request);
    let (_, body) = envelope.split_once("<S:Body>").unwrap();
    body.split_once("</S:Body>").unwrap().0.to_owned()
}

/// Reads a response that arrives in pieces of `chunk` octets.
pub(crate) fn read_in_chunks(response: &[u8], chunk: usize, status: u16) -> Result<Document, Error> {
    let mut reader = ResponseReader::new(Limits::default());
    response.chunks(chunk).try_for_each(|piece| reader.push(piece))?;
    reader.finish(status)
}

/// What an operation makes of a whole response.
pub(crate) fn result<O: Operation>(operation: &O, response: &[u8]) -> Result<O::Response, Error> {
    operation.response(read_in_chunks(response, usize::MAX, 200)?)
}

/// An envelope whose namespaces are bound to the prefixes a, b, c ... of nobody's convention.
///
/// a SOAP, b CONN, c GERROR, d CCMN, e CARD, f EVT, g CERT, h CERTCMN, i SIG 7.5, j dss, k CRYPT, l vr
pub(crate) fn envelope(body: &str) -> String {
    format!(
        "<a:Envelope xmlns:a='http://schemas.xmlsoap.org/soap/envelope/' \
         xmlns:b='http://ws.gematik.de/conn/ConnectorCommon/v5.0' \
         xmlns:c='http://ws.gematik.de/tel/error/v2.0' \
         xmlns:d='http://ws.gematik.de/conn/CardServiceCommon/v2.0' \
         xmlns:e='http://ws.gematik.de/conn/CardService/v8.1' \
         xmlns:f='http://ws.gematik.de/conn/EventService/v7.2' \
         xmlns:g='http://ws.gematik.de/conn/CertificateService/v6.0' \
         xmlns:h='http://ws.gematik.de/conn/CertificateServiceCommon/v2.0' \
         xmlns:i='http://ws.gematik.de/conn/SignatureService/v7.5' \
         xmlns:j='urn:oasis:names:tc:dss:1.0:core:schema' \
         xmlns:k='http://ws.gematik.de/conn/EncryptionService/v6.1' \
         xmlns:l='urn:oasis:names:tc:dss-x:1.0:profiles:verificationreport:schema#'>\
         <a:Body>{body}</a:Body></a:Envelope>"
    )
}

/// A successful status.
pub(crate) const OK: &str = "<b:Status><b:Result>OK</b:Result></b:Status>";

/// An error report with these codes, cause first.
pub(crate) fn error_report(codes: &[u32]) -> String {
    let traces: String = codes
        .iter()
        .map(|code| {
            format!(
                "<c:Trace><c:EventID/><c:Instance/><c:LogReference/><c:CompType>Konnektor</c:CompType>\
                 <c:Code>{code}</c:Code><c:Severity>Error</c:Severity><c:ErrorType>Security</c:ErrorType>\
                 <c:ErrorText>Karte von Erika Musterfrau</c:ErrorText></c:Trace>"
            )
        })
        .collect();
    format!("<c:Error><c:MessageID/><c:Timestamp>2026-01-01T00:00:00Z</c:Timestamp>{traces}</c:Error>")
}

/// A status with a warning or another word as result.
pub(crate) fn status(result: &str, codes: &[u32]) -> String {
    format!("<b:Status><b:Result>{result}</b:Result>{}</b:Status>", error_report(codes))
}

/// A SOAP fault.
pub(crate) fn fault(codes: &[u32]) -> String {
    envelope(&format!(
        "<a:Fault><faultcode>a:Server</faultcode><faultstring>Fehler</faultstring>\
         <detail>{}</detail></a:Fault>",
        error_report(codes)
    ))
}

/// The folder of the vectors, whether it is there or not.
#[expect(clippy::disallowed_methods, reason = "the environment says where the data lies")]
pub(crate) fn vectors() -> String {
    std::env::var("KIM_VECTORS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors").to_owned())
}

/// A file of Konnektors; `None`, with a line that says so, when the vectors are not there.
#[expect(clippy::disallowed_methods, reason = "the data lies in files")]
pub(crate) fn vector(path: &str) -> Option<Vec<u8>> {
    let octets = std::fs::read(format!("{}/konnektor/{path}", vectors())).ok();
    if octets.is_none() {
        skipped(&format!("{path} is not there"), is_set("KIM_VECTORS_REQUIRED", "1"));
    }
    octets
}

/// Whether the environment says that a test must not be skipped.
#[expect(clippy::disallowed_methods, reason = "the environment says what must be there")]
pub(crate) fn is_set(variable: &str, value: &str) -> bool {
    std::env::var(variable).is_ok_and(|found| found == value)
}

/// Says what a test lacks, or fails if the test must not be skipped.
pub(crate) fn skipped(what: &str, required: bool) {
    assert!(!required, "required, but {what}");
    // Not `println!`, whose lines a passing test does not show.
    let _ = writeln!(std::io::stderr(), "skipped: {what}");
}

#[test]
#[should_panic(expected = "required, but it is not there")]
fn what_is_required_is_not_skipped() {
    skipped("it is not there", true);
}
