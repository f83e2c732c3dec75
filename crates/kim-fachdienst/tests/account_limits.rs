//! Asking for the limits of an account.

use kim_fachdienst::{Limits, LimitsError, LimitsRequest, Method};
use kim_types::{Pii, Secret};

fn read(body: &str) -> Result<Limits, LimitsError> {
    Limits::from_response(200, body.as_bytes())
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22416-01
#[test]
fn the_request_is_a_get_with_basic_and_prints_no_secret() {
    let request = LimitsRequest {
        base: "https://am.x.kim.telematik/AccountLimit/v1.1".parse().unwrap(),
        account: "erika@x.kim.telematik".parse().unwrap(),
        password: Secret::from("geheim"),
    };
    let http = request.to_http();
    assert_eq!((http.method, http.method.as_str()), (Method::Get, "GET"));
    assert_eq!(http.url, "https://am.x.kim.telematik/AccountLimit/v1.1/limit");
    let (_, value) = http.headers.iter().find(|(name, _)| *name == "Authorization").unwrap();
    assert_eq!(value.expose(), b"Basic ZXJpa2FAeC5raW0udGVsZW1hdGlrOmdlaGVpbQ==");
    let printed = format!("{request:?} {http:?}");
    assert!(!printed.contains("erika") && !printed.contains("geheim") && !printed.contains("ZXJp"));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22416-01
#[test]
fn all_members_are_read() {
    let limits = read(
        r#" {"dataTimeToLive": 30, "maxMailSize": 800000000, "quota": 160000000000, "remainQuota": 112000000000} "#,
    );
    let limits = limits.unwrap();
    assert_eq!((limits.data_time_to_live.get(), limits.max_mail_size), (30, 800_000_000));
    assert_eq!((limits.quota, limits.remain_quota), (Some(160_000_000_000), Some(112_000_000_000)));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22416-01; deltas Q14
#[test]
fn missing_members_have_the_defaults() {
    assert_eq!(read("{}").unwrap(), Limits::default());
    assert_eq!(
        read(r#"{"quota": null, "maxMailSize": null, "kasMailSizeThreshold": {}}"#).unwrap(),
        Limits::default()
    );
    assert_eq!(
        (Limits::default().max_mail_size, Limits::default().data_time_to_live.get()),
        (734_003_200, 90)
    );
}

#[test]
fn numbers_may_be_floats_or_in_quotes_and_minus_one_is_unlimited() {
    let limits =
        read(r#"{"dataTimeToLive": "45", "maxMailSize": 7.340032e8, "quota": -1, "remainQuota": 0}"#);
    let limits = limits.unwrap();
    assert_eq!((limits.data_time_to_live.get(), limits.max_mail_size), (45, 734_003_200));
    assert_eq!((limits.quota, limits.remain_quota), (None, Some(0)));
}

#[test]
fn a_time_to_live_out_of_range_becomes_the_nearest() {
    assert_eq!(read(r#"{"dataTimeToLive": 0}"#).unwrap().data_time_to_live.get(), 10);
    assert_eq!(read(r#"{"dataTimeToLive": 9999}"#).unwrap().data_time_to_live.get(), 365);
}

#[test]
fn what_cannot_be_understood_is_an_error_with_its_place() {
    assert_eq!(read("<html>"), Err(LimitsError::Malformed { at: 1 }));
    assert_eq!(read("[1, 2, 3, 4]"), Err(LimitsError::Malformed { at: 1 }));
    assert_eq!(read(r#"{"maxMailSize": -5}"#), Err(LimitsError::Value { member: "maxMailSize" }));
    assert_eq!(read(r#"{"quota": -2}"#), Err(LimitsError::Value { member: "quota" }));
    assert!(matches!(read(r#"{"quota": "viel"}"#), Err(LimitsError::Malformed { .. })));
    let huge = vec![b' '; Limits::MAX_BODY_OCTETS + 1];
    assert_eq!(Limits::from_response(200, &huge), Err(LimitsError::TooLarge { len: huge.len() }));
}

#[test]
fn failures_carry_what_the_service_says() {
    let body = br#"{"message": "Konto von Erika", "traceId": "19aa"}"#;
    let Err(LimitsError::Credentials(failure)) = Limits::from_response(401, body) else { panic!("401") };
    assert_eq!(
        (failure.message, failure.trace_id),
        (Some(Pii("Konto von Erika".into())), Some("19aa".into()))
    );
    assert!(matches!(Limits::from_response(404, b""), Err(LimitsError::NoAccount(_))));
    let error = Limits::from_response(500, body).unwrap_err();
    assert_eq!(error.to_string(), "the account limit service answers with status 500 (19aa)");
    assert!(!format!("{error:?}").contains("Erika"));
}
