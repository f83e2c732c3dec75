//! What is no KOM-LE message is delivered as it is; what is too large to be opened is not lost.

use bytes::Bytes;
use kim_flow::Rules;
use kim_flow::receive::{Outcome, Trouble};

use crate::desk::Desk;
use crate::letter::Letter;

const PLAIN: &str = "Return-Path: <x@x.de>\r\nReceived: from x\r\nX-KIM-DecryptionResult: 00\r\nSubject: hi\r\n\r\n\
    X-KOM-LE-Version: 1.0\r\n.\r\nbare\nline\r";

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21390, KOM-LE-A_2042, A_19367
#[test]
fn without_the_version_field_a_mail_is_delivered_octet_for_octet() {
    let seen = Desk::new().open(&PLAIN.into());
    assert!(matches!(seen.outcome, Outcome::Plain));
    assert_eq!((seen.mail, seen.calls.len()), (PLAIN.into(), 0));
    for mail in ["", "\r\n", "no header\r\n\r\n", "X-KOM-LE-Version\r\n\r\n", "\r\n\0"] {
        assert_eq!(Desk::new().open(&mail.into()).mail, mail);
    }
}

/// Other programs may read what this module cannot, results that a sender wrote among it.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02, KOM-LE-A_2047-02
#[test]
fn a_header_that_cannot_be_read_is_a_wrong_format_and_nothing_of_the_message_is_lost() {
    let results = "X-KIM-DecryptionResult: 00\r\nX-KIM-IntegrityCheckResult: 01\r\n";
    for version in ["", "X-KOM-LE-Version: 1.0\r\n"] {
        for more in
            ["X: \0\r\n".to_owned(), "X: y\r\n".repeat(20_000), format!("X: {}\r\n", "y".repeat(2 << 20))]
        {
            let message = Bytes::from(format!("{results}{version}{more}From: x@x.de\r\n\r\nbody\r\n"));
            let seen = Desk::new().open(&message);
            seen.is_substitute("4010", &["02"], &message);
            assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::Format)) && seen.calls.is_empty());
        }
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21390, KOM-LE-A_2042
#[test]
fn a_large_plain_mail_stays_where_it_is() {
    let mail = Bytes::from([PLAIN.as_bytes(), &vec![b'x'; 100_000]].concat());
    let seen = Desk::new().open_kept(&mail);
    assert!(matches!(seen.outcome, Outcome::Plain));
    assert_eq!((seen.recipe.head.len(), seen.recipe.tail.len()), (0, 0));
    assert_eq!(seen.mail, mail);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02, KOM-LE-A_2047-02
#[test]
fn a_message_too_large_for_a_konnektor_is_shown_around_what_is_kept() {
    let message = Letter::new().message();
    let seen = Desk::new().open_kept(&message);
    seen.is_substitute("4010", &["02"], &message);
    assert!(matches!(seen.outcome, Outcome::Substituted(Trouble::TooLarge)));
    assert_eq!(seen.recipe.kept, 0..message.len() as u64, "nothing large is copied");
    let with_limit = Desk::with_rules(Rules { message_limit: message.len() as u64 - 1, ..Rules::default() });
    let in_memory = with_limit.open(&message);
    assert_eq!(in_memory.mail, seen.mail);
    assert_eq!(
        Desk::with_rules(Rules { message_limit: message.len() as u64, ..Rules::default() })
            .open(&message)
            .outcome
            .name(),
        "opened"
    );
}

#[test]
fn a_kept_message_with_other_octets_than_ascii_is_announced_as_such() {
    let message = Bytes::from([&Letter::new().message()[..], "ä".as_bytes()].concat());
    let seen = Desk::new().open_kept(&message);
    assert!(seen.text().contains("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"));
    assert!(seen.contains(&message));
}

/// What a Konnektor takes fits: 25 MiB for many recipients, in base64.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2008
#[test]
fn the_limit_holds_the_largest_document_of_a_konnektor() {
    let rules = Rules::default();
    // Segments of 1000 octets with 4 octets each before them; 1 KiB for every one of 1000 recipients.
    let cms = rules.konnektor_limit + rules.konnektor_limit / 250 + 1000 * 1024;
    let base64 = cms.div_ceil(57) * 78;
    assert!(base64 + 64 * 1024 < rules.message_limit, "{base64}");
    assert!(35_882_577 < rules.message_limit);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21391-02
#[test]
fn an_unknown_version_is_explained_whatever_its_size() {
    let message = Letter { version: "2.0", ..Letter::new() }.message();
    let seen = Desk::new().open(&message);
    seen.is_substitute("4008", &[], &message);
    assert_eq!(Desk::new().open_kept(&message).mail, seen.mail);
    assert!(seen.calls.is_empty());
}
