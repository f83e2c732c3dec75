//! A Konnektor that is away: logins work, sending says 451, fetching gives a mail that says so, and nothing is lost.

use kim_testbed::Times;
use kim_testbed::konnektor::{Injection, Operation};
use kim_tests::{Practice, mail};

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2021, KOM-LE-A_2047 (03); deltas Q17
#[tokio::test(flavor = "multi_thread")]
async fn sending_is_refused_fetching_explains_and_both_work_again_afterwards() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let text = mail(&a, &b, "Betreff", "Inhalt\r\n");
    let mut smtp = practice.smtp("A").await.unwrap();
    let reply = practice.send(&mut smtp, &a, &[&b], &text).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");

    let konnektor = practice.testbed.world().konnektor();
    for operation in [Operation::GetCards, Operation::SignDocument, Operation::DecryptDocument] {
        konnektor.inject(operation, Times::ALWAYS, Injection::HttpStatus(503));
    }
    let reply = practice.send(&mut smtp, &a, &[&b], &text).await.unwrap();
    assert!(reply.starts_with("451"), "{reply}");
    let mut pop3 = practice.pop3("B").await.unwrap();
    pop3.ask("RETR 1", "+OK").await.unwrap();
    let substitute = String::from_utf8(pop3.message().await.unwrap()).unwrap();
    assert!(substitute.contains("X-KIM-DecryptionResult: 03\r\n"), "{substitute}");
    assert!(substitute.contains("X-KIM-Fehlermeldung: 4011\r\n"), "{substitute}");
    assert!(substitute.contains("smime-type=authenticated-enveloped-data"), "the received message is inside");

    konnektor.clear_injections();
    let reply = practice.send(&mut smtp, &a, &[&b], &text).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    pop3.ask("RETR 1", "+OK").await.unwrap();
    let opened = String::from_utf8(pop3.message().await.unwrap()).unwrap();
    assert!(opened.contains("X-KIM-DecryptionResult: 00\r\n") && opened.ends_with("Inhalt\r\n"), "{opened}");
}
