//! The log has a line when a Konnektor is lost and one when it is back, however many mails want it meanwhile.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::io::Write;
use std::sync::{Arc, Mutex};

use kim_testbed::Times;
use kim_testbed::directory::{DirectoryFault, DirectoryOperation};
use kim_testbed::konnektor::{Injection, Operation};
use kim_tests::{Practice, mail};
use tracing_subscriber::fmt::MakeWriter;

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// How many lines have all of these words; the log is empty then.
    fn take(&self, searches: [&[&str]; 2]) -> [usize; 2] {
        let octets = std::mem::take(&mut *self.0.lock().unwrap());
        let text = String::from_utf8(octets).unwrap();
        searches.map(|words| text.lines().filter(|line| words.iter().all(|word| line.contains(word))).count())
    }
}

impl Write for Log {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

async fn send(practice: &Practice) -> String {
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let mut smtp = practice.smtp("A").await.unwrap();
    let text = mail(&a, &format!("<{b}>"), "Befund", "Inhalt\r\n");
    practice.send(&mut smtp, &a, &[&b], &text).await.unwrap()
}

/// Spec: none — what an administrator sees.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_one_line() {
    let log = Log::default();
    tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).init();
    let practice = Practice::start().await.unwrap();
    assert!(send(&practice).await.starts_with("250"));
    let konnektor = practice.testbed.world().konnektor();
    let lines: [&[&str]; 2] =
        [&["Konnektor Konn_1", "does not answer"], &["Konnektor Konn_1", "answers again"]];
    assert_eq!(log.take(lines), [0, 0]);

    for operation in [Operation::GetCards, Operation::GetPinStatus, Operation::SignDocument] {
        konnektor.inject(operation, Times::ALWAYS, Injection::HttpStatus(503));
    }
    for _ in 0..3 {
        assert!(send(&practice).await.starts_with("451"));
    }
    assert_eq!(log.take(lines), [1, 0]);
    konnektor.clear_injections();
    for _ in 0..3 {
        assert!(send(&practice).await.starts_with("250"));
    }
    assert_eq!(log.take(lines), [0, 1]);

    // The directory behind it, too: for people who are not known from before.
    let lines: [&[&str]; 2] =
        [&["directory behind", "does not answer"], &["directory behind", "answers again"]];
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let text = mail(&address("A"), &address("R"), "Befund", "Inhalt\r\n");
    let faults = practice.testbed.world().directory().faults();
    faults.add(DirectoryOperation::Search, Times::ALWAYS, DirectoryFault::Close);
    for expected in [[1, 0], [0, 0], [0, 0]] {
        let mut smtp = practice.smtp("A").await.unwrap();
        let reply = practice.send(&mut smtp, &address("A"), &[&address("R")], &text).await.unwrap();
        assert!(reply.starts_with("451"), "{reply}");
        assert_eq!(log.take(lines), expected);
    }
    faults.clear();
    for expected in [[0, 1], [0, 0]] {
        let mut smtp = practice.smtp("A").await.unwrap();
        let reply = practice.send(&mut smtp, &address("A"), &[&address("R")], &text).await.unwrap();
        assert!(reply.starts_with("250"), "{reply}");
        assert_eq!(log.take(lines), expected);
    }
}
