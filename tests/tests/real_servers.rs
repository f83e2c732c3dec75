//! The proxy between Postfix, Dovecot and OpenLDAP: what one side says, the other understands.
#![cfg(unix)]

use kim_clientmodul::Protocol;
use kim_examples::Dialogue;
use kim_testbed::pki::KeyType;
use kim_tests::mail;
use kim_tests::peers::{RealPractice, Shared};

static PRACTICE: Shared = Shared::new(KeyType::Rsa);

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019, KOM-LE-A_2022, KOM-LE-A_2042, KOM-LE-A_2179-02
#[test]
fn a_mail_reaches_recipients_with_rsa_and_with_ecc_certificates() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let to = ["B", "R", "E", "H"].map(|name| practice.address(name).unwrap());
    let sent = mail(practice.address("A")?, &to.join(", "), "to all", "Grüße\r\n.\r\n..\r\n");
    practice.run(practice.send("A", &to, &sent))?;
    for name in ["B", "R", "E", "H"] {
        let fetched = fetched_one(&practice, name)?;
        assert_eq!(body(&fetched), body(&sent), "{name}");
        let header = header(&fetched);
        // Return-Path and Received are of Postfix and Dovecot, outside the encrypted part.
        for field in ["X-KIM-DecryptionResult: 00", "Subject: to all", "Received: ", "Return-Path: "] {
            assert!(header.contains(field), "{name}: {field}");
        }
    }
    Ok(())
}

/// It was OpenLDAP that gave the certificates: the testbed's directory is not asked.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2023
#[test]
fn certificates_come_from_openldap() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let to = practice.address("B")?;
    practice.run(practice.send("A", &[to], &mail(practice.address("A")?, to, "look up", "text\r\n")))?;
    assert_eq!(practice.testbed().world().directory().searches(), []);
    Ok(())
}

/// Postfix and Dovecot work with the Clientmodul's certificate and refuse whoever has none.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2064-02
#[test]
fn the_servers_want_a_client_certificate() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    for protocol in [Protocol::Smtp, Protocol::Pop3] {
        practice.log_in_directly("A", protocol, true)?;
        assert!(practice.log_in_directly("A", protocol, false).is_err(), "{protocol:?}");
    }
    Ok(())
}

/// What lies at the Fachdienst shows nothing of the mail but the fields the profile copies.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019
#[test]
fn dovecot_holds_ciphertext() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let to = practice.address("B")?;
    let sent = mail(practice.address("A")?, to, "secret subject", "secret body\r\n");
    practice.run(practice.send("A", &[to], &sent))?;
    practice.wait_for_mails("B", 1)?;
    let stored = practice.stored_mails("B")?.concat();
    let stored = String::from_utf8(stored).unwrap();
    assert!(
        stored.contains("Subject: KOM-LE-Nachricht\r\n") || stored.contains("Subject: KOM-LE-Nachricht\n")
    );
    assert!(!stored.contains("secret"));
    Ok(())
}

/// The wire of both servers is slower than the proxy and takes its time: five megabytes go through all buffers.
#[test]
fn a_mail_of_megabytes_arrives_whole() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let (from, to) = (practice.address("A")?, practice.address("B")?);
    let lines: String = (0..70_000).map(|line| format!("{line:070}\r\n")).collect();
    let sent = mail(from, to, "large", &lines);
    practice.run(practice.send("A", &[to], &sent))?;
    assert!(body(&fetched_one(&practice, "B")?) == body(&sent));
    Ok(())
}

/// Postfix is asked for a delivery notification and writes one: a mail that is no KIM mail and arrives as Dovecot has it.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2018, KOM-LE-A_2042
#[test]
fn a_delivery_notification_of_postfix_arrives_unchanged() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let (from, to) = (practice.address("A")?, practice.address("B")?);
    practice.run(async {
        let mut smtp = practice.smtp("A").await?;
        smtp.ask(&format!("MAIL FROM:<{from}> RET=HDRS ENVID=kim-1"), "250").await?;
        smtp.ask(&format!("RCPT TO:<{to}> NOTIFY=SUCCESS ORCPT=rfc822;{to}"), "250").await?;
        smtp.ask("DATA", "354").await?;
        smtp.send_message(&mail(from, to, "notify me", "text\r\n")).await?;
        smtp.expect("250", "DATA").await?;
        smtp.ask("QUIT", "221").await
    })?;
    let notification = fetched_one(&practice, "A")?;
    let stored = String::from_utf8_lossy(&practice.stored_mails("A")?.concat()).replace('\n', "\r\n");
    assert_eq!(String::from_utf8_lossy(&notification), stored);
    for line in ["Original-Envelope-Id: kim-1\r\n", "Action: relayed\r\n"] {
        assert!(stored.contains(line), "{stored}");
    }
    Ok(())
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2018
#[test]
fn two_mails_go_through_one_connection() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let (from, to) = (practice.address("A")?, practice.address("B")?);
    let first = mail(from, to, "first", "1\r\n");
    let second = mail(from, to, "second", "2\r\n");
    practice.run(async {
        let mut smtp = practice.smtp("A").await?;
        for mail in [&first, &second] {
            let reply = practice.submit(&mut smtp, "A", &[to], mail).await?;
            assert!(reply.starts_with("250"), "{reply}");
        }
        smtp.ask("QUIT", "221").await
    })?;
    let mut subjects =
        practice.run(practice.fetch("B", 2))?.iter().map(|mail| subject(mail)).collect::<Vec<_>>();
    subjects.sort_unstable();
    assert_eq!(subjects, ["first", "second"]);
    Ok(())
}

