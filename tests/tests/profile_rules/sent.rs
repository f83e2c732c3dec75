//! What goes out keeps every rule. One test for each, in the order of the profile.

use kim_testbed::World;
use kim_testbed::directory::Entry;
use kim_testbed::pki::{CertificateType, Identity};

use crate::message::{BODY, FIELDS, Message, key};
use crate::tree::Tree;

// Where things are.
const DATA: &[usize] = &[1, 0];
const RECIPIENTS: &[usize] = &[1, 0, 1];
const ENCRYPTED: &[usize] = &[1, 0, 2];
const UNAUTH_ATTRS: &[usize] = &[1, 0, 4];
const SIGNER: &[usize] = &[1, 0, 4, 0];
const CERTIFICATES: &[usize] = &[1, 0, 3];

const AUTH_ENVELOPED_DATA: &str = "1.2.840.113549.1.9.16.1.23";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const ID_DATA: &str = "1.2.840.113549.1.7.1";
const AES_256_GCM: &str = "2.16.840.1.101.3.4.1.46";
const TI_ECIES: &str = "1.2.276.0.76.4.222";
const RECIPIENT_EMAILS: &str = "1.2.276.0.76.4.173";

fn sent() -> Message {
    Message::new(&World::new(1))
}

/// The OID in dotted form.
fn oid(tree: &mut Tree) -> String {
    assert_eq!(tree.tag, 0x06);
    openssl::asn1::Asn1Object::from_str(&dotted(tree.octets())).unwrap();
    dotted(tree.octets())
}

fn dotted(octets: &[u8]) -> String {
    let mut arcs = Vec::new();
    let mut arc = 0_u64;
    for octet in octets {
        arc = arc << 7 | u64::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            arcs.push(std::mem::take(&mut arc));
        }
    }
    let first = (arcs[0] / 40).min(2);
    arcs[0] -= first * 40;
    std::iter::once(first).chain(arcs).map(|arc| arc.to_string()).collect::<Vec<_>>().join(".")
}

/// IssuerAndSerialNumber of a certificate, made by OpenSSL.
fn name(identity: &Identity) -> Vec<u8> {
    let serial = identity.certificate.serial_number().to_bn().unwrap().to_vec();
    let serial = crate::tree::element(0x02, &serial);
    let issuer = identity.certificate.issuer_name().to_der().unwrap();
    crate::tree::element(0x30, &[issuer, serial].concat())
}

fn names(world: &World) -> Vec<Vec<u8>> {
    ["A", "B"].map(|owner| name(&key(world, owner, CertificateType::HciEnc))).to_vec()
}

fn sorted<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort();
    values
}

/// The entries of recipient-emails in an attribute: address and name.
fn entries(attribute: &mut Tree) -> Vec<(String, Vec<u8>)> {
    assert_eq!(oid(attribute.at(&[0])), RECIPIENT_EMAILS);
    let values = attribute.at(&[1]).elements().iter_mut();
    values
        .map(|entry| {
            assert_eq!(
                (entry.tag, entry.at(&[0]).tag),
                (0x30, 0x16),
                "a sequence that begins with an IA5String"
            );
            (String::from_utf8(entry.at(&[0]).octets().clone()).unwrap(), entry.at(&[1]).encode())
        })
        .collect()
}

