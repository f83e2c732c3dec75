//! A module that is older than what the directory says of its account.

use kim_testbed::fachdienst::{MailFault, SmtpCommand};
use kim_testbed::{TestbedConfig, Times};
use kim_tests::{Practice, mail};

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21387 (4017); deltas Q8
#[tokio::test(flavor = "multi_thread")]
async fn its_user_is_told_with_the_first_mail_that_is_taken_and_once() {
    let practice = Practice::with(TestbedConfig::default(), |settings| {
        settings.rules.kim_version = "1.0".parse().unwrap();
    });
    let practice = practice.await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let no = MailFault::Reply("554 5.7.1 no".into());
    practice.testbed.world().mta().faults().add(SmtpCommand::Message, Times::ONCE, no);
    let mut smtp = practice.smtp("A").await.unwrap();
    let mut reports = Vec::new();
    for wanted in ["554", "250", "250"] {
        let reply = practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", "x")).await.unwrap();
        assert!(reply.starts_with(wanted), "{reply}");
        // The reports are sent before the next command is heard.
        smtp.ask("NOOP", "250").await.unwrap();
        reports.push(practice.fetch_all("A").await.unwrap().len());
    }
    assert_eq!(reports, [0, 1, 0]);
}
