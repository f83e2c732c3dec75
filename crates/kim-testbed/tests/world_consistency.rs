//! Everything about an account fits together.

use kim_testbed::World;
use kim_testbed::directory::Entry;
use kim_testbed::pki::CertificateStatus;
use openssl::x509::X509;

#[test]
fn every_account_has_a_mailbox_an_entry_and_certificates_that_are_good() {
    let world = World::new(7);
    assert_eq!(world.accounts().len(), 5);
    for account in world.accounts() {
        assert!(world.mailbox(&account.address).is_some());
        let [entry] = &world.directory().find(&account.address)[..] else { panic!("one entry") };
        assert_eq!(entry.uid(), account.uid);
        let text = |name| String::from_utf8(entry.values(name)[0].clone()).unwrap();
        assert_eq!(text("telematikID"), account.telematik_id.as_str());
        assert_eq!(text("komLeData"), format!("{},{}", account.version, account.address));
        assert_eq!(text("kimData"), format!("{},{}", account.address, account.version));
        for der in entry.certificates() {
            let certificate = X509::from_der(der).unwrap();
            assert_eq!(world.pki().status(&certificate), CertificateStatus::Good);
        }
    }
}

#[test]
fn the_key_types_are_those_of_the_table() {
    let world = World::new(7);
    let counts = world.accounts().iter().map(|account| {
        let entries = world.directory().find(&account.address);
        (account.name, entries.iter().flat_map(Entry::certificates).count())
    });
    assert_eq!(counts.collect::<Vec<_>>(), [("A", 2), ("B", 2), ("R", 1), ("E", 1), ("H", 2)]);
}

#[test]
fn the_same_seed_makes_the_same_world_and_another_another() {
    let (one, same, other) = (World::new(7), World::new(7), World::new(8));
    assert_eq!(one.accounts(), same.accounts());
    assert_eq!(one.directory().entries(), same.directory().entries());
    assert_ne!(one.accounts()[0].password, other.accounts()[0].password);
    assert_ne!(one.directory().entries(), other.directory().entries());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010, KOM-LE-A_2032
#[test]
fn user_names_carry_the_context() {
    let world = World::new(7);
    let server = "127.0.0.1:465".parse().unwrap();
    let a = world.account("A").unwrap();
    let common = "Praxis.A@testbed.kim.telematik-test#127.0.0.1:465#Mandant_A#PVS#Workplace_A";
    assert_eq!((a.smtp_user_name(server), a.pop3_user_name(server)), (common.into(), common.into()));
    let h = world.account("H").unwrap();
    let common = "Person.H@testbed.kim.telematik-test#127.0.0.1:465#Mandant_A#PVS#Workplace_A";
    assert_eq!(h.smtp_user_name(server), format!("{common}#*#User_H"));
    assert_eq!(h.pop3_user_name(server), format!("{common}#User_H"));
}
