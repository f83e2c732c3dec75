//! Putting mail data on the attachment service.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_fachdienst::{AddMailData, LinkError, LinkRules, MailDataError, Method, SharedLink, UploadError};
use kim_types::Secret;

fn mail_data() -> AddMailData {
    AddMailData {
        base: "https://kas.a.kim.telematik/attachments/v2.4".parse().unwrap(),
        account: "a@a.kim.telematik".parse().unwrap(),
        password: Secret::from("x"),
        message_id: "<1@a>".to_owned(),
        recipients: vec!["b@b.kim.telematik".parse().unwrap(), "c@b.kim.telematik".parse().unwrap()],
        expires: "Thu, 08 Dec 2022 15:48:35 +0200".to_owned(),
        size: 5,
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19360, A_19363, A_22427; api-kim, AttachmentService.yaml 2.4.0
#[test]
fn an_upload_is_a_form_of_exact_length_with_one_part_per_recipient() {
    let upload = mail_data().to_upload([0xab; 16]).unwrap();
    let field = |name: &str| {
        let mut fields = upload.request.headers.iter();
        let value = fields.find(|(other, _)| *other == name).map(|(_, value)| value.expose().to_vec());
        String::from_utf8(value.unwrap()).unwrap()
    };
    let body = [&upload.head[..], b"12345", &upload.tail].concat();
    let boundary = "kim-".to_owned() + &"ab".repeat(16);
    let part = |name: &str, value: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let expected = [
        part("messageID", "<1@a>"),
        part("recipients", "b@b.kim.telematik"),
        part("recipients", "c@b.kim.telematik"),
        part("expires", "Thu, 08 Dec 2022 15:48:35 +0200"),
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"attachment.enc\"\r\n\
             Content-Type: application/octet-stream\r\nContent-Length: 5\r\n\r\n12345\r\n--{boundary}--\r\n"
        ),
    ];
    assert_eq!(String::from_utf8(body.clone()).unwrap(), expected.concat());
    assert_eq!(field("Content-Length"), body.len().to_string());
    assert_eq!(upload.content_length, u64::try_from(body.len()).unwrap());
    assert_eq!(field("Content-Type"), format!("multipart/form-data; boundary={boundary}"));
    assert_eq!(field("Authorization"), "Basic YUBhLmtpbS50ZWxlbWF0aWs6eA==");
    assert_eq!(upload.request.method, Method::Post);
    assert_eq!(upload.request.url, "https://kas.a.kim.telematik/attachments/v2.4/attachment/");
}

#[test]
fn what_would_break_the_form_is_refused() {
    let error = |change: fn(&mut AddMailData)| {
        let mut mail = mail_data();
        change(&mut mail);
        mail.to_upload([0; 16]).unwrap_err()
    };
    assert_eq!(error(|mail| mail.recipients.clear()), UploadError::Recipients { count: 0 });
    assert_eq!(error(|mail| mail.message_id = "<1@a>\r\n--kim".into()), UploadError::MessageId);
    assert_eq!(error(|mail| mail.message_id = "x".repeat(999)), UploadError::MessageId);
    assert_eq!(error(|mail| mail.expires = String::new()), UploadError::Expires);
    assert_eq!(error(|mail| mail.size = u64::MAX), UploadError::Length);
}

#[test]
fn a_failure_has_a_variant_for_what_the_caller_does() {
    let body = br#"{"message": "Erika", "traceId": "t1"}"#;
    let error = |status| SharedLink::from_response(status, body).unwrap_err();
    assert!(matches!(error(507), MailDataError::QuotaExceeded(_)));
    assert!(matches!(error(413), MailDataError::TooLarge(_)));
    assert!(matches!(error(401), MailDataError::Credentials(_)));
    assert!(matches!(error(200), MailDataError::Status { status: 200, .. }));
    assert!(matches!(error(302), MailDataError::Status { status: 302, .. }));
    assert_eq!(error(507).to_string(), "the storage of the account is full (t1)");
    assert!(!format!("{:?}", error(500)).contains("Erika"));
}

#[test]
fn a_shared_link_is_read_tolerantly_and_must_lead_into_kim() {
    let link = |body: &[u8]| SharedLink::from_response(201, body);
    let good = link(b" {\"x\": 1.5, \"sharedLink\" : \"https://kas.a.kim.telematik/1\"}\r\n ").unwrap();
    assert_eq!(good.check(&LinkRules::default()).unwrap().host(), "kas.a.kim.telematik");
    let foreign = link(br#"{"sharedLink": "https://example.com/1"}"#).unwrap();
    assert_eq!(foreign.check(&LinkRules::default()), Err(LinkError::ForeignHost));
    for body in [
        &b""[..],
        b"{}",
        b"[]",
        br#"["https://kas.a.kim.telematik/1"]"#,
        br#"{"sharedLink": 1}"#,
        &[b' '; 65 * 1024],
    ] {
        assert_eq!(link(body), Err(MailDataError::Malformed));
    }
    assert!(!format!("{good:?}").contains("kas."));
}

#[test]
fn neither_addresses_nor_passwords_are_shown() {
    let mail = mail_data();
    let shown = format!("{mail:?} {:?}", mail.to_upload([0; 16]).unwrap());
    assert!(!shown.contains("telematik") && !shown.contains("<1@a>"), "{shown}");
}
