//! What administrators and logins ask of a Konnektor: its state, the end of certificates, a signature with C.AUT.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use bytes::Bytes;
use kim_clientmodul::KonnektorClient;
use kim_examples::testbed_settings;
use kim_konnektor::{
    CertRef, CheckCertificateExpiration, Class, Crypt, ExternalAuthenticate, GetCards,
    GetResourceInformation, PinKind, PinResult, ReadCardCertificate, SignatureScheme, VerifyPin,
};
use kim_testbed::konnektor::{KonnektorConfig, Vendor};
use kim_testbed::{Testbed, TestbedConfig};
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::rsa::Padding;
use openssl::sha::sha256;
use openssl::sign::{RsaPssSaltlen, Verifier};
use openssl::x509::X509;

async fn start() -> (Testbed, KonnektorClient) {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let client = KonnektorClient::new(testbed_settings(&testbed).unwrap().konnektors.remove(0).soap);
    (testbed, client)
}

/// Spec: gemSpec_Kon 5.18.0, operation GetResourceInformation
#[tokio::test]
async fn the_state_says_whether_the_ti_is_reached() {
    let (testbed, client) = start().await;
    let context = &testbed.world().account("A").unwrap().context;
    for offline in [false, true] {
        testbed.world().konnektor().configure(|config| config.offline = offline);
        let state = client.call(context, &GetResourceInformation).await.unwrap();
        assert_eq!((state.ti_online, state.conditions.len()), (!offline, usize::from(offline)));
    }
}

/// Spec: gemSpec_Kon 5.18.0, operation CheckCertificateExpiration
#[tokio::test]
async fn certificates_end_on_the_day_that_the_list_of_cards_says() {
    let (testbed, client) = start().await;
    let context = &testbed.world().account("A").unwrap().context;
    for vendor in [Vendor::Secunet, Vendor::KocoBoxPtv3] {
        testbed.world().konnektor().configure(|config| config.vendor = vendor);
        let cards = client.call(context, &GetCards::default()).await.unwrap();
        let ends = client.call(context, &CheckCertificateExpiration::default()).await.unwrap();
        assert!(!ends.is_empty());
        for end in ends {
            let card = cards.iter().find(|card| Some(&card.handle) == end.card.as_ref()).unwrap();
            assert_eq!((Some(end.last_day), end.iccsn), (card.expires, card.iccsn.clone()));
        }
    }
}

/// Spec: gemSpec_Kon 5.18.0, operation ExternalAuthenticate
#[tokio::test]
async fn q18_signatures_for_logins_fit_the_certificate_in_both_schemes() {
    let (testbed, client) = start().await;
    let context = &testbed.world().account("A").unwrap().context;
    let card = client.call(context, &GetCards::default()).await.unwrap().remove(0).handle;
    let message = b"header.claims";
    let authenticate = |scheme| ExternalAuthenticate { card: card.clone(), scheme, hash: sha256(message) };
    let locked = client.call(context, &authenticate(SignatureScheme::RsaPss)).await;
    assert_eq!(locked.unwrap_err().class(), Class::Pin);
    let pin = VerifyPin { card: card.clone(), pin: PinKind::Smc };
    assert_eq!(client.verify_pin(context, &pin).await, Ok(PinResult::Ok));

    let certificate = async |crypt| -> X509 {
        let read = ReadCardCertificate { card: card.clone(), reference: CertRef::Aut, crypt: Some(crypt) };
        let der: Bytes = client.call(context, &read).await.unwrap().unwrap();
        X509::from_der(&der).unwrap()
    };
    let signature = client.call(context, &authenticate(SignatureScheme::RsaPss)).await.unwrap();
    let key = certificate(Crypt::Rsa).await.public_key().unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    verifier.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
    verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
    assert!(verifier.verify_oneshot(&signature, message).unwrap());

    let signature = client.call(context, &authenticate(SignatureScheme::Ecdsa)).await.unwrap();
    let (r, s) = signature.split_at_checked(32).unwrap();
    let number = |octets| BigNum::from_slice(octets).unwrap();
    let signature = EcdsaSig::from_private_components(number(r), number(s)).unwrap();
    let key = certificate(Crypt::Ecc).await.public_key().unwrap().ec_key().unwrap();
    assert!(signature.verify(&sha256(message), &key).unwrap());
}

/// Spec: gemSpec_Kon 5.18.0, operation ExternalAuthenticate (ECDSA since 7.4.1)
#[tokio::test]
async fn a_konnektor_without_ecc_is_not_asked_for_it() {
    let konnektor = KonnektorConfig { vendor: Vendor::KocoBoxPtv3, ..TestbedConfig::default().konnektor };
    let testbed = Testbed::start(TestbedConfig { konnektor, ..TestbedConfig::default() }).await.unwrap();
    let client = KonnektorClient::new(testbed_settings(&testbed).unwrap().konnektors.remove(0).soap);
    let context = &testbed.world().account("A").unwrap().context;
    let card = client.call(context, &GetCards::default()).await.unwrap().remove(0).handle;
    let operation = ExternalAuthenticate { card, scheme: SignatureScheme::Ecdsa, hash: [0; 32] };
    let refused = client.call(context, &operation).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration);
}
