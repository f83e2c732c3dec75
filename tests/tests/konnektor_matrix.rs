//! Signing, encrypting, decrypting and verifying work with every Konnektor, login and kind of key.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::sync::Arc;

use bytes::Bytes;
use kim_clientmodul::{Auth, KonnektorClient, KonnektorSettings};
use kim_examples::testbed_settings;
use kim_konnektor::{
    CertRef, Crypt, DecryptDocument, EncryptDocument, Error, GetCards, GetJobNumber, Integrity, PinKind,
    PinResult, ReadCardCertificate, Reason, SignDocument, VerifyDocument, VerifyPin,
};
use kim_testbed::konnektor::{ClientLogin, KonnektorConfig, Vendor};
use kim_testbed::pki::KeyType;
use kim_testbed::{Testbed, TestbedConfig};
use kim_tls::{Anchors, ExpectedName, Pins, ServerTrust};
use kim_types::Secret;

/// The Konnektors of the market, one of each manufacturer.
const VENDORS: [Vendor; 4] = [Vendor::Secunet, Vendor::KocoBox, Vendor::Rise, Vendor::Ehex];

/// The attribute recipient-emails without recipients.
const RECIPIENT_EMAILS: &[u8] = b"\x30\x0e\x06\x08\x2a\x82\x14\x00\x4c\x04\x81\x2d\x31\x02\x30\x00";

const DOCUMENT: &[u8] = b"Content-Type: text/plain; charset=utf-8\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n";

fn basic() -> ClientLogin {
    ClientLogin::Basic { user: "pvs".into(), password: Secret::from("geheim") }
}

/// A testbed whose Konnektor has this key and wants this login of clients with that key.
async fn testbed(login: ClientLogin, server: KeyType, client: KeyType, tls13: bool) -> Testbed {
    let config = TestbedConfig {
        konnektor: KonnektorConfig { client_login: login, ..KonnektorConfig::default() },
        konnektor_key_type: server,
        konnektor_tls13: tls13,
        client_key_type: client,
        ..TestbedConfig::default()
    };
    Testbed::start(config).await.unwrap()
}

/// A client that logs in as the Konnektor wants it.
fn client(testbed: &Testbed, login: &ClientLogin) -> KonnektorClient {
    let settings = testbed_settings(testbed).unwrap().konnektors.remove(0).soap;
    let anonymous = || {
        let pins = Pins::from_pem(testbed.konnektor_certificate_pem().as_bytes()).unwrap();
        kim_tls::client_config(ServerTrust::Pins(pins), None).unwrap()
    };
    KonnektorClient::new(match login.clone() {
        ClientLogin::Certificate => settings,
        ClientLogin::None => KonnektorSettings { tls: anonymous(), auth: Auth::None, ..settings },
        ClientLogin::Basic { user, password } => {
            KonnektorSettings { tls: anonymous(), auth: Auth::Basic { user, password }, ..settings }
        }
    })
}

/// What a mail needs of a Konnektor, from the card to the verdict.
async fn sign_encrypt_decrypt_verify(testbed: &Testbed, login: &ClientLogin) {
    let (client, context) = (client(testbed, login), &testbed.world().account("A").unwrap().context);
    let cards = client.call(context, &GetCards::default()).await.unwrap();
    let card = cards.first().unwrap().handle.clone();
    let pin = VerifyPin { card: card.clone(), pin: PinKind::Smc };
    assert_eq!(client.verify_pin(context, &pin).await, Ok(PinResult::Ok));

    let job = client.call(context, &GetJobNumber).await.unwrap();
    let attribute = Bytes::from_static(RECIPIENT_EMAILS);
    let sign = SignDocument {
        card: card.clone(),
        crypt: Crypt::RsaEcc,
        job,
        document: DOCUMENT.to_vec().into(),
        attribute: attribute.clone(),
    };
    let signed = client.call(context, &sign).await.unwrap();

    let read =
        |crypt| ReadCardCertificate { card: card.clone(), reference: CertRef::Enc, crypt: Some(crypt) };
    let ecc = client.call(context, &read(Crypt::Ecc)).await.unwrap().unwrap();
    let rsa = client.call(context, &read(Crypt::Rsa)).await.unwrap().unwrap();
    let encrypt =
        EncryptDocument { document: signed.cms.clone().into(), certificates: vec![ecc, rsa], attribute };
    let encrypted = client.call(context, &encrypt).await.unwrap();

    let decrypt = DecryptDocument { card, document: encrypted.into() };
    let decrypted = client.call(context, &decrypt).await.unwrap();
    assert!(decrypted == signed.cms, "what was decrypted is what was encrypted");
    let verdict = client.call(context, &VerifyDocument { cms: decrypted.into() }).await.unwrap();
    assert_eq!(verdict.integrity(), Integrity::Valid);
}

