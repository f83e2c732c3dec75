//! Mails that are not UTF-8 become it before they are signed.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "cms/builder.rs"]
mod builder;

use bytes::Bytes;
use kim_smime::{Draft, Header, HeaderLimits, RecipientEmails};
use mail_parser::{Message, MessageParser};
use proptest::prelude::*;

/// The mail that is signed.
fn in_utf8(mail: &[u8]) -> Bytes {
    let (header, body) = Header::split(&Bytes::copy_from_slice(mail), &HeaderLimits::default()).unwrap();
    let recipients = RecipientEmails::from_attribute(&builder::recipient_emails()).unwrap();
    let request = Draft::new(header, body.into()).in_utf8().sign_request(recipients);
    request.document().to_bytes().slice("Content-Type: message/rfc822\r\n\r\n".len()..)
}

fn parse(mail: &[u8]) -> Message<'_> {
    MessageParser::new().parse(mail).unwrap()
}

/// The contents of all parts, decoded but in their own character set.
fn contents(mail: &[u8]) -> Vec<Vec<u8>> {
    let parsed = MessageParser::new().parse(mail).unwrap();
    parsed.parts.iter().map(|part| part.contents().to_vec()).collect()
}

#[test]
fn q23_what_is_utf8_stays_octet_for_octet() {
    for mail in [
        "Subject: x\r\n\r\nText",
        "Subject: Grüße\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\nlone \r ends\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\nä\r\n--b--\r\n",
        "\r\n",
    ] {
        assert_eq!(in_utf8(mail.as_bytes()), mail);
    }
}

#[test]
fn q23_a_text_becomes_quoted_printable() {
    let mail = b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xfc\xdfe = 1 \r\n\r\n";
    assert_eq!(
        in_utf8(mail),
        "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         Gr=FC=DFe =3D 1=20\r\n\r\n"
    );
    let bare = in_utf8(b"Subject: x\r\n\r\n\xe4");
    assert_eq!(bare, "Subject: x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E4");
}

#[test]
fn q23_only_the_parts_in_question_are_encoded_anew() {
    let inner = b"Subject: \xe4\r\nContent-Type: text/plain; charset=windows-1252\r\n\r\n\x80 5\r\n";
    let mail = [
        b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npr\xe4amble\r\n--b\r\n\
          Content-Type: text/plain; charset=utf-8\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n--b \r\n\
          Content-Type: application/octet-stream\r\n\r\n\xff\x00\r\n\xfe\r\n--b\r\n\
          Content-Type: message/rfc822\r\n\r\n"
            .as_slice(),
        inner,
        b"\r\n--b--\r\nepilogue\r\n",
    ]
    .concat();
    let made = in_utf8(&mail);
    assert_eq!(
        String::from_utf8(made.to_vec()).unwrap(),
        "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npräamble\r\n--b\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nGrüße\r\n--b \r\n\
         Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n/wANCv4=\r\n\r\n--b\r\n\
         Content-Type: message/rfc822\r\n\r\nSubject: ä\r\nContent-Type: text/plain; charset=windows-1252\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n=80 5\r\n\r\n--b--\r\nepilogue\r\n"
    );
    let parsed = parse(&made);
    assert_eq!(parsed.attachment(0).unwrap().contents(), b"\xff\x00\r\n\xfe");
    assert_eq!(parsed.attachment(1).unwrap().message().unwrap().body_text(0).unwrap(), "€ 5\r\n");
}

#[test]
fn q23_encoded_parts_with_foreign_octets_say_what_they_said() {
    let quoted = in_utf8(b"Content-Transfer-Encoding: Quoted-Printable\r\n\r\n=E4\xe4=\r\n");
    assert_eq!(quoted, "Content-Transfer-Encoding: Quoted-Printable\r\n\r\n=E4=E4=\r\n");
    let base64 = in_utf8(b"Content-Transfer-Encoding: base64\r\n\r\nQU\xffJD\r\n");
    assert_eq!(base64, "Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\n");
}

#[test]
fn q23_what_was_signed_by_its_sender_and_what_cannot_be_read_stays() {
    for mail in [
        b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xe4\r\n--b--\r\n".as_slice(),
        b"Content-Transfer-Encoding: x-own\r\n\r\n\xe4",
        b"Content-Type: message/rfc822\r\n\r\nSubject: \0\r\n\r\n\xe4",
    ] {
        assert_eq!(in_utf8(mail), mail);
    }
}

#[test]
fn q23_fields_become_utf8_and_stay_fields() {
    let mail = in_utf8(b"From: J\xf6rg <a@x.de>\r\nSubject: Gr\xc3\xbc\xc3\x9fe\r\n\r\n\r\n");
    assert_eq!(mail, "From: Jörg <a@x.de>\r\nSubject: Grüße\r\n\r\n\r\n");
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let fixed = |line: &'static str| Just(line.as_bytes().to_vec());
    prop_oneof![
        fixed("--b"),
        fixed("--b--"),
        fixed("--c"),
        fixed(""),
        fixed("Content-Type: multipart/mixed; boundary=b"),
        fixed("Content-Type: multipart/alternative; boundary=c"),
        fixed("Content-Type: message/rfc822"),
        fixed("Content-Type: text/plain; charset=iso-8859-1"),
        fixed("Content-Type: image/png"),
        fixed("Content-Transfer-Encoding: 8bit"),
        prop::collection::vec(any::<u8>(), 0..90),
    ]
}

proptest! {
    #[test]
    fn q23_whatever_a_part_is_its_content_comes_back(
        first in prop::collection::vec(any::<u8>(), 0..300),
        second in prop::collection::vec(any::<u8>(), 0..300),
        text in any::<bool>(),
    ) {
        let kind = if text { "text/plain; charset=iso-8859-1" } else { "image/png" };
        let mail = [
            format!("Content-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n--=_b\r\nContent-Type: {kind}\r\n\r\n").as_bytes(),
            &first,
            format!("\r\n--=_b\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: binary\r\n\r\n").as_bytes(),
            &second,
            b"\r\n--=_b--\r\n",
        ]
        .concat();
        let made = in_utf8(&mail);
        prop_assert!(std::str::from_utf8(&made).is_ok());
        prop_assert_eq!(contents(&made), contents(&mail));
    }

    #[test]
    fn q23_any_lines_are_survived_and_utf8_is_final(lines in prop::collection::vec(line(), 0..20)) {
        let mail = lines.join(&b"\r\n"[..]);
        if let Ok((header, body)) = Header::split(&mail.into(), &HeaderLimits::default()) {
            let once = in_utf8(&header.with_body(body.into()).to_bytes());
            prop_assert_eq!(in_utf8(&once), once);
        }
    }
}
