//! Servers that are not the right ones.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

#[path = "support/peer.rs"]
mod peer;
#[path = "support/pki.rs"]
mod pki;

use kim_tls::{Anchors, Distrust, ExpectedName, Pins, ServerKind, ServerTrust, client_config};
use peer::Server;
use pki::{Kind, Pair, Says, authority};

const NAME: &str = "mail.example.kim.telematik";

async fn meet(server: &Pair, trust: ServerTrust) -> Result<(), Distrust> {
    let config = client_config(trust, None).unwrap();
    let peer = Server { identity: server, groups: "brainpoolP256r1:P-256", clients: None, tls_1_3: true };
    match peer.meet(config).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Distrust::in_io(&error).unwrap_or_else(|| panic!("{error}"))),
    }
}

fn by_name(authority: &Pair, name: ExpectedName) -> ServerTrust {
    ServerTrust::Anchors { anchors: Anchors::from_pem(&authority.pem()).unwrap(), name, required_kind: None }
}

fn dns(name: &str) -> ExpectedName {
    ExpectedName::Dns(name.into())
}

#[tokio::test]
async fn only_pinned_certificates_are_accepted() {
    let authority = authority(Kind::BrainpoolP256);
    let [old, new, other] = [(); 3].map(|()| authority.issue(&Says::server(Kind::BrainpoolP256, NAME)));
    let pins = Pins::from_pem(&[old.pem(), new.pem()].concat()).unwrap();
    assert_eq!(meet(&old, ServerTrust::Pins(pins.clone())).await, Ok(()));
    assert_eq!(meet(&new, ServerTrust::Pins(pins.clone())).await, Ok(()));
    assert_eq!(meet(&other, ServerTrust::Pins(pins)).await, Err(Distrust::NotPinned));
}

#[tokio::test]
async fn a_pin_is_the_fingerprint_of_a_certificate_or_of_its_key() {
    let server = authority(Kind::P256).issue(&Says::server(Kind::P256, NAME));
    let certificate = kim_tls::fingerprint(&server.certificate.to_der().unwrap());
    let key = kim_tls::fingerprint(&server.key.public_key_to_der().unwrap());
    for pin in [certificate, key] {
        assert_eq!(meet(&server, ServerTrust::Pins(Pins::from_fingerprints([pin]))).await, Ok(()));
    }
    let none = ServerTrust::Pins(Pins::from_fingerprints([[0; 32]]));
    assert_eq!(meet(&server, none).await, Err(Distrust::NotPinned));
}

