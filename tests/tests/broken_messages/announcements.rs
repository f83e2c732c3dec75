//! Messages whose MIME header announces something else than the profile, or something that is not there.

use crate::Office;
use crate::office::{ANNOUNCED, SIGNED};

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104 (received), KOM-LE-A_2299; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02
#[test]
fn another_announcement_of_the_encrypted_content_is_a_wrong_format() {
    let office = Office::new();
    let right = String::from_utf8(office.with_cms(&office.right_cms())).unwrap();
    let (_, base64) = right.split_once("\r\n\r\n").unwrap();
    let base64_lines = "Content-Transfer-Encoding: base64";
    let cases = [
        ("no Content-Type", right.replace(ANNOUNCED, "Content-Transfer-Encoding: base64\r\n")),
        ("text", right.replace("application/pkcs7-mime", "text/plain")),
        ("octets", right.replace("application/pkcs7-mime", "application/octet-stream")),
        ("enveloped-data", right.replace("authenticated-enveloped-data", "enveloped-data")),
        ("signed-data", right.replace("authenticated-enveloped-data", "signed-data")),
        ("Content-Type twice", right.replace(ANNOUNCED, &format!("{ANNOUNCED}Content-Type: text/plain\r\n"))),
        ("no transfer encoding", right.replace(&format!("{base64_lines}\r\n"), "")),
        ("quoted-printable", right.replace(base64_lines, "Content-Transfer-Encoding: quoted-printable")),
        ("7bit", right.replace(base64_lines, "Content-Transfer-Encoding: 7bit")),
        ("unknown encoding", right.replace(base64_lines, "Content-Transfer-Encoding: x-uuencode")),
        ("encoding twice", right.replace(base64_lines, &format!("{base64_lines}\r\n{base64_lines}"))),
        ("binary that is none", right.replace(base64_lines, "Content-Transfer-Encoding: binary")),
        ("no body", right.replace(base64, "")),
        ("no base64", right.replace(base64, "Hallo Welt!\r\n")),
        (
            "base64 in the middle broken",
            right.replacen("\r\nM", "\r\n*M", 1).replace(base64, &base64.replacen('A', "*", 1)),
        ),
        ("padding in the middle", right.replace(base64, &format!("QQ==\r\n{base64}"))),
        ("a list server's footer", format!("{right}-- \r\nVirenfrei.\r\n")),
    ];
    for (name, message) in cases {
        office.refuses(name, message.as_bytes(), "02");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21391; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2100-02 (received)
#[test]
fn other_versions_are_not_decrypted() {
    let office = Office::new();
    let right = String::from_utf8(office.with_cms(&office.right_cms())).unwrap();
    for version in
        ["2.0", "1.0\r\nX-KOM-LE-Version: 2.0", "", "1.0; x", "999999999999999999999999999999999999"]
    {
        let message = right.replacen("X-KOM-LE-Version: 1.0", &format!("X-KOM-LE-Version: {version}"), 1);
        let seen = office.open(message.as_bytes(), Default::default());
        assert_eq!(seen.values("X-KIM-Fehlermeldung"), ["4008"], "{version}");
        assert_eq!(seen.values("X-KIM-DecryptionResult"), [""; 0], "{version}");
        assert!(!seen.shows_hidden(), "{version}");
    }
}

/// What is decrypted must be a signature of the profile with a mail in it.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2095 (received), KOM-LE-A_2097 (received), KOM-LE-A_2103 (received),
/// KOM-LE-A_2299; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02
#[test]
fn decrypted_content_that_is_no_signed_mail_is_a_wrong_format() {
    let office = Office::new();
    let (mail, signature) = (office.mail(), office.signature());
    let attributes = [office.right_attribute()];
    let announced = |head: &str| [head.as_bytes(), &signature].concat();
    let signed = |content: &[u8]| [SIGNED.as_bytes(), &office.sign(content, &attributes)].concat();
    let text = String::from_utf8(mail.clone()).unwrap();
    let cases = [
        ("nothing", vec![]),
        ("a mail without signature", mail.clone()),
        ("a text without header", b"\r\nGeheimer-Befund-4711".to_vec()),
        ("announced as text", announced(&SIGNED.replace("application/pkcs7-mime", "text/plain"))),
        ("announced as enveloped-data", announced(&SIGNED.replace("signed-data", "enveloped-data"))),
        ("encoding 8bit", announced(&SIGNED.replace("binary", "8bit"))),
        ("base64 that is none", announced(&SIGNED.replace("binary", "base64"))),
        ("no transfer encoding", announced(&SIGNED.replace("Content-Transfer-Encoding: binary\r\n", ""))),
        ("encrypted once more", [SIGNED.as_bytes(), &office.right_cms()].concat()),
        ("a mail that is announced as signature", [SIGNED.as_bytes(), &mail].concat()),
        ("signed nothing", signed(b"")),
        ("signed text", signed(text.replace("message/rfc822", "text/plain").as_bytes())),
        (
            "signed mail without announcement",
            signed(text.replace("Content-Type: message/rfc822\r\n", "").as_bytes()),
        ),
        (
            "signed mail in base64",
            signed(text.replace("rfc822\r\n", "rfc822\r\nContent-Transfer-Encoding: base64\r\n").as_bytes()),
        ),
        ("signed twice", signed(&[SIGNED.as_bytes(), &signature].concat())),
        ("NUL in the signed header", signed(text.replace("Subject: Befund", "Subject: Be\0fund").as_bytes())),
    ];
    for (name, document) in cases {
        office.refuses(name, &office.with_cms(&office.encrypt(&document)), "02");
    }
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2299
#[test]
fn a_signature_in_base64_is_read() {
    let office = Office::new();
    let base64 = openssl::base64::encode_block(&office.signature());
    let document = [SIGNED.replace("binary", "base64"), base64].concat();
    office.delivers("base64 inside", &office.with_cms(&office.encrypt(document.as_bytes())));
}
