//! Mail programs that do not wait for replies: nothing they said is lost, and all is answered in order.

use kim_testbed::fachdienst::SmtpCommand;
use kim_tests::{Practice, mail};

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2018, KOM-LE-A_2019
#[tokio::test(flavor = "multi_thread")]
async fn two_mails_and_quit_in_one_breath() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let mut smtp = practice.smtp("A").await.unwrap();
    let mut breath = Vec::new();
    for text in ["erste\r\n", "zweite\r\n"] {
        breath.extend_from_slice(format!("MAIL FROM:<{a}>\r\nRCPT TO:<{b}>\r\nDATA\r\n").as_bytes());
        breath.extend_from_slice(&mail(&a, &b, "x", text));
        breath.extend_from_slice(b".\r\n");
    }
    breath.extend_from_slice(b"QUIT\r\n");
    smtp.say(&breath).await.unwrap();
    for wanted in ["250", "250", "354", "250", "250", "250", "354", "250", "221"] {
        smtp.expect(wanted, "pipelined").await.unwrap();
    }
    assert_eq!(practice.testbed.world().mta().transcript().count(SmtpCommand::Message), 2);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2040, KOM-LE-A_2041
#[tokio::test(flavor = "multi_thread")]
async fn retr_dele_and_quit_in_one_breath() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let mut smtp = practice.smtp("A").await.unwrap();
    for text in ["erste\r\n", "zweite\r\n"] {
        practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", text)).await.unwrap();
    }
    let mut pop3 = practice.pop3("B").await.unwrap();
    pop3.say(b"RETR 1\r\nRETR 2\r\nDELE 1\r\nQUIT\r\n").await.unwrap();
    for text in ["erste\r\n", "zweite\r\n"] {
        pop3.expect("+OK", "RETR").await.unwrap();
        let message = pop3.message().await.unwrap();
        assert!(String::from_utf8_lossy(&message).ends_with(text));
    }
    pop3.expect("+OK", "DELE").await.unwrap();
    pop3.expect("+OK", "QUIT").await.unwrap();
    let left = practice.fetch_all("B").await.unwrap();
    assert_eq!(left.len(), 1);
}
