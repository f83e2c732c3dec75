//! Large mails: from the pointer to the mail data (R13, L1 to L7).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kim_flow::receive::{Outcome, Trouble};
use kim_flow::{Call, Download, DownloadError, Downloaded, Rules};
use kim_konnektor::HighLevelResult;
use kim_smime::{IntegrityId, IntegrityMode};

use crate::desk::{Desk, Seen, fails, once, verification};
use crate::letter::{A, B, HIDDEN, Letter, RECEIVED, RETURN_PATH};

const KEY: [u8; 32] = [5; 32];
const HASH: [u8; 32] = [6; 32];

/// A description of mail data of one MiB.
fn structure(link: &str) -> String {
    let (key, hash) = (STANDARD.encode(KEY), STANDARD.encode(HASH));
    format!(r#"{{"link":"{link}","k":"{key}","hash":"{hash}","size":1048576}}"#)
}

const LINK: &str = "https://kas.elefant.kim.telematik/attachments/v2.4/attachment/1";

fn letter() -> Letter {
    Letter::kas(&structure(LINK))
}

/// The mail whose data lies on the attachment service.
fn data() -> Bytes {
    let mail = format!(
        "{}Subject: Befund\r\nX-KIM-DecryptionResult: 97\r\nContent-Type: text/plain\r\n\r\n{HIDDEN}\r\n",
        Letter::new().inner
    );
    [mail.as_bytes(), &b"..\r\n\xe4".repeat(10_000)].concat().into()
}

fn desk() -> Desk {
    Desk { data: data(), ..Desk::new() }
}

/// Opens a letter and gives the question about its data, if there was one.
fn opened(desk: &Desk, message: &Bytes) -> (Seen, Option<Download>) {
    let mut asked = None;
    let seen = desk.open_with(message, |call| match call {
        Call::Download(ask) => {
            asked = Some(ask.question().clone());
            Err(Call::Download(ask))
        }
        other => Err(other),
    });
    (seen, asked)
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19374-03, A_19369-02, A_19370-05, KOM-LE-A_2179-02, A_20628
#[test]
fn the_mail_data_takes_the_place_of_the_mail_that_pointed_to_it() {
    let (seen, asked) = opened(&desk(), &letter().message());
    let asked = asked.unwrap();
    assert_eq!(asked.link.as_str(), "https://kas.elefant.kim.telematik:443/attachments/v2.4/attachment/1");
    assert_eq!((asked.recipient.as_str(), asked.key.expose(), asked.hash), (B, &KEY[..], HASH));
    assert_eq!((asked.size, asked.enc_size), (1_048_576, None));
    let shown = format!("{asked:?}");
    assert!(!["6, 6", "5, 5", "attachment", B].iter().any(|secret| shown.contains(secret)), "{shown}");

    let body = data().windows(4).position(|octets| octets == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(seen.recipe.kept, body as u64..data().len() as u64, "the body is not copied");
    let expected = [
        format!(
            "{RECEIVED}{RETURN_PATH}X-KIM-DecryptionResult: 00\r\nX-KIM-IntegrityCheckResult: 01\r\n{}\
             Subject: Befund\r\nContent-Type: text/plain\r\n\r\n",
            Letter::new().inner
        )
        .as_bytes(),
        &data()[body..],
    ]
    .concat();
    assert_eq!(seen.mail, expected);
    assert!(seen.verdict().is_intact());
}

/// A mail of version 1.5 is not large because it has an attachment.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19369-02
#[test]
fn an_ordinary_attachment_is_not_taken_for_a_structure() {
    let body = structure(LINK);
    let mut letter = letter();
    for disposition in ["attachment; filename=x-kas", "inline", "x-kasten"] {
        letter.more_inner = format!(
            "Subject: Befund\r\nContent-Type: application/octet-stream\r\nContent-Disposition: {disposition}\r\n"
        );
        let (seen, asked) = opened(&desk(), &letter.message());
        assert!(asked.is_none() && seen.outcome.name() == "opened", "{disposition}");
        assert!(seen.mail.ends_with(body.as_bytes()), "{disposition}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07, A_19369-02
#[test]
fn the_structure_is_read_in_every_transfer_encoding_and_layout() {
    let json = structure(LINK).replace(',', ",\n  ").replace("1048576", "1048576.0, \"new\": [{}]");
    let quoted = json.replace('=', "=3D").replace('\n', "=0A=\r\n");
    let base64 = STANDARD.encode(&json);
    for (encoding, body) in [
        ("7bit", json.clone()),
        ("8BIT", format!("\r\n{json}\r\n\r\n")),
        ("quoted-printable", quoted),
        ("base64", base64.replacen('h', "h\r\n ", 3)),
    ] {
        let mut letter = Letter::kas(&body);
        letter.more_inner.push_str(&format!("Content-Transfer-Encoding: {encoding}\r\n"));
        let (seen, asked) = opened(&desk(), &letter.message());
        assert_eq!(asked.unwrap().size, 1_048_576, "{encoding}");
        assert_eq!(seen.outcome.name(), "opened");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19369-02, A_20650
#[test]
fn two_structures_are_none() {
    let part = format!("--x\r\nContent-Disposition: X-KAS; a=b\r\n\r\n{}\r\n", structure(LINK));
    let mut letter = letter();
    letter.more_inner = "Subject: Befund\r\nContent-Type: multipart/mixed; boundary=x\r\n".to_owned();
    letter.body = format!("{part}{part}--x--\r\n").into_bytes();
    let (seen, asked) = opened(&desk(), &letter.message());
    assert!(asked.is_none());
    assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::Ambiguous)));
    assert_eq!(seen.values("X-KIM-Fehlermeldung"), ["X69"]);
    assert_eq!(seen.values("X-KIM-DecryptionResult"), ["00"]);
    assert_eq!(seen.values("Subject"), ["Befund"]);
    assert!(
        seen.text().ends_with(
            "\r\n\r\nNachricht konnte aufgrund uneindeutiger Informationen nicht abgerufen werden"
        )
    );
    letter.body = format!("{part}--x--\r\n").into_bytes();
    let (seen, asked) = opened(&desk(), &letter.message());
    assert!(asked.is_none() && seen.outcome.name() == "opened", "one part of many is not the mail");
    assert!(seen.mail.ends_with(&letter.body));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19369-02; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2100-02
#[test]
fn only_a_message_of_version_1_5_points_to_mail_data() {
    let (seen, asked) = opened(&desk(), &Letter { version: "1.5+", ..letter() }.message());
    assert!(asked.is_some() && seen.outcome.name() == "opened");
    let (seen, asked) = opened(&desk(), &Letter { version: "1.0", ..letter() }.message());
    assert!(asked.is_none() && seen.mail.ends_with(structure(LINK).as_bytes()));
    let (seen, asked) = opened(&desk(), &Letter { version: "1.5", ..Letter::new() }.message());
    assert!(asked.is_none() && seen.contains(HIDDEN.as_bytes()), "an ordinary mail stays one");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05 (4006); flows L2
#[test]
fn a_link_that_leads_out_of_kim_is_not_followed() {
    for link in [
        "http://kas.elefant.kim.telematik/1",
        "https://kas.example.com/1",
        "https://kim.telematik.example.com/1",
        "https://user@kas.elefant.kim.telematik/1",
        "https://kas.elefant.kim.telematik@example.com/1",
        "https://10.0.0.1/1",
        "https://[::1]/1",
        "https://127.0.0.1:4443/1",
        "",
    ] {
        let message = Letter::kas(&structure(link)).message();
        let (seen, asked) = opened(&desk(), &message);
        assert!(asked.is_none(), "{link}");
        seen.is_substitute("4006", &[], &message);
        assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::Link(_))), "{link}");
    }
    let rules = Rules { kas_link_hosts: vec!["127.0.0.1:4443".to_owned()], ..Rules::default() };
    let desk = Desk { rules, ..desk() };
    let (_, asked) = opened(&desk, &Letter::kas(&structure("https://127.0.0.1:4443/1")).message());
    assert_eq!(asked.unwrap().link.host(), "127.0.0.1");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05 (4006)
#[test]
fn a_structure_that_cannot_be_read_loses_nothing() {
    for body in [
        "",
        "{}",
        "no json",
        r#"{"link":"https://kas.elefant.kim.telematik/1","k":"AA==","hash":"","size":1}"#,
    ] {
        let message = Letter::kas(body).message();
        let (seen, asked) = opened(&desk(), &message);
        assert!(asked.is_none(), "{body}");
        seen.is_substitute("4006", &[], &message);
        assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::Reference(_))), "{body}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05, A_19371-04, A_19372-03, A_22412-01, A_20650; deltas Q15
#[test]
fn q15_every_failure_of_a_download_has_its_mail() {
    let message = letter().message();
    let desk =
        Desk { rules: Rules { kas_hash_text: "Hotline 0800".to_owned(), ..Rules::default() }, ..desk() };
    let seen = |error| desk.open_with(&message, fails(error));

    for (error, code, text) in [
        (DownloadError::Failed, "4006", "Beim n=C3=A4chsten Abholen wird der Download wiederholt."),
        (DownloadError::Gone, "4006", "den Absender um erneutes Senden zu bitten."),
        (DownloadError::TooOften, "4013", "den Abruf verweigert."),
    ] {
        let seen = seen(error);
        seen.is_substitute(code, &[], &message);
        assert_eq!(seen.values("From"), [format!("\"Praxis A\" <{A}>")]);
        assert!(seen.says(text), "{error}: {}", seen.text());
        assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::Download(found)) if found == error));
    }
    for (error, code, text) in [
        (
            DownloadError::Decryption,
            "4007",
            "Abgerufene E-Mail-Daten konnten nicht entschl=C3=BCsselt werden",
        ),
        (DownloadError::Hash, "4012", "Sie k=C3=B6nnen diese Nachricht l=C3=B6schen.\r\n\r\nHotline 0800"),
    ] {
        let seen = seen(error);
        assert_eq!(seen.values("X-KIM-Fehlermeldung"), [code]);
        assert_eq!(seen.values("X-KIM-DecryptionResult"), ["00"]);
        assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["01"]);
        assert_eq!(seen.values("Subject"), ["Befund"]);
        assert_eq!(seen.values("Content-Disposition"), [""; 0]);
        assert!(seen.text().replace("=\r\n", "").ends_with(text), "{error}: {}", seen.text());
        assert!(!seen.text().contains(&STANDARD.encode(KEY)), "the key is not shown");
        assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::Download(found)) if found == error));
    }
}

