//! What is checked of a decrypted message, and what its reader gets (R11 to R14).

use kim_flow::{Call, Rules};
use kim_konnektor::{HighLevelResult, Verification};
use kim_smime::{IntegrityMode, SignatureResult};
use kim_testbed::pki::CertificateType;

use crate::desk::{Desk, Seen, fault, once, verification};
use crate::letter::{A, B, HIDDEN, Letter, RECEIVED, RETURN_PATH, key, recipients};

fn opened(letter: &Letter) -> Seen {
    Desk::new().open(&letter.message())
}

fn ids(letter: &Letter) -> Vec<String> {
    opened(letter).values("X-KIM-IntegrityCheckResult")
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2179-02, KOM-LE-A_2050-06, A_21236, A_20628, A_23165
#[test]
fn a_right_mail_gets_its_results_and_its_way_and_keeps_every_octet_of_its_body() {
    let mut letter = Letter::new();
    letter.more_inner.push_str(
        "X-KIM-DecryptionResult: 99\r\nX-KIM-IntegrityCheckResult: 99\r\nX-KIM-Fehlermeldung: 99\r\n\
         Content-Type: text/csv; charset=iso-8859-1\r\n",
    );
    letter.body = b".\r\n..a;b\xe4\nbare\r\r\n--x\r\nX-KIM-DecryptionResult: 98\r\n".to_vec();
    let seen = opened(&letter);
    let expected = [
        format!(
            "{RECEIVED}{RETURN_PATH}X-KIM-DecryptionResult: 00\r\nX-KIM-IntegrityCheckResult: 01\r\n{}Subject: Befund\r\n\
             Content-Type: text/csv; charset=iso-8859-1\r\n\r\n",
            letter.inner
        )
        .as_bytes(),
        &letter.body,
    ]
    .concat();
    assert_eq!(seen.text(), String::from_utf8_lossy(&expected));
    assert_eq!(seen.mail, expected);
}

/// Types that a mail library takes for texts, and would bring into its own form.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2179-02
#[test]
fn attachments_of_every_text_type_come_out_as_they_went_in() {
    let mut body = b"Preamble\r\n".to_vec();
    let plain = b"<?xml version='1.0' encoding='ISO-8859-1'?>\n<a>\xe4</a>\rtrailing \t\r\n\r\n";
    for kind in
        ["text/plain", "text/html", "text/xml", "text/csv", "text/calendar; method=REQUEST", "text/rtf"]
    {
        for (encoding, content) in [
            ("binary", plain.to_vec()),
            ("8bit", b"a;b\r\n\xe4;\xff\r\n".to_vec()),
            ("quoted-printable", b"=E4=3d= \r\n=\r\nx \r\n".to_vec()),
            ("base64", b"PGE+\r\n 5DwvYT4=".to_vec()),
        ] {
            let head = format!(
                "--=_b\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\
                 Content-Disposition: attachment; filename=a.dat\r\n\r\n"
            );
            body.extend([head.as_bytes(), &content, b"\r\n"].concat());
        }
    }
    body.extend(b"--=_b--\r\nEpilogue\r\n");
    let mut letter = Letter::new();
    letter.more_inner.push_str("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n");
    letter.body = body;
    let seen = opened(&letter);
    let header = seen.mail.len() - letter.body.len();
    assert!(seen.mail.starts_with(RECEIVED.as_bytes()) && seen.mail[..header].ends_with(b"\r\n\r\n"));
    assert_eq!(seen.mail[header..], letter.body);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01, KOM-LE-A_2050-06, A_23165
#[test]
fn what_the_konnektor_says_of_the_signature_decides() {
    let codes = |result, codes: &[u32]| Verification { codes: codes.to_vec(), ..verification(result) };
    let table = [
        (Ok(codes(HighLevelResult::Valid, &[])), "01"),
        (Ok(codes(HighLevelResult::Valid, &[4264])), "07"),
        (Ok(codes(HighLevelResult::Inconclusive, &[])), "07"),
        (Ok(codes(HighLevelResult::Invalid, &[4115])), "02"),
        (Ok(codes(HighLevelResult::Invalid, &[4253])), "03"),
        (Ok(codes(HighLevelResult::Invalid, &[4112])), "04"),
        (Ok(codes(HighLevelResult::Invalid, &[4206])), "05"),
        (Ok(codes(HighLevelResult::Invalid, &[])), "06"),
        (Err(fault(4115)), "02"),
        (Err(fault(4206)), "05"),
        (Err(fault(99_999)), "06"),
    ];
    for (answer, id) in table {
        let seen = Desk::new().open_with(
            &Letter::new().message(),
            once("verify", |call| match call {
                Call::Verify(ask) => ask.answer(answer),
                other => panic!("{}", other.name()),
            }),
        );
        assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), [id]);
        assert_eq!(seen.values("X-KIM-DecryptionResult"), ["00"]);
        assert_eq!(seen.verdict().is_intact(), ["01", "07"].contains(&id));
        assert_eq!(
            seen.verdict().signature == SignatureResult::StatusUnknown,
            id == "07",
            "unknown is not valid"
        );
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23165; deltas Q7
#[test]
fn q07_a_forged_sender_gets_no_answer_and_the_reader_loses_nothing() {
    let forged = Letter {
        outer: format!(
            "From: <x@evil.kim.telematik>\r\nSender: <x@evil.kim.telematik>\r\nReply-To: <x@evil.kim.telematik>\r\n\
             To: <{B}>\r\nCc: <x@evil.kim.telematik>\r\n"
        ),
        ..Letter::new()
    };
    let embedded = opened(&forged);
    assert_eq!(embedded.values("X-KIM-IntegrityCheckResult"), ["08"]);
    assert_eq!(embedded.values("X-KIM-Fehlermeldung"), ["4014"]);
    assert_eq!((embedded.values("From"), embedded.values("To")), (vec![B.to_owned()], vec![B.to_owned()]));
    for name in ["Sender", "Reply-To", "Cc", "Bcc", "Return-Path"] {
        assert_eq!(embedded.values(name), [""; 0], "{name}");
    }
    assert!(embedded.contains(HIDDEN.as_bytes()) && !embedded.text().contains("evil"));

    let mode = |on_integrity_failure| {
        Desk::with_rules(Rules { on_integrity_failure, ..Rules::default() }).open(&forged.message())
    };
    let replaced = mode(IntegrityMode::Replace);
    assert_eq!(replaced.values("X-KIM-IntegrityCheckResult"), ["08"]);
    assert!(!replaced.contains(HIDDEN.as_bytes()) && replaced.says("Bitte kontaktieren Sie den Absender"));
    let delivered = mode(IntegrityMode::Deliver);
    assert_eq!(delivered.values("X-KIM-IntegrityCheckResult"), ["08"]);
    assert!(delivered.mail.ends_with(format!("\r\n\r\n{HIDDEN}\r\n").as_bytes()));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01; deltas Q10
#[test]
fn q10_mail_servers_may_fold_and_encode_anew_but_not_change_what_is_seen() {
    let outer = |outer: String| ids(&Letter { outer, ..Letter::new() });
    let to = format!("To: Praxis B <{B}>\r\n");
    let refolded =
        format!("from:\r\n =?utf-8?q?Praxis_A?= <{}>\r\nReply-To: {A}\r\n{to}", A.to_ascii_uppercase());
    assert_eq!(outer(refolded), ["01"]);
    let right = format!("From: \"Praxis A\" <{A}>\r\nReply-To: <{A}>\r\n{to}");
    assert_eq!(outer(format!("{right}Date: yesterday\r\nMessage-ID: <other>\r\nBcc: <x@x.de>\r\n")), ["01"]);
    assert_eq!(outer(right.replace("Praxis A", "Praxis B")), ["08"], "the name counts");
    assert_eq!(outer(right.replace(&format!("Reply-To: <{A}>\r\n"), "")), ["08"], "missing on one side");
    assert_eq!(outer(format!("{right}Sender: <{A}>\r\n")), ["08"], "there on one side only");
    assert_eq!(outer(format!("{right}Cc: <{A}>\r\n")), ["08"]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2129
#[test]
fn only_a_signature_certificate_of_an_institution_may_sign() {
    let letter = Letter { signer: key("A", CertificateType::HciAut), ..Letter::new() };
    assert_eq!(ids(&letter), ["05"]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01
#[test]
fn recipients_inside_and_outside_must_be_the_same() {
    let fewer = recipients(&[("B", B)]).to_attribute().to_vec();
    assert_eq!(ids(&Letter { signed_for: fewer, ..Letter::new() }), ["09"]);
    let swapped = recipients(&[("A", B), ("B", A)]).to_attribute().to_vec();
    assert_eq!(ids(&Letter { signed_for: swapped, ..Letter::new() }), ["09"]);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2114 to KOM-LE-A_2117; deltas Q21
#[test]
fn q21_recipients_are_compared_as_sets_and_read_flat_or_nested() {
    let upper = B.to_ascii_uppercase();
    let shuffled = recipients(&[("B", &upper), ("A", A)]).to_attribute().to_vec();
    assert_eq!(ids(&Letter { signed_for: shuffled, ..Letter::new() }), ["01"]);
    let nested = nested(&recipients(&[("A", A), ("B", B)]).to_attribute());
    let letter = Letter { encrypted_for: nested.clone(), ..Letter::new() };
    assert_eq!(ids(&letter), ["01"]);
    assert_eq!(ids(&Letter { encrypted_for: nested.clone(), signed_for: nested, ..Letter::new() }), ["01"]);
}

/// The attribute with its values in one more SET, as a strict reading of the ASN.1 wants it.
fn nested(flat: &[u8]) -> Vec<u8> {
    let (_, content) = element(flat);
    let oid = &content[..2 + usize::from(content[1])];
    let set = &content[oid.len()..];
    encode(0x30, &[oid, &encode(0x31, set)].concat())
}

/// Tag and content of a DER element.
fn element(der: &[u8]) -> (u8, &[u8]) {
    let len = usize::from(der[1]);
    if len < 0x80 { (der[0], &der[2..]) } else { (der[0], &der[2 + (len - 0x80)..]) }
}

fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82, len[0], len[1]], content].concat()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_28582; deltas Q20
#[test]
fn q20_the_token_of_the_sender_is_kept_and_reported_as_unverified() {
    let mut letter = Letter::new();
    letter.more_inner.push_str("X-KIM-Auth: eyJ0eXAiOiJKV1QifQ.e30.c2ln\r\n");
    let seen = opened(&letter);
    assert_eq!(seen.values("X-KIM-Auth"), ["eyJ0eXAiOiJKV1QifQ.e30.c2ln"]);
    assert!(seen.verdict().kim_auth_present);
    assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["01"]);
    assert!(!opened(&Letter::new()).verdict().kim_auth_present);
}
