//! The header of a mail as fields of raw octets.

use bytes::Bytes;
use kim_smime::{Header, HeaderLimits};
use kim_types::Octets;
use proptest::prelude::*;

/// What address lists are made of, rightly and wrongly.
fn token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a@x.de",
        "b@x.de",
        "<a@x.de>",
        "<b@x.de>",
        ",",
        ",",
        ";",
        ":",
        "<",
        ">",
        "\"",
        "(",
        ")",
        "\\",
        " ",
        "x",
        "\r\n ",
        "=?utf-8?q?b=40x.de=2C?=",
    ])
}

proptest! {
    #[test]
    fn what_is_split_and_joined_is_unchanged(fields in "([A-Z][a-z]{0,8}:[ -~\u{e4}]{0,40}(\r\n [ -~]{1,20})?\r\n){0,8}", body: Vec<u8>) {
        let mail = [fields.as_bytes(), b"\r\n", &body].concat();
        let (header, rest) = Header::split(&mail.clone().into(), &HeaderLimits::default()).unwrap();
        prop_assert_eq!(&rest, &body);
        prop_assert_eq!(header.with_body(rest.into()), Octets::from(mail));
    }

    #[test]
    fn random_octets_never_panic_and_lose_nothing(mail in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b' '), any::<u8>()], 0..200)) {
        if let Ok((header, body)) = Header::split(&Bytes::from(mail.clone()), &HeaderLimits::default()) {
            prop_assert!(mail.ends_with(&body));
            for field in header.fields() {
                prop_assert!(field.raw().ends_with(b"\n"));
                let _ = (field.name(), field.value(), field.text());
            }
            let _ = header.addresses("");
        }
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_23174
    #[test]
    fn addresses_that_go_leave_nothing_behind(tokens in prop::collection::vec(token(), 0..14)) {
        let (mut header, _) = Header::split(&format!("To: {}\r\n", tokens.concat()).into(), &HeaderLimits::default()).unwrap();
        header.retain_addresses("To", |address| address == "a@x.de");
        for found in header.addresses("To") {
            prop_assert_eq!(found.address, "a@x.de");
        }
    }

    #[test]
    fn whatever_is_pushed_is_one_field(name in "[ -~\r\n]{0,12}", value in "[ -~\r\n\0\u{e4}]{0,200}") {
        let mut header = Header::default();
        if header.push(&name, &value).is_ok() {
            let octets = header.with_body(Octets::new()).to_bytes();
            let (read, body) = Header::split(&octets, &HeaderLimits::default()).unwrap();
            prop_assert!(body.is_empty());
            prop_assert_eq!(read.fields().count(), 1);
            let words = |text: &str| text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&read.first(&name).unwrap().text()), words(&value));
        }
    }
}

#[test]
fn a_header_of_a_megabyte_is_split_in_no_time_to_speak_of() {
    let many = "A: 1\r\n".repeat(10_000);
    let one = format!("A: {}\r\n", "x,".repeat(500_000));
    let folded = format!("A: 1\r\n{}", " 2\r\n".repeat(200_000));
    for text in [many, one, folded] {
        let (header, _) = Header::split(&text.into(), &HeaderLimits::default()).unwrap();
        assert!(header.first("A").is_some());
    }
}
