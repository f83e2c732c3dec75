//! Two mails on one connection have nothing to do with each other.

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
