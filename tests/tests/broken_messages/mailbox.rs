//! The KIM of death: a mailbox full of messages that are made to stop a Clientmodul at every fetch.

use std::collections::HashSet;

use kim_examples::{Blocking, ProxyProcess};
use kim_flow::Rules;
use kim_smime::outer_version;
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

/// The octets without line ends, which every program writes in its own way.
fn flat(octets: &[u8]) -> Vec<u8> {
    octets.iter().copied().filter(|octet| !b"\r\n".contains(octet)).collect()
}

fn beginning(octets: &[u8]) -> &[u8] {
    &octets[..octets.len().min(100)]
}

/// What a reader has of a fetched mail: whether it came as a KOM-LE message, and the message that is in it if it was not opened.
struct Readable {
    is_kom_le: bool,
    inside: Option<Vec<u8>>,
}

/// Checks that a reader is told what became of a mail.
fn readable(mail: &[u8], what: &str) -> Readable {
    assert!(!mail.is_empty(), "{what}: an empty mail");
    let end = mail.windows(4).position(|octets| octets == b"\r\n\r\n").unwrap_or(mail.len());
    let header = String::from_utf8_lossy(&mail[..end]).into_owned();
    let values = |name: &str| -> Vec<String> {
        let start = format!("{name}: ");
        header.lines().filter_map(|line| line.strip_prefix(&start)).map(str::to_owned).collect()
    };
    let (results, codes) = (values("X-KIM-DecryptionResult"), values("X-KIM-Fehlermeldung"));
    let is_kom_le = !results.is_empty() || !codes.is_empty();
    // What is not about the decryption, such as an unknown version, has a code only.
    assert!(!is_kom_le || results.len() == 1 || (results.is_empty() && codes.len() == 1), "{what}: {header}");
    if !is_kom_le || results == ["00"] {
        return Readable { is_kom_le, inside: None };
    }
    assert_eq!(values("Subject").len(), 1, "{what}: {header}");
    let boundary = header.split_once("boundary=\"").and_then(|(_, rest)| rest.split_once('"'));
    let (boundary, _) = boundary.unwrap_or_else(|| panic!("{what}: {header}"));
    let find = |part: &str, from: usize| {
        let found = mail[from..].windows(part.len()).position(|octets| octets == part.as_bytes());
        from + found.unwrap_or_else(|| panic!("{what}: no {part:?} in a substitute"))
    };
    let part = find(&format!("--{boundary}\r\nContent-Type: message/rfc822\r\n"), end);
    let (start, end) = (find("\r\n\r\n", part), find(&format!("\r\n--{boundary}--"), part));
    Readable { is_kom_le, inside: Some(flat(&mail[start..end])) }
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
    // As it comes from a mail server: the last line has its end, which makes a line of 1 MiB longer than a header may be.
    let is_kom_le = |message: &[u8]| !matches!(outer_version(&[message, b"\r\n"].concat().into()), Ok(None));
    let kom_le = marks.len() + poison.iter().filter(|(_, message)| is_kom_le(message)).count();
    let received: HashSet<Vec<u8>> = poison.iter().map(|(_, message)| flat(message)).collect();
    let beginnings: HashSet<&[u8]> = received.iter().map(|message| beginning(message)).collect();
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
            for mark in &marks {
                let arrived = mails.iter().filter(|mail| mail.ends_with(mark.as_bytes())).count();
                assert_eq!(arrived, 1, "{what}: a good mail is not whole: {mark}");
            }
            let read: Vec<_> = mails.iter().map(|mail| readable(mail, &what)).collect();
            let told = read.iter().filter(|mail| mail.is_kom_le).count();
            assert_eq!(told, kom_le, "{what}: of how many mails somebody says what became of them");
            for inside in read.into_iter().filter_map(|mail| mail.inside) {
                // fetchmail changes lines that are longer than its buffer, curl lines that are dots only.
                let changes = matches!(fetcher, Fetcher::Fetchmail | Fetcher::Curl);
                let is_whole = changes || received.contains(&inside);
                assert!(
                    is_whole && beginnings.contains(beginning(&inside)),
                    "{what}: {}",
                    inside.escape_ascii()
                );
            }
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
