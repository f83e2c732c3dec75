//! Whatever arrives instead of CMS is an error, soon and without a panic.

#[path = "cms/builder.rs"]
mod builder;
#[path = "cms/vectors.rs"]
mod vectors;

use builder::*;
use bytes::Bytes;
use kim_smime::{
    BerError, BerLimits, Certificate, CmsError, Enveloped, IssuerAndSerialError, RecipientEmails,
    RecipientEmailsError, Signed, normalize,
};
use proptest::prelude::*;
use vectors::vector;

/// Everything that reads octets, whatever comes of it.
fn read_all(octets: &Bytes) {
    let limits = BerLimits::default();
    let _ = normalize(octets, &limits);
    let _ = Enveloped::parse(octets, &limits);
    let _ = Signed::parse(octets, &limits);
    let _ = Certificate::from_der(octets.clone());
    let _ = RecipientEmails::from_attribute(octets);
}

fn enveloped(octets: impl Into<Bytes>) -> Result<Enveloped, CmsError> {
    Enveloped::parse(&octets.into(), &BerLimits::default())
}

fn signed(octets: impl Into<Bytes>) -> Result<Signed, CmsError> {
    Signed::parse(&octets.into(), &BerLimits::default())
}

/// The built structures and, where it is there, real data.
fn samples() -> Vec<Bytes> {
    let (envelope, signature) = (Envelope::default(), Signature::default());
    let built = [envelope.der(), envelope.ber(), signature.der(), signature.ber(), recipient_emails().into()];
    let real = [
        vector("gematik-smime/inputEmail.txt.02.signedcms"),
        vector("gematik-smime/inputEmail.txt.04.encryptedcms"),
        vector("gematik-smime/keysA/hci-enc-2-kim-bsp.crt"),
    ];
    built.into_iter().chain(real.into_iter().flatten()).collect()
}

#[test]
fn what_is_cut_off_at_any_octet_is_an_error() {
    for sample in samples() {
        for end in 0..sample.len() {
            let cut = sample.slice(..end);
            assert!(enveloped(cut.clone()).is_err() && signed(cut.clone()).is_err());
            assert!(Certificate::from_der(cut.clone()).is_err());
            assert!(RecipientEmails::from_attribute(&cut).is_err());
        }
    }
}

#[test]
fn octets_behind_the_end_are_an_error() {
    for cms in [Envelope::default().der(), Envelope::default().ber()] {
        let longer = [cms.as_ref(), &[0]].concat();
        assert_eq!(enveloped(longer).unwrap_err(), CmsError::Ber(BerError::Trailing { at: cms.len() }));
    }
}

#[test]
fn deep_nesting_ends_at_the_limit() {
    for opened in [[0x30, 0x80], [0xa0, 0x80], [0x24, 0x80]] {
        let error = enveloped(opened.repeat(10_000)).unwrap_err();
        assert_eq!(error, CmsError::Ber(BerError::TooDeep { at: 64 }));
    }
    let nested = (0..10_000).fold(Vec::new(), |inner, _| seq(&[&inner]));
    assert!(matches!(enveloped(nested), Err(CmsError::Ber(BerError::TooDeep { .. }))));
}

#[test]
fn many_elements_end_at_the_limit() {
    let many = seq(&[&[0x04, 0x00].repeat(300_000)]);
    assert!(matches!(enveloped(many), Err(CmsError::Ber(BerError::TooMany { .. }))));
}

#[test]
fn many_recipients_end_at_the_limit() {
    let limits = BerLimits { elements: usize::MAX, ..BerLimits::default() };
    let recipients = vec![recipient(1, TI_ECIES); 100_000];
    let cms = Envelope { recipients, ..Envelope::default() }.ber();
    assert_eq!(Enveloped::parse(&cms, &limits).unwrap_err(), CmsError::TooMany);

    let entries: Vec<u8> = (0..100_000).flat_map(|n| recipient_email(&format!("{n}@x.de"), 1)).collect();
    let unauth_attrs = tlv(0xa2, &[&attribute(RECIPIENT_EMAILS, &[&entries])]);
    let cms = Envelope { unauth_attrs, ..Envelope::default() }.ber();
    let error = Enveloped::parse(&cms, &limits).unwrap_err();
    assert_eq!(error, CmsError::RecipientEmails(RecipientEmailsError::TooMany));
}

#[test]
fn a_message_to_the_greatest_number_of_recipients_is_read_within_the_default_limits() {
    let name = |n: usize| {
        let serial = u16::try_from(n).unwrap().to_be_bytes();
        let rdn = set(&[&seq(&[&oid(COMMON_NAME), &tlv(0x0c, &[b"text"])])]);
        seq(&[&seq(&[&rdn, &rdn, &rdn, &rdn]), &int(&serial)])
    };
    let (mut recipients, mut entries) = (Vec::new(), Vec::new());
    for n in 256..256 + RecipientEmails::MAX_ENTRIES {
        let algorithm = seq(&[&oid(RSAES_OAEP), &seq(&[&tlv(0xa0, &[&seq(&[&oid(SHA_256), &[5, 0]])])])]);
        recipients.push(seq(&[&int(&[0]), &name(n), &algorithm, &octets(&[1; 256])]));
        entries.extend(seq(&[&tlv(0x16, &[format!("{n}@x.de").as_bytes()]), &name(n)]));
    }
    let content = indefinite(0xa0, &[&segments(&vec![0; 25 * 1024 * 1024], 1000)]);
    let unauth_attrs = tlv(0xa2, &[&attribute(RECIPIENT_EMAILS, &[&entries])]);
    let envelope =
        enveloped(Envelope { recipients, content, unauth_attrs, ..Envelope::default() }.ber()).unwrap();
    assert_eq!(envelope.recipients().len(), RecipientEmails::MAX_ENTRIES);
}

#[test]
fn over_long_names_are_refused() {
    let with = |rid: Vec<u8>| {
        let entry = seq(&[&tlv(0x16, &[b"a@x.de"]), &rid]);
        RecipientEmails::from_attribute(&attribute(RECIPIENT_EMAILS, &[&entry])).unwrap_err()
    };
    let error = with(seq(&[&name(&"x".repeat(5_000)), &int(&[1])]));
    let RecipientEmailsError::IssuerAndSerial(IssuerAndSerialError::IssuerLength { len }) = error else {
        panic!("unexpected {error:?}");
    };
    assert!(len > 5_000);
    for len in [0, 65] {
        let error = with(seq(&[&name("CA"), &int(&vec![1; len])]));
        assert_eq!(error, RecipientEmailsError::IssuerAndSerial(IssuerAndSerialError::SerialLength { len }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn changed_octets_never_panic(
        sample in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        thread_local!(static SAMPLES: Vec<Bytes> = samples());
        let mut octets = SAMPLES.with(|samples| sample.get(samples).to_vec());
        for (at, value) in changes {
            let at = at.index(octets.len());
            octets[at] = value;
        }
        read_all(&octets.into());
    }

    #[test]
    fn any_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&octets.into());
    }
}
