//! Several Konnektors serve one practice: they share the work, and when one is lost another one does it.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::sync::Arc;

use kim_examples::testbed_settings;
use kim_testbed::directory::{DirectoryFault, DirectoryOperation};
use kim_testbed::konnektor::{Fault, Injection, Konnektor, Operation, PinStatus};
use kim_testbed::pki::{Card, Holder, KeyType};
use kim_testbed::{Testbed, TestbedConfig, Times};
use kim_tests::{Practice, mail};

/// A practice with two Konnektors of these weights that reach the same cards. Mail servers and accounts are the first's.
async fn practice(weights: [u32; 2]) -> (Practice, Testbed) {
    let other = Testbed::start(TestbedConfig::default()).await.unwrap();
    let practice = Practice::with_testbed(TestbedConfig::default(), |_, settings| {
        settings.konnektors.push(testbed_settings(&other).unwrap().konnektors.remove(0));
        for (konnektor, weight) in settings.konnektors.iter_mut().zip(weights) {
            konnektor.weight = weight;
        }
    });
    (practice.await.unwrap(), other)
}

fn konnektors<'a>(practice: &'a Practice, other: &'a Testbed) -> [&'a Konnektor; 2] {
    [practice.testbed.world().konnektor(), other.world().konnektor()]
}

/// Sends mails from A to B in one session and gives the replies to DATA.
async fn send(practice: &Practice, count: usize) -> Vec<String> {
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let mut smtp = practice.smtp("A").await.unwrap();
    let text = mail(&a, &format!("<{b}>"), "Befund", "Inhalt\r\n");
    let mut replies = Vec::new();
    for _ in 0..count {
        replies.push(practice.send(&mut smtp, &a, &[&b], &text).await.unwrap());
    }
    replies
}

async fn mails_go_through(practice: &Practice, count: usize) {
    let replies = send(practice, count).await;
    assert!(replies.iter().all(|reply| reply.starts_with("250")), "{replies:?}");
    let fetched = practice.fetch_all("B").await.unwrap();
    let fetched: Vec<String> = fetched.into_iter().map(|mail| String::from_utf8(mail).unwrap()).collect();
    let opened =
        |mail: &String| mail.contains("X-KIM-DecryptionResult: 00\r\n") && mail.ends_with("Inhalt\r\n");
    assert!(fetched.len() == count && fetched.iter().all(opened), "{fetched:?}");
}

/// Spec: none — sharing of work is our own.
#[tokio::test(flavor = "multi_thread")]
async fn mails_are_shared_by_weight() {
    let (practice, other) = practice([3, 1]).await;
    mails_go_through(&practice, 8).await;
    let signed = konnektors(&practice, &other).map(|one| one.count(Operation::SignDocument));
    assert_eq!(signed, [6, 2]);
}

/// Wherever a Konnektor is lost, the mail goes through, and there is one signature of each mail.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2052, KOM-LE-A_2076
#[tokio::test(flavor = "multi_thread")]
async fn a_konnektor_that_is_lost_is_replaced_within_the_same_mail() {
    for lost in [
        Operation::ServiceDirectory,
        Operation::GetCards,
        Operation::GetPinStatus,
        Operation::GetJobNumber,
        Operation::EncryptDocument,
        Operation::DecryptDocument,
        Operation::VerifyDocument,
    ] {
        let (practice, other) = practice([1, 0]).await;
        let [first, second] = konnektors(&practice, &other);
        for injection in [Injection::Close, Injection::HttpStatus(503)] {
            first.inject(lost, Times::ALWAYS, injection);
        }
        mails_go_through(&practice, 1).await;
        let signed = first.count(Operation::SignDocument) + second.count(Operation::SignDocument);
        assert_eq!(signed, 1, "{lost:?}");
        assert!(second.count(lost) > 0, "{lost:?}");
    }
}

/// A page in between answers everything with 200.
///
/// Spec: none — robustness.
#[tokio::test(flavor = "multi_thread")]
async fn a_konnektor_behind_a_page_of_a_proxy_is_replaced() {
    for lost in [Operation::ServiceDirectory, Operation::GetCards, Operation::DecryptDocument] {
        let (practice, other) = practice([1, 0]).await;
        let [first, second] = konnektors(&practice, &other);
        first.inject(lost, Times::ALWAYS, Injection::HttpStatus(200));
        mails_go_through(&practice, 1).await;
        assert!(second.count(lost) > 0, "{lost:?}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2021
#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_may_have_been_made_is_not_asked_for_again() {
    let (practice, other) = practice([1, 0]).await;
    let [first, second] = konnektors(&practice, &other);
    first.inject(Operation::SignDocument, Times::ALWAYS, Injection::Close);
    let replies = send(&practice, 1).await;
    assert!(replies.iter().all(|reply| reply.starts_with("451")), "{replies:?}");
    assert_eq!([first, second].map(|one| one.count(Operation::SignDocument)), [1, 0]);
    // Whether to send it again is for the person to decide; then the other Konnektor signs.
    mails_go_through(&practice, 1).await;
    assert_eq!([first, second].map(|one| one.count(Operation::SignDocument)), [1, 1]);
}

/// One trouble was passed over before the signature, another one comes after it.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2021
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_signed_is_not_signed_by_another_konnektor() {
    let (practice, other) = practice([1, 0]).await;
    let [first, second] = konnektors(&practice, &other);
    // A second card makes it necessary to read the certificates, of which there are two.
    let holder = Holder::institution("Praxis B", "9-TESTBED-99".parse().unwrap());
    let (iccsn, keys) = ("80276009990000000099".parse().unwrap(), [KeyType::Rsa, KeyType::Brainpool]);
    let card = Card::smb(practice.testbed.world().pki(), iccsn, &holder, &keys);
    let mandant = practice.account("A").unwrap().context.mandant.clone();
    first.insert(Arc::new(card), &[mandant], PinStatus::Verifiable).unwrap();
    first.inject(Operation::ReadCardCertificate, Times::ONCE, Injection::HttpStatus(503));
    first.inject(Operation::EncryptDocument, Times::ALWAYS, Injection::Fault(Fault::new(4001)));
    let replies = send(&practice, 1).await;
    assert!(replies.iter().all(|reply| reply.starts_with("451")), "{replies:?}");
    assert!(first.count(Operation::ReadCardCertificate) > 1);
    assert_eq!([first, second].map(|one| one.count(Operation::SignDocument)), [1, 0]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2026-01
#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_looked_up_behind_the_other_konnektor() {
    let (practice, other) = practice([1, 0]).await;
    let faults = practice.testbed.world().directory().faults();
    faults.add(DirectoryOperation::Search, Times::ALWAYS, DirectoryFault::Close);
    mails_go_through(&practice, 1).await;
    assert!(!other.world().directory().searches().is_empty());
    assert_eq!(konnektors(&practice, &other).map(|one| one.count(Operation::SignDocument)), [1, 0]);
}
