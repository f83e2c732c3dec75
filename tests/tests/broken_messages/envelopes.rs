//! Encrypted contents that are not those of the profile, or not those that were sent.

use kim_testbed::cms::{Form, encrypt};
use kim_testbed::pki::CertificateType;

use crate::Office;
use crate::tree::{Tree, changed, element};

// Where things are in an AuthEnvelopedData of the testbed.
const KIND: &[usize] = &[0];
const DATA: &[usize] = &[1, 0];
const RECIPIENTS: &[usize] = &[1, 0, 1];
const READER: &[usize] = &[1, 0, 1, 1];
const READER_NAME: &[usize] = &[1, 0, 1, 1, 1];
const READER_ALGORITHM: &[usize] = &[1, 0, 1, 1, 2, 0];
const READER_KEY: &[usize] = &[1, 0, 1, 1, 3];
const ENCRYPTED: &[usize] = &[1, 0, 2];
const CONTENT_TYPE: &[usize] = &[1, 0, 2, 0];
const ALGORITHM: &[usize] = &[1, 0, 2, 1, 0];
const NONCE: &[usize] = &[1, 0, 2, 1, 1, 0];
const TAG_LENGTH: &[usize] = &[1, 0, 2, 1, 1, 1];
const CIPHERTEXT: &[usize] = &[1, 0, 2, 2];
const TAG: &[usize] = &[1, 0, 3];
const ATTRIBUTES: &[usize] = &[1, 0, 4];
const ATTRIBUTE_KIND: &[usize] = &[1, 0, 4, 0, 0];
const ENTRIES: &[usize] = &[1, 0, 4, 0, 1];

// Names of kinds and algorithms, as the octets of an OID.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const ENVELOPED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3];
const COMPRESSED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 9];
const AES_128_GCM: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 6];
const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 0x2a];
const AES_256_CCM: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 0x2f];
const DES_EDE3_CBC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3, 7];
const CHACHA20_POLY1305: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 3, 18];
const RSA_PKCS1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];

fn flip(tree: &mut Tree) {
    *tree.octets().last_mut().unwrap() ^= 1;
}

fn first_removed(tree: &mut Tree) {
    tree.elements().remove(0);
}

fn last_removed(tree: &mut Tree) {
    tree.elements().pop();
}

fn doubled(tree: &mut Tree) {
    let first = tree.elements()[0].clone();
    tree.elements().push(first);
}

fn named(oid: &'static [u8]) -> impl Fn(&mut Tree) {
    move |tree| *tree.octets() = oid.to_vec()
}

fn tagged(tag: u8) -> impl Fn(&mut Tree) {
    move |tree| tree.tag = tag
}

fn inserted(position: usize, der: Vec<u8>) -> impl Fn(&mut Tree) {
    move |tree| tree.elements().insert(position, Tree::parse(&der))
}

type Change = Box<dyn Fn(&mut Tree)>;

