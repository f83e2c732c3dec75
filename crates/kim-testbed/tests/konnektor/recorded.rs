//! Requests that a real client sent to a real Konnektor are understood here.

use std::sync::Arc;

use kim_testbed::konnektor::{HttpRequest, HttpResponse, KonnektorConfig, PinStatus, Vendor};
use kim_testbed::pki::{Card, Holder, Identity, KeyType, Purpose};
use kim_types::Context;

use super::rig::{Rig, fault_code, iccsn, last_code, octets_of};

fn recorded(name: &str) -> Option<String> {
    kim_vectors::text(&format!("konnektor/ehex-6.0.2/{name}"))
}

/// A Konnektor of the manufacturer whose messages were recorded, with the recorded caller.
fn rig() -> Rig {
    let config = KonnektorConfig { vendor: Vendor::Ehex, ..KonnektorConfig::default() };
    let rig = Rig::with(config, &[KeyType::Rsa, KeyType::Brainpool]);
    rig.konnektor.add_context(Context {
        mandant: "praxis".parse().unwrap(),
        client_system: "pvs".parse().unwrap(),
        workplace: "server".parse().unwrap(),
        user: None,
    });
    let other = Card::smb(
        &rig.pki,
        iccsn("80276883110000000003"),
        &Holder::institution("Praxis", "9-TESTBED-3".parse().unwrap()),
        &[KeyType::Brainpool],
    );
    rig.konnektor.insert(Arc::new(other), &["praxis".parse().unwrap()], PinStatus::Disabled);
    rig
}

fn send(rig: &Rig, path: &str, action: &str, body: &str) -> HttpResponse {
    let handle = rig.konnektor.card_handle(&iccsn("80276883110000000003")).unwrap();
    let body = body.replace("SMC-B-2", handle.as_str());
    rig.konnektor.handle(&HttpRequest::soap(path, &format!("http://ws.gematik.de/conn/{action}"), body))
}

#[test]
fn a_recorded_signature_request_is_answered() {
    let Some(request) = recorded("08-SignDocument.request.xml") else { return };
    let answer = send(&rig(), "/ws/SignatureService", "SignatureService/v7.5#SignDocument", &request);
    assert!(!octets_of(&answer, "Base64Signature").is_empty());
}

#[test]
fn a_recorded_verification_request_is_understood() {
    let Some(request) = recorded("09-VerifyDocument.request.xml") else { return };
    let answer = send(&rig(), "/ws/SignatureService", "SignatureService/v7.5#VerifyDocument", &request);
    assert_eq!(fault_code(&answer), 4206, "the signature holds, but we do not know the signer");
}

#[test]
fn a_recorded_encryption_request_is_understood() {
    let Some(request) = recorded("14-EncryptDocument.request.xml") else { return };
    let answer = send(&rig(), "/ws/EncryptionService", "EncryptionService/v6.1#EncryptDocument", &request);
    assert_eq!(last_code(&answer), Some(4105), "we do not know who issued the certificate");
}

#[test]
fn a_recorded_decryption_request_is_understood() {
    let Some(request) = recorded("15-DecryptDocument.request.xml") else { return };
    let answer =
        send(&rig(), "/ws/EncryptionService", "crypt/EncryptionService/v6.1#DecryptDocument", &request);
    assert_eq!(fault_code(&answer), 4106, "the document is for another card");
}

/// Spec: gemSMIME_KOMLE 1.7.0, worked example.
#[test]
fn a_card_with_published_keys_decrypts_the_worked_example() {
    let read = |name: &str| kim_vectors::octets(&format!("gematik-smime/{name}"));
    let Some(sealed) = read("inputEmail.txt.04.encryptedcms") else { return };
    let key = read("keysA/hci-enc-2-kim-bsp.prv.pem").unwrap();
    let certificate = read("keysA/hci-enc-2-kim-bsp.crt").unwrap();
    let identity = Identity::from_key_and_certificate(&key, &certificate).unwrap();
    let (telematik_id, identities) = ("2-290002".parse().unwrap(), vec![(Purpose::Enc, identity)]);
    let card = Card::from_identities(
        iccsn("80276000000046290002"),
        "Zahnarztpraxis 2 KIM-Bsp TEST-ONLY",
        telematik_id,
        identities,
    );
    let rig = Rig::new();
    let handle = rig.konnektor.insert(Arc::new(card), &["M1".parse().unwrap()], PinStatus::Disabled).unwrap();
    let opened = octets_of(&rig.decrypt(handle.as_str(), &sealed), "Base64Data");
    assert!(opened == read("inputEmail.txt.03.signedwrap").unwrap());
}
