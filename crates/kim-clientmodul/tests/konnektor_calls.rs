//! Calls to a Konnektor over TLS, and what becomes of them when something goes wrong.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/clients.rs"]
mod clients;

use std::time::Duration;

use bytes::Bytes;
use clients::{konnektor, konnektor_settings, tls};
use kim_clientmodul::{Auth, KonnektorClient, KonnektorSettings};
use kim_konnektor::{
    Class, Crypt, EncryptDocument, Error, GetCards, GetJobNumber, PinKind, PinResult, Reason, SignDocument,
    VerifyPin,
};
use kim_testbed::konnektor::{ClientLogin, Injection, KonnektorConfig, Operation, PinStatus};
use kim_testbed::pki::{CertificateType, Holder, KeyType};
use kim_testbed::{Account, Testbed, TestbedConfig, Times};
use kim_tls::{Pins, ServerTrust, client_config};
use kim_types::Secret;

/// The attribute recipient-emails without recipients.
const RECIPIENT_EMAILS: &[u8] = b"\x30\x0e\x06\x08\x2a\x82\x14\x00\x4c\x04\x81\x2d\x31\x02\x30\x00";

async fn start() -> Testbed {
    Testbed::start(TestbedConfig::default()).await.unwrap()
}

fn practice(testbed: &Testbed) -> &Account {
    testbed.world().account("A").unwrap()
}

async fn get_cards(client: &KonnektorClient, testbed: &Testbed) -> Result<usize, Error> {
    client.call(&practice(testbed).context, &GetCards::default()).await.map(|cards| cards.len())
}

