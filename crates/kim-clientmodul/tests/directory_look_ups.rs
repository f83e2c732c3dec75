//! Look-ups in the directory over TLS, and what becomes of them when something goes wrong.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/clients.rs"]
mod clients;

use std::time::Duration;

use clients::{directory, directory_settings, identity, tls};
use kim_clientmodul::{DirectoryClient, DirectoryError, DirectorySettings};
use kim_testbed::directory::{DirectoryFault, DirectoryOperation};
use kim_testbed::pki::KeyType;
use kim_testbed::{ClientAuth, Testbed, TestbedConfig, Times};
use kim_tls::{Pins, ServerTrust, client_config};
use kim_types::Address;

async fn start() -> Testbed {
    Testbed::start(TestbedConfig::default()).await.unwrap()
}

fn practice(testbed: &Testbed) -> &Address {
    &testbed.world().account("A").unwrap().address
}

fn fault(testbed: &Testbed, times: Times, fault: DirectoryFault) {
    testbed.world().directory().faults().add(DirectoryOperation::Search, times, fault);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070
#[tokio::test]
async fn certificates_and_versions_are_found_over_every_kind_of_key() {
    for key_type in [KeyType::Rsa, KeyType::Brainpool] {
        let config = TestbedConfig {
            konnektor_key_type: key_type,
            client_key_type: key_type,
            ..TestbedConfig::default()
        };
        let testbed = Testbed::start(config).await.unwrap();
        let client = directory(&testbed);
        for account in testbed.world().accounts() {
            let listing = client.look_up(&account.address).await.unwrap();
            let [entry] = &testbed.world().directory().find(&account.address)[..] else {
                panic!("one entry")
            };
            assert_eq!(listing.certificates, entry.certificates());
            assert_eq!(listing.version.to_string(), account.version);
            assert_eq!(listing.telematik_ids, std::slice::from_ref(&account.telematik_id));
        }
    }
}

#[tokio::test]
async fn an_address_that_is_not_listed_has_an_empty_listing() {
    let testbed = start().await;
    let listing =
        directory(&testbed).look_up(&"nobody@testbed.kim.telematik-test".parse().unwrap()).await.unwrap();
    assert_eq!((listing.entries, listing.certificates.len()), (0, 0));
}

/// The directory is asked for exactly this address, and everybody in the domain is not it.
#[tokio::test]
async fn an_address_with_a_star_finds_nobody() {
    let testbed = start().await;
    let (_, domain) = practice(&testbed).as_str().split_once('@').unwrap();
    let star: Address = format!("*@{domain}").parse().unwrap();
    let listing = directory(&testbed).look_up(&star).await.unwrap();
    assert_eq!((listing.entries, listing.certificates.len()), (0, 0));
    assert_eq!(testbed.world().directory().searches().len(), 1);
}

#[tokio::test]
async fn many_look_ups_share_a_connection() {
    let testbed = start().await;
    let client = directory(&testbed);
    let address = practice(&testbed);
    let (one, two, three) =
        tokio::join!(client.look_up(address), client.look_up(address), client.look_up(address));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let directory = testbed.world().directory();
    assert_eq!((directory.binds(), directory.searches().len()), (1, 3));
}

#[tokio::test]
async fn a_lost_connection_is_replaced() {
    let testbed = start().await;
    let client = directory(&testbed);
    client.look_up(practice(&testbed)).await.unwrap();
    fault(&testbed, Times::ONCE, DirectoryFault::Close);
    assert!(client.look_up(practice(&testbed)).await.is_ok());
    assert_eq!(testbed.world().directory().binds(), 2);
    fault(&testbed, Times::first(2), DirectoryFault::Close);
    assert_eq!(client.look_up(practice(&testbed)).await.err(), Some(DirectoryError::Unreachable));
    assert!(client.look_up(practice(&testbed)).await.is_ok());
}

#[tokio::test]
async fn a_directory_that_says_nothing_is_waited_for_only_so_long() {
    let testbed = start().await;
    let settings = DirectorySettings { timeout: Duration::from_millis(500), ..directory_settings(&testbed) };
    let client = DirectoryClient::new(settings);
    client.look_up(practice(&testbed)).await.unwrap();
    fault(&testbed, Times::ONCE, DirectoryFault::Silence);
    assert_eq!(client.look_up(practice(&testbed)).await.err(), Some(DirectoryError::Timeout));
    assert!(client.look_up(practice(&testbed)).await.is_ok());
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let testbed = start().await;
    let client = directory(&testbed);
    for (code, expected) in [
        (3, DirectoryError::Busy),
        (4, DirectoryError::TooMany),
        (50, DirectoryError::Refused(50)),
        (51, DirectoryError::Busy),
        (52, DirectoryError::Busy),
    ] {
        fault(&testbed, Times::ONCE, DirectoryFault::Result(code));
        assert_eq!(client.look_up(practice(&testbed)).await.err(), Some(expected), "{code}");
    }
    fault(&testbed, Times::ONCE, DirectoryFault::Referral("ldap://192.0.2.1/".into()));
    assert_eq!(client.look_up(practice(&testbed)).await.map(|listing| listing.entries), Ok(0));
    assert_eq!(testbed.world().directory().binds(), 1);
}

#[tokio::test]
async fn more_entries_than_allowed_are_an_error_and_not_a_part_of_them() {
    let testbed = start().await;
    let client = DirectoryClient::new(DirectorySettings { max_entries: 1, ..directory_settings(&testbed) });
    assert!(client.look_up(practice(&testbed)).await.is_ok());
    let [entry] = &testbed.world().directory().find(practice(&testbed))[..] else { panic!("one entry") };
    let mut second = kim_testbed::directory::Entry::new("second");
    for name in ["mail", "telematikID"] {
        second = entry.values(name).iter().fold(second, |entry, value| entry.with(name, value.clone()));
    }
    testbed.world().directory().put(second);
    assert_eq!(client.look_up(practice(&testbed)).await.err(), Some(DirectoryError::TooMany));
    assert_eq!(directory(&testbed).look_up(practice(&testbed)).await.map(|listing| listing.entries), Ok(2));
}

/// With or without a certificate of the client, as the Konnektor wants it; always over TLS.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21223-01, KOM-LE-A_2070
#[tokio::test]
async fn a_client_certificate_is_shown_if_it_is_configured() {
    for (wanted, found) in [(ClientAuth::Required, [true, false]), (ClientAuth::Off, [true, true])] {
        let config = TestbedConfig { directory_client_auth: wanted, ..TestbedConfig::default() };
        let testbed = Testbed::start(config).await.unwrap();
        for (with_certificate, found) in [true, false].into_iter().zip(found) {
            let identity = with_certificate.then(|| identity(&testbed));
            let tls = tls(&testbed, identity.as_ref());
            let client = DirectoryClient::new(DirectorySettings { tls, ..directory_settings(&testbed) });
            let listing = client.look_up(practice(&testbed)).await;
            assert_eq!(
                listing.is_ok(),
                found,
                "{wanted:?}, certificate {with_certificate}: {:?}",
                listing.err()
            );
        }
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070
#[tokio::test]
async fn another_server_than_the_pinned_one_gets_no_question() {
    let testbed = start().await;
    let tls = client_config(ServerTrust::Pins(Pins::from_fingerprints([[7; 32]])), None).unwrap();
    let client = DirectoryClient::new(DirectorySettings { tls, ..directory_settings(&testbed) });
    assert_eq!(client.look_up(practice(&testbed)).await.err(), Some(DirectoryError::Unreachable));
    assert_eq!(testbed.world().directory().binds(), 0);
}
