//! The service directory looks like that of each manufacturer.

use kim_testbed::konnektor::{HttpRequest, KonnektorConfig, Vendor};
use kim_testbed::pki::KeyType;

use super::rig::Rig;

/// Spec: gemSpec_Kon 5.18.0, TIP1-A_4530.
#[test]
fn every_manufacturer_has_its_addresses_and_order() {
    for (vendor, name, location, first, second) in [
        (Vendor::Secunet, "secunet konnektor 2.0.0", "/ws/SignatureService", "7.4.2", "7.5.5"),
        (Vendor::KocoBox, "KoCoBox MED+", "/service/v75/signservice", "7.4.0", "7.4.2"),
        (Vendor::KocoBoxPtv3, "KoCoBox MED+", "/service/systeminformationservice", "6.0.0", "6.1.0"),
        (Vendor::Rise, "RISE Konnektor", "/webservices/signatureservice/v7.5", "7.4.0", "7.5.5"),
        (Vendor::Ehex, "infinity konnektor", "/ws/EventService", "7.5.5", "7.4.2"),
    ] {
        let rig = Rig::with(KonnektorConfig { vendor, ..KonnektorConfig::default() }, &[KeyType::Brainpool]);
        let request = HttpRequest::get("/connector.sds").with_header("Host", "konnektor.test:8443");
        let answer = rig.konnektor.handle(&request);
        let text = answer.text();
        assert!(text.contains(name) && text.contains(&format!("https://konnektor.test:8443{location}\"")));
        let at = |version: &str| text.find(&format!(" Version=\"{version}\"")).unwrap();
        assert!(at(first) < at(second), "{vendor:?}");
        assert_eq!(text.contains("Version=\"6.1.1\""), vendor != Vendor::KocoBoxPtv3);
    }
}

#[test]
fn the_addresses_may_be_those_of_another_network() {
    let rig = Rig::new();
    rig.konnektor.configure(|config| config.published_authority = Some("10.11.217.160:443".to_owned()));
    let answer = rig.konnektor.handle(&HttpRequest::get("/connector.sds").with_header("Host", "localhost"));
    assert!(answer.text().contains("https://10.11.217.160:443/ws/") && !answer.text().contains("localhost"));
}
