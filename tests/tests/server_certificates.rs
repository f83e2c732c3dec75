//! The Konnektor is asked about the certificates of mail servers, and may be in trouble itself.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_testbed::Times;
use kim_testbed::konnektor::{Fault, Injection, Operation};
use kim_tests::{Practice, mail};

async fn a_mail_goes_through(practice: &Practice) {
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let mut smtp = practice.smtp("A").await.unwrap();
    let text = mail(&a, &format!("<{b}>"), "Befund", "Inhalt\r\n");
    let reply = practice.send(&mut smtp, &a, &[&b], &text).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(practice.fetch_all("B").await.unwrap().len(), 1);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22348, A_24063
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_found_valid_stays_so_while_the_check_fails() {
    let practice = Practice::start().await.unwrap();
    let konnektor = practice.testbed.world().konnektor();
    a_mail_goes_through(&practice).await;
    let asked = konnektor.count(Operation::VerifyCertificate);
    for trouble in [Injection::Fault(Fault::new(4001)), Injection::HttpStatus(503), Injection::Close] {
        konnektor.inject(Operation::VerifyCertificate, Times::ALWAYS, trouble);
    }
    a_mail_goes_through(&practice).await;
    assert_eq!(konnektor.count(Operation::VerifyCertificate), asked, "the verdict is remembered");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-03, A_24063
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_server_waits_until_the_check_works_again() {
    let practice = Practice::start().await.unwrap();
    let konnektor = practice.testbed.world().konnektor();
    for trouble in [Injection::Fault(Fault::new(4001)), Injection::HttpStatus(503)] {
        konnektor.inject(Operation::VerifyCertificate, Times::ALWAYS, trouble);
        let refused = practice.smtp("A").await.err().unwrap();
        assert!(refused.contains("454"), "{refused}");
        konnektor.clear_injections();
    }
    a_mail_goes_through(&practice).await;
}

/// A Konnektor that reaches no revocation service knows nothing against the server: that is enough, and not remembered.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-03, A_22348, A_24063
#[tokio::test(flavor = "multi_thread")]
async fn an_inconclusive_check_is_enough_for_one_session() {
    let practice = Practice::start().await.unwrap();
    let konnektor = practice.testbed.world().konnektor();
    konnektor.configure(|config| config.offline = true);
    for sessions in 1..=2 {
        practice.smtp("A").await.unwrap();
        assert_eq!(konnektor.count(Operation::VerifyCertificate), sessions);
    }
    konnektor.configure(|config| config.offline = false);
    a_mail_goes_through(&practice).await;
}
