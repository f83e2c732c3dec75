//! Where a Konnektor and its directory are: refused, opened later, moved, rewritten. Mails go through without a restart.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_konnektor::EndpointMode;
use kim_testbed::konnektor::{Konnektor, KonnektorConfig, Operation};
use kim_testbed::{Port, Testbed, TestbedConfig};
use kim_tests::Practice;

fn konnektor(practice: &Practice) -> &Konnektor {
    practice.testbed.world().konnektor()
}

/// Has the service directory lead to this port.
fn publish(practice: &Practice, port: &Port) {
    let authority = Some(port.address().to_string());
    konnektor(practice).configure(|config| config.published_authority = authority);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076
#[tokio::test(flavor = "multi_thread")]
async fn a_konnektor_that_refuses_connections_at_first_is_used_when_it_comes() {
    let practice = Practice::start().await.unwrap();
    let port = practice.testbed.konnektor_port();
    port.close().await.unwrap();
    let refused = practice.smtp("A").await.err().unwrap();
    assert!(refused.contains("454"), "{refused}");
    assert_eq!(konnektor(&practice).operations(), []);
    port.open().unwrap();
    practice.a_mail_goes_through().await.unwrap();

    // Neither does it matter that it is away for a while.
    port.close().await.unwrap();
    let reply = practice.send_from_a_to_b().await.unwrap();
    assert!(reply.starts_with("451"), "{reply}");
    port.open().unwrap();
    practice.a_mail_goes_through().await.unwrap();
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076
#[tokio::test(flavor = "multi_thread")]
async fn services_that_moved_to_another_port_are_found_within_the_same_mail() {
    let practice = Practice::start().await.unwrap();
    let old = practice.testbed.open_konnektor_port().await.unwrap();
    publish(&practice, &old);
    practice.a_mail_goes_through().await.unwrap();

    let new = practice.testbed.open_konnektor_port().await.unwrap();
    publish(&practice, &new);
    old.close().await.unwrap();
    let before = konnektor(&practice).count(Operation::ServiceDirectory);
    practice.a_mail_goes_through().await.unwrap();
    assert_eq!(konnektor(&practice).count(Operation::ServiceDirectory), before + 1);
}

/// A practice that reaches its Konnektor through a port that is not the published one.
async fn behind_a_proxy(mode: EndpointMode, prefix: &str) -> (Practice, Port) {
    let config = KonnektorConfig { proxy_prefix: prefix.to_owned(), ..TestbedConfig::default().konnektor };
    let config = TestbedConfig { konnektor: config, ..TestbedConfig::default() };
    let rewrite = |testbed: &Testbed, settings: &mut kim_clientmodul::Settings| {
        for konnektor in &mut settings.konnektors {
            konnektor.soap.url =
                format!("https://{}{prefix}/connector.sds", testbed.konnektor_port().address());
            konnektor.soap.endpoints = mode;
        }
    };
    let practice = Practice::with_testbed(config, rewrite).await.unwrap();
    let published = practice.testbed.open_konnektor_port().await.unwrap();
    published.close().await.unwrap();
    publish(&practice, &published);
    (practice, published)
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076
#[tokio::test(flavor = "multi_thread")]
async fn endpoints_as_published_are_called_there_and_nowhere_else() {
    let (practice, published) = behind_a_proxy(EndpointMode::Published, "").await;
    // The login already asks the Konnektor about the mail server.
    let refused = practice.smtp("A").await.err().unwrap();
    assert!(refused.contains("454"), "{refused}");
    published.open().unwrap();
    practice.a_mail_goes_through().await.unwrap();
}

/// Spec: none — rewriting is our own.
#[tokio::test(flavor = "multi_thread")]
async fn endpoints_are_called_at_the_authority_of_the_service_directory() {
    let (practice, _closed) = behind_a_proxy(EndpointMode::RewriteAuthority, "").await;
    practice.a_mail_goes_through().await.unwrap();
}

/// Spec: none — rewriting is our own.
#[tokio::test(flavor = "multi_thread")]
async fn endpoints_are_called_below_the_prefix_of_the_service_directory() {
    let (practice, _closed) = behind_a_proxy(EndpointMode::RewritePrefix, "/kon7").await;
    practice.a_mail_goes_through().await.unwrap();
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022
#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_refuses_connections_delays_mails_and_is_used_when_it_is_back() {
    let practice = Practice::start().await.unwrap();
    let port = practice.testbed.ldap_port();
    port.close().await.unwrap();
    let reply = practice.send_from_a_to_b().await.unwrap();
    assert!(reply.starts_with("451"), "{reply}");
    port.open().unwrap();
    practice.a_mail_goes_through().await.unwrap();

    // An address that nobody has looked up yet, over a connection that was there before.
    let directory = practice.testbed.world().directory();
    let searches = directory.searches().len();
    port.close().await.unwrap();
    let [a, r] = ["A", "R"].map(|name| practice.account(name).unwrap().address.to_string());
    let mut smtp = practice.smtp("A").await.unwrap();
    let text = kim_tests::mail(&a, &format!("<{r}>"), "Befund", "Inhalt\r\n");
    let reply = practice.send(&mut smtp, &a, &[&r], &text).await.unwrap();
    assert!(reply.starts_with("451"), "{reply}");
    assert_eq!(directory.searches().len(), searches);
    port.open().unwrap();
    let reply = practice.send(&mut smtp, &a, &[&r], &text).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    let fetched = practice.fetch_all("R").await.unwrap();
    assert!(fetched.len() == 1 && fetched.iter().all(|mail| mail.ends_with(b"Inhalt\r\n")));
}
