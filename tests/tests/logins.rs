//! What a mail program is told when a login does not work.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_examples::Dialogue;
use kim_testbed::TestbedConfig;
use kim_tests::Practice;
use kim_types::Secret;

async fn smtp_refusal(practice: &Practice, user: &str, password: &Secret) -> String {
    let mut smtp = Dialogue::open(practice.smtp).await.unwrap();
    smtp.smtp_login(user, password).await.unwrap_err()
}

async fn pop3_refusal(practice: &Practice, user: &str, password: &Secret) -> String {
    let mut pop3 = Dialogue::open(practice.pop3).await.unwrap();
    pop3.pop3_login(user, password).await.unwrap_err()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2015-01, KOM-LE-A_2037-01
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password() {
    let practice = Practice::start().await.unwrap();
    let account = practice.account("A").unwrap();
    let wrong = Secret::from("falsch");
    let smtp_user = account.smtp_user_name(practice.testbed.smtp_addr());
    let refusal = smtp_refusal(&practice, &smtp_user, &wrong).await;
    assert!(refusal.contains("535 5.7.8"), "{refusal}");
    let refusal =
        pop3_refusal(&practice, &account.pop3_user_name(practice.testbed.pop3_addr()), &wrong).await;
    assert!(refusal.contains("-ERR"), "{refusal}");

    // The same connection may try again.
    let mut smtp = Dialogue::open(practice.smtp).await.unwrap();
    smtp.smtp_login(&smtp_user, &wrong).await.unwrap_err();
    smtp.ask("AUTH LOGIN", "334").await.unwrap();
    smtp.ask("*", "501").await.unwrap();
    smtp.ask("MAIL FROM:<a@b.kim.telematik>", "530").await.unwrap();
}

/// The faults 4004, 4005 and 4006 of the Konnektor.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2015-01, KOM-LE-A_2037-01
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_mandant_client_system_or_workplace() {
    let practice = Practice::start().await.unwrap();
    let account = practice.account("A").unwrap();
    let context = &account.context;
    for part in [context.mandant.as_str(), context.client_system.as_str(), context.workplace.as_str()] {
        let foreign = |user: String| user.replace(&format!("#{part}"), "#Unbekannt");
        let user = foreign(account.smtp_user_name(practice.testbed.smtp_addr()));
        assert!(user.contains("#Unbekannt"), "{user}");
        let refusal = smtp_refusal(&practice, &user, &account.password).await;
        assert!(refusal.contains("AUTH: 501"), "{part}: {refusal}");
        let user = foreign(account.pop3_user_name(practice.testbed.pop3_addr()));
        let refusal = pop3_refusal(&practice, &user, &account.password).await;
        assert!(refusal.contains("-ERR Der Konnektor kennt den Aufrufkontext nicht"), "{part}: {refusal}");
    }
}

/// Who has one Konnektor need not mark it.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21457
#[tokio::test(flavor = "multi_thread")]
async fn the_only_konnektor_serves_user_names_without_a_konnektor_id() {
    let unmarked = Practice::with(TestbedConfig::default(), |settings| {
        settings.konnektors.iter_mut().for_each(|konnektor| konnektor.default = false);
    });
    let practice = unmarked.await.unwrap();
    practice.smtp("A").await.unwrap();
    practice.pop3("A").await.unwrap();
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2015-01, A_21457
#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_name_an_unknown_konnektor_and_an_unreachable_server() {
    let practice = Practice::start().await.unwrap();
    let account = practice.account("A").unwrap();
    let user = account.smtp_user_name(practice.testbed.smtp_addr());
    let port = practice.testbed.smtp_addr().port().to_string();
    for (user, code) in [
        (account.address.to_string(), "501 5.5.4"),
        (format!("{user}#Konn_9"), "501"),
        (user.replace(&port, "1"), "454 4.7.0"),
    ] {
        let refusal = smtp_refusal(&practice, &user, &account.password).await;
        assert!(refusal.contains(&format!("AUTH: {code}")), "{user}: {refusal}");
    }
}
