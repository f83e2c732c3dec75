//! Warnings that are errors for KIM, and errors that come as a status.

use bytes::Bytes;
use kim_konnektor::{Crypt, EncryptDocument, Error, SignDocument, SignedDocument};
use kim_types::Octets;

use crate::fixtures::{OK, envelope, result, status};

const SIGNATURE: &str = "<i:OptionalOutputs><i:DocumentWithSignature><j:Base64Data/></i:DocumentWithSignature>\
    </i:OptionalOutputs><j:SignatureObject><j:Base64Signature>TWFseg==</j:Base64Signature></j:SignatureObject>";
const DOCUMENT: &str = "<b:Document><j:Base64Data>TWFseg==</j:Base64Data></b:Document>";

fn signed(content: &str) -> Result<SignedDocument, Error> {
    let operation = SignDocument {
        card: "card".parse().unwrap(),
        crypt: Crypt::Rsa,
        job: "ABC-123".parse().unwrap(),
        document: Octets::new(),
        attribute: Bytes::new(),
    };
    let response = envelope(&format!(
        "<i:SignDocumentResponse><i:SignResponse RequestID='1'>{content}</i:SignResponse></i:SignDocumentResponse>"
    ));
    result(&operation, response.as_bytes())
}

fn encrypted(content: &str) -> Result<Bytes, Error> {
    let operation =
        EncryptDocument { document: Octets::new(), certificates: Vec::new(), attribute: Bytes::new() };
    let response = envelope(&format!("<k:EncryptDocumentResponse>{content}</k:EncryptDocumentResponse>"));
    result(&operation, response.as_bytes())
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> u32 {
    result.unwrap_err().fault().unwrap().code
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2190
#[test]
fn a_signature_without_the_attribute_is_none() {
    assert_eq!(signed(&format!("{OK}{SIGNATURE}")).unwrap().cms, "Malz");
    assert_eq!(code(signed(&format!("{}{SIGNATURE}", status("Warning", &[4273])))), 4273);
    let warned = signed(&format!("{}{SIGNATURE}", status("Warning", &[4261]))).unwrap();
    assert_eq!(warned.warnings, [4261]);
}

#[test]
fn a_failed_document_reports_its_status() {
    assert_eq!(code(signed(&status("Warning", &[4123]))), 4123);
    assert_eq!(code(signed(&format!("{}{SIGNATURE}", status("Error", &[4085])))), 4085);
    assert!(matches!(signed(OK), Err(Error::Response(_))));
    assert!(matches!(signed(SIGNATURE), Err(Error::Response(_))));
    let empty = SIGNATURE.replace("TWFseg==", "");
    assert!(matches!(signed(&format!("{OK}{empty}")), Err(Error::Response(_))));
    let two = format!("{OK}{SIGNATURE}</i:SignResponse><i:SignResponse>{OK}{SIGNATURE}");
    assert!(matches!(signed(&two), Err(Error::Response(_))));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2191
#[test]
fn an_encryption_that_left_something_out_is_none() {
    assert_eq!(encrypted(&format!("{OK}{DOCUMENT}")).unwrap(), "Malz");
    for fatal in [4259, 4273] {
        assert_eq!(code(encrypted(&format!("{}{DOCUMENT}", status("Warning", &[fatal])))), fatal);
    }
    assert_eq!(encrypted(&format!("{}{DOCUMENT}", status("Warning", &[4711]))).unwrap(), "Malz");
    assert_eq!(code(encrypted(&status("Warning", &[4105]))), 4105);
    assert!(matches!(encrypted(OK), Err(Error::Response(_))));
}