/// The sender learns of a recipient whom Postfix refuses; the others get the mail.
///
/// Spec: none — gematik names no answer to a recipient that the MTA refuses
#[test]
fn a_refused_recipient_is_reported_to_the_sender() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let (from, to) = (practice.address("A")?, practice.address("B")?);
    let sent = mail(from, &format!("{to}, {}", RealPractice::MOVED), "partly", "text\r\n");
    practice.run(practice.send("A", &[to, RealPractice::MOVED], &sent))?;
    assert_eq!(body(&fetched_one(&practice, "B")?), body(&sent));
    let report = String::from_utf8(fetched_one(&practice, "A")?).unwrap();
    assert!(report.contains("multipart/report"), "{report}");
    assert!(report.contains(RealPractice::MOVED), "{report}");
    Ok(())
}

/// When Postfix refuses every recipient its own reply is the answer, and the connection goes on.
#[test]
fn the_reply_of_postfix_is_the_answer_when_nobody_is_left() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let (from, to) = (practice.address("A")?, practice.address("B")?);
    practice.run(async {
        let mut smtp = practice.smtp("A").await?;
        let lost = mail(from, RealPractice::MOVED, "lost", "text\r\n");
        let reply = practice.submit(&mut smtp, "A", &[RealPractice::MOVED], &lost).await?;
        assert!(reply.starts_with("550"), "{reply}");
        let kept = mail(from, to, "kept", "text\r\n");
        let reply = practice.submit(&mut smtp, "A", &[to], &kept).await?;
        assert!(reply.starts_with("250"), "{reply}");
        smtp.ask("QUIT", "221").await
    })?;
    assert_eq!(subject(&fetched_one(&practice, "B")?), "kept");
    Ok(())
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2012, KOM-LE-A_2034, KOM-LE-A_2037-01
#[test]
fn a_wrong_password_is_refused_by_both_servers() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let wrong = "wrong".into();
    practice.run(async {
        let login = practice.smtp_login("A")?;
        let refused = Dialogue::open(login.proxy).await?.smtp_login(&login.user, &wrong).await;
        assert!(refused.unwrap_err().contains("535"));
        let login = practice.pop3_login("A")?;
        let refused = Dialogue::open(login.proxy).await?.pop3_login(&login.user, &wrong).await;
        assert!(refused.unwrap_err().contains("-ERR"));
        Ok(())
    })
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2040
#[test]
fn a_deleted_mail_is_gone_after_quit() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let (from, to) = (practice.address("A")?, practice.address("B")?);
    practice.run(practice.send("A", &[to], &mail(from, to, "first", "1\r\n")))?;
    practice.wait_for_mails("B", 1)?;
    practice.run(practice.send("A", &[to], &mail(from, to, "second", "2\r\n")))?;
    practice.wait_for_mails("B", 2)?;
    practice.run(async {
        let mut pop3 = practice.pop3("B").await?;
        pop3.ask("DELE 1", "+OK").await?;
        pop3.ask("RETR 1", "-ERR").await?;
        pop3.ask("QUIT", "+OK").await
    })?;
    assert_eq!(subject(&fetched_one(&practice, "B")?), "second");
    Ok(())
}

/// TOP shows the header Dovecot has and never a line of the body.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2041
#[test]
fn top_gives_the_header_of_the_message_at_the_fachdienst() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let (from, to) = (practice.address("A")?, practice.address("B")?);
    practice.run(practice.send("A", &[to], &mail(from, to, "hidden", "text\r\n")))?;
    practice.wait_for_mails("B", 1)?;
    let top = practice.run(async {
        let mut pop3 = practice.pop3("B").await?;
        pop3.ask("TOP 1 5", "+OK").await?;
        let top = pop3.message().await?;
        pop3.ask("QUIT", "+OK").await?;
        Ok::<_, String>(top)
    })?;
    assert_eq!(subject(&top), "KOM-LE-Nachricht");
    assert_eq!(body(&top), b"");
    Ok(())
}

/// Sizes and unique ids are Dovecot's and stay the same from login to login.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2040
#[test]
fn stat_list_and_uidl_are_those_of_dovecot() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let (from, to) = (practice.address("A")?, practice.address("B")?);
    practice.run(practice.send("A", &[to], &mail(from, to, "one", "text\r\n")))?;
    practice.wait_for_mails("B", 1)?;
    let look = || {
        practice.run(async {
            let mut pop3 = practice.pop3("B").await?;
            let seen = [pop3.ask("STAT", "+OK 1 ").await?, pop3.ask("LIST 1", "+OK 1 ").await?];
            let id = pop3.ask("UIDL 1", "+OK 1 ").await?;
            pop3.ask("RETR 1", "+OK").await?;
            pop3.message().await?;
            pop3.ask("QUIT", "+OK").await?;
            Ok::<_, String>((seen, id))
        })
    };
    assert_eq!(look()?, look()?);
    Ok(())
}

fn fetched_one(practice: &RealPractice, name: &str) -> Result<Vec<u8>, String> {
    practice.run(practice.fetch(name, 1)).map(|mut mails| mails.pop().unwrap_or_default())
}

fn header(mail: &[u8]) -> String {
    String::from_utf8_lossy(mail.strip_suffix(body(mail)).unwrap_or_default()).into_owned()
}

fn body(mail: &[u8]) -> &[u8] {
    let end = mail.windows(4).position(|octets| octets == b"\r\n\r\n").unwrap_or(mail.len());
    mail.get(end.saturating_add(4)..).unwrap_or_default()
}

fn subject(mail: &[u8]) -> String {
    let header = header(mail);
    let field = header.lines().find_map(|line| line.strip_prefix("Subject: "));
    field.unwrap_or_default().to_owned()
}
