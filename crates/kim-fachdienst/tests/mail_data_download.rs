//! Asking for, fetching and removing mail data on the attachment service.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_fachdienst::{
    CheckMailData, DeleteMailData, KasLink, LinkRules, MailDataError, Method, ReadMailData,
};
use kim_types::Secret;

fn link() -> KasLink {
    KasLink::parse("https://kas.a.kim.telematik/attachment/1", &LinkRules::default()).unwrap()
}

/// Spec: api-kim, AttachmentService.yaml 2.4.0
#[test]
fn requests_name_the_recipient_or_log_in() {
    let recipient: kim_types::Address = "b@b.kim.telematik".parse().unwrap();
    let check = CheckMailData { link: link(), recipient: recipient.clone() }.to_http();
    let read = ReadMailData { link: link(), recipient: recipient.clone() }.to_http();
    let delete = DeleteMailData { link: link(), account: recipient, password: Secret::from("x") }.to_http();
    assert_eq!((check.method.as_str(), read.method, delete.method.as_str()), ("HEAD", Method::Get, "DELETE"));
    for request in [&check, &read] {
        assert_eq!(request.headers, [("recipient", Secret::from("b@b.kim.telematik"))]);
        assert_eq!(request.url, "https://kas.a.kim.telematik:443/attachment/1");
    }
    assert_eq!(delete.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["Authorization"]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05
#[test]
fn failures_of_a_download_are_told_apart() {
    let error = |status| ReadMailData::from_response(status, None, None, b"").unwrap_err();
    assert!(matches!(error(429), MailDataError::TooManyDownloads(_)));
    assert!(matches!(error(404), MailDataError::Missing(_)));
    assert!(matches!(error(403), MailDataError::NotRecipient(_)));
    assert!(matches!(error(301), MailDataError::Status { status: 301, .. }));
    assert!(matches!(CheckMailData::from_response(404, None, None), Err(MailDataError::Missing(_))));
}

#[test]
fn the_length_must_be_the_announced_one() {
    let length = Err(MailDataError::Length { announced: 2, actual: 1 });
    assert_eq!(CheckMailData::from_response(200, Some(1), Some(2)), length);
    assert_eq!(ReadMailData::from_response(200, Some(1), Some(2), b""), length);
    assert_eq!(CheckMailData::from_response(200, Some(2), Some(2)), Ok(Some(2)));
    assert_eq!(CheckMailData::from_response(200, None, Some(2)), Ok(None));
    assert_eq!(ReadMailData::from_response(200, Some(2), None, b""), Ok(Some(2)));
}

#[test]
fn what_is_not_there_is_removed() {
    assert_eq!([200, 204, 404].map(|status| DeleteMailData::from_response(status, b"").is_ok()), [true; 3]);
    assert!(matches!(DeleteMailData::from_response(401, b""), Err(MailDataError::Credentials(_))));
}
