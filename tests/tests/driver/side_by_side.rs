//! Many at once: nobody waits for what somebody else waits for.

use std::time::Duration;

use kim_testbed::Times;
use kim_testbed::fachdienst::{MailFault, SmtpCommand};
use kim_testbed::konnektor::{Injection, Operation};
use kim_tests::{Practice, mail};

use crate::front::until;

/// One mail waits for a card that nobody unlocks, one for a mail server that is slow, and the others come and go.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2094
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_waits_holds_no_other_back() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let konnektor = practice.testbed.world().konnektor();
    for operation in [Operation::SignDocument, Operation::EncryptDocument] {
        konnektor.inject(operation, Times::ONCE, Injection::Delay(Duration::from_secs(3600)));
        let asked = konnektor.count(operation);
        let mut waiting = practice.smtp("A").await.unwrap();
        waiting.ask(&format!("MAIL FROM:<{a}>"), "250").await.unwrap();
        waiting.ask(&format!("RCPT TO:<{b}>"), "250").await.unwrap();
        waiting.ask("DATA", "354").await.unwrap();
        waiting.send_message(&mail(&a, &b, "wartet", "x")).await.unwrap();
        until("the Konnektor is asked", || konnektor.count(operation) > asked).await;

        for (from, to) in [("A", "B"), ("B", "A"), ("R", "E")] {
            let (sender, reader) = (address(from), address(to));
            let mut smtp = practice.smtp(from).await.unwrap();
            let text = mail(&sender, &reader, "kommt", "Inhalt\r\n");
            let reply = practice.send(&mut smtp, &sender, &[&reader], &text).await.unwrap();
            assert!(reply.starts_with("250"), "{from} to {to}: {reply}");
            assert_eq!(practice.fetch_all(to).await.unwrap().len(), 1, "{from} to {to}");
        }
    }
}

/// Every reply of the mail server takes its time, and the mail arrives.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2016
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_mail_server_is_waited_for() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let mta = practice.testbed.world().mta();
    use SmtpCommand::{Auth, Data, Ehlo, Mail, Message, Rcpt};
    for command in [Ehlo, Auth, Mail, Rcpt, Data, Message] {
        mta.faults().add(command, Times::ALWAYS, MailFault::Delay(Duration::from_millis(200)));
    }
    let mut smtp = practice.smtp("A").await.unwrap();
    for text in ["erste\r\n", "zweite\r\n"] {
        let reply = practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", text)).await.unwrap();
        assert!(reply.starts_with("250"), "{reply}");
    }
    assert_eq!(practice.fetch_all("B").await.unwrap().len(), 2);
}
