//! The way of a mail through signing and encrypting, and back.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "cms/builder.rs"]
mod builder;
#[path = "cms/vectors.rs"]
mod vectors;

use std::time::{Duration, UNIX_EPOCH};

use builder::{Envelope, Signature};
use bytes::Bytes;
use kim_smime::{
    Certificate, ChainError, CmsError, Draft, EnvelopeForm, FormatError, Header, HeaderLimits,
    MessageVersion, OuterFields, OuterMessage, ReceiveLimits, Received, RecipientEmails, SignatureForm,
    SignatureResult,
};
use kim_types::Octets;
use proptest::prelude::*;
use vectors::vector;

const INNER: &str = "From: Karl\r\n <karl@x.de>\r\nTo: a@x.de, b@x.de\r\nBcc: c@x.de\r\nSubject: geheim\r\n\
    Date: Sat, 20 Jun 2020 12:58:26 +0200\r\nMessage-ID: <1@x.de>\r\nX-KIM-Dienstkennung: eAU;Lieferung;V1\r\n\
    X-KIM-Auth: jwt\r\nX-KIM-Support: Tel\r\nContent-Type: text/plain\r\n";

fn recipients() -> RecipientEmails {
    RecipientEmails::from_attribute(&builder::recipient_emails()).unwrap()
}

fn header(text: &str) -> Header {
    Header::split(&Bytes::from(text.to_owned()), &HeaderLimits::default()).unwrap().0
}

/// As a Konnektor signs: with the document inside, in segments.
fn sign(document: &Octets) -> Bytes {
    let segments = builder::segments(&document.to_bytes(), 1000);
    let content = builder::indefinite(0xa0, &[&builder::indefinite(0x24, &[&segments])]);
    Signature { content, ..Signature::default() }.ber()
}

/// As a Konnektor encrypts, only that the content is not encrypted.
fn encrypt(document: &Octets) -> Bytes {
    let segments = builder::segments(&document.to_bytes(), 1000);
    Envelope { content: builder::indefinite(0xa0, &[&segments]), ..Envelope::default() }.ber()
}

fn fields() -> OuterFields {
    OuterFields {
        version: MessageVersion::V1_0,
        expires: Some(UNIX_EPOCH + Duration::from_secs(86_400)),
        cm_version: "VEND_1.2.3".to_owned(),
        pt_version: "1.5.5".to_owned(),
        kon_version: Some("<secunet konnektor 2.0.0><Konnektor PTV4Plus>\r\nBcc: x@x.de".to_owned()),
        kas_size: None,
        kas_enc_size: None,
    }
}

