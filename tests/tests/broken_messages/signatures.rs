//! Signatures that are not those of the profile, or do not fit.

use kim_testbed::pki::{CertificateType, KeyType, Pki, Validity};

use crate::Office;
use crate::tree::{Tree, changed, element};

// Where things are in a SignedData of the testbed.
const DATA: &[usize] = &[1, 0];
const CONTENT_TYPE: &[usize] = &[1, 0, 2, 0];
const CONTENT: &[usize] = &[1, 0, 2, 1, 0];
const CERTIFICATES: &[usize] = &[1, 0, 3];
const SIGNERS: &[usize] = &[1, 0, 4];
const SIGNER: &[usize] = &[1, 0, 4, 0];
const SIGNER_NAME: &[usize] = &[1, 0, 4, 0, 1];
const SIGNER_SERIAL: &[usize] = &[1, 0, 4, 0, 1, 1];
const ATTRIBUTES: &[usize] = &[1, 0, 4, 0, 3];
const ALGORITHM: &[usize] = &[1, 0, 4, 0, 4, 0];
const SIGNATURE: &[usize] = &[1, 0, 4, 0, 5];

const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const ECDSA_SHA_1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1];

fn flip(tree: &mut Tree) {
    *tree.octets().last_mut().unwrap() ^= 1;
}

