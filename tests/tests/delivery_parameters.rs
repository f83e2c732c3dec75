//! What a client says about notifications reaches the mail server, and the report of the module.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_testbed::TestbedConfig;
use kim_testbed::fachdienst::{MtaConfig, SmtpCommand};
use kim_tests::{Practice, mail};

const NOBODY: &str = "Niemand@testbed.kim.telematik-test";

/// Sends a mail with everything DSN knows to B and to somebody without a certificate.
async fn send(practice: &Practice) -> [String; 2] {
    let [a, b] = ["A", "B"].map(|name| practice.account(name).unwrap().address.to_string());
    let mut smtp = practice.smtp("A").await.unwrap();
    smtp.ask(&format!("MAIL FROM:<{a}> SIZE=200 BODY=8BITMIME RET=HDRS ENVID=Praxis-4711"), "250")
        .await
        .unwrap();
    smtp.ask(&format!("RCPT TO:<{b}> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Alt+40example.de"), "250")
        .await
        .unwrap();
    smtp.ask(&format!("RCPT TO:<{NOBODY}> NOTIFY=FAILURE"), "250").await.unwrap();
    smtp.ask("DATA", "354").await.unwrap();
    smtp.send_message(&mail(&a, &format!("<{b}>, <{NOBODY}>"), "x", "Inhalt\r\n")).await.unwrap();
    smtp.expect("250", "DATA").await.unwrap();
    smtp.ask("QUIT", "221").await.unwrap();
    [a, b]
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2008 (DSN); KIM 1.5.3, A_23554; RFC 3461
#[tokio::test(flavor = "multi_thread")]
async fn they_reach_an_mta_that_knows_them_and_the_report() {
    let practice = Practice::start().await.unwrap();
    let [a, b] = send(&practice).await;
    let said = practice.testbed.world().mta().transcript();
    let [mail, report] = said.lines(SmtpCommand::Mail).try_into().unwrap();
    assert!(mail.starts_with(&format!("MAIL FROM:<{a}> SIZE=")), "{mail}");
    assert!(mail.ends_with(" RET=HDRS ENVID=Praxis-4711") && !mail.contains("BODY"), "{mail}");
    let size: usize = mail.split(['=', ' ']).nth(3).unwrap().parse().unwrap();
    let [message, _] = said.lines(SmtpCommand::Message).try_into().unwrap();
    assert_eq!(message, format!("{size} octets"), "SIZE is not that of the message sent");
    // The report asks for no report about itself.
    assert!(!report.contains("ENVID") && !report.contains("RET"), "{report}");
    let recipients = said.lines(SmtpCommand::Rcpt);
    let wanted = [
        format!("RCPT TO:<{b}> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Alt+40example.de"),
        format!("RCPT TO:<{a}> NOTIFY=NEVER"),
    ];
    assert_eq!(recipients, wanted);

    let [report] = practice.fetch_all("A").await.unwrap().try_into().unwrap();
    let report = String::from_utf8(report).unwrap();
    assert!(report.contains("Original-Envelope-Id: Praxis-4711\r\n"), "{report}");
    assert!(report.contains(&format!("Final-Recipient: rfc822; {NOBODY}\r\n")), "{report}");
}

/// Spec: RFC 3461 §5.2.2; RFC 1870
#[tokio::test(flavor = "multi_thread")]
async fn an_mta_that_knows_none_of_them_is_told_none() {
    let keywords = ["8BITMIME", "AUTH PLAIN LOGIN"].map(str::to_owned).to_vec();
    let mta = MtaConfig { keywords, ..MtaConfig::default() };
    let practice = Practice::with(TestbedConfig { mta, ..TestbedConfig::default() }, |_| {}).await.unwrap();
    let [a, b] = send(&practice).await;
    let said = practice.testbed.world().mta().transcript();
    let sender = format!("MAIL FROM:<{a}>");
    assert_eq!(said.lines(SmtpCommand::Mail), [sender.clone(), sender]);
    assert_eq!(said.lines(SmtpCommand::Rcpt), [format!("RCPT TO:<{b}>"), format!("RCPT TO:<{a}>")]);
}
