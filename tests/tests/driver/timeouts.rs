//! Clients that connect and then do nothing useful: each loses its place after its time.

use std::time::Duration;

use kim_clientmodul::{Protocol, ServerLimits};
use kim_examples::Dialogue;
use kim_testbed::{Testbed, TestbedConfig};
use kim_tls::{ClientAuth, Identity};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::front::{Front, Options, eventually};

/// Far more than the systems of both ends take when nobody reads.
const GREAT: usize = 48 * 1024 * 1024;

/// Spec: none — a bound.
#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_has_its_time_and_then_the_place_is_free() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let (file, password) = testbed.clientmodul_pkcs12();
    let tls = Some((Identity::from_pkcs12(&file, &password).unwrap(), ClientAuth::Off));
    let limits =
        ServerLimits { sessions: 1, handshake: Duration::from_millis(300), ..ServerLimits::default() };
    let front = Front::start(&testbed, Protocol::Smtp, Options { tls, limits, ..Options::default() }).await;
    // Nothing, the begin of a handshake, and something else than TLS.
    for said in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"EHLO client.invalid\r\n"] {
        let mut client = connect_to_the_only_place(&front, said).await;
        let mut heard = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(20), client.read_to_end(&mut heard)).await;
        assert!(closed.is_ok(), "the place is still taken");
        assert!(!heard.starts_with(b"220"), "a greeting without TLS");
    }
}

/// Connects when the place is free: who comes while it is taken is turned away at once.
async fn connect_to_the_only_place(front: &Front, said: &[u8]) -> TcpStream {
    let patience = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let mut client = TcpStream::connect(front.address).await.unwrap();
            if client.write_all(said).await.is_err() {
                continue;
            }
            let at_once = tokio::time::timeout(Duration::from_millis(100), client.peek(&mut [0])).await;
            // Plain text ends a handshake without waiting.
            if at_once.is_err() || said.starts_with(b"EHLO") {
                return client;
            }
        }
    });
    patience.await.unwrap()
}

/// What it sent ahead would delete the mail.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2039; the time is a bound of our own
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_nothing_loses_its_session_and_no_mail() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let account = testbed.world().account("B").unwrap();
    let mailbox = testbed.world().mailbox(&account.address).unwrap();
    mailbox.put(["Subject: x\r\n\r\n", &"Zeile um Zeile\r\n".repeat(GREAT / 16)].concat());
    let limits = ServerLimits { sessions: 1, ..ServerLimits::default() };
    let patience = Duration::from_millis(500);
    let front =
        Front::start(&testbed, Protocol::Pop3, Options { limits, patience, ..Options::default() }).await;
    let mut idle = front.pop3(&testbed, "B").await.unwrap();
    idle.say(b"RETR 1\r\nDELE 1\r\nQUIT\r\n").await.unwrap();
    // The only place is free again.
    let greeted = async || {
        let mut next = Dialogue::open(front.address).await.unwrap();
        next.expect("+OK", "greeting").await.is_ok()
    };
    eventually("the session is over", greeted).await;
    assert_eq!(mailbox.mails().len(), 1);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2017, KOM-LE-A_2039
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_says_nothing_is_let_go() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let patience = Duration::from_millis(300);
    let front = Front::start(&testbed, Protocol::Smtp, Options { patience, ..Options::default() }).await;
    let mut smtp = front.smtp(&testbed, "A").await.unwrap();
    smtp.expect("421 4.4.2", "silence").await.unwrap();
    smtp.line().await.unwrap_err();
    let front = Front::start(&testbed, Protocol::Pop3, Options { patience, ..Options::default() }).await;
    let mut pop3 = front.pop3(&testbed, "A").await.unwrap();
    pop3.line().await.unwrap_err();
}
