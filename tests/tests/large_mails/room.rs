//! No room on the disk: nothing is lost, and the sessions go on as far as they can.

use std::path::PathBuf;

use kim_tests::mail;

use crate::office::{LARGE, Office};

fn nowhere(settings: &mut kim_clientmodul::Settings) {
    settings.spool.directory = PathBuf::from("/nonexistent/kim");
}

/// Spec: none — own rule: a mail that cannot be kept is refused for now.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_be_kept_is_refused_for_now_and_a_small_one_goes_out() {
    let office = Office::with(nowhere).await;
    let mut smtp = office.practice.smtp("A").await.unwrap();
    let (a, e) = (office.a.as_str(), office.e.as_str());
    let reply = office.practice.send(&mut smtp, a, &[e], &office.large_mail()).await.unwrap();
    assert_eq!(reply, "451 4.3.0 Die Nachricht konnte nicht zwischengespeichert werden");
    let reply = office.practice.send(&mut smtp, a, &[e], &mail(a, e, "klein", "klein\r\n")).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!((office.stored(), office.practice.fetch_all("E").await.unwrap().len()), (0, 1));
}

/// The message on the server is not lost: it is fetched again when there is room.
///
/// Spec: none — own rule.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_kept_stays_on_the_server() {
    let office = Office::with(nowhere).await;
    let mailbox = office.practice.testbed.world().mailbox(&office.e.parse().unwrap()).unwrap();
    mailbox.put(office.large_mail());
    let mut pop3 = office.practice.pop3("E").await.unwrap();
    pop3.ask("RETR 1", "+OK").await.unwrap();
    assert_eq!(pop3.message().await.unwrap_err(), "the connection was closed inside a mail");
    assert_eq!(mailbox.mails().len(), 1);
}

/// No other attempt would find room for it: what is known of it stands for it, so that the mails behind it can be fetched.
///
/// Spec: none — own rule (no input may end a session); gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02
#[tokio::test(flavor = "multi_thread")]
async fn a_message_larger_than_any_mail_does_not_hide_those_behind_it() {
    let office = Office::with(|settings| settings.spool.limit = LARGE).await;
    let mailbox = office.practice.testbed.world().mailbox(&office.e.parse().unwrap()).unwrap();
    mailbox.put(office.large_mail());
    mailbox.put(mail(&office.a, &office.e, "dahinter", "dahinter\r\n"));
    let [first, second] = <[Vec<u8>; 2]>::try_from(office.practice.fetch_all("E").await.unwrap()).unwrap();
    let (first, second) = (String::from_utf8(first).unwrap(), String::from_utf8(second).unwrap());
    assert!(first.contains("X-KIM-Fehlermeldung: 4010\r\n") && first.contains("message/rfc822"), "{first}");
    assert!(first.contains("Subject: gro") && !first.contains("Zeile"), "{first}");
    assert!(second.contains("dahinter"), "{second}");
    // Who sends such a mail is told at once that it will never go.
    let reply = office.send(&office.large_mail()).await;
    assert_eq!(reply, "552 5.3.4 Die Nachricht ist zu gross");
    office.assert_no_file("too large");
}

/// What is downloaded has no room: the message stands in for it, and can be sent to oneself again.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05
#[tokio::test(flavor = "multi_thread")]
async fn mail_data_that_cannot_be_kept_is_replaced_by_its_message() {
    let office = Office::open().await;
    assert!(office.send(&office.large_mail()).await.starts_with("250"));
    std::fs::remove_dir(&office.spool).unwrap();
    let [fetched] = <[Vec<u8>; 1]>::try_from(office.practice.fetch_all("E").await.unwrap()).unwrap();
    let fetched = String::from_utf8(fetched).unwrap();
    assert!(
        fetched.contains("X-KIM-Fehlermeldung: 4006\r\n") && fetched.contains("X-KOM-LE-Version: 1.5\r\n")
    );
    assert!(!fetched.contains("Zeile"));
    std::fs::create_dir(&office.spool).unwrap();
}
