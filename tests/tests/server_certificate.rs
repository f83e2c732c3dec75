//! The Konnektor is asked about the certificate of the mail servers, and may have no answer.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::HashMap;

use kim_testbed::konnektor::{Fault, Injection, Operation};
use kim_testbed::{TestbedConfig, Times};
use kim_tests::Practice;
use openssl::x509::X509;

/// A verdict that was positive is kept: for its time no trouble of the Konnektor keeps anybody from logging in.
///
/// Spec: KIM 1.5.3, A_24063; gemSpec_CM_KOMLE 1.16.0, A_22348; open question Q19
#[tokio::test(flavor = "multi_thread")]
async fn q19_without_a_new_verdict_the_kept_one_counts() {
    let practice = Practice::start().await.unwrap();
    let konnektor = practice.testbed.world().konnektor();
    practice.smtp("A").await.unwrap();
    let asked = konnektor.count(Operation::VerifyCertificate);
    assert_eq!(asked, 1);
    konnektor.inject(Operation::VerifyCertificate, Times::ALWAYS, Injection::Fault(Fault::new(4001)));
    practice.smtp("A").await.unwrap();
    practice.pop3("B").await.unwrap();
    assert_eq!(konnektor.count(Operation::VerifyCertificate), asked);
}

/// Spec: KIM 1.5.3, A_24063; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-03; open question Q19
#[tokio::test(flavor = "multi_thread")]
async fn q19_without_any_verdict_there_is_no_connection_and_the_next_try_asks_again() {
    let practice = Practice::start().await.unwrap();
    let konnektor = practice.testbed.world().konnektor();
    for trouble in [Injection::Fault(Fault::new(4001)), Injection::Close, Injection::HttpStatus(503)] {
        konnektor.inject(Operation::VerifyCertificate, Times::ALWAYS, trouble.clone());
        let refused = practice.smtp("A").await.err().unwrap();
        assert!(refused.contains("454 4.7.0"), "{trouble:?}: {refused}");
        let refused = practice.pop3("A").await.err().unwrap();
        assert!(refused.contains("-ERR"), "{trouble:?}: {refused}");
        konnektor.clear_injections();
    }
    konnektor.configure(|config| config.offline = true);
    let refused = practice.smtp("A").await.err().unwrap();
    assert!(refused.contains("454 4.7.0"), "inconclusive: {refused}");
    konnektor.configure(|config| config.offline = false);
    practice.smtp("A").await.unwrap();
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-03
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_the_konnektor_calls_invalid_is_refused() {
    let practice = Practice::start().await.unwrap();
    let world = practice.testbed.world();
    world.pki().revoke(certificate_shown(&practice).await.as_ref());
    let refused = practice.smtp("A").await.err().unwrap();
    assert!(refused.contains("454 4.7.0"), "{refused}");
    let refused = practice.pop3("A").await.err().unwrap();
    assert!(refused.contains("-ERR"), "{refused}");
    assert!(world.mta().transcript().all().iter().all(|said| said.line.is_empty()), "something was said");
}

/// The operator may be content with the local checks: validity, authority, kind and name.
///
/// Spec: KIM 1.5.3, A_24063; open question Q19
#[tokio::test(flavor = "multi_thread")]
async fn q19_local_checks_are_enough_if_the_operator_says_so_and_are_never_left_out() {
    let local = |settings: &mut kim_clientmodul::Settings| settings.fachdienst.verify_with_konnektor = false;
    let practice = Practice::with(TestbedConfig::default(), local).await.unwrap();
    practice.smtp("A").await.unwrap();
    assert_eq!(practice.testbed.world().konnektor().count(Operation::VerifyCertificate), 0);

    let practice = Practice::with(TestbedConfig::default(), |settings| {
        local(settings);
        settings.fachdienst.names = HashMap::from([("127.0.0.1".to_owned(), "other.example".to_owned())]);
    });
    let refused = practice.await.unwrap().smtp("A").await.err().unwrap();
    assert!(refused.contains("454 4.7.0"), "{refused}");
}

/// The certificate of the MTA.
async fn certificate_shown(practice: &Practice) -> X509 {
    use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
    let mta = practice.testbed.smtp_addr();
    let (file, password) = practice.testbed.clientmodul_pkcs12();
    let password = String::from_utf8(password.expose().to_vec()).unwrap();
    let shown = move || {
        let own = openssl::pkcs12::Pkcs12::from_der(&file).unwrap().parse2(&password).unwrap();
        let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
        connector.set_verify(SslVerifyMode::NONE);
        connector.set_private_key(&own.pkey.unwrap()).unwrap();
        connector.set_certificate(&own.cert.unwrap()).unwrap();
        for authority in own.ca.into_iter().flatten() {
            connector.add_extra_chain_cert(authority).unwrap();
        }
        let tcp = std::net::TcpStream::connect(mta).unwrap();
        let tls = connector.build().connect("mta", tcp).unwrap();
        tls.ssl().peer_certificate().unwrap()
    };
    tokio::task::spawn_blocking(shown).await.unwrap()
}
