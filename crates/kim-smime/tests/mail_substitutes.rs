//! The mails a user gets in place of a message that could not be opened.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::time::UNIX_EPOCH;

use bytes::Bytes;
use kim_smime::{Header, HeaderLimits, Substitute};
use kim_types::Address;
use mail_parser::{MessageParser, MimeHeaders, PartType};

const RECEIVED: &str = "Return-Path: <karl@x.kim.telematik>\r\nDate: Sat, 20 Jun 2020 12:58:26 +0200\r\n\
    From: =?utf-8?q?J=C3=B6rg?=\r\n <karl@x.kim.telematik>\r\nSender: s@x.kim.telematik\r\nReply-To: r@x.kim.telematik\r\n\
    To: user@x.kim.telematik\r\nCc: c@x.kim.telematik\r\nBcc: b@x.kim.telematik\r\nMessage-ID: <old@x>\r\n\
    Subject: KOM-LE-Nachricht\r\nX-KOM-LE-Version: 1.7\r\nX-KIM-Fehlermeldung: 9999\r\n\r\nMIAG\r\n--=_07070707070707070707070707070707--\r\n";

fn user() -> Address {
    "user@x.kim.telematik".parse().unwrap()
}

fn mail(kind: Substitute, received: &str) -> Bytes {
    kind.mail(&Bytes::from(received.to_owned()), &user(), [9; 16], UNIX_EPOCH).to_bytes()
}

fn header(mail: &Bytes) -> Header {
    Header::split(mail, &HeaderLimits::default()).unwrap().0
}

