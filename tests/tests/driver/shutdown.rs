//! The end: nobody new, idle sessions at once, a mail in work first.

use std::time::Duration;

use kim_clientmodul::Protocol;
use kim_examples::Dialogue;
use kim_testbed::konnektor::{Injection, Operation};
use kim_testbed::{Testbed, TestbedConfig, Times};
use kim_tests::mail;

use crate::front::{Front, Options, until};

async fn ends(front: Front) {
    tokio::time::timeout(Duration::from_secs(20), front.serving).await.unwrap().unwrap();
}

/// Spec: RFC 5321 §3.8
#[tokio::test(flavor = "multi_thread")]
async fn idle_senders_are_told_421() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let front = Front::start(&testbed, Protocol::Smtp, Options::default()).await;
    let mut stranger = Dialogue::open(front.address).await.unwrap();
    stranger.expect("220", "greeting").await.unwrap();
    let mut user = front.smtp(&testbed, "A").await.unwrap();
    front.stop.send_replace(true);
    for client in [&mut stranger, &mut user] {
        client.expect("421 4.3.2", "shutdown").await.unwrap();
        client.line().await.unwrap_err();
    }
    ends(front).await;
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2039
#[tokio::test(flavor = "multi_thread")]
async fn idle_fetchers_are_let_go() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let front = Front::start(&testbed, Protocol::Pop3, Options::default()).await;
    let mut pop3 = front.pop3(&testbed, "A").await.unwrap();
    front.stop.send_replace(true);
    pop3.line().await.unwrap_err();
    ends(front).await;
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_in_work_is_sent_and_answered_first() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let front = Front::start(&testbed, Protocol::Smtp, Options::default()).await;
    let address = |name: &str| testbed.world().account(name).unwrap().address.clone();
    let (a, b) = (address("A"), address("B"));
    let konnektor = testbed.world().konnektor();
    konnektor.inject(Operation::SignDocument, Times::ONCE, Injection::Delay(Duration::from_millis(300)));
    let mut smtp = front.smtp(&testbed, "A").await.unwrap();
    smtp.ask(&format!("MAIL FROM:<{a}>"), "250").await.unwrap();
    smtp.ask(&format!("RCPT TO:<{b}>"), "250").await.unwrap();
    smtp.ask("DATA", "354").await.unwrap();
    smtp.send_message(&mail(&a.to_string(), &b.to_string(), "x", "x")).await.unwrap();
    until("the Konnektor is asked", || konnektor.count(Operation::SignDocument) == 1).await;
    front.stop.send_replace(true);
    smtp.expect("250", "the mail").await.unwrap();
    smtp.expect("421 4.3.2", "shutdown").await.unwrap();
    assert_eq!(testbed.world().mailbox(&b).unwrap().mails().len(), 1);
    ends(front).await;
}