fn protect(inner: &str, body: &[u8]) -> (OuterMessage, Octets) {
    let request = Draft::new(header(inner), Bytes::copy_from_slice(body).into()).sign_request(recipients());
    let cms = sign(request.document());
    let request = request.signed(cms).unwrap();
    let plain = request.document().clone();
    let cms = encrypt(&plain);
    (request.encrypted(cms).unwrap().message(&fields()), plain)
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2097, KOM-LE-A_2103, KOM-LE-A_2299
#[test]
fn the_konnektor_gets_the_entities_of_the_profile() {
    let request = Draft::new(header(INNER), "Text".into()).sign_request(recipients());
    assert_eq!(request.document().to_bytes(), format!("Content-Type: message/rfc822\r\n\r\n{INNER}\r\nText"));
    assert_eq!(RecipientEmails::from_attribute(request.attribute()).unwrap().entries().len(), 2);

    let cms = sign(request.document());
    let request = request.signed(cms.clone()).unwrap();
    let head = "MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\
                Content-Transfer-Encoding: binary\r\nContent-Disposition: attachment; filename=smime.p7m\r\n\r\n";
    assert_eq!(request.document().to_bytes(), [head.as_bytes(), &cms].concat());
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2098-03 to KOM-LE-A_2104, KOM-LE-A_2299; gemSpec_CM_KOMLE 1.16.0, A_21388, A_22417
#[test]
fn the_outer_header_copies_what_it_must_and_hides_the_rest() {
    let (message, _) = protect(INNER, b"Text");
    let message = message.to_octets().to_bytes();
    let (outer, _) = Header::split(&message, &HeaderLimits::default()).unwrap();
    assert_eq!(
        outer.to_octets().to_bytes(),
        "From: Karl\r\n <karl@x.de>\r\nTo: a@x.de, b@x.de\r\nBcc: c@x.de\r\nDate: Sat, 20 Jun 2020 12:58:26 +0200\r\n\
         Message-ID: <1@x.de>\r\nX-KIM-Dienstkennung: eAU;Lieferung;V1\r\nX-KIM-Support: Tel\r\n\
         Subject: KOM-LE-Nachricht\r\nX-KOM-LE-Version: 1.0\r\nExpires: Fri, 02 Jan 1970 00:00:00 +0000\r\n\
         X-KIM-CMVersion: VEND_1.2.3\r\nX-KIM-PTVersion: 1.5.5\r\n\
         X-KIM-KONVersion: <secunet konnektor 2.0.0><Konnektor PTV4Plus>??Bcc: x@x.de\r\nMIME-Version: 1.0\r\n\
         Content-Type: application/pkcs7-mime; smime-type=authenticated-enveloped-data;\r\n name=smime.p7m\r\n\
         Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=smime.p7m\r\n"
    );
    assert!(!message.windows(6).any(|window| window == b"geheim"));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21388; deltas Q26
#[test]
fn q26_the_versions_of_the_module_stand_outside_only() {
    let forged = "X-KIM-CMVersion: F_1\r\nX-KIM-PTVersion: F_2\r\nX-KIM-KONVersion: F_3\r\n";
    let mut inner = header(&format!("{INNER}{forged}"));
    inner.remove_reserved();
    let request = Draft::new(inner, "Text".into()).sign_request(recipients());
    let document = String::from_utf8(request.document().to_bytes().to_vec()).unwrap();
    let cms = sign(request.document());
    let request = request.signed(cms).unwrap();
    let cms = encrypt(request.document());
    let message = request.encrypted(cms).unwrap().message(&fields()).to_octets().to_bytes();
    let (outer, _) = Header::split(&message, &HeaderLimits::default()).unwrap();
    for name in ["X-KIM-CMVersion", "X-KIM-PTVersion", "X-KIM-KONVersion"] {
        assert!(!document.contains(name), "{name}");
        assert!(!outer.only(name).unwrap().text().starts_with("F_"), "{name}");
    }
}

/// Spec: none — deltas Q20
#[test]
fn q20_x_kim_auth_stays_inside() {
    let (message, plain) = protect(INNER, b"Text");
    let jwt = b"X-KIM-Auth: jwt";
    let has = |octets: Bytes| octets.windows(jwt.len()).any(|window| window == jwt);
    assert!(has(plain.to_bytes()) && !has(message.to_octets().to_bytes()));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21388
#[test]
fn a_long_version_of_the_konnektor_is_folded() {
    let kon_version =
        "<vendor product-of-a-long-name 12.34.56><Konnektor PTV6><6.0.2-17><2.3.1><6.0.2>".repeat(4);
    let fields = OuterFields { kon_version: Some(kon_version.clone()), ..fields() };
    let request = Draft::new(header(INNER), "Text".into()).sign_request(recipients());
    let cms = sign(request.document());
    let request = request.signed(cms).unwrap();
    let cms = encrypt(request.document());
    let message = request.encrypted(cms).unwrap().message(&fields).to_octets().to_bytes();
    let (outer, _) = Header::split(&message, &HeaderLimits::default()).unwrap();
    let field = outer.only("X-KIM-KONVersion").unwrap();
    assert!(field.raw().split(|octet| *octet == b'\n').all(|line| line.len() <= 79), "{:?}", field.raw());
    assert_eq!(field.text(), kon_version);
}

/// To whom a mail goes says its envelope.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2098-03; gemSpec_CM_KOMLE 1.16.0, A_23174
#[test]
fn a_mail_without_to_has_none_outside() {
    for inner in ["From: a@x.de\r\nCc: b@x.de\r\n", "From: a@x.de\r\nBcc: b@x.de\r\n", "From: a@x.de\r\n"] {
        let (message, _) = protect(inner, b"Text");
        let message = message.to_octets().to_bytes();
        assert!(message.starts_with(format!("{inner}Subject: KOM-LE-Nachricht\r\n").as_bytes()));
        let (outer, _) = Header::split(&message, &HeaderLimits::default()).unwrap();
        assert!(outer.first("To").is_none());
    }
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2098-03, KOM-LE-A_2114-01
#[test]
fn two_hundred_recipients_are_kept_octet_for_octet() {
    let list: Vec<String> =
        (0..200).map(|n| format!("\"Praxis, {n}\" <praxis{n}@x.kim.telematik>")).collect();
    let to = format!("To: {}\r\n", list.join(",\r\n\t"));
    let mut mail = header(&format!("From: a@x.de\r\n{to}"));
    mail.retain_addresses("To", |_| true);
    let (message, _) = protect(std::str::from_utf8(&mail.to_octets().to_bytes()).unwrap(), b"Text");
    let message = message.to_octets().to_bytes();
    let (outer, _) = Header::split(&message, &HeaderLimits::default()).unwrap();
    assert_eq!(outer.only("To").unwrap().raw(), &to);
    assert_eq!(outer.addresses("To").len(), 200);
}

/// Spec: RFC 5321 §4.5.3.1.6, RFC 5322 §2.1.1; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2097
#[test]
fn long_lines_and_stray_line_ends_of_the_body_are_inside_and_unchanged() {
    let body = [vec![b'x'; 5000], b"\r\nlone \r and \n.\r\n.\n\0\xff".to_vec(), vec![b'y'; 200_000]].concat();
    let (message, plain) = protect(INNER, &body);
    let octets = message.to_octets().to_bytes();
    assert!(octets.split(|octet| *octet == b'\n').all(|line| line.len() <= 79 && line.is_ascii()));
    let request = Received::parse(octets, &ReceiveLimits::default()).unwrap().decrypt_request();
    let opened = request.decrypted(plain.to_bytes()).unwrap().verified(SignatureResult::Valid);
    assert_eq!(opened.body().to_bytes(), body);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23467; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2100-02
#[test]
fn a_message_with_data_on_the_kas_says_so() {
    let request = Draft::new(header(INNER), "Text".into()).sign_request(recipients());
    let cms = sign(request.document());
    let request = request.signed(cms).unwrap();
    let cms = encrypt(request.document());
    let kas =
        OuterFields { version: MessageVersion::V1_5, kas_size: Some(17), kas_enc_size: Some(45), ..fields() };
    let message = request.encrypted(cms).unwrap().message(&kas).to_octets().to_bytes();
    let (outer, _) = Header::split(&message, &HeaderLimits::default()).unwrap();
    let value = |name: &str| outer.only(name).unwrap().text();
    assert_eq!(
        (value("X-KOM-LE-Version"), value("X-KIM-KAS-Size"), value("X-KIM-KAS-EncSize")),
        ("1.5".into(), "17".into(), "45".into())
    );
}

/// Spec: RFC 5321 §2.3.8
#[test]
fn no_stray_line_end_reaches_the_outer_header() {
    let (message, _) = protect("From: a\n <a@x.de>\nX-KIM-Support: a\rb\r\nTo: a@x.de\r\n", b"");
    let message = message.to_octets().to_bytes();
    assert!(message.starts_with(b"From: a\r\n <a@x.de>\r\nX-KIM-Support: a b\r\nTo: a@x.de\r\n"));
    let pairs = message.windows(2).all(|pair| (pair[0] == b'\r') == (pair[1] == b'\n'));
    assert!(pairs);
}

#[test]
fn an_answer_that_is_not_what_was_asked_for_ends_the_chain() {
    let request = || Draft::new(header(INNER), "Text".into()).sign_request(recipients());
    let document = request().document().clone();
    let other: Octets = Bytes::from([&document.to_bytes()[..], b"!"].concat()).into();
    assert_eq!(request().signed(sign(&other)).unwrap_err(), ChainError::Content);
    assert!(matches!(request().signed(Bytes::from("no CMS")), Err(ChainError::Cms(CmsError::Ber(_)))));
    assert!(matches!(
        request().signed(Envelope::default().der()),
        Err(ChainError::Cms(CmsError::ContentType))
    ));
    let attribute = builder::attribute(builder::RECIPIENT_EMAILS, &[&builder::recipient_email("a@x.de", 1)]);
    let few = RecipientEmails::from_attribute(&attribute).unwrap();
    let fewer = Draft::new(header(INNER), "Text".into()).sign_request(few);
    assert_eq!(fewer.signed(sign(&document)).unwrap_err(), ChainError::Attribute);

    let request = request().signed(sign(&document)).unwrap();
    let foreign = Envelope {
        recipients: vec![builder::recipient(1, builder::RSAES_OAEP)],
        unauth_attrs: builder::tlv(0xa2, &[&attribute]),
        ..Envelope::default()
    };
    assert_eq!(request.encrypted(foreign.der()).unwrap_err(), ChainError::Attribute);
}

#[test]
fn every_step_back_gives_what_the_step_before_took() {
    let body = b"Text\r\n\0\n\xff";
    let (message, plain) = protect(INNER, body);
    let request =
        Received::parse(message.to_octets().to_bytes(), &ReceiveLimits::default()).unwrap().decrypt_request();
    assert_eq!(request.document(), &Octets::from(encrypt(&plain)));
    assert!(request.recipient_emails().same_as(&recipients()));
    let request = request.decrypted(plain.to_bytes()).unwrap();
    let opened = request.verified(SignatureResult::Valid);
    assert_eq!(opened.header(), &header(INNER));
    assert_eq!(opened.body().to_bytes(), &body[..]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02
#[test]
fn what_is_not_of_the_profile_is_a_format_error() {
    let (message, plain) = protect(INNER, b"Text");
    let (message, plain) = (message.to_octets().to_bytes(), plain.to_bytes());
    let request = || Received::parse(message.clone(), &ReceiveLimits::default()).unwrap().decrypt_request();
    assert!(matches!(request().decrypted(Bytes::new()), Err(FormatError::ContentType { .. })));
    assert!(matches!(
        request().decrypted("Subject: x\r\n\r\nplain".into()),
        Err(FormatError::ContentType { .. })
    ));
    let encoded = String::from_utf8_lossy(&plain).replace("binary", "8bit").into_bytes();
    assert!(matches!(request().decrypted(encoded.into()), Err(FormatError::TransferEncoding)));
    for cut in 0..plain.len() {
        assert!(request().decrypted(plain.slice(..cut)).is_err(), "cut after {cut}");
    }
    for cut in 0..message.len() - 2 {
        assert!(Received::parse(message.slice(..cut), &ReceiveLimits::default()).is_err(), "cut after {cut}");
    }
    let text = Signature {
        content: builder::tlv(0xa0, &[&builder::octets(b"Content-Type: text/plain\r\n\r\n")]),
        ..Signature::default()
    };
    let head = "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    let text = [head.as_bytes(), &text.der()].concat();
    assert!(matches!(request().decrypted(text.into()), Err(FormatError::ContentType { .. })));
    let detached = Signature { content: Vec::new(), ..Signature::default() };
    let detached = [head.as_bytes(), &detached.der()].concat();
    assert!(matches!(request().decrypted(detached.into()), Err(FormatError::Cms(_))));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042
#[test]
fn the_worked_example_of_gematik_is_received() {
    let Some(message) = vector("gematik-smime/inputEmail.txt.05.encryptedwrap") else { return };
    let received = Received::parse(message, &ReceiveLimits::default()).unwrap();
    assert_eq!(received.header().first("X-KOM-LE-Version").unwrap().text(), "1.0");
    assert_eq!(received.recipient_emails().entries().len(), 2);
    let request = received.decrypt_request();
    let Some(cms) = vector("gematik-smime/inputEmail.txt.04.encryptedcms") else { return };
    assert_eq!(request.document().to_bytes(), cms);

    // The entity of the example is damaged: every CR and LF of the binary CMS became CRLF.
    let Some(damaged) = vector("gematik-smime/inputEmail.txt.03.signedwrap") else { return };
    assert!(matches!(request.clone().decrypted(damaged), Err(FormatError::Cms(_))));

    let Some(signed) = vector("gematik-smime/inputEmail.txt.02.signedcms") else { return };
    let Some(mail) = vector("gematik-smime/inputEmail.txt.01.rfc822wrap") else { return };
    let head = "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\
                Content-Transfer-Encoding: binary\r\n\r\n";
    let opened = request
        .decrypted([head.as_bytes(), &signed].concat().into())
        .unwrap()
        .verified(SignatureResult::Valid);
    let whole = opened.header().with_body(opened.body().clone()).to_bytes();
    assert_eq!(mail, [b"Content-Type: message/rfc822\r\n\r\n", &whole[..]].concat());
}

proptest! {
    #[test]
    fn whatever_the_body_is_it_comes_back_and_the_length_is_exact(body in prop::collection::vec(any::<u8>(), 0..5000)) {
        let (message, plain) = protect(INNER, &body);
        prop_assert_eq!(message.len(), message.chunks().map(|chunk| chunk.len() as u64).sum::<u64>());
        let octets = message.to_octets().to_bytes();
        prop_assert!(octets.split(|octet| *octet == b'\n').all(|line| line.len() <= 79));
        let request = Received::parse(octets, &ReceiveLimits::default()).unwrap().decrypt_request();
        let opened = request.decrypted(plain.to_bytes()).unwrap().verified(SignatureResult::Valid);
        prop_assert_eq!(opened.body().to_bytes(), body);
    }

    #[test]
    fn random_messages_never_panic(octets in prop::collection::vec(any::<u8>(), 0..500)) {
        let head = b"X-KOM-LE-Version: 1.0\r\nContent-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n";
        let _ = Received::parse([&head[..], &octets].concat().into(), &ReceiveLimits::default());
        let _ = Received::parse(octets.into(), &ReceiveLimits::default());
    }
}

/// The address of the builder's recipients, as text, as a list of octets and in hexadecimal.
fn shows_address(printed: &str) -> bool {
    ["a@x.de", "b@x.de", "@x.de", "97, 64, 120", "612e4078", "61407"]
        .iter()
        .any(|text| printed.contains(text))
}

#[test]
fn no_step_of_the_chain_prints_an_address() {
    let request = Draft::new(header(INNER), "Text".into()).sign_request(recipients());
    assert!(String::from_utf8_lossy(request.attribute()).contains("a@x.de"));
    let attribute = request.attribute().clone();
    let mut printed = vec![format!("{request:?}")];
    let document = request.document().clone();
    let request = request.signed(sign(&document)).unwrap();
    printed.push(format!("{request:?}"));
    let form = EnvelopeForm::new(10, &[7; 12], &[], &attribute);
    printed.push(format!("{form:?}"));
    let certificate = Certificate::from_der(builder::certificate(5, &[]).into()).unwrap();
    let form = SignatureForm::new(&certificate, &[1; 32], &[2; 32], UNIX_EPOCH, &attribute);
    printed.push(format!("{form:?}"));
    assert!(printed.iter().all(|printed| !shows_address(printed)), "{printed:?}");
    assert!(printed.iter().all(|printed| !printed.contains("geheim") && printed.len() < 300), "{printed:?}");
}

#[test]
fn a_large_message_is_written_in_pieces() {
    let (message, _) = protect(INNER, &vec![b'x'; 300_000]);
    assert!(message.chunks().all(|chunk| chunk.len() <= 64 * 1024));
    assert_eq!(message.chunks().map(|chunk| chunk.len() as u64).sum::<u64>(), message.len());
}
