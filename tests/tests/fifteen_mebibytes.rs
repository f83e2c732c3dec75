//! A mail of nearly 15 MiB goes the direct way, octet for octet.

use kim_tests::{Practice, mail};

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2004-01
#[tokio::test(flavor = "multi_thread")]
async fn a_large_mail_comes_back_as_it_was() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let line = format!("{}\r\n", "Zeile ".repeat(12));
    let body = line.repeat((15 * 1024 * 1024 - 1024) / line.len());
    let sent = mail(&a, &b, "groß", &body);
    let mut smtp = practice.smtp("A").await.unwrap();
    let reply = practice.send(&mut smtp, &a, &[&b], &sent).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    let [fetched] = <[Vec<u8>; 1]>::try_from(practice.fetch_all("B").await.unwrap()).unwrap();
    assert!(fetched.ends_with(body.as_bytes()), "{} octets came back", fetched.len());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19357 (mails above 15 MiB are not for the direct way), A_19356
#[tokio::test(flavor = "multi_thread")]
async fn a_larger_mail_to_who_takes_none_is_refused_and_the_connection_goes_on() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let body = format!("{}\r\n", "x".repeat(74)).repeat(15 * 1024 * 1024 / 76 + 1);
    let mut smtp = practice.smtp("A").await.unwrap();
    let reply = practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "zu groß", &body)).await.unwrap();
    assert!(reply.starts_with("451 4.7.5 Die Nachricht ist groesser als 15 MiB"), "{reply}");
    let reply = practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "klein", "klein")).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(practice.fetch_all("B").await.unwrap().len(), 1);
}