/// The attribute recipient-emails of the signature.
fn signed_attribute(message: &mut Message) -> Tree {
    let attributes = message.signed.at(SIGNER).at(&[3]).elements().iter_mut();
    let mut found: Vec<_> =
        attributes.filter_map(|one| (oid(one.at(&[0])) == RECIPIENT_EMAILS).then(|| one.clone())).collect();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2095 (sent)
#[test]
fn the_mail_is_signed_and_the_signature_encrypted() {
    let mut message = sent();
    assert_eq!(oid(message.envelope.at(&[0])), AUTH_ENVELOPED_DATA);
    assert_eq!(oid(message.signed.at(&[0])), SIGNED_DATA);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2097 (sent)
#[test]
fn what_is_signed_is_a_message() {
    let mail = sent().mail;
    assert!(mail.starts_with("Content-Type: message/rfc822\r\n\r\nFrom: Praxis A\r\n <"));
    assert!(mail.contains(FIELDS) && mail.ends_with(&format!("\r\n\r\n{BODY}")));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2098-03 (sent)
#[test]
fn the_outer_header_repeats_the_inner_one() {
    let message = sent();
    let inner = message.mail.replace("\r\n ", " ");
    for name in ["From", "To", "Date", "X-KIM-Support", "X-KIM-Dienstkennung"] {
        let [value] = message.values(name)[..] else { panic!("{name}") };
        assert!(inner.contains(&format!("\r\n{name}: {value}\r\n")), "{name}");
    }
    for name in ["Sender", "Reply-To", "Cc", "Bcc"] {
        assert!(message.values(name).is_empty(), "{name}");
    }
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2099 (sent), KOM-LE-A_2100-02 (sent)
#[test]
fn the_version_is_that_of_a_message_without_kas() {
    assert_eq!(sent().values("X-KOM-LE-Version"), ["1.0"]);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2101-01 (sent)
#[test]
fn the_message_id_is_the_same_inside_and_outside() {
    let message = sent();
    let [id] = message.values("Message-ID")[..] else { panic!("no Message-ID") };
    assert_eq!(message.mail.matches(&format!("\r\nMessage-ID: {id}\r\n")).count(), 1);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2102 (sent)
#[test]
fn the_outer_subject_says_nothing() {
    assert_eq!(sent().values("Subject"), ["KOM-LE-Nachricht"]);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2103 (sent)
#[test]
fn the_signature_is_opaque() {
    let entity = sent().entity;
    let head = "MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\
                Content-Transfer-Encoding: binary\r\nContent-Disposition: attachment; filename=smime.p7m\r\n\r\n";
    assert!(entity.starts_with(head.as_bytes()));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104 (sent)
#[test]
fn the_encryption_is_authenticated() {
    let mut message = sent();
    let media_type = "application/pkcs7-mime; smime-type=authenticated-enveloped-data; name=smime.p7m";
    assert_eq!(message.values("Content-Type"), [media_type]);
    assert_eq!(message.values("Content-Transfer-Encoding"), ["base64"]);
    assert_eq!(message.values("Content-Disposition"), ["attachment; filename=smime.p7m"]);
    assert_eq!(oid(message.envelope.at(&[0])), AUTH_ENVELOPED_DATA);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2106 (sent), KOM-LE-A_2107 (sent)
#[test]
fn there_are_unauthenticated_attributes_and_no_originator() {
    let tags: Vec<u8> = sent().envelope.at(DATA).elements().iter().map(|part| part.tag).collect();
    assert_eq!(tags, [0x02, 0x31, 0x30, 0x04, 0xa2], "version, recipients, content, tag, attributes");
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2108 (sent), KOM-LE-A_2109 (sent)
#[test]
fn every_recipient_gets_the_key_by_key_transport_and_certificate() {
    let mut message = sent();
    let mut recipients = message.envelope.at(RECIPIENTS).elements().clone();
    for recipient in &mut recipients {
        assert_eq!(recipient.tag, 0x30, "KeyTransRecipientInfo");
        assert_eq!(recipient.at(&[1]).tag, 0x30, "IssuerAndSerialNumber");
        assert_eq!(oid(recipient.at(&[2, 0])), TI_ECIES);
    }
    assert_eq!(recipients.len(), 2);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2111-01 (sent)
#[test]
fn the_sender_can_read_his_own_mail() {
    let (world, mut message) = (World::new(1), sent());
    let recipients = message.envelope.at(RECIPIENTS).elements().iter_mut();
    let found: Vec<_> = recipients.map(|one| one.at(&[1]).encode()).collect();
    assert_eq!(sorted(found), sorted(names(&world)));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2112 (sent)
#[test]
fn the_content_is_there_and_encrypted_with_aes_256_gcm() {
    let mut message = sent();
    let length = message.entity.len();
    let encrypted = message.envelope.at(ENCRYPTED);
    assert_eq!(oid(encrypted.at(&[0])), ID_DATA);
    assert_eq!(oid(encrypted.at(&[1, 0])), AES_256_GCM);
    assert_eq!(encrypted.at(&[1, 1, 0]).octets().len(), 12);
    assert_eq!(*encrypted.at(&[1, 1, 1]).octets(), [16]);
    assert_eq!(encrypted.at(&[2]).octets().len(), length);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2114-01 (sent), KOM-LE-A_2115-02 (sent), KOM-LE-A_2116 (sent), KOM-LE-A_2117 (sent)
#[test]
fn every_certificate_has_its_address() {
    let (world, mut message) = (World::new(1), sent());
    let attributes = message.envelope.at(UNAUTH_ATTRS).elements();
    assert_eq!(attributes.len(), 1);
    let addresses = ["A", "B"].map(|owner| world.account(owner).unwrap().address.to_string());
    let expected = addresses.into_iter().zip(names(&world));
    assert_eq!(sorted(entries(&mut attributes[0])), sorted(expected));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2118 (sent), KOM-LE-A_2119 (sent), KOM-LE-A_2121 (sent), KOM-LE-A_2123 (sent)
#[test]
fn content_certificate_and_one_signer_are_there_and_no_crls() {
    let mut message = sent();
    let data = message.signed.at(DATA);
    let tags: Vec<u8> = data.elements().iter().map(|part| part.tag).collect();
    assert_eq!(tags, [0x02, 0x31, 0x30, 0xa0, 0x31], "version, digests, content, certificates, signers");
    assert_eq!(oid(data.at(&[2, 0])), ID_DATA);
    assert_eq!((data.at(&[2, 1]).tag, data.at(&[2, 1, 0]).tag), (0xa0, 0x04));
    assert_eq!(data.at(&[4]).elements().len(), 1);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2122 (sent), KOM-LE-A_2124 (sent), KOM-LE-A_2125 (sent), KOM-LE-A_2129 (sent)
#[test]
fn the_signer_is_the_organisation_and_its_only_certificate_says_so() {
    let (world, mut message) = (World::new(1), sent());
    let signer = key(&world, "A", CertificateType::HciOsig);
    let certificates = message.signed.at(CERTIFICATES).elements();
    assert_eq!(certificates.iter().map(Tree::encode).collect::<Vec<_>>(), [signer.certificate_der()]);
    assert_eq!(message.signed.at(SIGNER).at(&[1]).encode(), name(&signer));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2126 (sent)
#[test]
fn nothing_is_unsigned() {
    let tags: Vec<u8> = sent().signed.at(SIGNER).elements().iter().map(|part| part.tag).collect();
    assert_eq!(tags, [0x02, 0x30, 0x30, 0xa0, 0x30, 0x04], "nothing behind the value of the signature");
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2127 (sent)
#[test]
fn the_same_recipients_are_signed() {
    let mut message = sent();
    let signed = signed_attribute(&mut message).encode();
    assert_eq!(message.envelope.at(UNAUTH_ATTRS).at(&[0]).encode(), signed, "octet for octet");
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2128 (sent)
#[test]
fn certificates_for_other_purposes_are_not_encrypted_for() {
    let world = World::new(1);
    let address = world.account("B").unwrap().address.clone();
    let entry = world.directory().find(&address).remove(0);
    let others = [CertificateType::HciAut, CertificateType::HciOsig, CertificateType::HpAut];
    let entry = others
        .into_iter()
        .fold(entry, |entry, kind| entry.with(Entry::CERTIFICATE, key(&world, "B", kind).certificate_der()));
    world.directory().put(entry);
    let mut message = Message::new(&world);
    let recipients = message.envelope.at(RECIPIENTS).elements().iter_mut();
    let found: Vec<_> = recipients.map(|one| one.at(&[1]).encode()).collect();
    assert_eq!(sorted(found), sorted(names(&world)));
}
