//! The Konnektor of the testbed on its port.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::pin::Pin;

use kim_testbed::konnektor::{ClientLogin, KonnektorConfig, Vendor};
use kim_testbed::pki::{Identity, KeyType};
use kim_testbed::{Testbed, TestbedConfig};
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use openssl::x509::X509;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// Fetches the service directory from a server that shows the pinned certificate.
async fn fetch(testbed: &Testbed, with_identity: bool) -> std::io::Result<String> {
    let pinned = X509::from_pem(testbed.konnektor_certificate_pem().as_bytes())?;
    let mut connector = SslConnector::builder(SslMethod::tls_client())?;
    connector.set_groups_list("brainpoolP256r1:P-256:P-384")?;
    connector.set_verify(SslVerifyMode::NONE);
    if with_identity {
        let (file, password) = testbed.konnektor_client_pkcs12();
        let identity =
            Identity::from_pkcs12(&file, std::str::from_utf8(password.expose()).unwrap())?.unwrap();
        connector.set_certificate(&identity.certificate)?;
        connector.set_private_key(&identity.key)?;
    }
    let url = testbed.konnektor_url();
    let authority =
        url.strip_prefix("https://").and_then(|rest| rest.strip_suffix("/connector.sds")).unwrap();
    let mut configuration = connector.build().configure()?;
    configuration.set_verify_hostname(false);
    let mut stream =
        SslStream::new(configuration.into_ssl("konnektor")?, TcpStream::connect(authority).await?)?;
    Pin::new(&mut stream).connect().await.map_err(std::io::Error::other)?;
    assert_eq!(stream.ssl().peer_certificate().unwrap().to_der()?, pinned.to_der()?);
    let request = format!("GET /connector.sds HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    assert!(answer.contains(&format!("https://{authority}/")), "endpoints are where it listens");
    Ok(answer)
}

#[tokio::test]
async fn the_service_directory_is_there_for_every_kind_of_key() {
    for konnektor_key_type in [KeyType::Rsa, KeyType::NistP256, KeyType::Brainpool] {
        let config = TestbedConfig { konnektor_key_type, ..TestbedConfig::default() };
        let testbed = Testbed::start(config).await.unwrap();
        let answer = fetch(&testbed, true).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("secunet"), "{answer}");
    }
}

#[tokio::test]
async fn a_client_without_certificate_is_refused_unless_configured_otherwise() {
    let strict = Testbed::start(TestbedConfig::default()).await.unwrap();
    assert!(fetch(&strict, false).await.is_err());
    let konnektor = KonnektorConfig {
        client_login: ClientLogin::None,
        vendor: Vendor::Rise,
        ..KonnektorConfig::default()
    };
    let open = Testbed::start(TestbedConfig { konnektor, ..TestbedConfig::default() }).await.unwrap();
    assert!(fetch(&open, false).await.unwrap().contains("RISE"));
}
