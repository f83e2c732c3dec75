//! The comparison of the outer with the signed inner header.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use bytes::Bytes;
use kim_smime::{Header, HeaderLimits, header_differences};
use proptest::prelude::*;

fn header(text: &str) -> Header {
    Header::split(&Bytes::from(text.to_owned()), &HeaderLimits::default()).unwrap().0
}

fn differences(outer: &str, inner: &str) -> Vec<&'static str> {
    header_differences(&header(outer), &header(inner)).collect()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01
#[test]
fn q10_what_a_mail_server_may_do_is_no_difference() {
    let same = [
        ("From: Karl <k@x.de>", "From: Karl <k@x.de>"),
        ("from:Karl\r\n\t<k@x.de> ", "From: Karl <k@x.de>"),
        ("From: \"Karl\" <K@X.DE>", "From: Karl <k@x.de>"),
        ("From: =?UTF-8?B?SsO2cmc=?= <k@x.de>", "From: =?iso-8859-1?q?J=F6rg?= <k@x.de>"),
        ("To: a@x.de,b@x.de", "To: <a@x.de>,\r\n  <b@x.de>"),
        ("To: Team: a@x.de, b@x.de;", "To: Team:a@x.de,b@x.de;"),
        ("To: a@x.de (Anna)", "To: a@x.de  (Anna)"),
        ("Cc: undisclosed-recipients:;", "Cc: undisclosed-recipients:;"),
        ("Subject: x\r\nDate: today\r\nBcc: a@x.de", "Subject: y"),
        ("", ""),
    ];
    for (outer, inner) in same {
        assert_eq!(differences(outer, inner), [""; 0], "{outer} / {inner}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01
#[test]
fn q10_what_changes_the_meaning_is_a_difference() {
    for name in ["From", "Sender", "Reply-To", "To", "Cc"] {
        let inner = format!("{name}: Karl <k@x.de>, l@x.de");
        let different = [
            format!("{name}: Karl <k@y.de>, l@x.de"),
            format!("{name}: Emil <k@x.de>, l@x.de"),
            format!("{name}: k@x.de, l@x.de"),
            format!("{name}: l@x.de, Karl <k@x.de>"),
            format!("{name}: Karl <k@x.de>"),
            format!("{name}: Karl <k@x.de>, l@x.de, m@x.de"),
            format!("{name}: Team: Karl <k@x.de>, l@x.de;"),
            format!("{name}: karl <k@x.de>, l@x.de"),
            format!("{name}: Karl <k@x.de>, l@x.de\r\n{name}: Karl <k@x.de>, l@x.de"),
            format!("{name}:"),
            format!("{name}: \"Karl <k@x.de>, l@x.de\""),
            String::new(),
        ];
        for outer in different {
            assert_eq!(differences(&outer, &inner), [name], "{outer}");
            assert_eq!(differences(&inner, &outer), [name], "{outer}, the other way round");
        }
    }
}

#[test]
fn nobody_there_and_somebody_else_there_are_different() {
    assert_eq!(differences("To: :;", "To: ;"), ["To"]);
    assert_eq!(differences("To: one:;", "To: two:;"), ["To"]);
}

proptest! {
    #[test]
    fn any_header_equals_itself_and_nothing_panics(one in "[ -~\r\n\u{e4}]{0,80}", other in "[ -~\r\n\u{e4}]{0,80}") {
        let (one, other) = (header(&format!("From: {one}")), header(&format!("From: {other}")));
        prop_assert_eq!(header_differences(&one, &one).count(), 0);
        prop_assert_eq!(header_differences(&one, &other).count(), header_differences(&other, &one).count());
    }
}