/// Changes of one place that make a right content a wrong one.
pub(crate) fn wrong_formats() -> Vec<(&'static str, &'static [usize], Change)> {
    vec![
        // Foreign structures and algorithms.
        ("kind SignedData", KIND, Box::new(named(SIGNED_DATA))),
        ("kind EnvelopedData", KIND, Box::new(named(ENVELOPED_DATA))),
        ("kind CompressedData", KIND, Box::new(named(COMPRESSED_DATA))),
        ("content of kind SignedData", CONTENT_TYPE, Box::new(named(SIGNED_DATA))),
        ("AES-128-GCM", ALGORITHM, Box::new(named(AES_128_GCM))),
        ("AES-256-CBC", ALGORITHM, Box::new(named(AES_256_CBC))),
        ("AES-256-CCM", ALGORITHM, Box::new(named(AES_256_CCM))),
        ("3DES", ALGORITHM, Box::new(named(DES_EDE3_CBC))),
        ("ChaCha20-Poly1305", ALGORITHM, Box::new(named(CHACHA20_POLY1305))),
        ("key with PKCS#1 1.5", READER_ALGORITHM, Box::new(named(RSA_PKCS1))),
        // Wrong tags.
        ("outermost is a set", &[], Box::new(tagged(0x31))),
        ("kind is an octet string", KIND, Box::new(tagged(0x04))),
        ("content under [1]", &[1], Box::new(tagged(0xa1))),
        ("data is a set", DATA, Box::new(tagged(0x31))),
        ("version is an octet string", &[1, 0, 0], Box::new(tagged(0x04))),
        ("recipients are a sequence", RECIPIENTS, Box::new(tagged(0x30))),
        ("recipient is a set", READER, Box::new(tagged(0x31))),
        ("recipient by key agreement", READER, Box::new(tagged(0xa1))),
        ("recipient by shared key", READER, Box::new(tagged(0xa2))),
        ("recipient by password", READER, Box::new(tagged(0xa3))),
        ("recipient otherwise", READER, Box::new(tagged(0xa4))),
        ("recipient without certificate", READER_NAME, Box::new(tagged(0xa0))),
        ("encrypted key is a text", READER_KEY, Box::new(tagged(0x0c))),
        ("encrypted content is a set", ENCRYPTED, Box::new(tagged(0x31))),
        ("nonce is an integer", NONCE, Box::new(tagged(0x02))),
        ("ciphertext under [1]", CIPHERTEXT, Box::new(tagged(0x81))),
        ("tag is a bit string", TAG, Box::new(tagged(0x03))),
        ("attributes under [3]", ATTRIBUTES, Box::new(tagged(0xa3))),
        ("entries are a sequence", ENTRIES, Box::new(tagged(0x30))),
        ("tag with a number above 30", TAG, Box::new(tagged(0x1f))),
        // Missing and surplus parts.
        ("no version", DATA, Box::new(first_removed)),
        ("no recipient", RECIPIENTS, Box::new(|tree| tree.elements().clear())),
        ("no ciphertext", ENCRYPTED, Box::new(last_removed)),
        ("no attributes", DATA, Box::new(last_removed)),
        ("attributes are empty", ATTRIBUTES, Box::new(first_removed)),
        ("no entry", ENTRIES, Box::new(|tree| tree.elements().clear())),
        ("attribute of another kind", ATTRIBUTE_KIND, Box::new(flip)),
        ("attribute twice", ATTRIBUTES, Box::new(doubled)),
        ("originatorInfo", DATA, Box::new(inserted(1, vec![0xa0, 0]))),
        ("surplus element", DATA, Box::new(inserted(5, vec![5, 0]))),
        // Recipients and attribute do not fit.
        ("recipient without entry", ENTRIES, Box::new(first_removed)),
        ("entry without recipient", RECIPIENTS, Box::new(first_removed)),
        ("entry of another certificate", &[1, 0, 4, 0, 1, 0, 1, 1], Box::new(flip)),
        ("address outside ASCII", &[1, 0, 4, 0, 1, 0, 0], Box::new(|tree| tree.octets()[0] = 0xe4)),
        // Cryptography.
        ("ciphertext changed", CIPHERTEXT, Box::new(flip)),
        ("ciphertext longer", CIPHERTEXT, Box::new(|tree| tree.octets().push(0))),
        ("ciphertext empty", CIPHERTEXT, Box::new(|tree| tree.octets().clear())),
        ("tag changed", TAG, Box::new(flip)),
        ("tag of 15 octets", TAG, Box::new(|tree| tree.octets().truncate(15))),
        ("tag of 4 octets", TAG, Box::new(|tree| tree.octets().truncate(4))),
        ("tag empty", TAG, Box::new(|tree| tree.octets().clear())),
        ("tag announced with 4 octets", TAG_LENGTH, Box::new(|tree| *tree.octets() = vec![4])),
        ("nonce changed", NONCE, Box::new(flip)),
        ("nonce of 16 octets", NONCE, Box::new(|tree| tree.octets().extend([0; 4]))),
        ("nonce empty", NONCE, Box::new(|tree| tree.octets().clear())),
        ("encrypted key changed", READER_KEY, Box::new(flip)),
        ("encrypted key empty", READER_KEY, Box::new(|tree| tree.octets().clear())),
        (
            "encrypted keys exchanged",
            RECIPIENTS,
            Box::new(|tree| {
                let key = tree.at(&[0, 3]).clone();
                *tree.at(&[1, 3]) = key;
            }),
        ),
    ]
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104 to KOM-LE-A_2117; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02
#[test]
fn each_of_these_is_a_wrong_format() {
    let office = Office::new();
    let right = office.right_cms();
    office.delivers("unchanged", &office.with_cms(&right));
    let cases = wrong_formats();
    for (name, path, change) in &cases {
        office.refuses(name, &office.with_cms(&changed(&right, path, change)), "02");
    }
    assert!(cases.len() >= 50);
}

/// A tag of 4 octets that fits is guessed in no time.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2112; RFC 5084 §3.2
#[test]
fn a_shortened_tag_that_is_announced_so_is_refused() {
    let office = Office::new();
    let short = changed(&office.right_cms(), TAG, |tree| tree.octets().truncate(4));
    let short = changed(&short, TAG_LENGTH, |tree| *tree.octets() = vec![4]);
    office.refuses("short tag", &office.with_cms(&short), "02");
}

#[test]
fn lengths_beyond_the_end_are_a_wrong_format() {
    let office = Office::new();
    let right = office.right_cms();
    for length in [
        &[0x84, 0x7f, 0xff, 0xff, 0xff][..],
        &[0x84, 0xff, 0xff, 0xff, 0xff],
        &[0x88, 0xff, 0, 0, 0, 0, 0, 0, 0],
        &[0xff],
    ] {
        let longer = [&right[..1], length, &right[4..]].concat();
        office.refuses(&format!("length {length:02x?}"), &office.with_cms(&longer), "02");
    }
    office.refuses("octets behind the end", &office.with_cms(&[right.as_slice(), &[0]].concat()), "02");
    let endless = [&[0x30, 0x80], &right[4..]].concat();
    office.refuses("indefinite length without end", &office.with_cms(&endless), "02");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2043, KOM-LE-A_2047-02; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2116 (received)
#[test]
fn a_message_for_others_has_no_key() {
    let office = Office::new();
    let (a, b) = (office.account("A").address.as_str(), office.account("B").address.as_str());
    let document = office.signature();
    for (name, entries) in [
        ("only for the sender", vec![("A", a)]),
        ("to another address", vec![("A", a), ("B", "anyone@testbed.kim.telematik-test")]),
        ("certificates exchanged", vec![("A", b), ("B", a)]),
    ] {
        let owners: Vec<_> =
            entries.iter().map(|(owner, _)| office.key(owner, CertificateType::HciEnc).certificate).collect();
        let cms = encrypt(&document, &owners, &[office.attribute(&entries)], Form::Definite).unwrap();
        office.refuses(name, &office.with_cms(&cms), "01");
    }
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104
#[test]
fn the_same_content_in_every_form_of_ber_is_delivered() {
    let office = Office::new();
    let document = [crate::office::SIGNED.as_bytes(), &office.signature()].concat();
    let certificates = ["A", "B"].map(|name| office.key(name, CertificateType::HciEnc).certificate);
    for form in [Form::Indefinite, Form::Definite] {
        let cms = encrypt(&document, &certificates, &[office.right_attribute()], form).unwrap();
        office.delivers(&format!("{form:?}"), &office.with_cms(&cms));
    }
    // gematik's text has the entries in a set of their own.
    let nested = changed(&office.right_cms(), ENTRIES, |tree| {
        *tree = Tree::parse(&element(0x31, &tree.encode()));
    });
    office.delivers("entries in a set of their own", &office.with_cms(&nested));
}
