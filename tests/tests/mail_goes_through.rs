//! A mail goes through the proxy and comes back as it was, whatever keys sender and reader have.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_tests::{Practice, mail};

/// The header fields the Clientmodul adds to a delivered mail, without their values.
const ADDED: [&str; 4] =
    ["X-KIM-DecryptionResult: 00", "X-KIM-IntegrityCheckResult: 01", "Return-Path:", "Received:"];

async fn send_and_fetch(practice: &Practice, from: &str, to: &str, body: &str) -> String {
    let (from_address, to_address) = (
        practice.account(from).unwrap().address.to_string(),
        practice.account(to).unwrap().address.to_string(),
    );
    let sent = mail(&from_address, &format!("<{to_address}>"), "Befund", body);
    let mut smtp = practice.smtp(from).await.unwrap();
    let reply = practice.send(&mut smtp, &from_address, &[&to_address], &sent).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    smtp.ask("QUIT", "221").await.unwrap();
    let [fetched] = <[Vec<u8>; 1]>::try_from(practice.fetch_all(to).await.unwrap()).unwrap();
    String::from_utf8(fetched).unwrap()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019, KOM-LE-A_2042, KOM-LE-A_2179-02, A_21236, A_20628
#[tokio::test(flavor = "multi_thread")]
async fn between_rsa_and_ecc_in_every_combination() {
    let practice = Practice::start().await.unwrap();
    for (from, to) in [("A", "B"), ("B", "A"), ("A", "R"), ("R", "E"), ("E", "R"), ("E", "A")] {
        let body = format!("Von {from} an {to}: Grüße.\r\n.\r\n..zwei Punkte\r\n\r\nEnde");
        let fetched = send_and_fetch(&practice, from, to, &body).await;
        let (header, text) = fetched.split_once("\r\n\r\n").unwrap();
        // A message on the wire ends in CRLF.
        assert_eq!(text, format!("{body}\r\n"), "{from} to {to}");
        for field in ADDED {
            assert!(header.contains(field), "{from} to {to}: {field} is missing in\n{header}");
        }
        assert!(header.contains("Subject: Befund"));
        assert!(header.contains("X-KIM-Dienstkennung: KIM-Mail;Default;V1.0"));
    }
}

/// The card of the practice is in reach, too, and comes first; the entry in recipient-emails tells which one has the key.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2032 (UserId), KOM-LE-A_2059, KOM-LE-A_2060, KOM-LE-A_2061
#[tokio::test(flavor = "multi_thread")]
async fn to_a_person_with_an_hba() {
    let practice = Practice::start().await.unwrap();
    let fetched = send_and_fetch(&practice, "A", "H", "Persönlich\r\n").await;
    assert!(fetched.contains("X-KIM-DecryptionResult: 00"), "{fetched}");
    assert!(fetched.ends_with("Persönlich\r\n"));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2098-03 to KOM-LE-A_2104; gemSpec_CM_KOMLE 1.16.0, A_21388, A_22417, A_23554
#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_shows_nothing_of_the_content() {
    let practice = Practice::start().await.unwrap();
    let (from, to) = (practice.account("A").unwrap(), practice.account("B").unwrap());
    let (from, to) = (from.address.to_string(), to.address.to_string());
    let sent = mail(&from, &format!("<{to}>"), "Geheimer Betreff", "Geheimer Inhalt\r\n");
    let mut smtp = practice.smtp("A").await.unwrap();
    practice.send(&mut smtp, &from, &[&to], &sent).await.unwrap();
    let address = to.parse().unwrap();
    let stored = practice.testbed.world().mailbox(&address).unwrap().mails();
    let message = String::from_utf8(stored.first().unwrap().octets.to_vec()).unwrap();
    assert!(!message.contains("Geheim"), "{message}");
    for field in [
        "Subject: KOM-LE-Nachricht\r\n",
        "X-KOM-LE-Version: 1.0\r\n",
        "Content-Transfer-Encoding: base64\r\n",
        "X-KIM-Dienstkennung: KIM-Mail;Default;V1.0\r\n",
        "X-KIM-PTVersion: 1.5.5\r\n",
        "X-KIM-KONVersion: <secunet konnektor 2.0.0><Konnektor>",
        "Expires: ",
        "smime-type=authenticated-enveloped-data",
    ] {
        assert!(message.contains(field), "{field} is missing in\n{message}");
    }
}
