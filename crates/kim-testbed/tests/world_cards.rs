//! The cards in the Konnektor are those the directory knows.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kim_testbed::konnektor::{HttpRequest, Konnektor};
use kim_testbed::{Account, World};

/// Reads the certificates for encryption on the account's card, RSA or ECC.
fn read_certificates(konnektor: &Konnektor, account: &Account, crypt: &str) -> Vec<Vec<u8>> {
    let handle = konnektor.card_handle(&account.iccsn).unwrap();
    let context = &account.context;
    let user = context.user.as_ref().map(|user| format!("<n:UserId>{user}</n:UserId>")).unwrap_or_default();
    let body = format!(
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>\
         <c:ReadCardCertificate xmlns:c='http://ws.gematik.de/conn/CertificateService/v6.0' \
         xmlns:n='http://ws.gematik.de/conn/ConnectorCommon/v5.0' \
         xmlns:x='http://ws.gematik.de/conn/ConnectorContext/v2.0'>\
         <n:CardHandle>{handle}</n:CardHandle><x:Context><n:MandantId>{}</n:MandantId>\
         <n:ClientSystemId>{}</n:ClientSystemId><n:WorkplaceId>{}</n:WorkplaceId>{user}</x:Context>\
         <c:CertRefList><c:CertRef>C.ENC</c:CertRef></c:CertRefList><c:Crypt>{crypt}</c:Crypt>\
         </c:ReadCardCertificate></s:Body></s:Envelope>",
        context.mandant, context.client_system, context.workplace,
    );
    let action = "http://ws.gematik.de/conn/CertificateService/v6.0#ReadCardCertificate";
    let answer = konnektor.handle(&HttpRequest::soap("/ws/CertificateService", action, body));
    let mut certificates = Vec::new();
    for part in answer.text().split("X509Certificate>").skip(1).step_by(2) {
        let base64 = part.split('<').next().unwrap_or_default();
        certificates.push(STANDARD.decode(base64).unwrap());
    }
    certificates
}

#[test]
fn the_certificates_on_the_card_are_those_in_the_directory() {
    let world = World::new(7);
    for account in world.accounts() {
        let read = |crypt| read_certificates(world.konnektor(), account, crypt);
        let on_card: BTreeSet<_> = read("RSA").into_iter().chain(read("ECC")).collect();
        let [entry] = &world.directory().find(&account.address)[..] else { panic!("one entry") };
        assert_eq!(on_card, entry.certificates().iter().cloned().collect(), "{}", account.name);
    }
}

#[test]
fn the_card_of_the_person_needs_the_user() {
    let world = World::new(7);
    let mut person = world.account("H").unwrap().clone();
    assert_eq!(read_certificates(world.konnektor(), &person, "ECC").len(), 1);
    person.context.user = None;
    assert_eq!(read_certificates(world.konnektor(), &person, "ECC").len(), 0);
}
