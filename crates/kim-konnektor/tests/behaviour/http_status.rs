//! What the HTTP status and the content type add to a body.

use kim_konnektor::{Class, Error, GetCards, Malformed, Operation, Reason, ResponseReader};

use crate::fixtures::{fault, read_in_chunks};

const PAGE: &[u8] = b"<!DOCTYPE html><html><body>no backend<br></body></html>";

#[test]
fn a_fault_is_a_fault_whatever_the_status() {
    for status in [200, 400, 403, 500, 503] {
        let document = read_in_chunks(fault(&[4004]).as_bytes(), 7, status).unwrap();
        assert!(document.is_fault());
        let error = GetCards::default().response(document).unwrap_err();
        assert_eq!(error.fault().unwrap().code, 4004, "{status}");
    }
}

#[test]
fn other_bodies_leave_the_status_to_speak() {
    for (status, error) in [
        (401, Error::Unauthorized),
        (403, Error::Unauthorized),
        (404, Error::Unavailable { reason: Reason::Http(404) }),
        (500, Error::Unavailable { reason: Reason::Http(500) }),
        (502, Error::Unavailable { reason: Reason::Http(502) }),
        (302, Error::Unavailable { reason: Reason::Http(302) }),
    ] {
        for body in [PAGE, b"", b"Forbidden", b"<a/>"] {
            assert_eq!(read_in_chunks(body, 5, status).unwrap_err(), error, "{status}");
        }
    }
    assert!(matches!(read_in_chunks(PAGE, 5, 200), Err(Error::Response(_))));
    assert!(matches!(read_in_chunks(b"", 5, 200), Err(Error::Response(_))));
}

#[test]
fn a_fault_without_details_is_not_a_konnektors() {
    let bare = "<S:Envelope xmlns:S='http://schemas.xmlsoap.org/soap/envelope/'><S:Body><S:Fault>\
        <faultcode>S:Server</faultcode><faultstring>proxy</faultstring></S:Fault></S:Body></S:Envelope>";
    let error = read_in_chunks(bare.as_bytes(), 9, 503).unwrap_err();
    assert_eq!(error, Error::Unavailable { reason: Reason::Http(503) });
    let document = read_in_chunks(bare.as_bytes(), 9, 200).unwrap();
    let error = GetCards::default().response(document).unwrap_err();
    assert_eq!(error.class(), Class::Unavailable);
}

#[test]
fn mtom_is_refused_by_name() {
    for multipart in ["multipart/related; type=\"application/xop+xml\"", " Multipart/Mixed"] {
        let Err(Error::Response(error)) = ResponseReader::check_content_type(multipart) else {
            panic!("accepted");
        };
        assert_eq!(error.what, Malformed::Multipart);
        assert_eq!(error.to_string(), "malformed konnektor response: multipart response (mtom)");
    }
    for other in ["text/xml; charset=utf-8", "text/html", "", "ä", "multi"] {
        assert_eq!(ResponseReader::check_content_type(other), Ok(()));
    }
}
