//! From every way a Konnektor reports on a signature to the result KIM shows.

use kim_konnektor::{Error, Integrity, Verification, VerifyDocument};
use kim_types::Octets;

use crate::fixtures::{OK, envelope, fault, result, status};

fn verify(response: &str) -> Result<Verification, Error> {
    result(&VerifyDocument { cms: Octets::new() }, response.as_bytes())
}

fn response(status: &str, word: &str, outputs: &str) -> String {
    envelope(&format!(
        "<i:VerifyDocumentResponse>{status}<i:VerificationResult><i:HighLevelResult>{word}</i:HighLevelResult>\
         <i:TimestampType>SYSTEM_TIMESTAMP</i:TimestampType></i:VerificationResult>{outputs}\
         </i:VerifyDocumentResponse>"
    ))
}

fn report(major: &str, minor: &str) -> String {
    format!(
        "<i:OptionalOutputs><l:VerificationReport><l:IndividualReport><j:Result>\
         <j:ResultMajor>urn:oasis:names:tc:dss:1.0:resultmajor:{major}</j:ResultMajor>\
         <j:ResultMinor>urn:oasis:names:tc:dss:1.0:resultminor:{minor}</j:ResultMinor></j:Result>\
         </l:IndividualReport></l:VerificationReport></i:OptionalOutputs>"
    )
}

fn id(response: &str) -> u8 {
    verify(response).unwrap().integrity().id()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050
#[test]
fn valid_and_status_unknown() {
    assert_eq!(id(&response(OK, "VALID", "")), 1);
    assert_eq!(id(&response(&status("Warning", &[4264]), "VALID", "")), 7);
    assert_eq!(id(&response(&status("Warning", &[4264]), "INCONCLUSIVE", "")), 7);
    assert_eq!(id(&response(OK, "INCONCLUSIVE", "")), 7);
    let offline = report("InsufficientInformation", "OcspNotAvailiable");
    assert_eq!(id(&response(OK, "INCONCLUSIVE", &offline)), 7);
    assert_eq!(id(&response(OK, "VALID", &report("Success", "valid:signature:OnAllDocuments"))), 1);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23165
#[test]
fn broken_by_result_code_or_report() {
    assert_eq!(id(&response(OK, "INVALID", "")), 6);
    assert_eq!(id(&response(&status("Warning", &[4115]), "INVALID", "")), 2);
    assert_eq!(id(&response(OK, "INVALID", &report("Success", "invalid:IncorrectSignature"))), 2);
    assert_eq!(
        id(&response(OK, "INVALID", &report("InsufficientInformation", "CertificateChainNotComplete"))),
        5
    );
    assert_eq!(id(&response(OK, "INVALID", &report("ResponderError", ""))), 6);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23165
#[test]
fn a_fault_about_the_document_is_a_result() {
    for (codes, id) in [
        (&[4115][..], 2),
        (&[4253], 3),
        (&[4112], 4),
        (&[4206], 5),
        (&[4262], 6),
        (&[4111], 6),
        (&[4999], 6),
        (&[10_001, 4115], 2),
        (&[4115, 4000], 2),
        (&[4115, 20_000], 2),
    ] {
        let verification = verify(&fault(codes)).unwrap();
        assert_eq!(verification.integrity(), Integrity::Broken(id), "{codes:?}");
        assert_eq!(verification.codes, codes);
    }
}

#[test]
fn a_fault_about_anything_else_says_nothing_about_the_mail() {
    for code in [4000, 4001, 4002, 4004, 4021, 4060, 4093, 4101, 4204] {
        let error = verify(&fault(&[code])).unwrap_err();
        assert_eq!(error.fault().unwrap().code, code);
        assert_eq!(Verification::from_fault(error.fault().unwrap()), None);
    }
}

#[test]
fn silence_is_not_success() {
    for silent in [
        envelope(&format!("<i:VerifyDocumentResponse>{OK}</i:VerifyDocumentResponse>")),
        envelope(&format!(
            "<i:VerifyDocumentResponse>{OK}<i:VerificationResult/></i:VerifyDocumentResponse>"
        )),
        response("", "VALID", ""),
        response(OK, "", ""),
        response(OK, "valid", ""),
        response(OK, "VALID</i:HighLevelResult><i:HighLevelResult>VALID", ""),
    ] {
        assert!(matches!(verify(&silent), Err(Error::Response(_))), "{silent}");
    }
}
