//! Sessions that end between the upload and the MTA's acceptance, or of which nobody knows whether it accepted.

use std::time::Duration;

use kim_testbed::Times;
use kim_testbed::fachdienst::{KasFault, KasOperation, MailFault, SmtpCommand};
use kim_testbed::konnektor::{Injection, Operation};

use crate::office::{Office, until};

async fn send_without_waiting(office: &Office) -> kim_examples::Dialogue {
    let mut smtp = office.practice.smtp("A").await.unwrap();
    smtp.ask(&format!("MAIL FROM:<{}>", office.a), "250").await.unwrap();
    smtp.ask(&format!("RCPT TO:<{}>", office.e), "250").await.unwrap();
    smtp.ask("DATA", "354").await.unwrap();
    smtp.send_message(&office.large_mail()).await.unwrap();
    smtp
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2017, A_19363-03 (what was uploaded is removed)
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_before_the_mta_has_the_mail_leaves_nothing() {
    let office = Office::open().await;
    let world = office.practice.testbed.world();
    let (konnektor, kas) = (world.konnektor(), world.kas());

    for operation in [Operation::SignDocument, Operation::EncryptDocument] {
        konnektor.inject(operation, Times::ONCE, Injection::Delay(Duration::from_secs(3600)));
        let asked = konnektor.count(operation);
        let smtp = send_without_waiting(&office).await;
        until("the Konnektor is asked", || konnektor.count(operation) > asked).await;
        assert_eq!(office.stored(), 1, "{operation:?}");
        drop(smtp);
        office.assert_clean(&format!("{operation:?}")).await;
    }

    // While the service still reads, and after it has read everything but before it answers.
    for pause in [Duration::from_secs(3600), Duration::from_millis(30)] {
        let asked = kas.count(KasOperation::Add);
        kas.faults().add(KasOperation::Add, Times::ONCE, KasFault::Slow(pause));
        let smtp = send_without_waiting(&office).await;
        until("the upload begins", || kas.count(KasOperation::Add) > asked).await;
        drop(smtp);
        tokio::time::sleep(Duration::from_millis(800)).await;
        office.assert_clean(&format!("an upload with pauses of {pause:?}")).await;
    }
    assert_eq!(world.mta().transcript().count(SmtpCommand::Mail), 0);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2016, A_19363-03
#[tokio::test(flavor = "multi_thread")]
async fn an_mta_that_leaves_before_it_has_the_mail_leaves_nothing() {
    let office = Office::open().await;
    let mta = office.practice.testbed.world().mta();
    for command in [SmtpCommand::Mail, SmtpCommand::Rcpt, SmtpCommand::Data] {
        mta.faults().add(command, Times::ONCE, MailFault::Close);
        let mut smtp = send_without_waiting(&office).await;
        let reply = smtp.expect("4", "the mail").await.unwrap();
        assert!(reply.starts_with('4'), "{command:?}: {reply}");
        office.assert_clean(&format!("{command:?}")).await;
    }
}

/// Spec: none — own rule: a mail that the MTA has, and delivers, is no use without its data
#[tokio::test(flavor = "multi_thread")]
async fn an_mta_that_leaves_when_it_may_have_the_mail_leaves_the_data() {
    let office = Office::open().await;
    let mta = office.practice.testbed.world().mta();
    // It takes the mail, and nothing of its 250 gets through, or not all of it.
    for (stored, octets) in [(1, 0), (2, 5)] {
        mta.faults().add(SmtpCommand::Message, Times::ONCE, MailFault::Cut(octets));
        let mut smtp = send_without_waiting(&office).await;
        smtp.expect("451", "the mail").await.unwrap();
        // A removal would follow at once.
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(office.stored(), stored);
    }
    // An MTA that says no does not have the mail.
    let no = MailFault::Reply("451 4.3.0 later".into());
    mta.faults().add(SmtpCommand::Message, Times::ONCE, no);
    let mut smtp = send_without_waiting(&office).await;
    smtp.expect("451", "the mail").await.unwrap();
    until("the data of the refused mail is removed", || office.stored() == 2).await;
}