#[expect(clippy::print_stdout, reason = "a failure should say in which combination")]
async fn with_every_vendor(login: ClientLogin, server: KeyType, client: KeyType, tls13: bool) {
    let testbed = Arc::new(testbed(login.clone(), server, client, tls13).await);
    for vendor in VENDORS {
        testbed.world().konnektor().configure(|config| config.vendor = vendor);
        println!("{vendor:?}, {login:?}, server {server:?}, client {client:?}, TLS 1.3 {tls13}");
        sign_encrypt_decrypt_verify(&testbed, &login).await;
    }
    // In TLS 1.3 servers refuse clients with brainpool keys.
    let expected = if tls13 && client != KeyType::Brainpool { "TLSv1.3" } else { "TLSv1.2" };
    let versions = testbed.world().konnektor().tls_versions();
    assert!(!versions.is_empty() && versions.iter().all(|version| *version == expected), "{versions:?}");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070, KOM-LE-A_2071, KOM-LE-A_2077
#[tokio::test(flavor = "multi_thread")]
async fn clients_with_certificates() {
    for server in [KeyType::Rsa, KeyType::NistP256, KeyType::Brainpool] {
        for client in [KeyType::Rsa, KeyType::Brainpool] {
            with_every_vendor(ClientLogin::Certificate, server, client, true).await;
        }
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070, KOM-LE-A_2072, KOM-LE-A_2077
#[tokio::test(flavor = "multi_thread")]
async fn clients_with_passwords_and_without_anything() {
    for server in [KeyType::Rsa, KeyType::NistP256, KeyType::Brainpool] {
        for login in [basic(), ClientLogin::None] {
            with_every_vendor(login, server, KeyType::Rsa, true).await;
        }
    }
}

/// A Konnektor may be recognised by its authority and a name, too; another name is refused before anything is said.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070
#[tokio::test(flavor = "multi_thread")]
async fn konnektors_that_are_recognised_by_their_authority() {
    for server in [KeyType::Rsa, KeyType::Brainpool] {
        let testbed = testbed(basic(), server, KeyType::Rsa, true).await;
        let client = |name: &str| {
            let trust = ServerTrust::Anchors {
                anchors: Anchors::from_pem(testbed.fachdienst_trust_pem().as_bytes()).unwrap(),
                name: ExpectedName::Dns(name.to_owned()),
                required_kind: None,
            };
            let settings = testbed_settings(&testbed).unwrap().konnektors.remove(0).soap;
            let tls = kim_tls::client_config(trust, None).unwrap();
            let auth = Auth::Basic { user: "pvs".into(), password: Secret::from("geheim") };
            KonnektorClient::new(KonnektorSettings { tls, auth, ..settings })
        };
        let context = &testbed.world().account("A").unwrap().context;
        assert!(!client("konnektor.konlan").call(context, &GetCards::default()).await.unwrap().is_empty());
        testbed.world().konnektor().clear_operations();
        let refused = client("other.konlan").call(context, &GetCards::default()).await;
        assert_eq!(refused, Err(Error::Unavailable { reason: Reason::Tls }));
        assert_eq!(testbed.world().konnektor().operations(), []);
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070; gemSpec_Krypt, GS-A_4384
#[tokio::test(flavor = "multi_thread")]
async fn konnektors_that_speak_tls_1_2_only() {
    for server in [KeyType::Rsa, KeyType::NistP256, KeyType::Brainpool] {
        for client in [KeyType::Rsa, KeyType::Brainpool] {
            with_every_vendor(ClientLogin::Certificate, server, client, false).await;
        }
    }
}
