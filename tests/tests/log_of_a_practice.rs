//! The log of a practice in which much goes wrong: one record a line, brought together by numbers, without a word of a mail.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::{HashMap, HashSet};

use kim_clientmodul::config::LogSettings;
use kim_examples::{Dialogue, Log};
use kim_tests::{Practice, mail};
use serde_json::Value;

/// What must never be in a log: words of a mail, and every address.
const CANARIES: [&str; 6] = [
    "Kanarienbetreff",
    "Kanarieninhalt",
    "kanarienpasswort",
    "kanarienvogel",
    "Kanarienmandant",
    "testbed.kim",
];

/// One send with a recipient nobody knows, one fetch, one message that cannot be opened, one wrong password, one unknown
/// Mandant.
async fn busy_morning(practice: &Practice) {
    let [from, to] = ["A", "B"].map(|name| practice.account(name).unwrap().address.to_string());
    let sent = mail(&from, &format!("<{to}>"), "Kanarienbetreff", "Kanarieninhalt\r\n");
    let mut smtp = practice.smtp("A").await.unwrap();
    let unknown = format!("kanarienvogel@{}", to.split_once('@').unwrap().1);
    let reply = practice.send(&mut smtp, &from, &[&to, &unknown], &sent).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    smtp.ask("QUIT", "221").await.unwrap();

    let broken = format!("From: <{from}>\r\nTo: <{to}>\r\nX-KOM-LE-Version: 1.0\r\n\r\nKanarieninhalt\r\n");
    practice.testbed.world().mailbox(&to.parse().unwrap()).unwrap().put(broken);
    assert_eq!(practice.fetch_all("B").await.unwrap().len(), 2);

    let account = practice.account("A").unwrap();
    let mut smtp = Dialogue::open(practice.smtp).await.unwrap();
    let name = account.smtp_user_name(practice.testbed.smtp_addr());
    assert!(smtp.smtp_login(&name, &kim_types::Secret::from("kanarienpasswort")).await.is_err());
    let foreign = name.replace(account.context.mandant.as_str(), "Kanarienmandant");
    let mut smtp = Dialogue::open(practice.smtp).await.unwrap();
    assert!(smtp.smtp_login(&foreign, &account.password).await.is_err());
}

/// The records of a log file of today.
fn records(folder: &std::path::Path, prefix: &str) -> Vec<Value> {
    let is_it = |name: &str| name.starts_with(&format!("{prefix}.2"));
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = files.filter(|entry| is_it(&entry.file_name().to_string_lossy()));
    let texts = files.map(|entry| std::fs::read_to_string(entry.path()).unwrap());
    texts
        .flat_map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>())
        .collect()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2079-01, KOM-LE-A_2080, KOM-LE-A_2081, KOM-LE-A_2086, KOM-LE-A_2087,
/// KOM-LE-A_2090
#[tokio::test(flavor = "multi_thread")]
async fn has_a_number_for_every_operation_and_nothing_of_a_mail() {
    let folder = tempfile::tempdir().unwrap();
    let settings = LogSettings {
        json: true,
        level: tracing::Level::TRACE,
        folder: Some(folder.path().to_owned()),
        flow: true,
        ..LogSettings::default()
    };
    Log::new(settings).unwrap().start();
    let practice = Practice::start().await.unwrap();
    busy_morning(&practice).await;

    let (general, flow) = (records(folder.path(), "kim-proxy"), records(folder.path(), "kim-proxy-flow"));
    for record in general.iter().chain(&flow) {
        let text = record.to_string().to_lowercase();
        for canary in CANARIES {
            assert!(!text.contains(&canary.to_lowercase()), "{canary} in {record}");
        }
        for field in ["time", "level", "operation", "module", "message"] {
            assert!(record[field].is_string(), "{field} is missing in {record}");
        }
    }

    // Each mail has a number of its own, and its steps stand under the same one.
    let number_of = |message: &str| -> Vec<String> {
        let found = general.iter().filter(|record| record["message"] == message);
        found.map(|record| record["operation"].as_str().unwrap().to_owned()).collect()
    };
    let mut steps: HashMap<&str, Vec<&str>> = HashMap::new();
    for record in &flow {
        let number = record["operation"].as_str().unwrap();
        steps.entry(number).or_default().push(record["step"].as_str().unwrap());
    }
    let [sent] = <[String; 1]>::try_from(number_of("mail sent")).unwrap();
    for step in ["look up", "cards", "sign", "encrypt"] {
        assert!(steps[sent.as_str()].contains(&step), "{step} of {sent} is missing in {flow:#?}");
    }
    let [fetched] = <[String; 1]>::try_from(number_of("mail fetched")).unwrap();
    for step in ["decrypt", "verify"] {
        assert!(steps[fetched.as_str()].contains(&step), "{step} of {fetched} is missing in {flow:#?}");
    }
    let [broken] = <[String; 1]>::try_from(number_of("mail not decrypted")).unwrap();
    let numbers: HashSet<&String> = [&sent, &fetched, &broken].into();
    assert_eq!(numbers.len(), 3);
    // What went wrong says what to do about it, under a code that stays.
    let trouble = general.iter().find(|record| record["message"] == "mail not decrypted").unwrap();
    assert_eq!((&trouble["level"], &trouble["code"]), (&"WARN".into(), &"receive-format".into()));
    assert!(trouble["advice"].as_str().unwrap().ends_with('.'), "{trouble}");
    let login = general.iter().find(|record| record["message"] == "smtp login").unwrap();
    assert_eq!(login["code"], "login-context", "{login}");
    assert!(login["advice"].as_str().unwrap().ends_with('.'), "{login}");
}
