//! A Konnektor that knows nothing of ECC: certificates with such keys are left out, and what remains goes through.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kim_testbed::TestbedConfig;
use kim_testbed::konnektor::{KonnektorConfig, Vendor};
use kim_tests::{Practice, mail};

/// The identifier of the encryption for elliptic curves, 1.2.276.0.76.4.222, in DER.
const ECIES: &[u8] = b"\x06\x08\x2a\x82\x14\x00\x4c\x04\x81\x5e";

async fn practice(vendor: Vendor) -> Practice {
    let konnektor = KonnektorConfig { vendor, ..TestbedConfig::default().konnektor };
    Practice::with(TestbedConfig { konnektor, ..TestbedConfig::default() }, |_| {}).await.unwrap()
}

/// Sends a mail from A and gives the reply to DATA.
async fn send(practice: &Practice, to: &[&str]) -> String {
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let from = address("A");
    let to: Vec<String> = to.iter().map(|name| address(name)).collect();
    let recipients: Vec<&str> = to.iter().map(String::as_str).collect();
    let named: Vec<String> = to.iter().map(|address| format!("<{address}>")).collect();
    let text = mail(&from, &named.join(", "), "Befund", "Inhalt\r\n");
    let mut smtp = practice.smtp("A").await.unwrap();
    practice.send(&mut smtp, &from, &recipients, &text).await.unwrap()
}

/// Whether the message that waits for B has a key encrypted for an elliptic curve.
fn uses_ecc(practice: &Practice) -> bool {
    let mailbox = practice.testbed.world().mailbox(&practice.account("B").unwrap().address).unwrap();
    let mails = mailbox.mails();
    let text = std::str::from_utf8(&mails.first().unwrap().octets).unwrap().to_owned();
    let body: String = text.split_once("\r\n\r\n").unwrap().1.split_ascii_whitespace().collect();
    let cms = STANDARD.decode(body).unwrap();
    cms.windows(ECIES.len()).any(|window| window == ECIES)
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_17464, A_17472
#[tokio::test(flavor = "multi_thread")]
async fn only_a_konnektor_with_ecc_encrypts_for_elliptic_curves() {
    for (vendor, ecc) in [(Vendor::Secunet, true), (Vendor::KocoBoxPtv3, false)] {
        let practice = practice(vendor).await;
        let reply = send(&practice, &["B"]).await;
        assert!(reply.starts_with("250"), "{vendor:?}: {reply}");
        assert_eq!(uses_ecc(&practice), ecc, "{vendor:?}");
        let fetched = practice.fetch_all("B").await.unwrap();
        assert!(fetched.iter().all(|mail| mail.ends_with(b"Inhalt\r\n")) && fetched.len() == 1);
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_17472
#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_with_nothing_but_ecc_certificates_counts_as_one_without() {
    let practice = practice(Vendor::KocoBoxPtv3).await;
    let reply = send(&practice, &["E"]).await;
    assert!(reply.starts_with("451"), "{reply}");
    let reply = send(&practice, &["B", "E"]).await;
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(practice.fetch_all("B").await.unwrap().len(), 1);
    let report = practice.fetch_all("A").await.unwrap().concat();
    let left_out = practice.account("E").unwrap().address.to_string();
    assert!(String::from_utf8_lossy(&report).contains(&left_out), "the sender is told who was left out");
}
