//! A card without the certificate is an answer, not an error.

use kim_konnektor::{CertRef, Crypt, Error, ReadCardCertificate};

use crate::fixtures::{OK, envelope, fault, result, status};

fn read(response: &str) -> Result<Option<bytes::Bytes>, Error> {
    let operation = ReadCardCertificate {
        card: "card".parse().unwrap(),
        reference: CertRef::Enc,
        crypt: Some(Crypt::Ecc),
    };
    result(&operation, response.as_bytes())
}

fn response(status: &str, infos: &str) -> String {
    envelope(&format!(
        "<g:ReadCardCertificateResponse>{status}<h:X509DataInfoList>{infos}</h:X509DataInfoList>\
         </g:ReadCardCertificateResponse>"
    ))
}

const EMPTY: &str = "<h:X509DataInfo><h:CertRef>C.ENC</h:CertRef></h:X509DataInfo>";
const FULL: &str = "<h:X509DataInfo><h:CertRef>C.ENC</h:CertRef><h:X509Data>\
    <h:X509SubjectName>CN=x</h:X509SubjectName><h:X509Certificate>TWFseg==</h:X509Certificate>\
    </h:X509Data></h:X509DataInfo>";

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2060
#[test]
fn absent_by_warning_or_fault() {
    assert_eq!(read(&response(&status("Warning", &[4256]), EMPTY)), Ok(None));
    assert_eq!(read(&response(&status("Warning", &[4257]), "")), Ok(None));
    assert_eq!(read(&fault(&[4258])), Ok(None));
    assert_eq!(read(&fault(&[10_001, 4256])), Ok(None));
}

#[test]
fn other_reasons_stay_errors() {
    assert_eq!(read(&fault(&[4085])).unwrap_err().fault().unwrap().code, 4085);
    assert_eq!(read(&response(&status("Warning", &[4001]), EMPTY)).unwrap_err().fault().unwrap().code, 4001);
    assert!(matches!(read(&response(OK, EMPTY)), Err(Error::Response(_))));
}

#[test]
fn the_certificate_asked_for_is_taken() {
    let other = FULL.replace("C.ENC", "C.AUT").replace("TWFseg==", "AAAA");
    assert_eq!(read(&response(OK, &format!("{other}{FULL}"))).unwrap().unwrap(), "Malz");
    assert!(matches!(read(&response(OK, &other)), Err(Error::Response(_))));
    let text = FULL.replace("TWFseg==", "TWFs<b/>eg==");
    assert!(matches!(read(&response(OK, &text)), Err(Error::Response(_))));
}

/// Konnektors write names as they like: only what the certificate itself says can be compared.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2060
#[test]
fn what_the_konnektor_says_about_issuer_and_serial_number_does_not_matter() {
    for words in ["CN=GEM.SMCB-CA41 TEST-ONLY,OU=Institution", "#0c03414243", "", "nonsense\n"] {
        let serial = format!(
            "<h:X509IssuerSerial><h:X509IssuerName>{words}</h:X509IssuerName>\
             <h:X509SerialNumber>-1</h:X509SerialNumber></h:X509IssuerSerial><h:X509SubjectName>"
        );
        let named = FULL.replace("<h:X509SubjectName>", &serial);
        assert_ne!(named, FULL);
        assert_eq!(read(&response(OK, &named)).unwrap().unwrap(), "Malz", "{words:?}");
    }
}
