//! Uploads that fail: the client gets the prescribed reply, the MTA nothing, and nothing is left behind.

use std::time::{Duration, SystemTime};

use kim_examples::Blocking;
use kim_flow::{Call, Rules, receive};
use kim_smime::IntegrityMode;
use kim_testbed::fachdienst::{KasFault, KasOperation, MailFault, SmtpCommand};
use kim_testbed::konnektor::{Fault, Injection, Operation};
use kim_testbed::{TestbedConfig, Times, World};
use kim_tests::mail;
use kim_types::Octets;
use openssl::symm::{Cipher, decrypt_aead};

use crate::office::Office;

const FAILED: &str = "451 4.4.0 Die E-Mail-Daten konnten nicht zum KAS uebertragen werden";
const FULL: &str = "521 5.2.2 Der Speicher fuer grosse Nachrichten ist voll";

/// What the attachment service does, and what the client is told.
fn faults() -> Vec<(KasFault, &'static str)> {
    let failed = [400, 401, 404, 413, 429, 500, 503].map(KasFault::Status);
    let other = [
        KasFault::Early(413),
        KasFault::Early(500),
        KasFault::Silence,
        KasFault::Redirect("https://127.0.0.1:9/attachments/v2.4/attachment/".to_owned()),
        KasFault::Truncated(0),
        KasFault::Truncated(5),
        KasFault::Corrupted,
        KasFault::WrongLength,
        KasFault::Slow(Duration::from_secs(3600)),
    ];
    let failed = failed.into_iter().chain(other).map(|fault| (fault, FAILED));
    failed.chain([(KasFault::Status(507), FULL), (KasFault::Early(507), FULL)]).collect()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19363-03, A_22419-01
#[tokio::test(flavor = "multi_thread")]
async fn every_fault_has_its_reply_and_leaves_nothing() {
    let office = Office::open().await;
    let world = office.practice.testbed.world();
    let large = office.large_mail();
    for (fault, expected) in faults() {
        world.kas().faults().add(KasOperation::Add, Times::ONCE, fault.clone());
        let resets = world.mta().transcript().count(SmtpCommand::Rset);
        assert_eq!(office.send(&large).await, expected, "{fault:?}");
        assert!(world.mta().transcript().count(SmtpCommand::Rset) > resets, "{fault:?}");
        office.assert_clean(&format!("{fault:?}")).await;
    }
    assert_eq!(world.mta().transcript().count(SmtpCommand::Mail), 0);
    assert_eq!(world.konnektor().count(Operation::SignDocument), 0);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22419-01
#[tokio::test(flavor = "multi_thread")]
async fn a_full_storage_is_said_and_the_next_mail_on_the_connection_goes_out() {
    let office = Office::open().await;
    office.practice.testbed.world().kas().limit_storage(1000);
    let mut smtp = office.practice.smtp("A").await.unwrap();
    let (a, e) = (office.a.as_str(), office.e.as_str());
    let reply = office.practice.send(&mut smtp, a, &[e], &office.large_mail()).await.unwrap();
    assert_eq!(reply, FULL);
    let small = mail(a, e, "klein", "klein\r\n");
    assert!(office.practice.send(&mut smtp, a, &[e], &small).await.unwrap().starts_with("250"));
    office.assert_clean("a full storage").await;
    assert_eq!(office.practice.fetch_all("E").await.unwrap().len(), 1);
}

/// What lies on the attachment service is ciphertext, with what the recipients need in the message only.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19357-02, A_19359-07, A_19360-02, A_19364-02, A_19365-02, A_23467, A_22417-01
#[tokio::test(flavor = "multi_thread")]
async fn a_large_mail_is_stored_encrypted_and_a_small_message_names_it() {
    let office = Office::open().await;
    let large = office.large_mail();
    assert!(office.send(&large).await.starts_with("250"));
    office.assert_no_file("a mail");
    let world = office.practice.testbed.world();
    let [stored] = <[_; 1]>::try_from(world.kas().stored()).unwrap_or_else(|_| panic!("one"));
    assert_eq!(stored.recipients, std::slice::from_ref(&office.e));
    assert_eq!(stored.account.as_str(), office.a);
    assert!(!stored.data.windows(5).any(|window| window == b"Zeile"));
    let message = world.mailbox(&office.e.parse().unwrap()).unwrap().mails();
    let message = String::from_utf8(message.first().unwrap().octets.to_vec()).unwrap();
    let field = |name: &str| {
        let line = message.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("{name} is missing")).to_owned()
    };
    assert_eq!(field("X-KOM-LE-Version"), "1.5");
    assert_eq!(field("X-KIM-KAS-EncSize"), stored.data.len().to_string());
    assert_eq!(field("X-KIM-KAS-Size"), (stored.data.len() - 28).to_string());
    assert_eq!((field("Expires"), field("Message-ID")), (stored.expires, stored.message_id));
    assert!(message.len() < 20_000, "{} octets", message.len());
}

/// The key of mail data, as its recipient reads it in the message.
fn key(office: &Office, message: &Octets) -> Vec<u8> {
    // The same seed: the same keys, and a Konnektor that answers without TLS.
    let world = World::new(TestbedConfig::default().seed);
    let kas_link_hosts = vec![office.practice.testbed.kas_addr().to_string()];
    // Who signed is no matter here.
    let rules = Rules { kas_link_hosts, on_integrity_failure: IntegrityMode::Deliver, ..Rules::default() };
    let driver = Blocking::new(&world, world.account("E").unwrap(), rules, SystemTime::now()).unwrap();
    let mut step = receive::start(driver.run([1; 16]), message.clone().into());
    loop {
        step = match step {
            receive::Step::Call(Call::Download(ask)) => return ask.question().key.expose().to_vec(),
            receive::Step::Call(call) => driver.answer(call),
            receive::Step::Done(delivered) => panic!("{:?}", delivered.outcome),
        }
    }
}

/// The same mail twice: what is stored has nothing in common, and each key opens its own.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19358-01, A_19360-02
#[tokio::test(flavor = "multi_thread")]
async fn every_upload_has_a_key_and_an_iv_of_its_own() {
    let office = Office::open().await;
    let large = office.large_mail();
    for _ in 0..2 {
        assert!(office.send(&large).await.starts_with("250"));
    }
    let world = office.practice.testbed.world();
    let stored = world.kas().stored();
    let messages = world.mailbox(&office.e.parse().unwrap()).unwrap().mails();
    let keys: Vec<_> =
        messages.iter().map(|mail| key(&office, &Octets::from(mail.octets.to_vec()))).collect();
    assert_eq!((keys.len(), stored.len()), (2, 2));
    assert_ne!(keys[0], keys[1], "the key");
    assert_ne!(stored[0].data[..12], stored[1].data[..12], "the initialisation vector");
    let opened = |key: &[u8]| {
        let open = |data: &[u8]| {
            let (iv, rest) = data.split_at(12);
            let (ciphertext, tag) = rest.split_at(rest.len() - 16);
            decrypt_aead(Cipher::aes_256_gcm(), key, Some(iv), &[], ciphertext, tag).is_ok()
        };
        stored.iter().filter(|one| open(&one.data)).count()
    };
    assert_eq!(keys.iter().map(|key| opened(key)).collect::<Vec<_>>(), [1, 1], "each opens one");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2021, A_19363-03 (what was uploaded is removed)
#[tokio::test(flavor = "multi_thread")]
async fn a_konnektor_that_fails_after_the_upload_leaves_nothing() {
    let office = Office::open().await;
    let konnektor = office.practice.testbed.world().konnektor();
    for operation in [Operation::SignDocument, Operation::EncryptDocument] {
        // Which is not asked again within the mail.
        konnektor.inject(operation, Times::ONCE, Injection::Fault(Fault::new(4123)));
        let reply = office.send(&office.large_mail()).await;
        assert!(reply.starts_with("451 4.7.5"), "{operation:?}: {reply}");
        office.assert_clean(&format!("{operation:?}")).await;
    }
    assert_eq!(office.practice.testbed.world().kas().count(KasOperation::Delete), 2);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019; deltas Q8
#[tokio::test(flavor = "multi_thread")]
async fn an_mta_that_refuses_is_quoted_and_leaves_nothing() {
    let office = Office::open().await;
    let mta = office.practice.testbed.world().mta();
    for command in [SmtpCommand::Mail, SmtpCommand::Rcpt, SmtpCommand::Data, SmtpCommand::Message] {
        let refusal = "554 5.7.1 Nicht mit uns";
        mta.faults().add(command, Times::ONCE, MailFault::Reply(refusal.to_owned()));
        assert_eq!(office.send(&office.large_mail()).await, refusal, "{command:?}");
        office.assert_clean(&format!("{command:?}")).await;
    }
    // The next one is taken, and stays.
    assert!(office.send(&office.large_mail()).await.starts_with("250"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(office.stored(), 1);
}