/// The hash decides; a size that deviates is for a log.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19372-03; deltas Q5
#[test]
fn q05_another_size_than_announced_does_not_matter() {
    let (seen, asked) = opened(&desk(), &letter().message());
    assert_ne!(asked.unwrap().size, data().len() as u64);
    assert_eq!(seen.outcome.name(), "opened");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23467; deltas Q6
#[test]
fn q06_the_size_after_encryption_is_compared_if_the_message_says_it() {
    let enc_size = |fields: &str| {
        let letter = Letter { more_outer: fields.to_owned(), ..letter() };
        opened(&desk(), &letter.message()).1.unwrap().enc_size
    };
    assert_eq!(enc_size("X-KIM-KAS-Size: 17\r\nX-KIM-KAS-EncSize: 45\r\n"), Some(45));
    assert_eq!(enc_size("X-KIM-KAS-EncSize:\r\n\t45 \r\n"), Some(45));
    for nothing in ["", "X-KIM-KAS-EncSize: -1\r\n", "X-KIM-KAS-EncSize: 4\r\nX-KIM-KAS-EncSize: 5\r\n"] {
        assert_eq!(enc_size(nothing), None, "{nothing}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23165; deltas Q7
#[test]
fn q07_data_of_a_broken_message_is_not_fetched_unless_it_would_be_shown() {
    let message = letter().message();
    for (mode, downloads) in
        [(IntegrityMode::Embed, 0), (IntegrityMode::Replace, 0), (IntegrityMode::Deliver, 1)]
    {
        let rules = Rules { on_integrity_failure: mode, ..Rules::default() };
        let desk = Desk { rules, ..desk() };
        let seen = desk.open_with(
            &message,
            once("verify", |call| match call {
                Call::Verify(ask) => ask.answer(Ok(verification(HighLevelResult::Invalid))),
                other => panic!("{}", other.name()),
            }),
        );
        assert_eq!(seen.asked("download"), downloads, "{mode:?}");
        assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["06"], "{mode:?}");
        assert_eq!(seen.contains(HIDDEN.as_bytes()), downloads == 1, "{mode:?}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19374-03, A_23165; flows L7
#[test]
fn the_headers_of_both_mails_must_agree() {
    let other = |from: &str, to: &str| Bytes::from(String::from_utf8_lossy(&data()).replacen(from, to, 1));
    for data in [
        other("Praxis A", "Praxis X"),
        other("<1@elefant", "<2@elefant"),
        other("To: Praxis B", "Cc: Praxis B"),
    ] {
        let desk = Desk { data, ..desk() };
        let (seen, _) = opened(&desk, &letter().message());
        assert_eq!(seen.verdict().integrity, [IntegrityId::Header]);
        assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["08"]);
        assert_eq!(seen.values("From"), [B], "embedded: nobody is answered");
        assert!(seen.contains(HIDDEN.as_bytes()), "nothing is lost");
        assert!(seen.recipe.kept.end > seen.recipe.kept.start && !seen.recipe.tail.is_empty());

        let rules = Rules { on_integrity_failure: IntegrityMode::Replace, ..Rules::default() };
        let (seen, _) = opened(&Desk { rules, ..desk }, &letter().message());
        assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["08"]);
        assert!(seen.recipe.kept.is_empty() && !seen.contains(HIDDEN.as_bytes()));
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02 (02)
#[test]
fn data_that_is_no_mail_is_a_format_error() {
    let message = letter().message();
    let cut_off = Downloaded { head: "From: x\r\nTo: y\r\n".into(), size: 1 << 20 };
    let longer_than_itself = Downloaded { head: "From: x\r\n\r\nbody".into(), size: 3 };
    let nul = Downloaded { head: "From: x\0\r\n\r\n".into(), size: 1 << 20 };
    for data in [cut_off, longer_than_itself, nul] {
        let seen = desk().open_with(
            &message,
            once("download", |call| match call {
                Call::Download(ask) => ask.answer(Ok(data)),
                other => panic!("{}", other.name()),
            }),
        );
        seen.is_substitute("4010", &["02"], &message);
    }
    for mail in ["From: x\r\n", "", "\r\n"] {
        let desk = Desk { data: mail.into(), ..desk() };
        assert_eq!(desk.open(&message).verdict().integrity, [IntegrityId::Header], "a short mail is one");
    }
}

/// gematik's own mail that points to mail data, with the data it points to.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07, A_19374-03; api-kim, KAS-samples
#[test]
fn gematiks_samples_become_the_mail_they_should() {
    let sample = |name: &str| {
        let text = kim_vectors::text(&format!("../reference/api-kim/KAS-samples/{name}"));
        text.map(|text| text.replace("\r\n", "\n").replace('\n', "\r\n"))
    };
    let (Some(pointer), Some(data), Some(received)) = (
        sample("2_2_KOM-LE-Mail_prozessiert.txt"),
        sample("2_3_Client-Mail_heruntergeladen.txt"),
        sample("2_1_KOM-LE-Mail_empfangen.txt"),
    ) else {
        return;
    };
    let (inner, structure) = pointer.split_once("\r\n\r\n").unwrap();
    // Addresses, Date and Message-ID of the outer header of the sample; the rest is written by the letter.
    let (outer, _) = received.split_once("\r\nX-KIM-Dienstkennung").unwrap();
    let (_, outer) = outer.split_once("KOM-LE-Nachricht\r\n").unwrap();
    let letter = Letter {
        outer: format!("{outer}\r\n"),
        inner: format!("{inner}\r\n"),
        more_inner: String::new(),
        ..Letter::kas(structure)
    };
    let desk = Desk { data: data.clone().into(), ..desk() };
    let (seen, asked) = opened(&desk, &letter.message());
    let asked = asked.unwrap();
    assert_eq!((asked.link.host(), asked.size), ("kas.gematik.kim.telematik-test", 27_262_976));
    assert_eq!(seen.outcome.name(), "opened", "{}", seen.text());
    let (_, body) = data.split_once("\r\n\r\n").unwrap();
    assert!(seen.mail.ends_with(body.as_bytes()));
    assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["01"]);
}
