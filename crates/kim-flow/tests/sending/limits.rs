//! What the account allows (getLimits), and what holds when nobody says it.

use std::time::Duration;

use kim_fachdienst::{Days, Limits};

use crate::practice::{Practice, envelope, mail, outer, reply};

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19355; RFC 1870
#[test]
fn q13_a_mail_of_the_greatest_size_goes_and_one_octet_more_is_told_552_5_3_4() {
    let to = "b@b.kim.telematik";
    let octets = mail(to, "Text\r\n").len() as u64;
    for (max, goes) in [(octets, true), (octets - 1, false)] {
        let limits = Some(Limits { max_mail_size: max, ..Limits::default() });
        let mut practice = Practice { limits, ..Practice::default() };
        let result = practice.send_to(&[to]);
        assert_eq!(result.is_ok(), goes);
        if !goes {
            assert!(reply(result).starts_with("552 5.3.4 "));
        }
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22416, A_22417, A_19355
#[test]
fn q14_without_limits_the_defaults_hold_and_the_mail_goes() {
    let mut practice = Practice::default();
    let protected = practice.send_to(&["b@b.kim.telematik"]).unwrap();
    // 15 January 2027 and 90 days.
    assert!(
        outer(&protected).contains("\r\nExpires: Thu, 15 Apr 2027 08:00:00 +0000\r\n"),
        "{}",
        outer(&protected)
    );
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22417
#[test]
fn expires_is_the_time_of_sending_and_the_days_of_the_account() {
    let limits = Limits { data_time_to_live: Days::new(10).unwrap(), ..Limits::default() };
    let mut practice = Practice { limits: Some(limits), ..Practice::default() };
    let protected = practice.send_to(&["b@b.kim.telematik"]).unwrap();
    assert!(outer(&protected).contains("\r\nExpires: Mon, 25 Jan 2027 08:00:00 +0000\r\n"));
    assert_eq!(Days::new(10).unwrap().as_duration(), Duration::from_secs(864_000));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22417
#[test]
fn an_expires_of_the_client_does_not_survive() {
    let mut practice = Practice::default();
    let text = String::from_utf8(mail("b@b.kim.telematik", "x").to_bytes().to_vec()).unwrap();
    let mail = kim_types::Octets::from(format!("Expires: never\r\n{text}").into_bytes());
    let protected = practice.send(envelope(&["b@b.kim.telematik"]), mail).unwrap();
    assert!(!practice.inner().contains("Expires"));
    assert_eq!(outer(&protected).matches("Expires:").count(), 1);
}
