//! The directory as an LDAP client sees it, over TLS.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::sync::Arc;

use kim_testbed::directory::{DirectoryFault, DirectoryOperation, Entry, Filter};
use kim_testbed::pki::Identity;
use kim_testbed::{Testbed, TestbedConfig, Times};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Scope, SearchEntry, SearchOptions, ldap_escape};
use openssl::x509::X509;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

const BASE: &str = "dc=data,dc=vzd";

async fn connect(testbed: &Testbed) -> Ldap {
    let mut roots = RootCertStore::empty();
    for anchor in X509::stack_from_pem(testbed.fachdienst_trust_pem().as_bytes()).unwrap() {
        // The brainpool branch is of no use to rustls.
        let _ = roots.add(CertificateDer::from(anchor.to_der().unwrap()));
    }
    let (file, password) = testbed.konnektor_client_pkcs12();
    let identity =
        Identity::from_pkcs12(&file, std::str::from_utf8(password.expose()).unwrap()).unwrap().unwrap();
    let key = PrivateKeyDer::try_from(identity.key.private_key_to_pkcs8().unwrap()).unwrap();
    let provider = Arc::new(rustls_openssl::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![CertificateDer::from(identity.certificate_der())], key)
        .unwrap();
    let settings = LdapConnSettings::new().set_config(Arc::new(config));
    let (connection, ldap) =
        LdapConnAsync::with_settings(settings, &format!("ldaps://{}", testbed.ldap_addr())).await.unwrap();
    tokio::spawn(async move { connection.drive().await });
    ldap
}

async fn search(ldap: &mut Ldap, filter: &str, attributes: &[&str]) -> (Vec<SearchEntry>, u32) {
    let found = ldap.search(BASE, Scope::Subtree, filter, attributes.to_vec()).await.unwrap();
    (found.0.into_iter().map(SearchEntry::construct).collect(), found.1.rc)
}

async fn start() -> (Testbed, Ldap) {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let mut ldap = connect(&testbed).await;
    ldap.simple_bind("", "").await.unwrap().success().unwrap();
    (testbed, ldap)
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2023
#[tokio::test]
async fn certificates_and_versions_are_found_by_address_whatever_its_case() {
    let (testbed, mut ldap) = start().await;
    let account = testbed.world().account("A").unwrap();
    let filter = format!("(mail={})", ldap_escape(account.address.to_key()));
    let attributes = ["userCertificate;binary", "komLeData"];
    let (entries, code) = search(&mut ldap, &filter, &attributes).await;
    assert_eq!((entries.len(), code), (1, 0));
    assert_eq!(entries[0].dn, format!("uid={},{BASE}", account.uid));
    let stored = testbed.world().directory().find(&account.address);
    assert_eq!(entries[0].bin_attrs["userCertificate;binary"], stored[0].certificates());
    assert_eq!(entries[0].attrs["komLeData"], [format!("1.5+,{}", account.address)]);
    assert_eq!((entries[0].attrs.len(), entries[0].bin_attrs.len()), (1, 1));
    assert_eq!(testbed.world().directory().binds(), 1);
}

#[tokio::test]
async fn filters_of_clients_are_understood() {
    let (testbed, mut ldap) = start().await;
    let terms: String =
        testbed.world().accounts().iter().map(|account| format!("(mail={})", account.address)).collect();
    assert_eq!(search(&mut ldap, &format!("(|{terms})"), &["1.1"]).await.0.len(), 5);
    let filter = format!("(&(objectClass=vzd-komleview)(entryType=1)(mail=*)(|{terms}))");
    assert_eq!(search(&mut ldap, &filter, &["*"]).await.0.len(), 1);
    assert_eq!(
        search(&mut ldap, "(rfc822Mailbox=PRAXIS.R@testbed.kim.telematik-test)", &["cn"]).await.0.len(),
        1
    );
    let (entries, code) = search(&mut ldap, "(mail=nobody@testbed.kim.telematik-test)", &["cn"]).await;
    assert_eq!((entries.len(), code), (0, 0));
    assert_eq!(search(&mut ldap, "(mail=Praxis*)", &["cn"]).await.1, 53);
    let third = Filter::equal("rfc822Mailbox", "PRAXIS.R@testbed.kim.telematik-test");
    assert_eq!(testbed.world().directory().searches()[2], third);
}

#[tokio::test]
async fn everything_but_searches_is_refused() {
    let (testbed, mut ldap) = start().await;
    assert_eq!(ldap.delete(&format!("uid=1,{BASE}")).await.unwrap().rc, 53);
    assert_eq!(ldap.compare(BASE, "cn", "x").await.unwrap().0.rc, 53);
    assert_eq!(ldap.simple_bind("cn=admin", "x").await.unwrap().rc, 49);
    let elsewhere = ldap.search("dc=example", Scope::Subtree, "(mail=*)", vec!["cn"]).await.unwrap();
    assert_eq!(elsewhere.1.rc, 32);
    assert_eq!(testbed.world().directory().entries().len(), 5);
}

#[tokio::test]
async fn limits_of_client_and_server_cut_the_result() {
    let (testbed, mut ldap) = start().await;
    ldap.with_search_options(SearchOptions::new().sizelimit(2));
    let (entries, code) = search(&mut ldap, "(mail=*)", &["cn"]).await;
    assert_eq!((entries.len(), code), (2, 4));
    testbed.world().directory().set_max_results(3);
    let (entries, code) = search(&mut ldap, "(mail=*)", &["cn"]).await;
    assert_eq!((entries.len(), code), (3, 4));
}

#[tokio::test]
async fn entries_come_and_go_and_share_addresses() {
    let (testbed, mut ldap) = start().await;
    let directory = testbed.world().directory();
    let address = "Praxis.A@testbed.kim.telematik-test";
    directory.put(Entry::new("second").with("mail", address).with("telematikID", "9-TESTBED-other"));
    assert_eq!(search(&mut ldap, &format!("(mail={address})"), &["telematikID"]).await.0.len(), 2);
    directory.put(Entry::new("second").with("cn", "without mail"));
    assert_eq!(search(&mut ldap, &format!("(mail={address})"), &["telematikID"]).await.0.len(), 1);
    assert!(directory.remove("second").is_some() && directory.remove("second").is_none());
}

#[tokio::test]
async fn planned_faults_reach_the_client() {
    let (testbed, mut ldap) = start().await;
    let faults = testbed.world().directory().faults();
    for fault in
        [DirectoryFault::Result(51), DirectoryFault::Result(4), DirectoryFault::Referral("ldap://x/".into())]
    {
        faults.add(DirectoryOperation::Search, Times::ONCE, fault);
    }
    let (entries, code) = search(&mut ldap, "(mail=*)", &["cn"]).await;
    assert_eq!((entries.len(), code), (0, 51));
    let (entries, code) = search(&mut ldap, "(mail=*)", &["cn"]).await;
    assert_eq!((entries.len(), code), (5, 4));
    let referred = ldap.search(BASE, Scope::Subtree, "(mail=*)", vec!["cn"]).await.unwrap().1;
    assert_eq!((referred.rc, referred.refs), (10, vec!["ldap://x/".to_owned()]));
    faults.add(DirectoryOperation::Search, Times::ONCE, DirectoryFault::Close);
    assert!(ldap.search(BASE, Scope::Subtree, "(mail=*)", vec!["cn"]).await.is_err());
}
