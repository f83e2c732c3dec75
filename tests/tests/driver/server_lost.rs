//! Servers that break off in the midst of something.

use kim_testbed::Times;
use kim_testbed::fachdienst::{MailFault, Pop3Command, SmtpCommand};
use kim_tests::{Practice, mail};

/// The client must not take a part for the whole: it gets no final dot.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2038
#[tokio::test(flavor = "multi_thread")]
async fn inside_a_message_the_client_gets_no_end() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let mut smtp = practice.smtp("A").await.unwrap();
    practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", "Inhalt\r\n")).await.unwrap();
    let server = practice.testbed.world().pop3_server();
    for octets in [20, 1500] {
        server.faults().add(Pop3Command::Retr, Times::ONCE, MailFault::Cut(octets));
        let mut pop3 = practice.pop3("B").await.unwrap();
        pop3.ask("RETR 1", "+OK").await.unwrap();
        let error = pop3.message().await.unwrap_err();
        assert!(error.contains("inside a mail"), "{error}");
    }
    assert_eq!(practice.fetch_all("B").await.unwrap().len(), 1);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2016
#[tokio::test(flavor = "multi_thread")]
async fn at_every_command_of_a_delivery_the_client_is_told_to_try_again() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let text = mail(&a, &b, "x", "x");
    let mta = practice.testbed.world().mta();
    for command in [SmtpCommand::Mail, SmtpCommand::Rcpt, SmtpCommand::Data, SmtpCommand::Message] {
        mta.faults().add(command, Times::ONCE, MailFault::Close);
        let mut smtp = practice.smtp("A").await.unwrap();
        let reply = practice.send(&mut smtp, &a, &[&b], &text).await.unwrap();
        assert!(reply.starts_with("451"), "{command:?}: {reply}");
    }
    let mut smtp = practice.smtp("A").await.unwrap();
    let reply = practice.send(&mut smtp, &a, &[&b], &text).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(practice.fetch_all("B").await.unwrap().len(), 1);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042; KOM-LE-A_2047
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_be_opened_does_not_keep_the_next_one_back() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let mut smtp = practice.smtp("A").await.unwrap();
    let mailbox = practice.testbed.world().mailbox(&b.parse().unwrap()).unwrap();
    practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", "kaputt\r\n")).await.unwrap();
    let sent = mailbox.mails().remove(0);
    mailbox.remove(&sent.uid);
    // The last lines of the base64 are lost.
    mailbox.put(sent.octets.slice(..sent.octets.len() - 300));
    practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", "heil\r\n")).await.unwrap();

    let mut pop3 = practice.pop3("B").await.unwrap();
    let mut mails = Vec::new();
    for number in [1, 2] {
        pop3.ask(&format!("RETR {number}"), "+OK").await.unwrap();
        mails.push(String::from_utf8(pop3.message().await.unwrap()).unwrap());
    }
    pop3.ask("QUIT", "+OK").await.unwrap();
    assert!(mails[0].contains("X-KIM-Fehlermeldung: 40"), "{}", mails[0]);
    assert!(mails[1].contains("X-KIM-DecryptionResult: 00\r\n") && mails[1].ends_with("heil\r\n"));
}
