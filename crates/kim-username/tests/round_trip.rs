//! A user name is read and written back as it was, for each protocol.
#![expect(clippy::expect_used, reason = "a test may fail loudly")]

use kim_types::{Context, DomainSuffixes, KimAddress};
use kim_username::{Layout, UserName};
use proptest::option;
use proptest::prelude::*;

/// User, Konnektor, and the end of the name that says so, for each layout.
const OPTIONAL_PARTS: &[(Option<&str>, Option<&str>, &str, &str)] = &[
    (None, None, "", ""),
    (Some("13"), None, "#13", "#*#13"),
    (None, Some("Konn_1"), "#*#Konn_1", "#Konn_1"),
    (Some("13"), Some("Konn_1"), "#13#Konn_1", "#Konn_1#13"),
];

fn parse(text: &str, layout: &Layout) -> UserName {
    UserName::parse(text, layout, &DomainSuffixes::default()).expect(text)
}

fn check_optional_parts(layout: &Layout, end: impl Fn(&(Option<&str>, Option<&str>, &str, &str)) -> String) {
    for row in OPTIONAL_PARTS {
        let text =
            format!("erik.mustermann@hrst.kim.telematik#hrst.kim.telematik:995#1#KOM_LE#7{}", end(row));
        let user = parse(&text, layout);
        assert_eq!(user.context.user.as_ref().map(|id| id.as_str()), row.0, "{text}");
        assert_eq!(user.konnektor.as_ref().map(|id| id.as_str()), row.1, "{text}");
        assert_eq!(user.context.mandant.as_str(), "1");
        assert_eq!(user.context.client_system.as_str(), "KOM_LE");
        assert_eq!(user.context.workplace.as_str(), "7");
        assert_eq!(user.to_text(layout), text);
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2032, A_21517
#[test]
fn q3_pop3_has_the_user_before_the_konnektor() {
    check_optional_parts(&Layout::POP3, |row| row.2.to_owned());
}

/// Where the UserId stands on SMTP is open question Q3; this pins our reading.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010, A_21457
#[test]
fn q3_smtp_has_the_konnektor_before_the_user() {
    check_optional_parts(&Layout::SMTP, |row| row.3.to_owned());
}

/// Spec: KIM 1.5.4, A_23541
#[test]
fn q3_the_server_may_be_empty_or_a_placeholder() {
    for text in ["a@x.kim.telematik##M#C#W", "a@x.kim.telematik#*#M#C#W"] {
        let user = parse(text, &Layout::POP3);
        assert_eq!(user.server, None);
        assert_eq!(user.to_text(&Layout::POP3), "a@x.kim.telematik#*#M#C#W");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2032
#[test]
fn reserved_parts_and_idle_placeholders_are_read_but_not_written() {
    let user = parse("a@x.kim.telematik#s:1#M#C#W#U#K#reserved##*", &Layout::POP3);
    assert_eq!(user.to_text(&Layout::POP3), "a@x.kim.telematik#s:1#M#C#W#U#K");
    let user = parse("a@x.kim.telematik#s:1#M#C#W#*#*", &Layout::POP3);
    assert_eq!(user.to_text(&Layout::POP3), "a@x.kim.telematik#s:1#M#C#W");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2044
#[test]
fn the_address_keeps_its_spelling_and_is_compared_without_case() {
    let one = parse("Erika@X.kim.telematik#s:1#M#C#W", &Layout::POP3);
    assert_eq!(one.address.to_string(), "Erika@X.kim.telematik");
    assert_eq!(one, parse("erika@x.kim.telematik#S:1#M#C#W", &Layout::POP3));
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    "[A-Za-z0-9 äß€_:@*.-]{1,20}"
        .prop_filter("a lone '*' is the placeholder", |text| text != "*")
        .prop_map(|text| text.parse().expect("an id"))
}

fn server() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        "[A-Za-z][A-Za-z0-9]{0,9}(-[a-z0-9]{1,5}){0,2}(\\.[a-z]{1,9}){0,4}",
        any::<std::net::Ipv4Addr>().prop_map(|v4| v4.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|v6| format!("[{v6}]")),
    ];
    (host, 1u16..).prop_map(|(host, port)| format!("{host}:{port}"))
}

fn user_name() -> impl Strategy<Value = UserName> {
    let address = "[A-Za-z0-9_-]{1,20}(\\.[A-Za-z0-9_-]{1,20}){0,2}@[a-z]{1,20}\\.kim\\.telematik(-test)?";
    let context = (id(), id(), id(), option::of(id()));
    (address, option::of(server()), context, option::of(id())).prop_map(
        |(address, server, (mandant, client_system, workplace, user), konnektor)| UserName {
            address: KimAddress::parse(&address, &DomainSuffixes::default()).expect("an address"),
            server: server.map(|server| server.parse().expect("a server")),
            context: Context { mandant, client_system, workplace, user },
            konnektor,
        },
    )
}

proptest! {
    #[test]
    fn any_user_name_is_written_and_read_back(user in user_name()) {
        for layout in [Layout::SMTP, Layout::POP3] {
            let text = user.to_text(&layout);
            let read = UserName::parse(&text, &layout, &DomainSuffixes::default());
            prop_assert_eq!(read.as_ref(), Ok(&user));
            prop_assert!(!text.ends_with("#*"));
        }
    }
}
