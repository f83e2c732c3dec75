//! The normaliser makes DER of BER and leaves DER alone.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "cms/builder.rs"]
mod builder;
#[path = "cms/vectors.rs"]
mod vectors;

use builder::*;
use bytes::Bytes;
use cms::authenveloped_data::AuthEnvelopedData;
use cms::content_info::ContentInfo;
use der::Decode;
use kim_smime::{BerError, BerLimits, Signed, normalize};
use proptest::prelude::*;
use vectors::vector;

fn normal(ber: impl Into<Bytes>) -> Result<Vec<u8>, BerError> {
    normalize(&ber.into(), &BerLimits::default()).map(|der| der.to_vec())
}

/// A tree of sequences and sets around octet strings.
#[derive(Debug, Clone)]
enum Tree {
    Octets(Vec<u8>),
    Nodes(u8, Vec<Tree>),
}

impl Tree {
    fn der(&self) -> Vec<u8> {
        match self {
            Tree::Octets(content) => octets(content),
            Tree::Nodes(tag, nodes) => tlv(*tag, &[&nodes.iter().flat_map(Tree::der).collect::<Vec<_>>()]),
        }
    }

    /// One of the many encodings in BER; `choices` decides which.
    fn ber(&self, choices: &mut dyn Iterator<Item = u8>) -> Vec<u8> {
        let choice = choices.next().unwrap_or_default();
        let (tag, content) = match self {
            Tree::Octets(content) if choice % 4 < 2 => (0x04, content.clone()),
            Tree::Octets(content) => (0x24, cut(content, 12, choices)),
            Tree::Nodes(tag, nodes) => (*tag, nodes.iter().flat_map(|node| node.ber(choices)).collect()),
        };
        match choice % 3 {
            0 => tlv(tag, &[&content]),
            1 if tag & 0x20 != 0 => indefinite(tag, &[&content]),
            _ => long(tag, &content),
        }
    }
}

/// Octets as segments, some of which have segments of their own, at most that deep.
fn cut(content: &[u8], depth: usize, choices: &mut dyn Iterator<Item = u8>) -> Vec<u8> {
    let choice = choices.next().unwrap_or_default();
    if choice.is_multiple_of(5) || content.is_empty() || depth == 0 {
        return indefinite(0x24, &[&segments(content, usize::from(choice / 5) + 1)]);
    }
    let (left, right) = content.split_at(usize::from(choice) % content.len());
    [octets(left), tlv(0x24, &[&cut(right, depth - 1, choices)])].concat()
}

/// An element whose length takes four octets.
fn long(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x84], length.as_slice(), content].concat()
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop::collection::vec(any::<u8>(), 0..300).prop_map(Tree::Octets);
    leaf.prop_recursive(5, 60, 6, |inner| {
        let tag = prop_oneof![Just(0x30), Just(0x31), Just(0xa1), Just(0xbe)];
        (tag, prop::collection::vec(inner, 0..6)).prop_map(|(tag, nodes)| Tree::Nodes(tag, nodes))
    })
}

proptest! {
    #[test]
    fn every_encoding_of_a_value_becomes_the_same_der(
        tree in tree(),
        choices in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let ber = tree.ber(&mut choices.into_iter());
        prop_assert_eq!(normal(ber).unwrap(), tree.der());
    }

    #[test]
    fn the_result_stays_as_it_is(octets in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(der) = normal(octets) {
            prop_assert_eq!(normal(der.clone()).unwrap(), der);
        }
    }
}

