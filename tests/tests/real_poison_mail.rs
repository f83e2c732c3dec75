//! A mail no Clientmodul made, under the name of one: every mail program gets an answer for it and can delete it.
#![cfg(unix)]

use kim_testbed::pki::KeyType;
use kim_tests::mail;
use kim_tests::peers::{Fetcher, Shared};

static PRACTICE: Shared = Shared::new(KeyType::Rsa);

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02, KOM-LE-A_2047-02
#[test]
fn every_program_gets_rid_of_a_poison_mail() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let (from, to) = (practice.address("A")?, practice.address("B")?);
    // Base64 of octets that open as a BER structure of indefinite length within another, without an end.
    let bomb = "MIAwgDCAMIAwgDCAMIAwgDCAMIAwgDCAMIAwgDCAMIAwgDCAMIAwgDCA\r\n".repeat(2000);
    let poison = format!(
        "From: <{from}>\r\nTo: <{to}>\r\nSubject: KOM-LE-Nachricht\r\nX-KOM-LE-Version: 1.0\r\nMIME-Version: 1.0\r\n\
         Content-Type: application/pkcs7-mime; smime-type=authenticated-enveloped-data; name=smime.p7m\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{bomb}"
    );
    for fetcher in Fetcher::ALL {
        practice.send_directly("A", to, poison.as_bytes())?;
        practice.wait_for_mails("B", 1)?;
        let fetched = String::from_utf8_lossy(&fetcher.fetch(&practice, "B")?).into_owned();
        assert!(fetched.contains("\r\nX-KIM-DecryptionResult: 02\r\n"), "{fetcher:?}: {fetched}");
        assert!(fetched.contains(&bomb), "{fetcher:?}: the received message is lost");
        practice.wait_for_mails("B", 0)?;
    }
    Ok(())
}

/// The mails around it arrive in the same session.
#[test]
fn a_poison_mail_keeps_no_other_mail_back() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let (from, to) = (practice.address("A")?, practice.address("B")?);
    let poison = format!("From: <{from}>\r\nTo: <{to}>\r\nX-KOM-LE-Version: 1.0\r\n\r\n\u{0}\u{1}poison\r\n");
    practice.run(practice.send("A", &[to], &mail(from, to, "before", "1\r\n")))?;
    practice.wait_for_mails("B", 1)?;
    practice.send_directly("A", to, poison.as_bytes())?;
    practice.wait_for_mails("B", 2)?;
    practice.run(practice.send("A", &[to], &mail(from, to, "after", "3\r\n")))?;
    let mails = practice.run(practice.fetch("B", 3))?;
    let has = |text: &str| mails.iter().any(|mail| String::from_utf8_lossy(mail).contains(text));
    assert!(has("Subject: before\r\n") && has("Subject: after\r\n") && has("X-KIM-DecryptionResult: 02\r\n"));
    Ok(())
}
