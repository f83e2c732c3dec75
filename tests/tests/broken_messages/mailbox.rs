//! The KIM of death: a mailbox full of messages that are made to stop a Clientmodul at every fetch.

use kim_examples::{Blocking, ProxyProcess};
use kim_flow::Rules;
use kim_testbed::{Testbed, TestbedConfig};
use kim_tests::peers::{Fetcher, Login};
use kim_types::{Envelope, Recipient};

use crate::Office;
use crate::office::now;
use crate::poison::poison;

/// One of so many mails is a good one.
const GOOD: usize = 10;
/// How much more memory the proxy may have after the second fetches than it ever had after the first, in octets.
const GROWTH: u64 = 16 << 20;

/// What the last octets of a good mail are.
fn mark(number: usize) -> String {
    format!("\r\n\r\nGuter Befund {number}\r\n")
}

/// A mail as practice A sends it.
fn good(office: &Office, number: usize) -> Vec<u8> {
    let (from, to) = (office.account("A"), office.account("B"));
    let mail = format!("From: <{}>\r\nTo: <{}>\r\nSubject: Befund{}", from.address, to.address, mark(number));
    let envelope = Envelope {
        sender: from.address.clone(),
        size: None,
        ret: None,
        envid: None,
        recipients: vec![Recipient::new(to.address.clone())],
    };
    let driver = Blocking::new(&office.world, from, Rules::default(), now()).unwrap();
    let protected = driver.protect(envelope, mail.into_bytes().into(), [7; 16]).unwrap();
    protected.message.whole().unwrap().to_bytes().to_vec()
}

/// What a reader is told about a mail.
fn results(mail: &[u8]) -> Vec<String> {
    let mail = String::from_utf8_lossy(mail);
    let header = mail.split_once("\r\n\r\n").map_or(&*mail, |(header, _)| header);
    let fields = ["X-KIM-DecryptionResult", "X-KIM-IntegrityCheckResult", "X-KIM-Fehlermeldung"];
    header
        .lines()
        .filter(|line| fields.iter().any(|name| line.starts_with(name)))
        .map(str::to_owned)
        .collect()
}

/// What a program said last; before that stand the mails it got.
fn end_of(error: &str) -> &str {
    let start = error.len().saturating_sub(2000);
    error.get(start..).unwrap_or(error)
}

/// Real programs fetch everything in one session each, twice.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02, KOM-LE-A_2047-02, KOM-LE-A_2050-06
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_poison_mails_keep_no_program_from_the_good_ones() {
    let Some(program) = kim_tests::proxy_program() else { return };
    // The same seed: the keys of the messages are those of the testbed.
    let office = Office::new();
    let testbed = Testbed::start(TestbedConfig { seed: 1, ..TestbedConfig::default() }).await.unwrap();
    let poison = poison(&office);
    assert!(poison.len() >= 200, "{} messages", poison.len());
    let account = testbed.world().account("B").unwrap();
    let mailbox = testbed.world().mailbox(&account.address).unwrap();
    let mut marks = Vec::new();
    for (number, (_, message)) in poison.iter().enumerate() {
        if number % GOOD == 0 {
            mailbox.put(good(&office, number));
            marks.push(mark(number));
        }
        mailbox.put(message.clone());
    }
    let count = poison.len() + marks.len();
    let proxy = ProxyProcess::start(&program, &testbed).unwrap();
    let login = Login::new(account, proxy.pop3, account.pop3_user_name(testbed.pop3_addr()));
    let (mut first, mut greatest) = (None, 0);
    for round in 0..2 {
        for fetcher in Fetcher::ALL {
            let fetched = tokio::task::block_in_place(|| fetcher.fetch_all(&login, count));
            let fetched = fetched.unwrap_or_else(|error| panic!("{fetcher:?}: {}", end_of(&error)));
            let Some(mails) = fetched else { continue };
            let what = format!("{fetcher:?}, round {round}");
            assert_eq!(mails.len(), count, "{what}");
            let arrived =
                mails.iter().filter(|mail| marks.iter().any(|mark| mail.ends_with(mark.as_bytes())));
            assert_eq!(arrived.count(), marks.len(), "{what}: a good mail is not whole");
            let mut results: Vec<_> = mails.iter().map(|mail| results(mail)).collect();
            // Not every program keeps the order.
            results.sort();
            // Where the system does not tell, it is 0 each time.
            let (memory, peak) = proxy.memory().unwrap_or_default();
            println!("{what}: {} MiB, {} MiB at most", memory >> 20, peak >> 20);
            assert_eq!(*first.get_or_insert(results.clone()), results, "{what}: not as at the first fetch");
            if round == 0 {
                greatest = greatest.max(memory);
            } else {
                assert!(memory < greatest + GROWTH, "{what}: {memory} octets after {greatest}");
            }
        }
    }
}
