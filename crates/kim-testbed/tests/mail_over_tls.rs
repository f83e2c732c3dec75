//! Submission and POP3 through TLS, with every kind of server key.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::net::SocketAddr;
use std::pin::Pin;

use kim_testbed::pki::{Identity, KeyType};
use kim_testbed::{ClientAuth, Testbed, TestbedConfig};
use openssl::ssl::{SslConnector, SslMethod};
use openssl::x509::X509;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// Speaks `lines` and returns everything the server says until it closes.
async fn dialogue(
    testbed: &Testbed,
    server: SocketAddr,
    with_identity: bool,
    lines: &str,
) -> std::io::Result<String> {
    let mut connector = SslConnector::builder(SslMethod::tls_client())?;
    connector.set_groups_list("brainpoolP256r1:P-256:P-384")?;
    for anchor in X509::stack_from_pem(testbed.fachdienst_trust_pem().as_bytes())? {
        connector.cert_store_mut().add_cert(anchor)?;
    }
    if with_identity {
        let (file, password) = testbed.clientmodul_pkcs12();
        let password = std::str::from_utf8(password.expose()).unwrap();
        let identity = Identity::from_pkcs12(&file, password)?.unwrap();
        connector.set_certificate(&identity.certificate)?;
        connector.set_private_key(&identity.key)?;
    }
    let ssl = connector.build().configure()?.into_ssl(testbed.fachdienst_name())?;
    let mut stream = SslStream::new(ssl, TcpStream::connect(server).await?)?;
    Pin::new(&mut stream).connect().await.map_err(std::io::Error::other)?;
    stream.write_all(lines.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn plain(testbed: &Testbed, account: &str) -> String {
    use base64::Engine;
    let account = testbed.world().account(account).unwrap();
    let password = std::str::from_utf8(account.password.expose()).unwrap();
    let credentials = format!("\0{}\0{password}", account.address);
    format!("AUTH PLAIN {}\r\n", base64::engine::general_purpose::STANDARD.encode(credentials))
}

async fn send_and_fetch(key_type: KeyType) {
    let config = TestbedConfig {
        fachdienst_key_type: key_type,
        client_key_type: key_type,
        ..TestbedConfig::default()
    };
    let testbed = Testbed::start(config).await.unwrap();
    let address = |name| testbed.world().account(name).unwrap().address.clone();
    let (a, b) = (address("A"), address("B"));
    let login = plain(&testbed, "A");
    let lines = format!(
        "EHLO x\r\n{login}MAIL FROM:<{a}>\r\nRCPT TO:<{b}>\r\nDATA\r\nFrom: {a}\r\n\r\nHallo\r\n.\r\nQUIT\r\n"
    );
    let answer = dialogue(&testbed, testbed.smtp_addr(), true, &lines).await.unwrap();
    assert!(answer.ends_with("250 2.0.0 Taken over as 1\r\n221 2.0.0 Bye\r\n"), "{answer}");
    let lines = format!("{}RETR 1\r\nDELE 1\r\nQUIT\r\n", plain(&testbed, "B"));
    let answer = dialogue(&testbed, testbed.pop3_addr(), true, &lines).await.unwrap();
    assert!(answer.contains("\r\n\r\nHallo\r\n.\r\n+OK Deleted\r\n"), "{answer}");
    assert!(testbed.world().mailbox(&b).unwrap().mails().is_empty());
}

#[tokio::test]
async fn a_mail_is_sent_and_fetched_with_rsa() {
    send_and_fetch(KeyType::Rsa).await;
}

#[tokio::test]
async fn a_mail_is_sent_and_fetched_with_brainpool() {
    send_and_fetch(KeyType::Brainpool).await;
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2182-01
#[tokio::test]
async fn a_client_without_certificate_is_refused_unless_configured_otherwise() {
    let strict = Testbed::start(TestbedConfig::default()).await.unwrap();
    assert!(dialogue(&strict, strict.pop3_addr(), false, "QUIT\r\n").await.is_err());
    let config = TestbedConfig { fachdienst_client_auth: ClientAuth::Off, ..TestbedConfig::default() };
    let open = Testbed::start(config).await.unwrap();
    assert!(dialogue(&open, open.pop3_addr(), false, "QUIT\r\n").await.unwrap().ends_with("+OK Bye\r\n"));
}

#[tokio::test]
async fn the_servers_stop_with_the_testbed() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let address = testbed.smtp_addr();
    drop(testbed);
    tokio::task::yield_now().await;
    assert!(TcpStream::connect(address).await.is_err());
}
