//! Two mails on one connection have nothing to do with each other.

use kim_testbed::Times;
use kim_testbed::fachdienst::SmtpCommand;
use kim_testbed::konnektor::{Fault, Injection, Operation};
use kim_tests::{Practice, mail};

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2018, KOM-LE-A_2019
#[tokio::test(flavor = "multi_thread")]
async fn the_recipients_of_the_first_do_not_get_the_second() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b, e) = (address("A"), address("B"), address("E"));
    let mut smtp = practice.smtp("A").await.unwrap();
    for (to, text) in [(&b, "erste"), (&e, "zweite")] {
        let reply = practice.send(&mut smtp, &a, &[to], &mail(&a, to, text, text)).await.unwrap();
        assert!(reply.starts_with("250"), "{reply}");
    }
    smtp.ask("QUIT", "221").await.unwrap();
    for (name, text, other) in [("B", "erste", "zweite"), ("E", "zweite", "erste")] {
        let mails = practice.fetch_all(name).await.unwrap();
        let [only] = mails.as_slice() else { panic!("{name} has {} mails", mails.len()) };
        let only = String::from_utf8_lossy(only);
        assert!(only.contains(text) && !only.contains(other), "{name}: {only}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2018
#[tokio::test(flavor = "multi_thread")]
async fn after_rset_a_new_mail_starts_from_nothing() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b, e) = (address("A"), address("B"), address("E"));
    let mut smtp = practice.smtp("A").await.unwrap();
    smtp.ask(&format!("MAIL FROM:<{a}>"), "250").await.unwrap();
    smtp.ask(&format!("RCPT TO:<{b}>"), "250").await.unwrap();
    smtp.ask("RSET", "250").await.unwrap();
    smtp.ask("DATA", "503").await.unwrap();
    practice.send(&mut smtp, &a, &[&e], &mail(&a, &e, "x", "x")).await.unwrap();
    assert_eq!(practice.fetch_all("B").await.unwrap().len(), 0);
    assert_eq!(practice.fetch_all("E").await.unwrap().len(), 1);
}

/// The client is told to try again, the MTA is reset, and both connections stay.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2021
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_not_signed_or_not_encrypted_leaves_both_connections_as_they_were() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let (konnektor, mta) = (practice.testbed.world().konnektor(), practice.testbed.world().mta());
    let mut smtp = practice.smtp("A").await.unwrap();
    for (round, operation) in (1..).zip([Operation::SignDocument, Operation::EncryptDocument]) {
        konnektor.inject(operation, Times::ONCE, Injection::Fault(Fault::new(4123)));
        let reply = practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", "erste")).await.unwrap();
        assert!(reply.starts_with("451 4.7.5"), "{operation:?}: {reply}");
        assert_eq!(mta.transcript().count(SmtpCommand::Rset), round, "{operation:?}");
        let reply = practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", "zweite")).await.unwrap();
        assert!(reply.starts_with("250"), "{operation:?}: {reply}");
    }
    assert_eq!(mta.transcript().count(SmtpCommand::Auth), 1, "all of it through one login");
    let mails = practice.fetch_all("B").await.unwrap();
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().all(|mail| String::from_utf8_lossy(mail).contains("zweite")));
}

/// The second mail finds everything as the first one left it.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2026, KOM-LE-A_2061, KOM-LE-A_2076
#[tokio::test(flavor = "multi_thread")]
async fn certificates_cards_and_the_service_directory_are_asked_for_once() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let (konnektor, directory) = (practice.testbed.world().konnektor(), practice.testbed.world().directory());
    let asked = || {
        let operations =
            [Operation::ServiceDirectory, Operation::ReadCardCertificate, Operation::VerifyCertificate];
        (
            operations.map(|operation| konnektor.count(operation)),
            directory.binds(),
            directory.searches().len(),
        )
    };
    let mut first = None;
    for _ in 0..2 {
        let mut smtp = practice.smtp("A").await.unwrap();
        let reply = practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", "x")).await.unwrap();
        assert!(reply.starts_with("250"), "{reply}");
        smtp.ask("QUIT", "221").await.unwrap();
        assert_eq!(practice.fetch_all("B").await.unwrap().len(), 1);
        assert_eq!(*first.get_or_insert_with(asked), asked());
    }
    assert_ne!(first.unwrap().2, 0, "the first one has to ask");
}
