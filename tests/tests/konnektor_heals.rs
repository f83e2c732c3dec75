//! What happens to Konnektors and cards in a practice: after each, mails go through again without a restart.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_clientmodul::Settings;
use kim_testbed::directory::{DirectoryFault, DirectoryOperation};
use kim_testbed::konnektor::{Fault, Injection, Konnektor, Operation, PinStatus, Vendor};
use kim_testbed::{Testbed, TestbedConfig, Times};
use kim_tests::Practice;
use kim_tls::{Identity, Pins, ServerTrust, client_config};

async fn practice() -> Practice {
    Practice::start().await.unwrap()
}

fn konnektor(practice: &Practice) -> &Konnektor {
    practice.testbed.world().konnektor()
}

/// Sends a mail from A to B and gives the reply to DATA.
async fn send(practice: &Practice) -> String {
    practice.send_from_a_to_b().await.unwrap()
}

/// Fetches what B has.
async fn fetch(practice: &Practice) -> Vec<String> {
    let fetched = practice.fetch_all("B").await.unwrap();
    fetched.into_iter().map(|mail| String::from_utf8(mail).unwrap()).collect()
}

async fn a_mail_goes_through(practice: &Practice) {
    practice.a_mail_goes_through().await.unwrap();
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076
#[tokio::test(flavor = "multi_thread")]
async fn services_that_moved_are_found_within_the_same_mail() {
    let practice = practice().await;
    a_mail_goes_through(&practice).await;
    for vendor in [Vendor::Rise, Vendor::KocoBox, Vendor::Secunet] {
        konnektor(&practice).configure(|config| config.vendor = vendor);
        let before = konnektor(&practice).count(Operation::ServiceDirectory);
        a_mail_goes_through(&practice).await;
        assert_eq!(konnektor(&practice).count(Operation::ServiceDirectory), before + 1, "{vendor:?}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076
#[tokio::test(flavor = "multi_thread")]
async fn a_konnektor_that_is_absent_at_first_is_used_when_it_comes() {
    let practice = practice().await;
    konnektor(&practice).inject(Operation::ServiceDirectory, Times::ALWAYS, Injection::HttpStatus(503));
    // Even the login has to wait: nobody else says that the mail server's certificate is valid.
    let refused = practice.smtp("A").await.err().unwrap();
    assert!(refused.contains("454"), "{refused}");
    konnektor(&practice).clear_injections();
    a_mail_goes_through(&practice).await;
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2058, KOM-LE-A_2061
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_changes_all_handles_and_forgets_all_pins() {
    let practice = practice().await;
    a_mail_goes_through(&practice).await;
    let card = |name: &str| practice.account(name).unwrap().iccsn.clone();
    let handles = || [card("A"), card("B")].map(|iccsn| konnektor(&practice).card_handle(&iccsn).unwrap());
    let (before, prompts) = (handles(), konnektor(&practice).count(Operation::VerifyPin));
    konnektor(&practice).restart();
    assert!(handles().iter().zip(&before).all(|(now, then)| now != then));
    a_mail_goes_through(&practice).await;
    assert_eq!(konnektor(&practice).count(Operation::VerifyPin), prompts + 2, "one for each card");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2061, A_22348
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_was_pulled_is_found_again_without_reading_its_certificates() {
    let practice = practice().await;
    a_mail_goes_through(&practice).await;
    let iccsn = practice.account("B").unwrap().iccsn.clone();
    let certificates = konnektor(&practice).count(Operation::ReadCardCertificate);
    konnektor(&practice).replug(&iccsn).unwrap();
    a_mail_goes_through(&practice).await;
    assert_eq!(konnektor(&practice).count(Operation::ReadCardCertificate), certificates);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2057, KOM-LE-A_2062, KOM-LE-A_2047 (01)
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_out_delays_mails_and_loses_none() {
    let practice = practice().await;
    let reply = send(&practice).await;
    assert!(reply.starts_with("250"), "{reply}");
    let iccsn = practice.account("B").unwrap().iccsn.clone();
    konnektor(&practice).remove(&iccsn);
    let mut pop3 = practice.pop3("B").await.unwrap();
    pop3.ask("RETR 1", "+OK").await.unwrap();
    let substitute = String::from_utf8(pop3.message().await.unwrap()).unwrap();
    assert!(substitute.contains("X-KIM-DecryptionResult: 01\r\n"), "{substitute}");
    pop3.ask("QUIT", "+OK").await.unwrap();
    konnektor(&practice).replug(&iccsn).unwrap();
    let fetched = fetch(&practice).await;
    assert!(fetched.iter().all(|mail| mail.ends_with("Inhalt\r\n")) && fetched.len() == 1, "{fetched:?}");

    let iccsn = practice.account("A").unwrap().iccsn.clone();
    konnektor(&practice).remove(&iccsn);
    let reply = send(&practice).await;
    assert!(reply.starts_with('4'), "{reply}");
    konnektor(&practice).replug(&iccsn).unwrap();
    a_mail_goes_through(&practice).await;
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2058, KOM-LE-A_2063
#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_for_each_pin_once() {
    let practice = practice().await;
    for _ in 0..3 {
        a_mail_goes_through(&practice).await;
    }
    assert_eq!(konnektor(&practice).count(Operation::VerifyPin), 2, "one for each card");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2058
#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_pin_bothers_nobody_and_is_used_when_it_was_unblocked() {
    let practice = practice().await;
    let iccsn = practice.account("A").unwrap().iccsn.clone();
    konnektor(&practice).set_pin_status(&iccsn, PinStatus::Blocked);
    let reply = send(&practice).await;
    assert!(reply.starts_with('4'), "{reply}");
    assert_eq!(konnektor(&practice).count(Operation::VerifyPin), 0);
    konnektor(&practice).set_pin_status(&iccsn, PinStatus::Verifiable);
    a_mail_goes_through(&practice).await;
}

/// Spec: gemSpec_Kon 5.18.0, fault 4252
#[tokio::test(flavor = "multi_thread")]
async fn a_used_job_number_is_replaced_once() {
    let practice = practice().await;
    let used = || Injection::Fault(Fault::new(4252));
    konnektor(&practice).inject(Operation::SignDocument, Times::ONCE, used());
    a_mail_goes_through(&practice).await;
    let counts =
        || [Operation::GetJobNumber, Operation::SignDocument].map(|one| konnektor(&practice).count(one));
    assert_eq!(counts(), [2, 2]);

    konnektor(&practice).inject(Operation::SignDocument, Times::first(2), used());
    let reply = send(&practice).await;
    assert!(reply.starts_with('4'), "{reply}");
    assert_eq!(counts(), [4, 4], "a third attempt would be a blind one");
    a_mail_goes_through(&practice).await;
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2063; gemSpec_Kon 5.18.0, faults 4085 and 4101
#[tokio::test(flavor = "multi_thread")]
async fn a_pin_and_a_handle_that_end_during_decryption_are_renewed_once() {
    let practice = practice().await;
    a_mail_goes_through(&practice).await;
    // The PIN turns out to be verified: nobody is asked.
    for code in [4085, 4101] {
        let before = konnektor(&practice).count(Operation::VerifyPin);
        let decrypted = konnektor(&practice).count(Operation::DecryptDocument);
        konnektor(&practice).inject(
            Operation::DecryptDocument,
            Times::ONCE,
            Injection::Fault(Fault::new(code)),
        );
        a_mail_goes_through(&practice).await;
        assert_eq!(konnektor(&practice).count(Operation::VerifyPin), before, "{code}");
        assert_eq!(konnektor(&practice).count(Operation::DecryptDocument), decrypted + 2, "{code}");
    }
}

/// A handle that ends, and a PIN that is forgotten, between GetCards and the signature.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2052, KOM-LE-A_2058; gemSpec_Kon 5.18.0, faults 4085 and 4101
#[tokio::test(flavor = "multi_thread")]
async fn a_handle_and_a_pin_that_end_before_the_signature_are_renewed_within_the_same_mail() {
    let practice = practice().await;
    a_mail_goes_through(&practice).await;
    let counts = || {
        let operations = [Operation::GetCards, Operation::VerifyPin, Operation::SignDocument];
        operations.map(|operation| konnektor(&practice).count(operation))
    };
    konnektor(&practice).clear_operations();
    a_mail_goes_through(&practice).await;
    let [cards, _, _] = counts();
    for (operation, code, expected) in [
        (Operation::GetPinStatus, 4101, [cards + 1, 0, 1]),
        (Operation::SignDocument, 4101, [cards + 1, 0, 2]),
        (Operation::SignDocument, 4008, [cards + 1, 0, 2]),
        // The PIN turns out to be verified: nobody is asked.
        (Operation::SignDocument, 4085, [cards, 0, 2]),
    ] {
        konnektor(&practice).clear_operations();
        konnektor(&practice).inject(operation, Times::ONCE, Injection::Fault(Fault::new(code)));
        a_mail_goes_through(&practice).await;
        assert_eq!(counts(), expected, "{operation:?} {code}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2021; gemSpec_Kon 5.18.0, fault 4101
#[tokio::test(flavor = "multi_thread")]
async fn a_handle_that_stays_invalid_is_tried_twice_and_no_more() {
    let practice = practice().await;
    let invalid = Injection::Fault(Fault::new(4101));
    konnektor(&practice).inject(Operation::SignDocument, Times::ALWAYS, invalid);
    let reply = send(&practice).await;
    assert!(reply.starts_with("451"), "{reply}");
    assert_eq!(konnektor(&practice).count(Operation::SignDocument), 2);
    konnektor(&practice).clear_injections();
    a_mail_goes_through(&practice).await;
}

/// Spec: gemSpec_Kon 5.18.0, faults 4001 and 4060
#[tokio::test(flavor = "multi_thread")]
async fn a_busy_terminal_is_asked_again_but_never_for_a_signature() {
    let practice = practice().await;
    let busy = |operation| {
        konnektor(&practice).inject(operation, Times::ONCE, Injection::Fault(Fault::new(4060)));
    };
    for operation in [Operation::GetCards, Operation::EncryptDocument, Operation::DecryptDocument] {
        busy(operation);
    }
    a_mail_goes_through(&practice).await;
    busy(Operation::SignDocument);
    let signed = konnektor(&practice).count(Operation::SignDocument);
    let reply = send(&practice).await;
    assert!(reply.starts_with("451"), "{reply}");
    assert_eq!(konnektor(&practice).count(Operation::SignDocument), signed + 1);
    a_mail_goes_through(&practice).await;
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022
#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_down_delays_mails_and_is_used_when_it_is_back() {
    let practice = practice().await;
    let directory = practice.testbed.world().directory();
    for fault in [DirectoryFault::Close, DirectoryFault::Result(52), DirectoryFault::Result(51)] {
        directory.faults().add(DirectoryOperation::Search, Times::ALWAYS, fault.clone());
        let reply = send(&practice).await;
        assert!(reply.starts_with("451"), "{fault:?}: {reply}");
        directory.faults().clear();
    }
    a_mail_goes_through(&practice).await;
}

/// Trusts the Konnektor's present certificate, and if asked also the next one.
fn pin(testbed: &Testbed, settings: &mut Settings, next: bool) {
    let mut pem = testbed.konnektor_certificate_pem();
    if next {
        pem.push_str(&testbed.konnektor_successor_pem());
    }
    let (file, password) = testbed.konnektor_client_pkcs12();
    let identity = Identity::from_pkcs12(&file, &password).unwrap();
    let trust = ServerTrust::Pins(Pins::from_pem(pem.as_bytes()).unwrap());
    let tls = client_config(trust, Some(&identity)).unwrap();
    settings.konnektors.iter_mut().for_each(|konnektor| konnektor.soap.tls = tls.clone());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070
#[tokio::test(flavor = "multi_thread")]
async fn a_konnektor_may_change_to_a_certificate_that_is_pinned_beside_the_old_one() {
    let prepared = Practice::with_testbed(TestbedConfig::default(), |testbed, settings| {
        pin(testbed, settings, true);
    });
    let practice = prepared.await.unwrap();
    a_mail_goes_through(&practice).await;
    practice.testbed.renew_konnektor_certificate().unwrap();
    a_mail_goes_through(&practice).await;
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070
#[tokio::test(flavor = "multi_thread")]
async fn a_konnektor_with_an_unknown_certificate_gets_no_mail() {
    let practice = practice().await;
    a_mail_goes_through(&practice).await;
    practice.testbed.renew_konnektor_certificate().unwrap();
    konnektor(&practice).clear_operations();
    let reply = send(&practice).await;
    assert!(reply.starts_with("451"), "{reply}");
    assert_eq!(konnektor(&practice).operations(), []);
}
