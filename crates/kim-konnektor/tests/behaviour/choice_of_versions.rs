//! Which version of a service is spoken, and what that changes in a request.

use bytes::Bytes;
use kim_konnektor::{
    CertRef, Crypt, EndpointMode, Error, GetCards, GetJobNumber, Operation, ReadCardCertificate, Service,
    ServiceDirectory, SignDocument, Unsupported,
};
use kim_types::Octets;

use crate::fixtures::{DIRECTORY_URL, context, directory, sent_body, services_of};

fn sign(crypt: Crypt) -> SignDocument {
    SignDocument {
        card: "card-1".parse().unwrap(),
        crypt,
        job: "ABC-001".parse().unwrap(),
        document: Octets::from("x"),
        attribute: Bytes::from_static(b"\x30\x00"),
    }
}

fn read(crypt: Option<Crypt>) -> ReadCardCertificate {
    ReadCardCertificate { card: "card-1".parse().unwrap(), reference: CertRef::Enc, crypt }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2077
#[test]
fn the_newest_version_we_speak_wins() {
    for (offers, chosen) in [
        (&["7.4.0", "7.4.2", "7.5.5"][..], "7.5.5"),
        (&["7.5.5", "7.4.2", "7.4.0"], "7.5.5"),
        (&["7.4.2", "7.4.0"], "7.4.2"),
        (&["7.4.0"], "7.4.0"),
        (&["7.5.4", "7.4.2"], "7.5.4"),
        (&["7.4.10", "7.4.2"], "7.4.10"),
        (&["7.6.0", "8.0.0", "7.4.2"], "7.4.2"),
    ] {
        let offers: Vec<(&str, &str)> = offers.iter().map(|version| ("SignatureService", *version)).collect();
        let services = services_of(&offers);
        let endpoint = services.endpoint(Service::Signature).unwrap();
        assert_eq!(endpoint.version.to_string(), chosen, "{offers:?}");
        assert_eq!(endpoint.url, format!("https://192.0.2.1:443/ws/SignatureService/{chosen}"));
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2077
#[test]
fn a_service_without_a_version_we_speak_is_unsupported() {
    let services = services_of(&[("EventService", "8.0.0"), ("SignatureService", "6.0.0")]);
    let error = GetCards::default().request(&services, &context()).unwrap_err();
    assert_eq!(error, Error::Unsupported(Unsupported::Service(Service::Event)));
    assert_eq!(error.to_string(), "no usable version of EventService in the service directory");
    assert!(GetJobNumber.request(&services, &context()).is_err());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070
#[test]
fn a_version_without_tls_endpoint_is_no_offer() {
    let offer = directory(&[("EventService", "7.2.0")]);
    let (before, after) = offer.split_once("<si:EndpointTLS").unwrap();
    let (_, after) = after.split_once("/>").unwrap();
    let plain = ServiceDirectory::parse(format!("{before}{after}").as_bytes()).unwrap();
    let services = plain.services(EndpointMode::Published, DIRECTORY_URL).unwrap();
    assert!(services.endpoint(Service::Event).is_err());

    let plain = directory(&[("EventService", "7.2.0")]).replace("https://192", "http://192");
    let plain = ServiceDirectory::parse(plain.as_bytes()).unwrap();
    let services = plain.services(EndpointMode::Published, DIRECTORY_URL).unwrap();
    assert!(services.endpoint(Service::Event).is_err());
    let refused = plain.services(EndpointMode::RewritePrefix, "http://konnektor.example/connector.sds");
    assert_eq!(refused, Err(Error::Unsupported(Unsupported::Url)));
}

#[test]
fn a_version_without_version_is_taken_from_its_namespace() {
    let offer = directory(&[("EncryptionService", "6.1.0")])
        .replace("TargetNamespace='urn:x' Version='6.1.0'", "TargetNamespace='urn:x/WSDL/v6.1'");
    let directory = ServiceDirectory::parse(offer.as_bytes()).unwrap();
    let services = directory.services(EndpointMode::Published, DIRECTORY_URL).unwrap();
    assert_eq!(services.endpoint(Service::Encryption).unwrap().version.to_string(), "6.1.0");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_17464
#[test]
fn elliptic_curves_need_both_services() {
    for (signature, encryption, ecc) in [
        ("7.4.0", "6.1.1", false),
        ("7.4.2", "6.1.0", false),
        ("7.4.1", "6.1.1", true),
        ("7.5.5", "6.1.2", true),
    ] {
        let services = services_of(&[("SignatureService", signature), ("EncryptionService", encryption)]);
        assert_eq!(services.supports_ecc(), ecc, "{signature} {encryption}");
    }
    assert!(!services_of(&[]).supports_ecc());
}

#[test]
fn namespace_and_action_follow_the_version_of_the_signature_service() {
    for (version, namespace) in [("7.4.0", "v7.4"), ("7.4.2", "v7.4"), ("7.5.5", "v7.5")] {
        let services = services_of(&[("SignatureService", version)]);
        let request = GetJobNumber.request(&services, &context()).unwrap();
        let uri = format!("http://ws.gematik.de/conn/SignatureService/{namespace}");
        assert_eq!(request.action, format!("{uri}#GetJobNumber"));
        assert!(crate::fixtures::sent(&request).contains(&format!("xmlns:SIG=\"{uri}\"")));
    }
}

#[test]
fn crypt_is_only_sent_to_versions_that_know_it() {
    let old = services_of(&[("SignatureService", "7.4.0"), ("CertificateService", "6.0.0")]);
    let new = services_of(&[("SignatureService", "7.4.2"), ("CertificateService", "6.0.1")]);
    let context = context();
    for (crypt, word) in [(Crypt::Rsa, "RSA"), (Crypt::Ecc, "ECC"), (Crypt::RsaEcc, "RSA_ECC")] {
        let sent = sent_body(&sign(crypt).request(&new, &context).unwrap());
        assert!(sent.contains(&format!("</CONN:CardHandle><SIG:Crypt>{word}</SIG:Crypt><CCTX:Context>")));
        match sign(crypt).request(&old, &context) {
            Ok(request) => assert!(!sent_body(&request).contains("Crypt>"), "{word}"),
            Err(error) => {
                assert_eq!(crypt, Crypt::Ecc);
                assert_eq!(error, Error::Unsupported(Unsupported::Service(Service::Signature)));
            }
        }
    }
    let sent = sent_body(&read(Some(Crypt::Ecc)).request(&new, &context).unwrap());
    assert!(sent.contains("</CERT:CertRefList><CERT:Crypt>ECC</CERT:Crypt></CERT:ReadCardCertificate>"));
    for crypt in [None, Some(Crypt::Rsa)] {
        let sent = sent_body(&read(crypt).request(&old, &context).unwrap());
        assert!(sent.ends_with("</CERT:CertRefList></CERT:ReadCardCertificate>"));
    }
    let refused = read(Some(Crypt::Ecc)).request(&old, &context).unwrap_err();
    assert_eq!(refused, Error::Unsupported(Unsupported::Service(Service::Certificate)));
}
