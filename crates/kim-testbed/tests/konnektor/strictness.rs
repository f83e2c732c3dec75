//! Messages that do not follow the schema are refused with 4000.

use kim_testbed::konnektor::{HttpRequest, KonnektorConfig, Vendor};
use kim_testbed::pki::KeyType;

use super::rig::{CONTEXT, Rig, envelope, fault_code, sign_request};

fn get_cards(rig: &Rig, body: &str) -> u16 {
    fault_code(&rig.event(body))
}

/// Spec: gemSpec_Kon 5.18.0, fault 4000.
#[test]
fn names_order_and_namespaces_matter() {
    let rig = Rig::new();
    for body in [
        format!("<evt:GetCards><ccmn:CardType>SM-B</ccmn:CardType>{CONTEXT}</evt:GetCards>"),
        format!("<evt:GetCards>{}</evt:GetCards>", CONTEXT.replace("c:MandantId", "cctx:MandantId")),
        format!("<evt:GetCards>{CONTEXT}<evt:CardType>SM-B</evt:CardType></evt:GetCards>"),
        format!("<evt:GetCards>{CONTEXT}<ccmn:Unknown/></evt:GetCards>"),
        format!("<card:GetCards>{CONTEXT}</card:GetCards>"),
        format!("<evt:GetCards>{CONTEXT}</evt:GetCards><evt:GetCards>{CONTEXT}</evt:GetCards>"),
        "<evt:GetCards/>".to_owned(),
        "<evt:GetCards>".to_owned(),
        "<x:GetCards/>".to_owned(),
        format!("{}{}", "<evt:GetCards>".repeat(1000), "</evt:GetCards>".repeat(1000)),
    ] {
        assert_eq!(get_cards(&rig, &body), 4000, "{body:.200}");
    }
}

#[test]
fn a_dtd_is_refused() {
    let rig = Rig::new();
    let body = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
    let action = "http://ws.gematik.de/conn/EventService/v7.2#GetCards";
    assert_eq!(fault_code(&rig.konnektor.handle(&HttpRequest::soap("/ws/EventService", action, body))), 4000);
}

#[test]
fn action_message_and_address_belong_together() {
    let rig = Rig::new();
    let body = format!("<evt:GetCards>{CONTEXT}</evt:GetCards>");
    assert_eq!(rig.event(&body).status, 200);
    assert_eq!(fault_code(&rig.send("/ws/EventService", "EventService/v7.2#Subscribe", &body)), 4000);
    assert_eq!(fault_code(&rig.send("/ws/EventService", "CardService/v8.1#GetPinStatus", &body)), 4000);
    assert_eq!(fault_code(&rig.send("/ws/CardService", "EventService/v7.2#GetCards", &body)), 4000);
    assert_eq!(rig.send("/ws/Unknown", "EventService/v7.2#GetCards", &body).status, 404);
    assert_eq!(rig.konnektor.handle(&HttpRequest::get("/ws/EventService")).status, 405);
}

#[test]
fn a_message_that_breaks_off_is_refused_wherever_it_does() {
    let rig = Rig::new();
    let message = envelope(&sign_request(&rig.handle(), "ECC", "AAA-001", b"mail"));
    let action = "http://ws.gematik.de/conn/SignatureService/v7.5#SignDocument";
    for length in 0..message.len() {
        let part = message.as_bytes()[..length].to_vec();
        let answer = rig.konnektor.handle(&HttpRequest::soap("/ws/SignatureService", action, part));
        assert_eq!(fault_code(&answer), 4000, "{length} octets");
    }
}

/// Spec: gemSpec_Kon 5.18.0, A_17464; gemILF_PS 2.17.0, 4.1.3.
#[test]
fn an_old_konnektor_does_not_know_crypt() {
    let config = KonnektorConfig { vendor: Vendor::KocoBoxPtv3, ..KonnektorConfig::default() };
    let rig = Rig::with(config, &[KeyType::Rsa]);
    let body = format!(
        "<card:VerifyPin>{CONTEXT}<c:CardHandle>{}</c:CardHandle><ccmn:PinTyp>PIN.SMC</ccmn:PinTyp></card:VerifyPin>",
        rig.handle()
    );
    assert_eq!(rig.send("/service/cardservice", "CardService/v8.1#VerifyPin", &body).status, 200);
    let body = sign_request(&rig.handle(), "RSA", "AAA-001", b"mail").replace("sig5:", "sig:");
    let send = |body: &str| rig.send("/service/signservice", "SignatureService/v7.4#SignDocument", body);
    assert_eq!(fault_code(&send(&body)), 4000);
    assert_eq!(send(&body.replace("<sig:Crypt>RSA</sig:Crypt>", "")).status, 200);

    let body = format!(
        "<cert:ReadCardCertificate><c:CardHandle>{}</c:CardHandle>{CONTEXT}<cert:CertRefList>\
         <cert:CertRef>C.ENC</cert:CertRef></cert:CertRefList><cert:Crypt>RSA</cert:Crypt></cert:ReadCardCertificate>",
        rig.handle()
    );
    let action = "CertificateService/v6.0#ReadCardCertificate";
    assert_eq!(fault_code(&rig.send("/service/certificateservice", action, &body)), 4000);
}

#[test]
fn every_version_has_its_address() {
    let config = KonnektorConfig { vendor: Vendor::KocoBox, ..KonnektorConfig::default() };
    let rig = Rig::with(config, &[KeyType::Brainpool]);
    let body = format!("<sig5:GetJobNumber>{CONTEXT}</sig5:GetJobNumber>");
    let action = "SignatureService/v7.5#GetJobNumber";
    assert_eq!(rig.send("/service/v75/signservice", action, &body).status, 200);
    assert_eq!(fault_code(&rig.send("/service/signservice", action, &body)), 4000);
}
