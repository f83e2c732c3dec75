//! A mail program that breaks off while it fetches: nothing is deleted.

use std::time::Duration;

use kim_testbed::Times;
use kim_testbed::fachdienst::Pop3Command;
use kim_testbed::konnektor::{Injection, Operation};
use kim_tests::{Practice, mail};

use crate::front::until;

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2039
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_deleted_without_quit() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let mut smtp = practice.smtp("A").await.unwrap();
    practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", "Inhalt\r\n")).await.unwrap();
    let world = practice.testbed.world();
    let (konnektor, server) = (world.konnektor(), world.pop3_server());

    // After DELE.
    let mut pop3 = practice.pop3("B").await.unwrap();
    pop3.ask("RETR 1", "+OK").await.unwrap();
    pop3.message().await.unwrap();
    pop3.ask("DELE 1", "+OK").await.unwrap();
    drop(pop3);

    // Inside the mail, and while the Konnektor works on it.
    let mut pop3 = practice.pop3("B").await.unwrap();
    pop3.ask("RETR 1", "+OK").await.unwrap();
    drop(pop3);
    konnektor.inject(Operation::DecryptDocument, Times::ONCE, Injection::Delay(Duration::from_secs(3600)));
    let asked = konnektor.count(Operation::DecryptDocument);
    let mut pop3 = practice.pop3("B").await.unwrap();
    pop3.ask("RETR 1", "+OK").await.unwrap();
    until("the Konnektor is asked", || konnektor.count(Operation::DecryptDocument) > asked).await;
    drop(pop3);

    konnektor.clear_injections();
    assert_eq!(server.transcript().count(Pop3Command::Quit), 0);
    let mails = practice.fetch_all("B").await.unwrap();
    let [only] = mails.as_slice() else { panic!("{} mails", mails.len()) };
    assert!(String::from_utf8_lossy(only).ends_with("Inhalt\r\n"));
}