#[test]
fn der_is_given_back_without_a_copy() {
    let der = Envelope::default().der();
    let normal = normalize(&der, &BerLimits::default()).unwrap();
    assert_eq!(normal.as_ptr(), der.as_ptr());
    assert_eq!(normal, der);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2112
#[test]
fn encrypted_content_in_segments_becomes_one_octet_string() {
    let content: Vec<u8> = (0..=255).cycle().take(3367).collect();
    let expected = Envelope { content: tlv(0x80, &[&content]), ..Envelope::default() }.der();
    for size in [1, 7, 999, 1000, 4096] {
        for outer in [tlv, indefinite] {
            let content = outer(0xa0, &[&segments(&content, size)]);
            let envelope = Envelope { content, ..Envelope::default() };
            assert_eq!(normal(envelope.ber()).unwrap(), expected);
            assert_eq!(normal(envelope.der()).unwrap(), expected);
        }
    }
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2121
#[test]
fn signed_content_in_segments_is_joined() {
    let content: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    for size in [1, 7, 1000, 8192, 20_000] {
        let octets = indefinite(0x24, &[&segments(&content, size)]);
        let signature = Signature { content: indefinite(0xa0, &[&octets]), ..Signature::default() };
        let signed = Signed::parse(&signature.ber(), &BerLimits::default()).unwrap();
        assert_eq!(signed.content().to_bytes(), content);
    }
    let empty = Signature { content: indefinite(0xa0, &[&indefinite(0x24, &[])]), ..Signature::default() };
    assert!(Signed::parse(&empty.ber(), &BerLimits::default()).unwrap().content().is_empty());
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2112
#[test]
fn the_strict_types_read_what_the_normaliser_made() {
    let Some(ber) = vector("gematik-smime/inputEmail.txt.04.encryptedcms") else { return };
    let der = normal(ber.clone()).unwrap();
    let info = ContentInfo::from_der(&der).unwrap();
    let ours: AuthEnvelopedData = info.content.decode_as().unwrap();

    let info = ContentInfo::from_ber(&ber).unwrap();
    let oracle: AuthEnvelopedData = info.content.decode_as_encoding(der::EncodingRules::Ber).unwrap();

    let content = |data: &AuthEnvelopedData| {
        data.auth_encrypted_content_info.encrypted_content.as_ref().unwrap().as_bytes().to_vec()
    };
    assert_eq!(content(&ours).len(), 3367);
    assert_eq!(content(&ours), content(&oracle));
    assert_eq!(ours.mac, oracle.mac);
    assert_eq!(ours.unauth_attrs.unwrap().len(), 1);
}

#[test]
fn faults_are_named_with_their_place() {
    let at = |octets: &[u8]| normal(octets.to_vec()).unwrap_err();
    assert_eq!(at(&[]), BerError::Truncated { at: 0 });
    assert_eq!(at(&[0x30]), BerError::Truncated { at: 0 });
    assert_eq!(at(&[0x30, 0x05, 0x04, 0x00]), BerError::Truncated { at: 0 });
    assert_eq!(at(&[0x30, 0x03, 0x04, 0x02, 0x00]), BerError::Truncated { at: 2 });
    assert_eq!(at(&[0x30, 0x82, 0x01]), BerError::Truncated { at: 0 });
    assert_eq!(at(&[0x30, 0x80, 0x04, 0x00]), BerError::Truncated { at: 4 });
    assert_eq!(at(&[0x30, 0x80, 0x04, 0x00, 0x00]), BerError::Truncated { at: 4 });
    assert_eq!(at(&[0x30, 0x00, 0x00]), BerError::Trailing { at: 2 });
    assert_eq!(at(&[0x30, 0x80, 0x00, 0x00, 0x05]), BerError::Trailing { at: 4 });
    assert_eq!(at(&[0x3f, 0x81, 0x01, 0x00]), BerError::Tag { at: 0 });
    assert_eq!(at(&[0x30, 0x02, 0x00, 0x00]), BerError::Tag { at: 2 });
    assert_eq!(at(&[0x30, 0x02, 0x10, 0x00]), BerError::Tag { at: 2 });
    assert_eq!(at(&[0x30, 0x04, 0x2c, 0x02, 0x04, 0x00]), BerError::Tag { at: 2 });
    assert_eq!(at(&[0x30, 0x02, 0x04, 0x80]), BerError::Length { at: 2 });
    assert_eq!(at(&[0x30, 0x85, 0, 0, 0, 0, 0]), BerError::Length { at: 0 });
    assert_eq!(at(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), BerError::Truncated { at: 0 });
    assert_eq!(at(&[0x30, 0xff]), BerError::Length { at: 0 });
    assert_eq!(at(&[0x24, 0x02, 0x02, 0x00]), BerError::Segment { at: 2 });
    assert_eq!(at(&[0x24, 0x80, 0x30, 0x00, 0, 0]), BerError::Segment { at: 2 });
}

#[test]
fn limits_are_kept() {
    let limits = BerLimits { octets: 12, depth: 3, elements: 4 };
    let at = |octets: &[u8]| normalize(&Bytes::copy_from_slice(octets), &limits).map(drop);
    assert_eq!(at(&tlv(0x04, &[&[0; 10]])), Ok(()));
    assert_eq!(at(&tlv(0x04, &[&[0; 11]])), Err(BerError::TooLong { len: 13 }));
    assert_eq!(at(&seq(&[&seq(&[&seq(&[])])])), Ok(()));
    assert_eq!(at(&seq(&[&seq(&[&seq(&[&octets(b"")])])])), Ok(()));
    assert_eq!(at(&seq(&[&seq(&[&seq(&[&seq(&[])])])])), Err(BerError::TooDeep { at: 6 }));
    assert_eq!(at(&seq(&[&octets(b""), &octets(b""), &octets(b"")])), Ok(()));
    assert_eq!(at(&seq(&[&[4, 0], &[4, 0], &[4, 0], &[4, 0]])), Err(BerError::TooMany { at: 8 }));
}
