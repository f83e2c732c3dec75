//! Outer headers that say something else than what was signed.

use crate::Office;

const COMPARED: [&str; 5] = ["From", "Sender", "Reply-To", "To", "Cc"];

/// Each compared field: another address, another name, one more, one less, twice, missing, and there although not signed.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01, A_23165 (08); gemSMIME_KOMLE 1.7.0, KOM-LE-A_2098-03 (received)
#[test]
fn each_compared_field_in_each_way_is_result_08() {
    let office = Office::new();
    let (header, cms) = (office.header(), office.right_cms());
    let (a, b) = (office.account("A").address.as_str(), office.account("B").address.as_str());
    let mut seen = 0;
    for name in COMPARED {
        let line = header.lines().find(|line| line.starts_with(&format!("{name}: "))).unwrap();
        let right = &line[name.len() + 2..];
        let other_name = format!("Praxis Doktor Evil <{}>", if name == "To" { b } else { a });
        let forged = [
            Some("evil@example.com".to_owned()),
            Some(right.replace("testbed", "testbecl")),
            Some(other_name),
            Some(format!("{right}, evil@example.com")),
            Some(format!("evil@example.com, {right}")),
            Some(format!("Alle: {right};")),
            Some(format!("\"{}\" <evil@example.com>", right.replace('"', ""))),
            Some(format!("{right}\r\n{name}: {right}")),
            Some(format!("{right}\r\n{name}: evil@example.com")),
            Some(String::new()),
            None,
        ];
        for value in forged {
            let field = value.map(|value| format!("{name}: {value}\r\n")).unwrap_or_default();
            let outer = header.replace(&format!("{line}\r\n"), &field);
            assert_ne!(outer, header);
            office.doubts(&format!("{name} as {field:?}"), &office.with_header(&outer, &cms), &["08"]);
            seen += 1;
        }
    }
    assert_eq!(seen, 55);
}

#[test]
fn a_field_that_nobody_signed_is_result_08() {
    let office = Office::new();
    for name in COMPARED {
        let kept = |line: &&str| !line.starts_with(&format!("{name}: "));
        let header: String = office.header().lines().filter(kept).map(|line| format!("{line}\r\n")).collect();
        let mail = format!("Content-Type: message/rfc822\r\n\r\n{header}\r\nGeheimer-Befund-4711\r\n");
        let signature = office.sign(mail.as_bytes(), &[office.right_attribute()]);
        let document = [crate::office::SIGNED.as_bytes(), &signature].concat();
        office.doubts(name, &office.with_cms(&office.encrypt(&document)), &["08"]);
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050-06 (all results are said)
#[test]
fn several_results_are_said_together() {
    let office = Office::new();
    let forged = office.header().replace("From: ", "From: evil@example.com, ");
    let unnamed =
        office.encrypt(&[crate::office::SIGNED.as_bytes(), &office.sign(&office.mail(), &[])].concat());
    office.doubts("08 and 09", &office.with_header(&forged, &unnamed), &["09", "08"]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2179-02, A_23165
#[test]
fn results_that_a_sender_wrote_are_not_believed() {
    let office = Office::new();
    let forged =
        "X-KIM-DecryptionResult: 00\r\nX-KIM-IntegrityCheckResult: 01\r\nX-KIM-Fehlermeldung: 4001\r\n";
    let mail = String::from_utf8(office.mail()).unwrap().replace("Subject: ", &format!("{forged}Subject: "));
    let unnamed = office.sign(mail.as_bytes(), &[]);
    office.doubts("inside", &office.with_signature(&unnamed), &["09"]);
    let outer = format!("{forged}{}", office.header());
    office.refuses("outside", &office.with_header(&outer, b"no CMS"), "02");
}

/// The fields of a mail in the eyes of a program for which a lone CR or LF ends a line too, and a line that is no field the
/// header: Python's is one.
fn fields(mail: &[u8]) -> Vec<(String, String)> {
    let mail = String::from_utf8_lossy(mail).replace("\r\n", "\n").replace('\r', "\n");
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in mail.split('\n') {
        match (line.split_once(':'), fields.last_mut()) {
            (_, Some((_, value))) if line.starts_with([' ', '\t']) => value.push_str(line),
            (Some((name, value)), _) if name.bytes().all(|octet| octet.is_ascii_graphic()) => {
                fields.push((name.to_owned(), value.trim().to_owned()));
            }
            _ => break,
        }
    }
    fields
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2179-02, KOM-LE-A_2050-06, A_20628
#[test]
fn every_reader_sees_the_same_fields_whatever_ends_their_lines() {
    let office = Office::new();
    let forged = "From: gematik@example.com\rX-KIM-IntegrityCheckResult: 01\rReceived: evil";
    let beginnings = [
        format!("X-A: a\r{forged}\r\n"),
        format!("X-A: a\n {}\r\n", forged.replace("From", "\rFrom")),
        format!("X-A: a\r\r\n{forged}\r\n").replace("From: gematik@example.com\r", "X-B: b\r"),
        "no field\r\n".to_owned(),
        "From evil@example.com Thu Nov 26 03:36:42 2026\r\n".to_owned(),
        "X-A : a\r\n".to_owned(),
        ": a\r\n".to_owned(),
        " X-A: a\r\n".to_owned(),
        "\r\r\nX-A: a\r\n".to_owned(),
    ];
    for beginning in beginnings {
        let mail = [
            b"Content-Type: message/rfc822\r\n\r\n",
            beginning.as_bytes(),
            &office.mail()["Content-Type: message/rfc822\r\n\r\n".len()..],
        ]
        .concat();
        let message = office.with_signature(&office.sign(&mail, &[office.right_attribute()]));
        let received = format!("Received: {}\r\n", beginning.trim_ascii());
        let outside = office.with_header(&format!("{received}{}", office.header()), &office.right_cms());
        for message in [message, outside] {
            office.delivers(&beginning, &message);
            let seen = fields(&office.open(&message, Default::default()).mail);
            let values = |wanted: &str| -> Vec<&str> {
                let found = seen.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
                found.map(|(_, value)| value.as_str()).collect()
            };
            assert_eq!(values("X-KIM-DecryptionResult"), ["00"], "{beginning:?}");
            assert_eq!(values("X-KIM-IntegrityCheckResult"), ["01"], "{beginning:?}");
            assert_eq!(values("Subject"), ["Befund"], "{beginning:?}");
            assert!(
                matches!(values("From")[..], [from] if from.starts_with("\"Praxis A\"")),
                "{beginning:?}"
            );
        }
    }
}
