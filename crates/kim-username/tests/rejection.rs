//! What is not a user name is refused, with the part and the place and without the text.

use kim_types::DomainSuffixes;
use kim_username::{Fault, Layout, Part, UserName, UserNameError};

/// The part, the offset and a word of the fault for each malformed name.
const MALFORMED: &[(&str, Part, usize, &str)] = &[
    ("", Part::Address, 0, "Address"),
    ("*#s:1#M#C#W", Part::Address, 0, "Placeholder"),
    ("a.kim.telematik#s:1#M#C#W", Part::Address, 0, "Address"),
    ("a@x.de#s:1#M#C#W", Part::Address, 0, "Suffix"),
    ("a+b@x.kim.telematik#s:1#M#C#W", Part::Address, 1, "LocalPart"),
    ("a@x.kim.telematik", Part::Mandant, 17, "Missing"),
    ("a@x.kim.telematik#s:1", Part::Mandant, 21, "Missing"),
    ("a@x.kim.telematik#s:1#M#C", Part::Workplace, 25, "Missing"),
    ("a@x.kim.telematik#s#M#C#W", Part::Server, 18, "NoPort"),
    ("a@x.kim.telematik#s:0#M#C#W", Part::Server, 20, "Port"),
    ("a@x.kim.telematik#s:99999#M#C#W", Part::Server, 20, "Port"),
    ("a@x.kim.telematik#s..t:1#M#C#W", Part::Server, 20, "Name"),
    ("a@x.kim.telematik#2001:db8::1:1#M#C#W", Part::Server, 22, "Name"),
    ("a@x.kim.telematik#s:1#*#C#W", Part::Mandant, 22, "Placeholder"),
    ("a@x.kim.telematik#s:1#M#*#W", Part::ClientSystem, 24, "Placeholder"),
    ("a@x.kim.telematik#s:1#M#C#*", Part::Workplace, 26, "Placeholder"),
    ("a@x.kim.telematik#s:1##C#W", Part::Mandant, 22, "Empty"),
    ("a@x.kim.telematik#s:1#M#C\u{7}c#W", Part::ClientSystem, 25, "Character"),
    ("a@x.kim.telematik#s:1#M#C#W#", Part::User, 28, "Empty"),
    ("a@x.kim.telematik#s:1#M#C#W##K", Part::User, 28, "Empty"),
    ("a@x.kim.telematik#s:1#M#C#W#*#ä\n", Part::Konnektor, 32, "Character"),
];

fn pop3(text: &str) -> Result<UserName, UserNameError> {
    UserName::parse(text, &Layout::POP3, &DomainSuffixes::default())
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21518-02
#[test]
fn names_the_part_and_the_place() {
    for (text, expected_part, expected_at, word) in MALFORMED {
        let error = pop3(text).expect_err(text);
        let UserNameError::Part { part, at, fault } = &error else { panic!("{text}: {error:?}") };
        assert_eq!((part, at), (expected_part, expected_at), "{text}");
        assert!(format!("{fault:?}").contains(word), "{text}: {fault:?}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21519-02
#[test]
fn smtp_has_the_same_required_parts_and_its_own_order() {
    for (text, expected_part, expected_at, _) in MALFORMED {
        let error = UserName::parse(text, &Layout::SMTP, &DomainSuffixes::default()).expect_err(text);
        let UserNameError::Part { part, at, .. } = error else { panic!("{text}: {error:?}") };
        let swapped = match expected_part {
            Part::User => Part::Konnektor,
            Part::Konnektor => Part::User,
            other => *other,
        };
        assert_eq!((part, at), (swapped, *expected_at), "{text}");
    }
}

#[test]
fn a_name_may_have_1024_octets() {
    let name = |octets: usize| format!("{:x<octets$}", "a@x.kim.telematik##M#C#W#U#K#");
    assert!(pop3(&name(1024)).is_ok());
    assert_eq!(pop3(&name(1025)), Err(UserNameError::TooLong { len: 1025 }));
}

#[test]
fn an_error_does_not_repeat_the_text() {
    let error = pop3("erika.geheim@x.de#s:1#M#C#W").expect_err("no KIM address");
    assert!(matches!(error, UserNameError::Part { fault: Fault::Address(_), .. }));
    assert!(!format!("{error} {error:?}").contains("geheim"));
}
