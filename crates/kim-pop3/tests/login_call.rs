//! The driver is told where to connect, in whose name and with which Konnektor.
#![expect(clippy::disallowed_methods, reason = "a test makes up a time")]

use std::time::Instant;

use kim_pop3::{Call, Config, Input, Output, Proxy};
use kim_types::DomainSuffixes;
use kim_username::{Layout, UserName};

/// The user of the login that a session asks its driver for.
fn asked_for(typed: &str, config: Config) -> Option<UserName> {
    let (now, mut out) = (Instant::now(), Output::default());
    let mut proxy = Proxy::new(config, now);
    proxy.handle(Input::Start, now, &mut out);
    proxy.handle(Input::Client(format!("USER {typed}\r\nPASS p\r\n").as_bytes()), now, &mut out);
    match out.call? {
        Call::Login(login) => Some(login.user().clone()),
        Call::Open(_) => None,
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2032, KOM-LE-A_2033-01, A_21517
#[test]
fn the_login_names_server_context_and_konnektor() {
    let typed = "a@x.kim.telematik#100.102.8.6:995#M#C#W#U#Konn_1";
    let user = asked_for(typed, Config::default()).unwrap();
    assert_eq!(user.server.as_ref().unwrap().to_string(), "100.102.8.6:995");
    assert_eq!(user.to_text(&Layout::POP3), typed);
}

/// Spec: KIM 1.5.4, A_23541
#[test]
fn the_server_may_be_left_to_dns_sd() {
    assert_eq!(asked_for("a@x.kim.telematik##M#C#W", Config::default()).unwrap().server, None);
}

/// Spec: api-kim FAQ (domain suffixes)
#[test]
fn the_domains_of_users_are_configuration() {
    assert_eq!(asked_for("a@x.example##M#C#W", Config::default()), None);
    let config = Config { suffixes: DomainSuffixes::new([".example"]), ..Config::default() };
    assert!(asked_for("a@x.example##M#C#W", config).is_some());
}
