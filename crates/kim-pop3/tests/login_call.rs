//! The driver is told where to connect, in whose name and with which Konnektor.
#![expect(clippy::panic, clippy::disallowed_methods, reason = "a test may fail loudly and makes up a time")]

#[path = "session/driver.rs"]
mod driver;

use driver::Driver;
use kim_pop3::{Call, Config};
use kim_types::DomainSuffixes;
use kim_username::{Layout, UserName};

fn asked_for(typed: &str, config: Config) -> Option<UserName> {
    let mut session = Driver::start(config);
    session.client(&format!("USER {typed}\r\nPASS p\r\n"));
    match session.out.call.take()? {
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
