//! What the module asks of the services is what gematik's OpenAPI files allow, and what they answer is understood.
//!
//! The files are looked for beside the vectors (`KIM_VECTORS`); a line is printed when they are not there.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod document;
mod form;
mod https;
mod module;
mod schema;
mod server;

use kim_fachdienst::{
    AddMailData, CheckMailData, DeleteMailData, HttpRequest, KasLink, KasReference, Limits, LimitsRequest,
    LinkRules, ReadMailData, Service, ServiceInformation, ServiceInformationRequest, SharedLink,
};
use kim_types::Secret;

use document::Document;
use server::{Exchange, Generated, Request};

/// The generated server of a file, if it is there.
fn generated(name: &str) -> Option<Generated> {
    generated_at(name, "kas.example.kim.telematik-test")
}

fn generated_at(name: &str, host: &str) -> Option<Generated> {
    Some(Generated::new(Document::read(&format!("openapi/{name}"))?, host))
}

fn base(service: Service) -> kim_fachdienst::BaseUrl {
    service.base("kas.example.kim.telematik-test", 443, &[]).unwrap()
}

/// The request as the server sees it.
fn seen(request: &HttpRequest, body: Vec<u8>) -> Request {
    let fields = request.headers.iter();
    let fields = fields.map(|(name, value)| (*name, String::from_utf8(value.expose().to_vec()).unwrap()));
    Request::new(request.method.as_str(), &request.url, fields, body)
}

