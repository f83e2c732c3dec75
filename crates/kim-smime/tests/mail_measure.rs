//! What is measured of a mail while it passes by.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kim_smime::{Measure, forwarded};
use proptest::prelude::*;

fn measure(mail: &[u8]) -> Measure {
    let mut measure = Measure::new();
    measure.push(mail);
    measure
}

fn decoded(mail: &str) -> u64 {
    measure(mail.as_bytes()).decoded_octets()
}

/// The length of the header with its blank line, and what is expected of the rest.
fn header_and(header: &str, rest: usize) -> u64 {
    (header.len() + rest) as u64
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2004-01
#[test]
fn q4_a_part_counts_without_its_transfer_encoding() {
    let plain = "Subject: x\r\n\r\nHallo\r\nWelt\r\n";
    assert_eq!(decoded(plain), plain.len() as u64);
    assert_eq!(decoded("Subject: x"), 10);
    assert_eq!(decoded(""), 0);

    let base64 = "Content-Transfer-Encoding: BASE64\r\n\r\n";
    assert_eq!(decoded(&format!("{base64}SGFs\r\nbG8=\r\n")), header_and(base64, 5));
    assert_eq!(decoded(&format!("{base64}{}", "A".repeat(40_000))), header_and(base64, 30_000));

    let printable = "content-transfer-encoding:\r\n quoted-printable\r\n\r\n";
    assert_eq!(
        decoded(&format!("{printable}=C3=A4 =\r\nx=3D  \r\n=ZZ\r\n")),
        header_and(printable, 3 + 4 + 5)
    );
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2004-01
#[test]
fn q4_boundaries_and_what_stands_outside_of_parts_do_not_count() {
    let top = "Content-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n";
    let part = "Content-Transfer-Encoding: base64\r\n\r\n";
    let mail = format!(
        "{top}preamble\r\n--=_b\r\n{part}SGFsbG8=\r\n--=_b\r\n\r\nText\r\n\r\n--=_b-- \r\nepilogue\r\n"
    );
    assert_eq!(decoded(&mail), header_and(top, part.len() + 5 + 2 + 6));

    let inner = "Content-Type: multipart/mixed; boundary=inner\r\n\r\n";
    let lost =
        format!("{top}--=_b\r\n{inner}--inner\r\n\r\na\r\n--=_b\r\n\r\nbc\r\n--=_b--\r\n--inner\r\n\r\nlost");
    assert_eq!(
        decoded(&lost),
        header_and(top, inner.len() + 2 + 1 + 2 + 2),
        "an outer boundary ends inner ones"
    );

    let forwarded = "Content-Type: message/rfc822\r\n\r\n";
    assert_eq!(decoded(&format!("{forwarded}{part}SGFs")), header_and(forwarded, part.len() + 3));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22341
#[test]
fn x_kas_parts_are_found_at_any_depth() {
    let kas = "Content-Type: text/plain\r\nContent-Disposition: X-KAS\r\n\r\n{}";
    assert_eq!(measure(kas.as_bytes()).x_kas_parts(), 1);
    let mail = format!(
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed;\r\n\tboundary=b\r\n\r\n\
         --b\r\n{kas}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{kas}\r\n--b--\r\n--a--\r\n"
    );
    assert_eq!(measure(mail.as_bytes()).x_kas_parts(), 2);
    assert_eq!(measure(b"Subject: x-kas\r\n\r\nContent-Disposition: x-kas\r\n").x_kas_parts(), 0);
    assert_eq!(measure(b"Content-Disposition: attachment; filename=x-kas\r\n\r\n").x_kas_parts(), 0);
}

#[test]
fn stray_line_ends_and_eight_bit_are_seen() {
    assert_eq!(measure(b"a\r\n\r\nb\r\n").stray_line_ends(), 0);
    assert_eq!(measure(b"a\nb\rc\r\r\n\r").stray_line_ends(), 4);
    assert!(measure(b"\xe4").has_eight_bit());
    assert!(!measure(b"a=E4\x7f").has_eight_bit());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2029
#[test]
fn q9_a_forwarded_kom_le_message_is_found_octet_for_octet() {
    let message = "X-KOM-LE-Version: 1.0\r\nContent-Type: application/pkcs7-mime; name=x\r\n\
                   Content-Transfer-Encoding: base64\r\n\r\nMIAG\r\nAAA=\r\n";
    let report = format!(
        "Content-Type: multipart/mixed; boundary=e\r\n\r\n--e\r\n\r\nText\r\n--e\r\n\
                          Content-Type: message/rfc822\r\n\r\n{message}\r\n--e--\r\n"
    );
    let forwarded = format!(
        "Content-Type: multipart/mixed; boundary=f\r\n\r\n--f\r\n\
                             Content-Type: message/rfc822\r\n\r\n{report}\r\n--f--\r\n"
    );
    for mail in [&report, &forwarded] {
        let found = measure(mail.as_bytes()).kom_le_messages();
        let octets = |range: &Range<u64>| {
            mail.get(usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()).unwrap()
        };
        let found: Vec<&str> = found.iter().map(octets).collect();
        assert_eq!(found, [message]);
    }
    for return_path in ["Return-Path: <>\r\n", "return-path:\r\n <praxis@elefant.kim.telematik>\r\n"] {
        let received = report.replace(message, &format!("{return_path}{message}"));
        let found = measure(received.as_bytes()).kom_le_messages();
        let [only] = found.as_slice() else { panic!("{found:?}") };
        let octets = usize::try_from(only.start).unwrap()..usize::try_from(only.end).unwrap();
        assert_eq!(received.get(octets), Some(message), "only {return_path:?} is left out");
    }
    let twice = format!(
        "Content-Type: multipart/mixed; boundary=g\r\n\r\n--g\r\nContent-Type: message/rfc822\r\n\r\n\
                         {message}\r\n--g\r\nContent-Type: message/rfc822\r\n\r\n{message}"
    );
    assert_eq!(measure(twice.as_bytes()).kom_le_messages().len(), 2);
    assert_eq!(measure(message.as_bytes()).kom_le_messages(), [], "it has to be forwarded");
    let other = message.replace("X-KOM-LE-Version", "X-Other");
    assert_eq!(measure(report.replace(message, &other).as_bytes()).kom_le_messages(), []);
}

#[test]
fn deep_nesting_and_endless_lines_cost_no_more_than_their_length() {
    let nested: String = (0..20_000)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"))
        .collect();
    assert!(measure(nested.as_bytes()).decoded_octets() > 0);
    let forwarded = "Content-Type: message/rfc822\r\n\r\n".repeat(50_000);
    assert_eq!(decoded(&forwarded), forwarded.len() as u64);
    let line = "x".repeat(5_000_000);
    assert_eq!(decoded(&format!("\r\n{line}")), 5_000_002);
    assert_eq!(decoded(&line), 5_000_000);
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Content-Type: multipart/mixed; boundary=a".to_owned()),
        Just("Content-Type: multipart/mixed; boundary=b".to_owned()),
        Just("Content-Type: message/rfc822".to_owned()),
        Just("Content-Type: application/pkcs7-mime".to_owned()),
        Just("X-KOM-LE-Version: 1.0".to_owned()),
        Just("Content-Transfer-Encoding: base64".to_owned()),
        Just("Content-Transfer-Encoding: quoted-printable".to_owned()),
        Just("Content-Disposition: x-kas".to_owned()),
        Just("--a".to_owned()),
        Just("--b--".to_owned()),
        Just(String::new()),
        Just("x".repeat(9000)),
        Just("=41".repeat(5000)),
        "[ -~]{0,20}",
    ]
}

proptest! {
    #[test]
    fn how_a_mail_is_cut_makes_no_difference(
        lines in prop::collection::vec((line(), prop_oneof![4 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r")]), 0..30),
        // Octet by octet every line is looked at alone, otherwise many at once.
        size in prop_oneof![1 => Just(1_usize), 3 => 1_usize..2000],
    ) {
        let mail: String = lines.into_iter().flat_map(|(line, end)| [line, end.to_owned()]).collect();
        let whole = measure(mail.as_bytes());
        let mut cut = Measure::new();
        mail.as_bytes().chunks(size).for_each(|piece| cut.push(piece));
        let facts = |m: &Measure| {
            let forwarded = (m.kom_le_messages(), m.encoded_messages());
            (m.octets(), m.decoded_octets(), m.x_kas_parts(), m.stray_line_ends(), forwarded)
        };
        prop_assert_eq!(facts(&whole), facts(&cut));
        prop_assert!(whole.decoded_octets() <= whole.octets());
    }

    #[test]
    fn stray_line_ends_are_all_counted(
        octets in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'a')], 0..2000),
        size in 1usize..600,
    ) {
        let mut measure = Measure::new();
        octets.chunks(size).for_each(|piece| measure.push(piece));
        let text = String::from_utf8(octets).unwrap().replace("\r\n", "");
        let stray = text.chars().filter(|octet| *octet != 'a').count() as u64;
        prop_assert_eq!(measure.stray_line_ends(), stray);
    }

    /// Whatever is in it, it is found octet for octet or not at all.
    #[test]
    fn q9_what_is_forwarded_in_base64_is_what_would_be_found_in_plain(
        lines in prop::collection::vec(line(), 0..20),
        blanks in 0usize..3,
    ) {
        let message = lines.join("\r\n");
        let plain = format!("Content-Type: message/rfc822\r\n\r\n{message}");
        let octets = |range: &Range<u64>| {
            plain.get(usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()).unwrap()
        };
        let expected = measure(plain.as_bytes()).kom_le_messages();
        let expected: Vec<&str> = expected.iter().map(octets).collect();
        let encoded = format!("{}{}", STANDARD.encode(&message), "\r\n".repeat(blanks));
        let found = forwarded(encoded.as_bytes());
        prop_assert!(found.iter().map(|found| &found[..]).eq(expected.iter().map(|one| one.as_bytes())));
    }

    #[test]
    fn random_octets_are_no_forwarded_message(octets in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(forwarded(&octets).is_empty());
        prop_assert!(forwarded(STANDARD.encode(&octets).as_bytes()).is_empty());
    }

    #[test]
    fn random_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(measure(&octets).decoded_octets() <= octets.len() as u64);
    }
}