/// A Konnektor whose certificate has ended must be reachable to renew it.
#[tokio::test]
async fn a_pinned_certificate_may_have_expired() {
    let says = Says { days: (-10, -1), ..Says::server(Kind::P256, NAME) };
    let server = authority(Kind::P256).issue(&says);
    assert_eq!(meet(&server, ServerTrust::Pins(Pins::from_pem(&server.pem()).unwrap())).await, Ok(()));
    let der = server.certificate.to_der().unwrap();
    assert!(kim_tls::time_left(&der, std::time::SystemTime::now()).is_zero());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-03
#[tokio::test]
async fn issuer_and_validity_are_checked() {
    for kind in [Kind::Rsa, Kind::BrainpoolP256] {
        let (ours, theirs) = (authority(kind), authority(kind));
        let trust = || by_name(&ours, dns(NAME));
        let says = Says::server(kind, NAME);
        assert_eq!(meet(&ours.issue(&says), trust()).await, Ok(()));
        assert_eq!(
            meet(&ours.issue(&Says { days: (-9, -1), ..says.clone() }), trust()).await,
            Err(Distrust::Expired)
        );
        assert_eq!(
            meet(&ours.issue(&Says { days: (1, 9), ..says.clone() }), trust()).await,
            Err(Distrust::NotYetValid)
        );
        let stranger = meet(&theirs.issue(&says), trust()).await;
        // Authorities of the same name: OpenSSL finds one, and the signature says it was another.
        assert!(matches!(stranger, Err(Distrust::UnknownIssuer | Distrust::Signature)), "{stranger:?}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-03
#[tokio::test]
async fn the_name_is_an_alternative_name_or_without_one_the_common_name() {
    let authority = authority(Kind::P256);
    let server = authority.issue(&Says { common_name: "other.example", ..Says::server(Kind::P256, NAME) });
    assert_eq!(meet(&server, by_name(&authority, dns(NAME))).await, Ok(()));
    assert_eq!(meet(&server, by_name(&authority, dns("MAIL.example.KIM.telematik"))).await, Ok(()));
    assert_eq!(meet(&server, by_name(&authority, dns("other.example"))).await, Err(Distrust::Name));
    assert_eq!(meet(&server, by_name(&authority, dns("example.kim.telematik"))).await, Err(Distrust::Name));
    assert_eq!(meet(&server, by_name(&authority, ExpectedName::Any)).await, Ok(()));

    let by_common_name =
        authority.issue(&Says { common_name: NAME, dns: None, ..Says::server(Kind::P256, "") });
    assert_eq!(meet(&by_common_name, by_name(&authority, dns(NAME))).await, Ok(()));
    assert_eq!(meet(&by_common_name, by_name(&authority, dns("other.example"))).await, Err(Distrust::Name));
}

#[tokio::test]
async fn an_address_must_be_among_the_alternative_names() {
    let authority = authority(Kind::P256);
    let ip = |text: &str| by_name(&authority, ExpectedName::Ip(text.parse().unwrap()));
    let server = authority.issue(&Says { ip: Some("192.0.2.1"), ..Says::server(Kind::P256, NAME) });
    assert_eq!(meet(&server, ip("192.0.2.1")).await, Ok(()));
    assert_eq!(meet(&server, ip("192.0.2.2")).await, Err(Distrust::Name));
}

#[tokio::test]
async fn a_wildcard_stands_for_one_label() {
    let authority = authority(Kind::P256);
    let server = authority.issue(&Says::server(Kind::P256, "*.kim.telematik"));
    assert_eq!(meet(&server, by_name(&authority, dns("mail.kim.telematik"))).await, Ok(()));
    assert_eq!(meet(&server, by_name(&authority, dns("a.mail.kim.telematik"))).await, Err(Distrust::Name));
}

#[tokio::test]
async fn a_certificate_for_clients_is_none_for_servers() {
    let authority = authority(Kind::P256);
    let client = authority.issue(&Says { dns: Some(NAME), ..Says::client(Kind::P256) });
    assert_eq!(meet(&client, by_name(&authority, dns(NAME))).await, Err(Distrust::Purpose));
}

/// The certificate of another Clientmodul is good for servers, issued by the right authority, and may even have the name.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-03
#[tokio::test]
async fn a_fachdienst_must_have_its_type_and_role() {
    const SERVER: Option<&str> = Some("1.2.276.0.76.4.169");
    const CLIENTMODUL: Option<&str> = Some("1.2.276.0.76.4.175");
    const KOMLE: Option<&str> = Some("1.2.276.0.76.4.172");
    let authority = authority(Kind::P256);
    for (certificate_type, role, expected) in [
        (SERVER, KOMLE, Ok(())),
        (CLIENTMODUL, KOMLE, Err(Distrust::Kind)),
        (CLIENTMODUL, Some("1.2.276.0.76.4.174"), Err(Distrust::Kind)),
        (SERVER, Some("1.2.276.0.76.4.174"), Err(Distrust::Kind)),
        (SERVER, None, Err(Distrust::Kind)),
        (None, KOMLE, Err(Distrust::Kind)),
        (None, None, Err(Distrust::Kind)),
    ] {
        let says = Says { certificate_type, role, client: true, ..Says::server(Kind::P256, NAME) };
        let trust = ServerTrust::Anchors {
            anchors: Anchors::from_pem(&authority.pem()).unwrap(),
            name: dns(NAME),
            required_kind: Some(ServerKind::FachdienstServer),
        };
        assert_eq!(meet(&authority.issue(&says), trust).await, expected, "{certificate_type:?} {role:?}");
    }
}
