//! TLS from the first octet towards mail programs, with and without certificates of theirs.

use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};

use kim_clientmodul::Protocol;
use kim_testbed::pki::{CertificateType, Holder, KeyType, Pkcs12Encryption, Role};
use kim_testbed::{Testbed, TestbedConfig};
use kim_tls::{Anchors, ClientAuth, Identity};
use openssl::pkcs12::Pkcs12;
use openssl::ssl::{SslConnector, SslMethod};
use openssl::x509::X509;

use crate::front::{Front, Options};

/// The greeting a mail program gets, with or without a certificate of its own.
fn greeting(
    address: SocketAddr,
    trust: &str,
    certificate: Option<(Vec<u8>, String)>,
) -> Result<String, String> {
    fn text(error: impl std::fmt::Display) -> String {
        error.to_string()
    }
    let mut connector = SslConnector::builder(SslMethod::tls_client()).map_err(text)?;
    for root in X509::stack_from_pem(trust.as_bytes()).map_err(text)? {
        connector.cert_store_mut().add_cert(root).map_err(text)?;
    }
    if let Some((file, password)) = certificate {
        let own = Pkcs12::from_der(&file).and_then(|file| file.parse2(&password)).map_err(text)?;
        let (key, certificate) = own.pkey.zip(own.cert).ok_or("a key and its certificate")?;
        connector.set_private_key(&key).map_err(text)?;
        connector.set_certificate(&certificate).map_err(text)?;
        for authority in own.ca.into_iter().flatten() {
            connector.add_extra_chain_cert(authority).map_err(text)?;
        }
    }
    let mut connection = connector.build().configure().map_err(text)?;
    // The name in the test certificate is nobody's.
    connection.set_verify_hostname(false);
    let tcp = TcpStream::connect(address).map_err(text)?;
    let mut tls = connection.connect("clientmodul", tcp).map_err(text)?;
    let mut line = [0; 4];
    tls.read_exact(&mut line).map_err(text)?;
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// Whether a mail program without a certificate and one with a certificate are served.
async fn served(choose: impl Fn(Anchors) -> ClientAuth) -> [bool; 2] {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let trust = testbed.fachdienst_trust_pem();
    let (file, password) = testbed.clientmodul_pkcs12();
    let identity = Identity::from_pkcs12(&file, &password).unwrap();
    let clients = choose(Anchors::from_pem(trust.as_bytes()).unwrap());
    let tls = Some((identity, clients));
    let front = Front::start(&testbed, Protocol::Smtp, Options { tls, ..Options::default() }).await;
    let password = String::from_utf8(password.expose().to_vec()).unwrap();
    let mut served = Vec::new();
    for certificate in [None, Some((file, password))] {
        let (address, trust) = (front.address, trust.clone());
        let heard = tokio::task::spawn_blocking(move || greeting(address, &trust, certificate));
        let heard = heard.await.unwrap();
        assert!(heard.is_err() || heard.as_deref() == Ok("220 "), "{heard:?}");
        served.push(heard.is_ok());
    }
    served.try_into().unwrap()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2181
#[tokio::test(flavor = "multi_thread")]
async fn with_client_authentication_off_everybody_is_served() {
    assert_eq!(served(|_| ClientAuth::Off).await, [true, true]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2181
#[tokio::test(flavor = "multi_thread")]
async fn with_client_authentication_optional_everybody_is_served() {
    assert_eq!(served(ClientAuth::Optional).await, [true, true]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2181
#[tokio::test(flavor = "multi_thread")]
async fn with_client_authentication_required_only_those_with_a_certificate_are_served() {
    assert_eq!(served(ClientAuth::Required).await, [false, true]);
}

/// The certificate of the server a mail program sees.
fn certificate_shown(address: SocketAddr) -> Vec<u8> {
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_verify(openssl::ssl::SslVerifyMode::NONE);
    let tcp = TcpStream::connect(address).unwrap();
    let tls = connector.build().connect("clientmodul", tcp).unwrap();
    tls.ssl().peer_certificate().unwrap().to_der().unwrap()
}

/// Spec: KIM 1.5.3-2, A_25232-01 (the certificate towards client systems is renewed)
#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_from_the_next_connection_on() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let issue = |edition| {
        let holder = Holder::service("clientmodul", Role::CLIENTMODUL).with_edition(edition);
        testbed.world().pki().issue(CertificateType::CmTlsCs, KeyType::Rsa, &holder)
    };
    let identity = |edition| {
        let file = issue(edition).to_pkcs12("x", Pkcs12Encryption::Modern).unwrap();
        Identity::from_pkcs12(&file, &"x".into()).unwrap()
    };
    let tls = Some((identity(2), ClientAuth::Off));
    let front = Front::start(&testbed, Protocol::Smtp, Options { tls, ..Options::default() }).await;
    let shown = async || {
        let address = front.address;
        tokio::task::spawn_blocking(move || certificate_shown(address)).await.unwrap()
    };
    assert_eq!(shown().await, issue(2).certificate_der());
    let renewed = kim_tls::server_config(&identity(3), ClientAuth::Off).unwrap();
    front.switch.as_ref().unwrap().replace(renewed);
    assert_eq!(shown().await, issue(3).certificate_der());
}
