//! Certificates of different owners with one key are noticed.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "cms/builder.rs"]
mod builder;

use kim_smime::{Certificate, shared_keys};

/// A certificate of an owner; each number is another key.
fn certificate(owner: &str, serial: u8, key: u8) -> Certificate {
    let der = builder::certificate(serial, &[&builder::admission(owner)]);
    let at = der.windows(65).position(|octets| octets == [4; 65]).unwrap();
    let mut changed = der.clone();
    changed.splice(at..at + 65, [key; 65]);
    Certificate::from_der(changed.into()).unwrap()
}

fn pairs(certificates: &[Certificate]) -> Vec<String> {
    let found = shared_keys(certificates);
    found.iter().map(|found| found.owners.each_ref().map(|owner| owner.as_str()).join(" ")).collect()
}

#[test]
fn different_owners_of_one_key_are_named_once() {
    let [one, two, three] = ["1-1", "1-2", "1-3"].map(|owner| certificate(owner, 1, 7));
    assert_eq!(pairs(&[one.clone(), two.clone()]), ["1-1 1-2"]);
    assert_eq!(pairs(&[two.clone(), one.clone(), one.clone(), two.clone()]), ["1-2 1-1"]);
    assert_eq!(pairs(&[one.clone(), two, three]), ["1-1 1-2", "1-1 1-3"]);
    let other = certificate("1-4", 1, 9);
    assert_eq!(pairs(&[other.clone(), one, certificate("1-5", 2, 9)]), ["1-4 1-5"]);
}

#[test]
fn one_owner_may_use_a_key_again_and_others_have_their_own() {
    assert_eq!(pairs(&[]), [""; 0]);
    assert_eq!(pairs(&[certificate("1-1", 1, 7), certificate("1-1", 2, 7)]), [""; 0]);
    assert_eq!(pairs(&[certificate("1-1", 1, 7), certificate("1-2", 1, 8)]), [""; 0]);
    let nobody = Certificate::from_der(builder::certificate(3, &[]).into()).unwrap();
    assert_eq!(pairs(&[nobody.clone(), nobody]), [""; 0]);
}