fn unavailable(reason: Reason) -> Error {
    Error::Unavailable { reason }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2071
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2064-02
#[tokio::test]
async fn konnektors_and_clients_have_keys_of_every_kind() {
    let kinds = [KeyType::Rsa, KeyType::NistP256, KeyType::Brainpool];
    for konnektor_key_type in kinds {
        for client_key_type in kinds {
            let config = TestbedConfig { konnektor_key_type, client_key_type, ..TestbedConfig::default() };
            let testbed = Testbed::start(config).await.unwrap();
            let cards = get_cards(&konnektor(&testbed), &testbed).await;
            assert!(cards.is_ok_and(|cards| cards > 0), "{konnektor_key_type:?} {client_key_type:?}");
        }
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2072
#[tokio::test]
async fn a_client_may_have_a_password() {
    let login = ClientLogin::Basic { user: "pvs".into(), password: Secret::from("geheim") };
    let konnektor = KonnektorConfig { client_login: login, ..KonnektorConfig::default() };
    let testbed = Testbed::start(TestbedConfig { konnektor, ..TestbedConfig::default() }).await.unwrap();
    let client = |password: &str| {
        let auth = Auth::Basic { user: "pvs".into(), password: Secret::from(password) };
        let settings = KonnektorSettings { auth, tls: tls(&testbed, None), ..konnektor_settings(&testbed) };
        KonnektorClient::new(settings)
    };
    assert!(get_cards(&client("geheim"), &testbed).await.is_ok());
    assert_eq!(get_cards(&client("falsch"), &testbed).await, Err(Error::Unauthorized));
}

/// With TLS 1.3 the client learns it after the handshake.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2071
#[tokio::test]
async fn a_client_that_is_not_registered_is_told_from_a_konnektor_that_is_gone() {
    for konnektor_key_type in [KeyType::Rsa, KeyType::Brainpool] {
        let config = TestbedConfig { konnektor_key_type, ..TestbedConfig::default() };
        let testbed = Testbed::start(config).await.unwrap();
        let settings = KonnektorSettings { tls: tls(&testbed, None), ..konnektor_settings(&testbed) };
        let error = get_cards(&KonnektorClient::new(settings), &testbed).await.unwrap_err();
        assert_eq!((error.clone(), error.class()), (unavailable(Reason::Tls), Class::Configuration));
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070
#[tokio::test]
async fn another_konnektor_than_the_pinned_one_gets_no_call() {
    let testbed = start().await;
    let pins = Pins::from_fingerprints([[7; 32]]);
    let tls = client_config(ServerTrust::Pins(pins), None).unwrap();
    let client = KonnektorClient::new(KonnektorSettings { tls, ..konnektor_settings(&testbed) });
    assert_eq!(get_cards(&client, &testbed).await, Err(unavailable(Reason::Tls)));
    assert_eq!(testbed.world().konnektor().operations(), []);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076
#[tokio::test]
async fn the_service_directory_is_read_once_and_again_after_a_failure() {
    let testbed = start().await;
    let (client, konnektor) = (konnektor(&testbed), testbed.world().konnektor());
    for _ in 0..3 {
        assert!(get_cards(&client, &testbed).await.is_ok());
    }
    assert_eq!(konnektor.count(Operation::ServiceDirectory), 1);

    konnektor.inject(Operation::GetCards, Times::ONCE, Injection::HttpStatus(503));
    assert_eq!(get_cards(&client, &testbed).await, Err(unavailable(Reason::Http(503))));
    konnektor.inject(Operation::ServiceDirectory, Times::ONCE, Injection::HttpStatus(503));
    assert_eq!(get_cards(&client, &testbed).await, Err(unavailable(Reason::Http(503))));
    assert!(get_cards(&client, &testbed).await.is_ok());
    assert_eq!(konnektor.count(Operation::ServiceDirectory), 3);
}

#[tokio::test]
async fn a_call_that_finds_its_connection_closed_is_repeated_on_a_new_one() {
    let testbed = start().await;
    let (client, konnektor) = (konnektor(&testbed), testbed.world().konnektor());
    assert!(get_cards(&client, &testbed).await.is_ok());
    konnektor.inject(Operation::GetCards, Times::ONCE, Injection::Close);
    assert!(get_cards(&client, &testbed).await.is_ok());
    // On a new connection there is no excuse.
    konnektor.inject(Operation::GetCards, Times::first(2), Injection::Close);
    assert_eq!(get_cards(&client, &testbed).await, Err(unavailable(Reason::Closed)));
}

#[tokio::test]
async fn a_signature_is_asked_for_at_most_once() {
    let testbed = start().await;
    let (client, konnektor, practice) =
        (konnektor(&testbed), testbed.world().konnektor(), practice(&testbed));
    konnektor.set_pin_status(&practice.iccsn, PinStatus::Verified);
    konnektor.inject(Operation::SignDocument, Times::ONCE, Injection::Close);
    let job = client.call(&practice.context, &GetJobNumber).await.unwrap();
    let operation = SignDocument {
        card: konnektor.card_handle(&practice.iccsn).unwrap(),
        crypt: Crypt::RsaEcc,
        job,
        document: "Content-Type: text/plain\r\n\r\nHallo\r\n".into(),
        attribute: Bytes::from_static(RECIPIENT_EMAILS),
    };
    let signed = client.call(&practice.context, &operation).await;
    assert_eq!(signed.err(), Some(unavailable(Reason::Closed)));
    assert_eq!(konnektor.count(Operation::SignDocument), 1);
}

#[tokio::test]
async fn large_documents_stream_through() {
    let testbed = start().await;
    let (client, practice) = (konnektor(&testbed), practice(&testbed));
    let holder = Holder::institution("Praxis", "9-TESTBED-99".parse().unwrap());
    let recipient = testbed.world().pki().issue(CertificateType::HciEnc, KeyType::Rsa, &holder);
    let octets = 6 * 1024 * 1024;
    let operation = EncryptDocument {
        document: vec![b'x'; octets].into(),
        certificates: vec![recipient.certificate_der().into()],
        attribute: Bytes::from_static(RECIPIENT_EMAILS),
    };
    let cms = client.call(&practice.context, &operation).await.unwrap();
    assert!(cms.len() > octets);
}

#[tokio::test]
async fn a_konnektor_that_says_nothing_is_waited_for_only_so_long() {
    let testbed = start().await;
    testbed.world().konnektor().inject(Operation::GetCards, Times::ONCE, Injection::Silence);
    let client = KonnektorClient::new(KonnektorSettings {
        timeout: Duration::from_millis(500),
        ..konnektor_settings(&testbed)
    });
    client.directory().await.unwrap();
    assert_eq!(get_cards(&client, &testbed).await, Err(unavailable(Reason::Timeout)));
}

#[tokio::test]
async fn a_url_that_is_not_https_is_not_called() {
    let testbed = start().await;
    let url = testbed.konnektor_url().replace("https", "http");
    let client = KonnektorClient::new(KonnektorSettings { url, ..konnektor_settings(&testbed) });
    assert!(matches!(get_cards(&client, &testbed).await, Err(Error::Unsupported(_))));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2091-01
#[tokio::test]
async fn a_person_is_asked_for_a_pin_once_at_a_time() {
    let testbed = start().await;
    let (client, konnektor, practice) =
        (konnektor(&testbed), testbed.world().konnektor(), practice(&testbed));
    konnektor.inject(Operation::VerifyPin, Times::ONCE, Injection::Delay(Duration::from_millis(300)));
    let card = konnektor.card_handle(&practice.iccsn).unwrap();
    let operation = VerifyPin { card, pin: PinKind::Smc };
    let (first, second, third) = tokio::join!(
        client.verify_pin(&practice.context, &operation),
        client.verify_pin(&practice.context, &operation),
        client.verify_pin(&practice.context, &operation),
    );
    assert_eq!([first, second, third], [Ok(PinResult::Ok), Ok(PinResult::Ok), Ok(PinResult::Ok)]);
    assert_eq!(konnektor.count(Operation::VerifyPin), 1);
}
