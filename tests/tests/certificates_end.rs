//! The end of every certificate in use is known: whoever watches it can renew in time.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use kim_clientmodul::{Clientmodul, Protocol, Server, ServerLimits};
use kim_examples::{Dialogue, testbed_settings};
use kim_testbed::konnektor::{Injection, Operation};
use kim_testbed::{Testbed, TestbedConfig, Times};
use tokio::sync::watch;

/// Spec: gemSpec_Kon 5.18.0, operation CheckCertificateExpiration
#[tokio::test(flavor = "multi_thread")]
async fn servers_and_cards_are_known_once_somebody_has_logged_in() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let clientmodul = Clientmodul::new(testbed_settings(&testbed).unwrap());
    assert_eq!(clientmodul.certificates().await, []);

    let (_, current) = watch::channel(clientmodul.clone());
    let (_stop, stopped) = watch::channel(false);
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(any, Protocol::Smtp, None, ServerLimits::default()).await.unwrap();
    let smtp = server.local_addr().unwrap();
    tokio::spawn(server.serve(current, stopped, Duration::ZERO));
    let account = testbed.world().account("A").unwrap();
    let user = account.smtp_user_name(testbed.smtp_addr());
    let mut client = Dialogue::open(smtp).await.unwrap();
    client.smtp_login(&user, &account.password).await.unwrap();

    // A Konnektor that does not answer is asked again.
    let konnektor = testbed.world().konnektor();
    let asked = || konnektor.count(Operation::CheckCertificateExpiration);
    let unavailable = Injection::HttpStatus(503);
    konnektor.inject(Operation::CheckCertificateExpiration, Times::first(2), unavailable);
    clientmodul.certificates().await;
    assert_eq!(asked(), 2);
    let known = clientmodul.certificates().await;
    let now = SystemTime::now();
    for expected in [
        format!("certificate of {}", testbed.konnektor_url()),
        format!("certificate of mail server {}", testbed.smtp_addr()),
        format!("RSA certificates of card {}", account.iccsn),
        format!("ECC certificates of card {}", account.iccsn),
    ] {
        let certificate =
            known.iter().find(|one| one.name == expected).unwrap_or_else(|| panic!("{known:?}"));
        let days = certificate.time_left(now).as_secs() / 86_400;
        assert!(days > 365, "{expected}: {days}");
    }
    // The Konnektor is asked about cards once a day, not with every look.
    assert_eq!(asked(), 4);
    clientmodul.certificates().await;
    assert_eq!(asked(), 4);
}