fn upload() -> Request {
    let add = AddMailData {
        base: base(Service::AttachmentService),
        account: "a@example.kim.telematik-test".parse().unwrap(),
        password: Secret::from("x:y"),
        message_id: "<1@a>".to_owned(),
        recipients: vec![
            "b@b.kim.telematik-test".parse().unwrap(),
            "c@c.kim.telematik-test".parse().unwrap(),
        ],
        expires: "Thu, 08 Dec 2022 15:48:35 +0200".to_owned(),
        size: 5,
    };
    let form = add.to_upload([7; 16]).unwrap();
    seen(&form.request, [&form.head, b"12345".as_slice(), &form.tail].concat())
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19363-03, A_22427-01; api-kim, AttachmentService.yaml 2.4.0
#[test]
fn mail_data_is_put_asked_for_fetched_and_removed() {
    let Some(server) = generated("AttachmentService.yaml") else { return };
    let Exchange { status, body } = server.handle(&upload()).unwrap();
    let link = SharedLink::from_response(status, &body).unwrap();
    let link: KasLink = link.check(&LinkRules::default()).unwrap();

    let recipient: kim_types::Address = "b@b.kim.telematik-test".parse().unwrap();
    let check = CheckMailData { link: link.clone(), recipient: recipient.clone() };
    let Exchange { status, .. } = server.handle(&seen(&check.to_http(), Vec::new())).unwrap();
    assert_eq!(CheckMailData::from_response(status, None, Some(5)), Ok(None));

    let read = ReadMailData { link: link.clone(), recipient };
    let Exchange { status, body } = server.handle(&seen(&read.to_http(), Vec::new())).unwrap();
    assert!(ReadMailData::from_response(status, Some(body.len() as u64), None, b"").unwrap().is_some());

    let account = "a@example.kim.telematik-test".parse().unwrap();
    let delete = DeleteMailData { link, account, password: Secret::from("x") };
    let Exchange { status, body } = server.handle(&seen(&delete.to_http(), Vec::new())).unwrap();
    DeleteMailData::from_response(status, &body).unwrap();
    assert_eq!(server.operations(), ["addMailData", "head", "readMailData", "deleteMailData"]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22416-01; api-kim, AccountLimit.yaml 1.1.4, ServiceInformation.yaml 1.0.3
#[test]
fn limits_and_information_are_asked_for_and_understood() {
    let Some(server) = generated("AccountLimit.yaml") else { return };
    let account = "a@example.kim.telematik-test".parse().unwrap();
    let request = LimitsRequest { base: base(Service::AccountLimit), account, password: Secret::from("x") };
    let Exchange { status, body } = server.handle(&seen(&request.to_http(), Vec::new())).unwrap();
    let limits = Limits::from_response(status, &body).unwrap();
    assert_eq!((limits.max_mail_size, limits.quota), (734_003_200, Some(160_000_000_000)));

    let Some(server) = generated("ServiceInformation.yaml") else { return };
    let request = ServiceInformationRequest { base: base(Service::ServiceInformation) };
    let Exchange { status, body } = server.handle(&seen(&request.to_http(), Vec::new())).unwrap();
    ServiceInformation::from_response(status, &body).unwrap();
}

/// Every answer the files list for an operation is understood: its status, and the trace id of its error object.
///
/// Spec: api-kim, AttachmentService.yaml 2.4.0, CommonSchemas.yaml 1.0.3 (Error)
#[test]
fn every_error_that_is_listed_is_understood() {
    let Some(server) = generated("AttachmentService.yaml") else { return };
    let mut seen = Vec::new();
    for (status, body) in server.failures("addMailData") {
        let error = SharedLink::from_response(status, &body).unwrap_err();
        assert!(error.to_string().contains("19aaf69260f63694"), "{status}: {error}");
        seen.push(status);
    }
    assert_eq!(seen, [400, 401, 413, 500, 507]);
    for (status, body) in server.failures("readMailData") {
        let error = ReadMailData::from_response(status, None, None, &body).unwrap_err();
        assert!(error.to_string().contains("19aaf69260f63694"), "{status}: {error}");
    }
}

/// What is wrong with a request is noticed: the other tests could fail.
#[test]
fn requests_that_break_the_files_are_refused() {
    let Some(server) = generated("AttachmentService.yaml") else { return };
    let breaks: [(&str, &str, &str); 8] = [
        ("name=\"expires\"", "name=\"until\"", "expires"),
        ("name=\"messageID\"", "name=\"recipients\"", "messageID"),
        ("b@b.kim.telematik-test", "nobody", "email"),
        ("Content-Type: application/octet-stream\r\n", "", "application/octet-stream"),
        ("Content-Length: 5\r\n", "", "Content-Length"),
        ("Content-Length: 5", "Content-Length: 6", "Content-Length"),
        ("; filename=\"attachment.enc\"", "; filename=\"x\"", ""),
        ("--kim-", "--kom-", "boundary"),
    ];
    for (from, to, what) in breaks {
        let mut request = upload();
        let body = String::from_utf8(request.body).unwrap().replace(from, to);
        request.body = body.into_bytes();
        request.set("content-length", &request.body.len().to_string());
        let result = server.handle(&request).err();
        match what {
            "" => assert_eq!(result, None),
            what => {
                assert!(result.clone().is_some_and(|why| why.contains(what)), "{from} to {to}: {result:?}")
            }
        }
    }
    for field in ["authorization", "content-length", "content-type"] {
        let mut request = upload();
        request.remove(field);
        assert!(server.handle(&request).is_err(), "{field}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07; api-kim, Attachment_schema.json
#[test]
fn the_reference_in_a_mail_follows_its_schema() {
    let Some(document) = Document::read("schema/Attachment_schema.json") else { return };
    let reference = KasReference {
        link: "https://kas.example.kim.telematik/attachments/v2.4/attachment/1".to_owned(),
        key: Secret::new(vec![7; 32]),
        hash: [8; 32],
        size: 27_262_976,
    };
    let json = serde_json::from_slice(reference.to_json().expose()).unwrap();
    schema::check(&json, document.root()).unwrap();
    for member in ["link", "k", "hash", "size"] {
        let mut broken: serde_json::Value = json.clone();
        broken.as_object_mut().unwrap().remove(member);
        assert!(schema::check(&broken, document.root()).is_err(), "{member}");
    }
}
