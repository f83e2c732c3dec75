//! The services of the own provider are found by DNS-SD, and their limits apply.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::time::{Duration, Instant};

use kim_clientmodul::FachdienstServices;
use kim_testbed::fachdienst::{KasFault, KasOperation};
use kim_testbed::{DnsRecord, TestbedConfig, Times};
use kim_tests::{Practice, mail};

async fn practice(with_dns: bool) -> Practice {
    Practice::with_testbed(TestbedConfig::default(), move |testbed, settings| {
        settings.rules.large_threshold = 100_000;
        if with_dns {
            settings.fachdienst.resolver = Some(testbed.dns_addr());
            settings.fachdienst.services = FachdienstServices {
                kas_service: "_kas._tcp.kim.telematik-test".to_owned(),
                account_service: "_accmgr._tcp.kim.telematik-test".to_owned(),
                ..FachdienstServices::default()
            };
        }
    })
    .await
    .unwrap()
}

async fn send(practice: &Practice, times: usize) {
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let mut smtp = practice.smtp("A").await.unwrap();
    for _ in 0..times {
        let reply = practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", "x\r\n")).await.unwrap();
        assert!(reply.starts_with("250"), "{reply}");
    }
}

/// Another provider is listed first.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19361-01, A_19456, A_22416-01
/// Spec: deltas Q16 (names of the services)
#[tokio::test(flavor = "multi_thread")]
async fn q16_the_limits_come_from_the_own_provider_once() {
    let practice = practice(true).await;
    send(&practice, 3).await;
    assert_eq!(practice.testbed.world().kas().count(KasOperation::Limits), 1);
    assert_eq!(practice.testbed.dns().count("_accmgr._tcp.kim.telematik-test"), 1);
}

/// The attachment service is found as well, and a large mail gets there and back.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19361-01, A_19363-03
/// Spec: deltas Q16 (names of the services)
#[tokio::test(flavor = "multi_thread")]
async fn q16_a_large_mail_goes_to_the_attachment_service_of_the_own_provider() {
    const KAS: &str = "_kas._tcp.kim.telematik-test";
    let practice = practice(true).await;
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, e) = (address("A"), address("E"));
    let large = mail(&a, &e, "x", &"Zeile um Zeile\r\n".repeat(10_000));
    let mut smtp = practice.smtp("A").await.unwrap();
    let reply = practice.send(&mut smtp, &a, &[&e], &large).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(practice.testbed.world().kas().stored().len(), 1);
    assert_eq!(practice.testbed.dns().count(KAS), 1);
    let fetched = practice.fetch_all("E").await.unwrap();
    assert!(fetched.first().unwrap().ends_with(b"Zeile um Zeile\r\n") && fetched[0].len() > large.len());
}

/// Nobody lists an attachment service: the mail is refused for now.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19361-01, A_19363-03
#[tokio::test(flavor = "multi_thread")]
async fn without_an_attachment_service_a_large_mail_is_refused() {
    let practice = practice(true).await;
    practice.testbed.dns().remove("_kas._tcp.kim.telematik-test");
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, e) = (address("A"), address("E"));
    let large = mail(&a, &e, "x", &"Zeile um Zeile\r\n".repeat(10_000));
    let mut smtp = practice.smtp("A").await.unwrap();
    let reply = practice.send(&mut smtp, &a, &[&e], &large).await.unwrap();
    assert_eq!(reply, "451 4.4.0 Die E-Mail-Daten konnten nicht zum KAS uebertragen werden");
}

/// A service that does not answer is not asked again by the next mail.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22416-01; deltas Q14
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_goes_out_whether_the_limits_are_known_or_not() {
    let unknown = practice(true).await;
    unknown.testbed.dns().remove("_accmgr._tcp.kim.telematik-test");
    send(&unknown, 1).await;
    assert_eq!(unknown.testbed.world().kas().count(KasOperation::Limits), 0);

    let failing = practice(false).await;
    failing.testbed.world().kas().faults().add(KasOperation::Limits, Times::ALWAYS, KasFault::Status(500));
    send(&failing, 3).await;
    assert_eq!(failing.testbed.world().kas().count(KasOperation::Limits), 1);
}

/// Others are listed as well, and their name servers may be down: that is no matter of the own provider.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19361-01, A_19456
#[tokio::test(flavor = "multi_thread")]
async fn other_providers_that_are_down_hold_nobody_up() {
    let practice = practice(true).await;
    let (dns, service) = (practice.testbed.dns(), "_accmgr._tcp.kim.telematik-test");
    for number in 0..10 {
        let instance = format!("down-{number}.{service}");
        dns.add(service, DnsRecord::Ptr(instance.clone()));
        dns.silence(&instance);
    }
    let start = Instant::now();
    send(&practice, 1).await;
    assert_eq!(practice.testbed.world().kas().count(KasOperation::Limits), 1);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}
