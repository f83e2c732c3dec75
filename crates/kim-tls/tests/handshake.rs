//! Connections with servers and clients of every kind of key.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

#[path = "support/peer.rs"]
mod peer;
#[path = "support/pki.rs"]
mod pki;

use kim_tls::{Anchors, ExpectedName, Identity, Pins, ServerTrust, client_config};
use kim_types::Secret;
use openssl::ssl::SslVersion;
use peer::Server;
use pki::{Kind, Pair, Says, authority};

const NAME: &str = "mail.example.kim.telematik";
const ALL_GROUPS: &str = "brainpoolP256r1:brainpoolP384r1:P-256:P-384";

fn identity(pair: &Pair) -> Identity {
    Identity::from_pem(&pair.pem(), &Secret::new(pair.key_pem())).unwrap()
}

fn anchors(authority: &Pair) -> ServerTrust {
    let anchors = Anchors::from_pem(&authority.pem()).unwrap();
    ServerTrust::Anchors { anchors, name: ExpectedName::Dns(NAME.into()), required_kind: None }
}

fn pins(server: &Pair) -> ServerTrust {
    ServerTrust::Pins(Pins::from_pem(&server.pem()).unwrap())
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2064-02
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2074
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2182-01
#[tokio::test]
async fn every_kind_of_server_meets_every_kind_of_client() {
    for server_kind in [Kind::Rsa, Kind::P256, Kind::BrainpoolP256] {
        let servers = authority(server_kind);
        let server = servers.issue(&Says::server(server_kind, NAME));
        for client_kind in [None, Some(Kind::Rsa), Some(Kind::P256), Some(Kind::BrainpoolP256)] {
            let clients = client_kind.map(authority);
            let client = clients.as_ref().zip(client_kind).map(|(ca, kind)| ca.issue(&Says::client(kind)));
            for trust in [pins(&server), anchors(&servers)] {
                let identity = client.as_ref().map(identity);
                let config = client_config(trust, identity.as_ref()).unwrap();
                let peer = Server {
                    identity: &server,
                    groups: ALL_GROUPS,
                    clients: clients.as_ref(),
                    tls_1_3: true,
                };
                let agreed = peer.meet(config).await;
                let agreed =
                    agreed.unwrap_or_else(|error| panic!("{server_kind:?}, {client_kind:?}: {error}"));
                assert_eq!(agreed.server_certificate, server.certificate.to_der().unwrap());
                let shown = client.as_ref().map(|client| client.certificate.to_der().unwrap());
                assert_eq!(agreed.client_certificate, shown);
                // Servers do not take brainpool from a client in TLS 1.3, but have it themselves.
                let brainpool = client_kind == Some(Kind::BrainpoolP256);
                let version = if brainpool { SslVersion::TLS1_2 } else { SslVersion::TLS1_3 };
                assert_eq!(agreed.version, version, "{server_kind:?}, {client_kind:?}");
            }
        }
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2064-02
#[tokio::test]
async fn a_server_may_insist_on_brainpool() {
    for (kind, groups) in [
        (Kind::BrainpoolP256, "brainpoolP256r1"),
        (Kind::BrainpoolP384, "brainpoolP384r1"),
        (Kind::BrainpoolP512, "brainpoolP512r1"),
        (Kind::Rsa, "brainpoolP256r1:brainpoolP384r1"),
    ] {
        let authority = authority(kind);
        let server = authority.issue(&Says::server(kind, NAME));
        let client = authority.issue(&Says::client(kind));
        let config = client_config(anchors(&authority), Some(&identity(&client))).unwrap();
        let peer = Server { identity: &server, groups, clients: Some(&authority), tls_1_3: false };
        let agreed = peer.meet(config).await.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert_eq!(agreed.version, SslVersion::TLS1_2);
    }
}

#[tokio::test]
async fn an_rsa_server_may_have_a_brainpool_authority() {
    let authority = authority(Kind::BrainpoolP256);
    let server = authority.issue(&Says::server(Kind::Rsa, NAME));
    let config = client_config(anchors(&authority), None).unwrap();
    let peer = Server { identity: &server, groups: ALL_GROUPS, clients: None, tls_1_3: true };
    assert_eq!(peer.meet(config).await.unwrap().version, SslVersion::TLS1_3);
}

#[tokio::test]
async fn a_client_without_certificate_is_refused_by_a_server_that_insists() {
    let authority = authority(Kind::P256);
    let server = authority.issue(&Says::server(Kind::P256, NAME));
    let config = client_config(anchors(&authority), None).unwrap();
    let peer = Server { identity: &server, groups: ALL_GROUPS, clients: Some(&authority), tls_1_3: true };
    assert!(peer.meet(config).await.is_err());
}
