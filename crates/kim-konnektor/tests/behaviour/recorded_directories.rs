//! Service directories of real Konnektors.

use kim_konnektor::{EndpointMode, Product, Service, ServiceDirectory, Services};

use crate::fixtures::vector;

const URL: &str = "https://proxy.example:8443/kon7/connector.sds";

fn directory(path: &str) -> Option<ServiceDirectory> {
    Some(ServiceDirectory::parse(&vector(path)?).unwrap())
}

fn chosen(services: &Services, service: Service) -> (String, &str) {
    let endpoint = services.endpoint(service).unwrap();
    (endpoint.version.to_string(), &endpoint.url)
}

/// Vendor id, code, name, type, version of the type, hardware, firmware.
type ProductWords = [&'static str; 7];

/// The services in the order of [`Service::ALL`], each with the version that is best for us and its path below `base`.
struct Expected {
    files: &'static [&'static str],
    product: ProductWords,
    ecc: bool,
    base: &'static str,
    services: [(&'static str, &'static str); 6],
}

const EXPECTED: [Expected; 7] = [
    Expected {
        files: &["sds/authenticator-koco-PTV3.xml"],
        product: ["KOCOC", "kocobox", "KoCoBox MED+", "Konnektor", "3.6.0", "2.0.0", "2.3.14"],
        ecc: false,
        base: "https://10.11.236.247:443/service/",
        services: [
            ("7.4.0", "authsignatureservice"),
            ("8.1.2", "cardservice"),
            ("6.0.0", "certificateservice"),
            ("6.1.0", "encryptionservice"),
            ("7.2.0", "systeminformationservice"),
            ("7.4.0", "signservice"),
        ],
    },
    Expected {
        files: &["sds/authenticator-koco-PTV4.xml"],
        product: ["KOCOC", "kocobox", "KoCoBox MED+", "Konnektor", "4.80.3", "2.0.0", "4.2.14"],
        ecc: true,
        base: "https://eau.dev.top.local/kon1/service/",
        services: [
            ("7.4.1", "authsignatureservice"),
            ("8.1.2", "cardservice"),
            ("6.0.1", "certificateservice"),
            ("6.1.1", "encryptionservice"),
            ("7.2.0", "systeminformationservice"),
            ("7.5.5", "v75/signservice"),
        ],
    },
    Expected {
        files: &["sds/authenticator-kops-PTV4.xml"],
        product: ["EHEX", "VCon", "Virtual Connector", "Konnektor", "4.3.1", "1.0.0", "3.1.11"],
        ecc: false,
        base: "https://172.24.0.2:443/",
        services: [
            ("7.4.0", "authsignatureservice"),
            ("8.1.2", "cardservice"),
            ("6.0.0", "certificateservice"),
            ("6.1.0", "encryptionservice"),
            ("7.2.0", "eventservice"),
            ("7.4.0", "signatureservice"),
        ],
    },
    Expected {
        files: &["sds/authenticator-ks2-PTV4.xml"],
        product: [
            "GMTK",
            "KONSIM",
            "Titus-Konnektor(PTV4+)-Simulator",
            "Konnektor",
            "4.80.2",
            "1.27.0",
            "1.27.0",
        ],
        ecc: true,
        base: "https://localhost:9106/soap-api/",
        services: [
            ("7.4.1", "AuthSignatureService/7.4.1"),
            ("8.1.2", "CardService/8.1.2"),
            ("6.0.1", "CertificateService/6.0.1"),
            // The version and its address differ in the file, too.
            ("6.1.2", "EncryptionService/6.1.1"),
            ("7.2.0", "EventService/7.2.0"),
            ("7.5.4", "SignatureService/7.5.4"),
        ],
    },
    Expected {
        files: &["sds/authenticator-rise-PTV3.xml"],
        product: ["RISEG", "RKONN", "RISE Konnektor", "Konnektor", "3.6.0", "1.0.0", "2.1.1"],
        ecc: false,
        base: "https://10.11.236.249:443/webservices/",
        services: [
            ("7.4.0", "authsignatureservice"),
            ("8.1.2", "cardservice"),
            ("6.0.0", "certificateservice"),
            ("6.1.0", "encryptionservice"),
            ("7.2.0", "eventservice"),
            ("7.4.0", "signatureservice"),
        ],
    },
    Expected {
        files: &["sds/authenticator-secunet-PTV4-testOnly.xml", "sds/authenticator-secunet-PTV4.xml"],
        product: [
            "SECUN",
            "secu_kon",
            "secunet konnektor 2.0.0",
            "Konnektor PTV4",
            "4.8.2",
            "2.0.0",
            "4.1.3",
        ],
        ecc: true,
        base: "https://10.11.217.160:443/ws/",
        services: [
            ("7.4.1", "AuthSignatureService"),
            ("8.1.2", "CardService"),
            ("6.0.1", "CertificateService"),
            ("6.1.1", "EncryptionService"),
            ("7.2.0", "EventService"),
            ("7.4.2", "SignatureService"),
        ],
    },
    Expected {
        files: &["sds/zerolab-ehex-6.0.2.xml", "ehex-6.0.2/01-connector.sds.xml"],
        product: ["EHEXP", "IK", "infinity konnektor", "Konnektor", "6.0.2", "1.2.0", "2.0.1"],
        ecc: true,
        base: "https://10.29.128.70:443/ws/",
        services: [
            ("7.4.1", "AuthSignatureService"),
            // Not 8.2.1, which is offered too and which we do not speak.
            ("8.1.2", "CardService"),
            ("6.0.1", "CertificateService"),
            ("6.1.1", "EncryptionService"),
            ("7.2.0", "EventService"),
            ("7.5.5", "SignatureService"),
        ],
    },
];