fn doubled(tree: &mut Tree) {
    let first = tree.elements()[0].clone();
    tree.elements().push(first);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2118 to KOM-LE-A_2127; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050-06
#[test]
fn each_of_these_is_doubted_with_its_result() {
    let office = Office::new();
    let right = office.signature();
    office.delivers("unchanged", &office.with_signature(&right));
    type Change<'a> = Box<dyn Fn(&mut Tree) + 'a>;
    let other = office.key("B", CertificateType::HciOsig).certificate_der();
    let surplus = vec![0xa1, 0];
    let cases: Vec<(&str, &[usize], Change<'_>, &[&str])> = vec![
        // The Konnektor finds it.
        ("signature changed", SIGNATURE, Box::new(flip), &["02"]),
        ("signature empty", SIGNATURE, Box::new(|tree| tree.octets().clear()), &["02"]),
        ("content changed", CONTENT, Box::new(|tree| tree.octets().push(b'!')), &["02"]),
        (
            "attributes changed",
            ATTRIBUTES,
            Box::new(|tree| {
                tree.at(&[1, 1, 0]).octets()[0] ^= 1;
            }),
            &["02"],
        ),
        // The Konnektor finds it, and so does the profile.
        ("no signer", SIGNERS, Box::new(|tree| tree.elements().clear()), &["03"]),
        ("no certificate", CERTIFICATES, Box::new(|tree| tree.elements().clear()), &["05", "04"]),
        (
            "certificate of another",
            CERTIFICATES,
            Box::new(|tree| tree.elements()[0] = Tree::parse(&other)),
            &["05", "04"],
        ),
        ("another signer is named", SIGNER_SERIAL, Box::new(flip), &["05", "04"]),
        (
            "signer by key identifier",
            SIGNER_NAME,
            Box::new(|tree| *tree = Tree::parse(&[0x80, 1, 7])),
            &["04"],
        ),
        (
            "content of kind SignedData",
            CONTENT_TYPE,
            Box::new(|tree| *tree.octets() = SIGNED_DATA.to_vec()),
            &["04"],
        ),
        ("signature with SHA-1", ALGORITHM, Box::new(|tree| *tree.octets() = ECDSA_SHA_1.to_vec()), &["04"]),
        ("attribute twice", ATTRIBUTES, Box::new(doubled), &["02", "04"]),
        ("no attributes", SIGNER, Box::new(|tree| drop(tree.elements().remove(3))), &["04"]),
        (
            "no message-digest",
            ATTRIBUTES,
            Box::new(|tree| {
                tree.elements().retain(|attribute| {
                    !attribute
                        .encode()
                        .windows(9)
                        .any(|oid| oid == [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4])
                })
            }),
            &["04"],
        ),
        // Only the profile has a rule for it.
        ("two signers", SIGNERS, Box::new(doubled), &["04"]),
        (
            "a certificate besides the signer's",
            CERTIFICATES,
            Box::new(|tree| tree.elements().push(Tree::parse(&other))),
            &["04"],
        ),
        ("crls", DATA, Box::new(|tree| tree.elements().insert(4, Tree::parse(&surplus))), &["04"]),
        (
            "unsigned attributes",
            SIGNER,
            Box::new(|tree| tree.elements().push(Tree::parse(&surplus))),
            &["04"],
        ),
    ];
    for (name, path, change, results) in &cases {
        office.doubts(name, &office.with_signature(&changed(&right, path, change)), results);
    }
}

/// A signature that fits, over an attribute that says something else than the one beside the encrypted content, or nothing.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2127 (received); gemSpec_CM_KOMLE 1.16.0, A_23165 (09)
#[test]
fn other_recipients_in_the_signature_are_result_09() {
    let office = Office::new();
    let (a, b) = (office.account("A").address.as_str(), office.account("B").address.as_str());
    let kind = [0x06, 8, 0x2a, 0x82, 0x14, 0, 0x4c, 4, 0x81, 0x2d];
    let with_values = |values: &[u8]| element(0x30, &[&kind[..], &element(0x31, values)].concat());
    let cases = [
        ("missing", vec![]),
        ("without values", vec![with_values(&[])]),
        ("not readable", vec![with_values(&[0x04, 1, 7])]),
        ("without the reader", vec![office.attribute(&[("A", a)])]),
        ("with another reader", vec![office.attribute(&[("A", a), ("B", b), ("R", b)])]),
        ("another address", vec![office.attribute(&[("A", a), ("B", "anyone@testbed.kim.telematik-test")])]),
        ("addresses exchanged", vec![office.attribute(&[("A", b), ("B", a)])]),
        ("another certificate", vec![office.attribute(&[("A", a), ("E", b)])]),
    ];
    for (name, attributes) in cases {
        office.doubts(name, &office.with_signature(&office.sign(&office.mail(), &attributes)), &["09"]);
    }
    let twice = [office.right_attribute(), office.right_attribute()];
    office.doubts("twice", &office.with_signature(&office.sign(&office.mail(), &twice)), &["04"]);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2129 (received); gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050-06 (05)
#[test]
fn signers_who_may_not_sign_are_doubted() {
    let office = Office::new();
    let (mail, attributes) = (office.mail(), [office.right_attribute()]);
    let message = |signer: &_| office.with_signature(&office.sign_as(signer, &mail, &attributes));
    for kind in [CertificateType::HciEnc, CertificateType::HciAut, CertificateType::HpAut] {
        office.doubts(&format!("{kind:?}"), &message(&office.key("A", kind)), &["05"]);
    }
    let foreign = Pki::new(666).issue(CertificateType::HciOsig, KeyType::Brainpool, &office.holder("A"));
    office.doubts("another PKI", &message(&foreign), &["05"]);
    let expired = office.holder("A").with_validity(Validity::EXPIRED);
    let expired = office.world.pki().issue(CertificateType::HciOsig, KeyType::Brainpool, &expired);
    office.doubts("expired", &message(&expired), &["02"]);
    let revoked = office.holder("A").with_edition(7);
    let revoked = office.world.pki().issue(CertificateType::HciOsig, KeyType::Brainpool, &revoked);
    office.world.pki().revoke(&revoked.certificate);
    office.doubts("revoked", &message(&revoked), &["02"]);
}

/// The status of the signer's certificate is not known: positive, but another result than 01.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050-06 (07)
#[test]
fn an_unknown_status_is_said_and_hides_nothing_worse() {
    let office = Office::new();
    office.world.konnektor().configure(|config| config.offline = true);
    let seen = office.open(&office.with_signature(&office.signature()), Default::default());
    assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["07"]);
    assert!(seen.is_as_sent());
    let unnamed = office.sign(&office.mail(), &[]);
    office.doubts("07 and 09", &office.with_signature(&unnamed), &["09"]);
}
