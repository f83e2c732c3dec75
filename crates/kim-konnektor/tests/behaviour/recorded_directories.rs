//! Service directories of real Konnektors.

use kim_konnektor::{EndpointMode, Service, ServiceDirectory, Services};

use crate::fixtures::vector;

const URL: &str = "https://proxy.example:8443/kon7/connector.sds";

fn directory(name: &str) -> Option<ServiceDirectory> {
    Some(ServiceDirectory::parse(&vector(&format!("sds/{name}"))?).unwrap())
}

fn chosen(services: &Services, service: Service) -> (String, &str) {
    let endpoint = services.endpoint(service).unwrap();
    (endpoint.version.to_string(), &endpoint.url)
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21388-01
#[test]
fn products_are_named_in_their_own_words() {
    for (file, vendor, header) in [
        ("authenticator-koco-PTV3.xml", "KOCOC", "<KoCoBox MED+><Konnektor><3.6.0><2.0.0><2.3.14>"),
        ("authenticator-koco-PTV4.xml", "KOCOC", "<KoCoBox MED+><Konnektor><4.80.3><2.0.0><4.2.14>"),
        ("authenticator-kops-PTV4.xml", "EHEX", "<Virtual Connector><Konnektor><4.3.1><1.0.0><3.1.11>"),
        (
            "authenticator-ks2-PTV4.xml",
            "GMTK",
            "<Titus-Konnektor(PTV4+)-Simulator><Konnektor><4.80.2><1.27.0><1.27.0>",
        ),
        ("authenticator-rise-PTV3.xml", "RISEG", "<RISE Konnektor><Konnektor><3.6.0><1.0.0><2.1.1>"),
        (
            "authenticator-secunet-PTV4-testOnly.xml",
            "SECUN",
            "<secunet konnektor 2.0.0><Konnektor PTV4><4.8.2><2.0.0><4.1.3>",
        ),
        (
            "authenticator-secunet-PTV4.xml",
            "SECUN",
            "<secunet konnektor 2.0.0><Konnektor PTV4><4.8.2><2.0.0><4.1.3>",
        ),
        ("zerolab-ehex-6.0.2.xml", "EHEXP", "<infinity konnektor><Konnektor><6.0.2><1.2.0><2.0.1>"),
    ] {
        let Some(directory) = directory(file) else { return };
        assert_eq!(directory.product().vendor_id, vendor, "{file}");
        assert_eq!(directory.product().kim_version(), header, "{file}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_17464 and KOM-LE-A_2077
#[test]
fn the_best_version_is_chosen_whatever_the_order() {
    for (file, signature, encryption, certificate, ecc) in [
        ("authenticator-koco-PTV3.xml", "7.4.0", "6.1.0", "6.0.0", false),
        ("authenticator-koco-PTV4.xml", "7.5.5", "6.1.1", "6.0.1", true),
        ("authenticator-kops-PTV4.xml", "7.4.0", "6.1.0", "6.0.0", false),
        ("authenticator-ks2-PTV4.xml", "7.5.4", "6.1.2", "6.0.1", true),
        ("authenticator-rise-PTV3.xml", "7.4.0", "6.1.0", "6.0.0", false),
        ("authenticator-secunet-PTV4-testOnly.xml", "7.4.2", "6.1.1", "6.0.1", true),
        ("authenticator-secunet-PTV4.xml", "7.4.2", "6.1.1", "6.0.1", true),
        ("zerolab-ehex-6.0.2.xml", "7.5.5", "6.1.1", "6.0.1", true),
    ] {
        let Some(directory) = directory(file) else { return };
        let services = directory.services(EndpointMode::Published, URL).unwrap();
        assert_eq!(chosen(&services, Service::Signature).0, signature, "{file}");
        assert_eq!(chosen(&services, Service::Encryption).0, encryption, "{file}");
        assert_eq!(chosen(&services, Service::Certificate).0, certificate, "{file}");
        assert_eq!(chosen(&services, Service::Card).0, "8.1.2", "{file}");
        assert_eq!(chosen(&services, Service::Event).0, "7.2.0", "{file}");
        assert_eq!(services.supports_ecc(), ecc, "{file}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070 and KOM-LE-A_2076
#[test]
fn endpoints_are_the_tls_ones_and_can_be_rewritten() {
    let Some(koco) = directory("authenticator-koco-PTV4.xml") else { return };
    let published = koco.services(EndpointMode::Published, URL).unwrap();
    assert_eq!(
        chosen(&published, Service::Signature).1,
        "https://eau.dev.top.local/kon1/service/v75/signservice"
    );
    let authority = koco.services(EndpointMode::RewriteAuthority, URL).unwrap();
    assert_eq!(
        chosen(&authority, Service::Event).1,
        "https://proxy.example:8443/kon1/service/systeminformationservice"
    );
    let Some(ehex) = directory("zerolab-ehex-6.0.2.xml") else { return };
    let prefix = ehex.services(EndpointMode::RewritePrefix, URL).unwrap();
    assert_eq!(chosen(&prefix, Service::Card).1, "https://proxy.example:8443/kon7/ws/CardService");
}
