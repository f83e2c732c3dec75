//! Konnektor and directory take their time: nobody waits for both one after the other, and no mail program gives up.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::time::Duration;

use kim_testbed::directory::Filter;
use kim_testbed::konnektor::{Injection, Operation};
use kim_testbed::{TestbedConfig, Times};
use kim_tests::{Practice, mail};

/// A mail program that gives up when nothing comes for 20 seconds, in a fiftieth of the time.
const GIVES_UP_AFTER: Duration = Duration::from_millis(400);

fn address(practice: &Practice, name: &str) -> String {
    practice.account(name).unwrap().address.to_string()
}

/// A practice in whose mailbox B a mail waits that takes the Konnektor several times the program's patience.
async fn slow_konnektor(early_header: bool) -> Practice {
    let practice = Practice::with(TestbedConfig::default(), |settings| {
        settings.early_interval = GIVES_UP_AFTER / 4;
        settings.rules.early_header = early_header;
    });
    let practice = practice.await.unwrap();
    let (a, b) = (address(&practice, "A"), address(&practice, "B"));
    let mut smtp = practice.smtp("A").await.unwrap();
    let reply = practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "Befund", "Inhalt\r\n")).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    let late = Injection::Delay(GIVES_UP_AFTER * 3);
    practice.testbed.world().konnektor().inject(Operation::DecryptDocument, Times::ONCE, late);
    practice
}

/// Spec: none — own behaviour for impatient programs (flows R2)
#[tokio::test(flavor = "multi_thread")]
async fn an_impatient_client_survives_a_slow_konnektor() {
    let practice = slow_konnektor(true).await;
    let mut pop3 = practice.pop3("B").await.unwrap();
    pop3.ask("RETR 1", "+OK").await.unwrap();
    let (mut wire, mut pieces) = (Vec::new(), 0);
    while !wire.ends_with(b"\r\n.\r\n") {
        let octets = tokio::time::timeout(GIVES_UP_AFTER, pop3.octets()).await;
        wire.extend_from_slice(&octets.expect("something in time").unwrap());
        pieces += 1;
    }
    let wire = String::from_utf8(wire).unwrap();
    assert!(pieces > 4 && wire.starts_with("Received: "), "{pieces} pieces: {wire}");
    assert!(
        wire.contains("\r\nX-KIM-DecryptionResult: 00\r\n") && wire.ends_with("Inhalt\r\n.\r\n"),
        "{wire}"
    );

    // Without early octets the same program gives up.
    let silent = slow_konnektor(false).await;
    let mut pop3 = silent.pop3("B").await.unwrap();
    pop3.ask("RETR 1", "+OK").await.unwrap();
    assert!(tokio::time::timeout(GIVES_UP_AFTER, pop3.octets()).await.is_err());
}

/// Spec: none — slow parts overlap
#[tokio::test(flavor = "multi_thread")]
async fn recipients_are_looked_up_while_the_mail_still_arrives() {
    let practice = Practice::start().await.unwrap();
    let (a, b) = (address(&practice, "A"), address(&practice, "B"));
    let directory = practice.testbed.world().directory();
    let mut smtp = practice.smtp("A").await.unwrap();
    smtp.ask(&format!("MAIL FROM:<{a}>"), "250").await.unwrap();
    smtp.ask(&format!("RCPT TO:<{b}>"), "250").await.unwrap();
    smtp.ask("DATA", "354").await.unwrap();

    let entries = directory.find(&b.parse().unwrap());
    let is_about_b = |filter: &Filter| entries.iter().any(|entry| filter.matches(entry));
    let asked = || directory.searches().iter().filter(|filter| is_about_b(filter)).count();
    let looked_up = async {
        while asked() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looked_up)
        .await
        .expect("a search before the mail is there");
    smtp.send_message(&mail(&a, &b, "Befund", "Inhalt\r\n")).await.unwrap();
    let reply = smtp.expect("", "DATA").await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
}