/// The test of a file whose versions each have an address of their own.
const OWN_ADDRESSES: &str = "sds/authenticator-secunet-PTV4-testOnly.xml";

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21388-01
#[test]
fn products_are_named_in_their_own_words() {
    for Expected { files, product: [vendor_id, code, name, kind, version, hardware, firmware], .. } in
        &EXPECTED
    {
        for file in *files {
            let Some(directory) = directory(file) else { return };
            let expected = Product {
                vendor_id: (*vendor_id).to_owned(),
                code: (*code).to_owned(),
                name: (*name).to_owned(),
                product_type: (*kind).to_owned(),
                type_version: (*version).to_owned(),
                hardware: (*hardware).to_owned(),
                firmware: (*firmware).to_owned(),
            };
            assert_eq!(directory.product(), &expected, "{file}");
            let header = format!("<{name}><{kind}><{version}><{hardware}><{firmware}>");
            assert_eq!(directory.product().kim_version(), header, "{file}");
        }
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_17464, KOM-LE-A_2070, KOM-LE-A_2076 and KOM-LE-A_2077
#[test]
fn the_best_version_is_chosen_with_its_tls_endpoint_whatever_the_order() {
    for Expected { files, ecc, base, services: expected, .. } in &EXPECTED {
        for file in *files {
            let Some(directory) = directory(file) else { return };
            let services = directory.services(EndpointMode::Published, URL).unwrap();
            for (service, (version, path)) in Service::ALL.into_iter().zip(expected) {
                let path = match (*file, service) {
                    (OWN_ADDRESSES, Service::Card) => "CardService/812",
                    (OWN_ADDRESSES, Service::Signature) => "SignatureService/7.4.2",
                    _ => path,
                };
                let url = format!("{base}{path}");
                assert_eq!(chosen(&services, service), ((*version).to_owned(), &*url), "{file}");
            }
            assert_eq!(services.supports_ecc(), *ecc, "{file}");
        }
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070 and KOM-LE-A_2076
#[test]
fn endpoints_can_be_rewritten() {
    let Some(koco) = directory("sds/authenticator-koco-PTV4.xml") else { return };
    let authority = koco.services(EndpointMode::RewriteAuthority, URL).unwrap();
    assert_eq!(
        chosen(&authority, Service::Event).1,
        "https://proxy.example:8443/kon1/service/systeminformationservice"
    );
    let Some(ehex) = directory("sds/zerolab-ehex-6.0.2.xml") else { return };
    let prefix = ehex.services(EndpointMode::RewritePrefix, URL).unwrap();
    assert_eq!(chosen(&prefix, Service::Card).1, "https://proxy.example:8443/kon7/ws/CardService");
}
