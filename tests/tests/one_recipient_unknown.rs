//! Three recipients, one of them unknown: the others get the mail, the sender gets one report.

use kim_tests::{Practice, mail};

const NOBODY: &str = "Niemand@testbed.kim.telematik-test";

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2024, KOM-LE-A_2176-01, A_20650 (4004), A_23174
#[tokio::test(flavor = "multi_thread")]
async fn the_others_get_it_and_the_sender_a_report() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b, e) = (address("A"), address("B"), address("E"));
    let mut smtp = practice.smtp("A").await.unwrap();
    let to = format!("<{b}>, Niemand <{NOBODY}>, <{e}>");
    let reply =
        practice.send(&mut smtp, &a, &[&b, NOBODY, &e], &mail(&a, &to, "Betreff", "Inhalt")).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    smtp.ask("QUIT", "221").await.unwrap();

    for name in ["B", "E"] {
        let mails = practice.fetch_all(name).await.unwrap();
        let [only] = mails.as_slice() else { panic!("{name} has {} mails", mails.len()) };
        let only = String::from_utf8_lossy(only);
        assert!(only.contains("Inhalt") && !only.contains("Niemand"), "{name}: {only}");
    }
    let reports = practice.fetch_all("A").await.unwrap();
    let [report] = reports.as_slice() else { panic!("{} reports", reports.len()) };
    let report = String::from_utf8_lossy(report);
    assert!(report.contains("X-KIM-Fehlermeldung: 4004\r\n"), "{report}");
    assert!(report.contains(&format!("Final-Recipient: rfc822; {NOBODY}")), "{report}");
    assert!(!report.contains(&b) && !report.contains("Betreff") && !report.contains("Inhalt"), "{report}");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2025
#[tokio::test(flavor = "multi_thread")]
async fn with_nobody_left_the_client_is_told_451_and_the_server_is_reset() {
    let practice = Practice::start().await.unwrap();
    let a = practice.account("A").unwrap().address.to_string();
    let mut smtp = practice.smtp("A").await.unwrap();
    let reply = practice.send(&mut smtp, &a, &[NOBODY], &mail(&a, NOBODY, "x", "x")).await.unwrap();
    assert!(reply.starts_with("451"), "{reply}");
    assert_eq!(practice.fetch_all("A").await.unwrap().len(), 0, "no report: the client knows");
    // The connection is as good as new.
    let b = practice.account("B").unwrap().address.to_string();
    let reply = practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", "x")).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
}

/// Spec: api-kim FAQ (553), deltas Q25
#[tokio::test(flavor = "multi_thread")]
async fn q25_a_sender_without_certificate_is_told_553() {
    let practice = Practice::start().await.unwrap();
    let (a, b) = (practice.account("A").unwrap(), practice.account("B").unwrap());
    practice.testbed.world().directory().remove(&a.uid);
    let (a, b) = (a.address.to_string(), b.address.to_string());
    let mut smtp = practice.smtp("A").await.unwrap();
    let reply = practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", "x")).await.unwrap();
    assert!(reply.starts_with("553 5.7.5"), "{reply}");
    assert_eq!(practice.fetch_all("B").await.unwrap().len(), 0);
}