/// The decoded text part.
fn text(mail: &Bytes) -> String {
    MessageParser::new().parse(mail).unwrap().body_text(0).unwrap().into_owned()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02
#[test]
fn the_mail_is_laid_out_as_prescribed() {
    let mail = mail(Substitute::Konnektor, RECEIVED);
    let mail = std::str::from_utf8(&mail).unwrap();
    let (head, rest) = mail.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        head,
        "Date: Sat, 20 Jun 2020 12:58:26 +0200\r\nFrom: =?utf-8?q?J=C3=B6rg?=\r\n <karl@x.kim.telematik>\r\n\
         Sender: s@x.kim.telematik\r\nReply-To: r@x.kim.telematik\r\nTo: user@x.kim.telematik\r\n\
         Cc: c@x.kim.telematik\r\nMessage-ID: <09090909090909090909090909090909@x.kim.telematik>\r\n\
         Subject: =?utf-8?Q?Die_Nachricht_konnte_nicht_entschl=C3=BCsselt_werden?=\r\n\
         X-KIM-DecryptionResult: 03\r\nX-KIM-Fehlermeldung: 4011\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=_09090909090909090909090909090909\""
    );
    assert!(rest.starts_with(
        "--=_09090909090909090909090909090909\r\nContent-Type: text/plain; charset=\"utf-8\"\r\n"
    ));
    let tail = format!(
        "\r\n--=_09090909090909090909090909090909\r\nContent-Type: message/rfc822\r\n\r\n{RECEIVED}\
         \r\n--=_09090909090909090909090909090909--\r\n"
    );
    assert!(rest.ends_with(&tail), "the received message is in it octet for octet");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02, A_19370, A_20650, A_21391, A_22412, A_23512
#[test]
fn every_kind_has_its_subject_text_and_codes() {
    let table = [
        (
            Substitute::Version,
            "Die KIM-Version der empfangenen Nachricht wird nicht unterstützt",
            "Das verwendete Clientmodul unterstützt die in der empfangenen Nachricht angegebene KIM-Version 1.7 nicht.",
            None,
            "4008",
        ),
        (
            Substitute::Large,
            "Die KIM-Nachricht kann nicht empfangen werden, weil der Empfang großer Nachrichten nicht aktiviert wurde",
            "Es ist eine Nachricht eingegangen, deren Größe nach Ihren Account-Einstellungen (KIM-Version) nicht verarbeitet \
             werden darf. Aktivieren Sie im Administrationsmodul beim Account Manager den Empfang großer Nachrichten \
             (KIM-Version 1.5+). Leiten Sie danach diese Nachricht an Ihre eigene E-Mail-Adresse (user@x.kim.telematik) \
             weiter. Beim nächsten Abholen wird der Empfang wiederholt.",
            None,
            "4018",
        ),
        (
            Substitute::Key,
            "Die Nachricht konnte nicht entschlüsselt werden",
            "Der für die Entschlüsselung der Nachricht benötigte Schlüssel wurde nicht gefunden. Überprüfen Sie ob die \
             entsprechende Karte gesteckt ist und leiten Sie diese Nachricht an Ihre eigene E-Mail-Adresse \
             (user@x.kim.telematik) weiter. Beim nächsten Abholen wird der Entschlüsselungsvorgang wiederholt.",
            Some("01"),
            "4009",
        ),
        (
            Substitute::Format,
            "Die Nachricht konnte nicht entschlüsselt werden",
            "Die Nachricht wurde als eine verschlüsselte KIM-Nachricht gekennzeichnet, konnte aber auf Grund des falschen \
             Formats nicht entschlüsselt werden. Die Verschlüsselte Nachricht befindet sich im Anhang. Bitte kontaktieren \
             Sie den Absender der Nachricht.",
            Some("02"),
            "4010",
        ),
        (
            Substitute::Konnektor,
            "Die Nachricht konnte nicht entschlüsselt werden",
            "Die Entschlüsselung konnte nicht erfolgen, weil der Konnektor nicht antwortet. Stellen Sie sicher, dass der \
             Konnektor wieder zur Verfügung steht und leiten Sie diese Nachricht an Ihre eigene E-Mail-Adresse \
             (user@x.kim.telematik) weiter. Beim nächsten Abholen wird der Entschlüsselungsvorgang wiederholt.",
            Some("03"),
            "4011",
        ),
        (
            Substitute::KasDownload,
            "Die E-Mail-Daten konnten nicht abgerufen werden",
            "Die E-Mail-Daten dieser Nachricht konnten nicht heruntergeladen werden. Bitte leiten Sie diese Nachricht nach \
             einer angemessenen Zeit an Ihre eigene E-Mail-Adresse (user@x.kim.telematik) weiter. Beim nächsten Abholen \
             wird der Download wiederholt.",
            None,
            "4006",
        ),
        (
            Substitute::KasTooOften,
            "Die E-Mail-Daten konnten nicht abgerufen werden",
            "Verschlüsselte E-Mail-Daten konnten nicht heruntergeladen werden, da durch zu häufigen Zugriff der \
             KOM-LE-Attachment-Service den Abruf verweigert.",
            None,
            "4013",
        ),
    ];
    for (kind, subject, body, decryption, code) in table {
        let mail = mail(kind, RECEIVED);
        assert_eq!(text(&mail), body, "{kind:?}");
        assert_eq!(MessageParser::new().parse(&mail).unwrap().subject(), Some(subject), "{kind:?}");
        let header = header(&mail);
        let value = |name: &str| header.all(name).map(|field| field.text()).collect::<Vec<_>>();
        assert_eq!(value("X-KIM-DecryptionResult"), decryption.into_iter().collect::<Vec<_>>(), "{kind:?}");
        assert_eq!(value("X-KIM-Fehlermeldung"), [code], "{kind:?}");
    }
    assert!(
        text(&mail(Substitute::KasGone, RECEIVED))
            .starts_with(&text(&mail(Substitute::KasDownload, RECEIVED)))
    );
}

#[test]
fn the_mail_is_one_that_others_read() {
    for kind in [Substitute::Key, Substitute::Version, Substitute::Large] {
        let mail = mail(kind, RECEIVED);
        let parsed = MessageParser::new().parse(&mail).unwrap();
        let [text, message] = parsed.parts.first().unwrap().sub_parts().unwrap() else { panic!("two parts") };
        assert!(matches!(parsed.part(*text).unwrap().body, PartType::Text(_)));
        let message = parsed.part(*message).unwrap();
        assert!(message.is_message());
        assert_eq!(message.content_type().unwrap().subtype(), Some("rfc822"));
        assert!(mail.is_ascii());
        let header = mail.split(|octet| *octet == b'\n').take(12);
        assert!(header.into_iter().all(|line| line.len() <= 79));
    }
}

#[test]
fn what_has_no_readable_header_becomes_a_mail_of_the_user() {
    for received in ["", "garbage", "From: \0@x\r\n\r\nbody", "\r\n\r\n"] {
        let mail = mail(Substitute::Format, received);
        let header = header(&mail);
        assert_eq!(header.first("From").unwrap().text(), "user@x.kim.telematik");
        assert_eq!(header.first("To").unwrap().text(), "user@x.kim.telematik");
        assert_eq!(header.first("Date").unwrap().text(), "Thu, 01 Jan 1970 00:00:00 +0000");
        assert!(
            mail.windows(received.len().max(1))
                .any(|window| received.is_empty() || window == received.as_bytes())
        );
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21391
#[test]
fn a_version_cannot_smuggle_anything_into_the_text() {
    let version =
        |value: &str| text(&mail(Substitute::Version, &format!("X-KOM-LE-Version: {value}\r\n\r\n")));
    assert!(version("1.7").contains("KIM-Version 1.7 nicht"));
    assert!(version("\u{1b}[31mrot").contains("KIM-Version ? nicht"));
    assert!(version(&"1".repeat(100)).contains("KIM-Version ? nicht"));
}

/// Spec: RFC 2045 §6.2
#[test]
fn a_message_with_octets_outside_ascii_is_announced_as_such() {
    let encodings = |received: &str| {
        let mail = String::from_utf8(mail(Substitute::Key, received).to_vec()).unwrap();
        mail.matches("Content-Transfer-Encoding: 8bit\r\n").count()
    };
    assert_eq!(encodings("From: a@x.de\r\n\r\nMIAG"), 0);
    assert_eq!(encodings("From: a@x.de\r\n\r\nä"), 2, "of the whole and of the part");
}
