//! Responses of real Konnektors and from documentation.

use kim_konnektor::{
    CardKind, CertRef, Crypt, DecryptDocument, EncryptDocument, Error, ErrorType, GetCards, GetJobNumber,
    GetPinStatus, HighLevelResult, Integrity, Operation, PinKind, PinResult, PinStatus, ReadCardCertificate,
    Severity, SignDocument, VerifyDocument, VerifyPin,
};
use kim_types::{CardHandle, Octets};

use crate::fixtures::{result, vector};

fn card() -> CardHandle {
    "SMC-B-2".parse().unwrap()
}

fn response<O: Operation>(operation: &O, file: &str) -> Option<Result<O::Response, Error>> {
    Some(result(operation, &vector(file)?))
}

fn contains(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}

#[test]
fn cards() {
    let all = GetCards::default();
    let Some(cards) = response(&all, "ehex-6.0.2/02-GetCards.response.xml") else { return };
    let [card] = &cards.unwrap()[..] else { panic!("one card") };
    assert_eq!(card.handle.as_str(), "SMC-B-2");
    assert_eq!(card.kind, CardKind::Smb);
    assert_eq!(card.iccsn.as_ref().unwrap().as_str(), "80276883110000162094");
    assert_eq!(card.holder.as_ref().unwrap().0, "Praxis Helga Freifrau y Niño GômezTEST-ONLY");
    assert_eq!(card.expires.unwrap().to_string(), "2029-10-08");

    let Some(cards) = response(&all, "soap/get-cards-response.xml") else { return };
    let [card] = &cards.unwrap()[..] else { panic!("one card") };
    assert_eq!(card.kind, CardKind::Hba);
    assert_eq!(card.handle.as_str(), "5002b32d-151e-4f41-8ef7-afeb60590199");
    assert_eq!(card.iccsn.as_ref().unwrap().as_str(), "80276883110000016165");
    assert_eq!(card.holder.as_ref().unwrap().0, "Dr. Peter Müller");
    assert_eq!(card.expires.unwrap().to_string(), "2048-12-30");

    let Some(cards) = response(&all, "soap/get-cards-response-morecards-found.xml") else { return };
    let cards = cards.unwrap();
    let handles: Vec<&str> = cards.iter().map(|card| card.handle.as_str()).collect();
    assert_eq!(handles, ["f4969bec-e2ac-4741-82fa-b94a26ba1b0b", "9d287334-9d82-4801-b065-dbd5e9e060fc"]);
    // The recorded Konnektor shows one card in two terminals.
    for card in &cards {
        assert_eq!(card.kind, CardKind::Smb);
        assert_eq!(card.iccsn.as_ref().unwrap().as_str(), "80276883110000016161");
        assert_eq!(card.holder.as_ref().unwrap().0, "Test Praxis Valid");
        assert_eq!(card.expires.unwrap().to_string(), "2048-12-30");
    }

    let Some(cards) = response(&all, "soap/get-cards-response-nocards-found.xml") else { return };
    assert_eq!(cards.unwrap(), []);
}

#[test]
fn pin_states() {
    let status = GetPinStatus { card: card(), pin: PinKind::Smc };
    for file in ["ehex-6.0.2/04-GetPinStatus.response.xml", "soap/get-pin-status-response.xml"] {
        let Some(state) = response(&status, file) else { return };
        assert_eq!(state.unwrap(), PinStatus::Verified, "{file}");
    }
    let verify = VerifyPin { card: card(), pin: PinKind::Smc };
    let Some(outcome) = response(&verify, "soap/verifyPin-response.xml") else { return };
    assert_eq!(outcome.unwrap(), PinResult::Ok);
}

#[test]
fn certificates() {
    let read = |reference, crypt| ReadCardCertificate { card: card(), reference, crypt };
    let file = "ehex-6.0.2/13-ReadCardCertificate-C.ENC-ECC.response.xml";
    let Some(certificate) = response(&read(CertRef::Enc, Some(Crypt::Ecc)), file) else { return };
    let certificate = certificate.unwrap().unwrap();
    assert_eq!((certificate.len(), &certificate[..4]), (920, &[0x30, 0x82, 0x03, 0x94][..]));
    assert!(contains(&certificate, "Praxis Helga Freifrau y Niño GômezTEST-ONLY".as_bytes()));

    let file = "soap/read-certificate-response.xml";
    let Some(certificate) = response(&read(CertRef::Aut, None), file) else { return };
    let certificate = certificate.unwrap().unwrap();
    assert_eq!((certificate.len(), &certificate[..4]), (1195, &[0x30, 0x82, 0x04, 0xa7][..]));
    assert!(contains(&certificate, b"Test Praxis Valid"));
}

#[test]
fn job_number_and_signature() {
    let file = "ehex-6.0.2/07-GetJobNumber.response.xml";
    let Some(job) = response(&GetJobNumber, file) else { return };
    let job = job.unwrap();
    assert_eq!(job.as_str(), "TPZ-032");
    let sign = SignDocument {
        card: card(),
        crypt: Crypt::Ecc,
        job,
        document: Octets::new(),
        attribute: bytes::Bytes::new(),
    };
    let Some(signed) = response(&sign, "ehex-6.0.2/08-SignDocument.response.xml") else { return };
    let signed = signed.unwrap();
    assert_eq!((signed.cms.len(), &signed.cms[..4]), (1690, &[0x30, 0x82, 0x06, 0x96][..]));
    assert_eq!(signed.warnings, []);

    // The example in the documentation has text where the CMS should be.
    let Some(signed) = response(&sign, "soap/SignDocument.response.xml") else { return };
    let text = "Lorem Imspum!\nI am a CAdES enveloping signtature of a eEB-Anfrage FHIR-Bundle in XML representation.";
    assert_eq!(signed.unwrap().cms, text);
}

#[test]
fn verified_signatures() {
    for file in ["ehex-6.0.2/09-VerifyDocument.response.xml", "soap/VerifyDocument.response.xml"] {
        let verify = VerifyDocument { cms: Octets::new() };
        let Some(verification) = response(&verify, file) else { return };
        let verification = verification.unwrap();
        assert_eq!(verification.result, HighLevelResult::Valid, "{file}");
        assert_eq!(verification.codes, []);
        assert_eq!(verification.details, [""; 0]);
        assert_eq!(verification.integrity(), Integrity::Valid);
    }
}

#[test]
fn encrypted_and_decrypted_documents() {
    let encrypt =
        EncryptDocument { document: Octets::new(), certificates: Vec::new(), attribute: bytes::Bytes::new() };
    let Some(cms) = response(&encrypt, "ehex-6.0.2/14-EncryptDocument.response.xml") else { return };
    let cms = cms.unwrap();
    assert_eq!((cms.len(), &cms[..2]), (461, &[0x30, 0x80][..]));

    let decrypt = DecryptDocument { card: card(), document: Octets::new() };
    let Some(plain) = response(&decrypt, "ehex-6.0.2/15-DecryptDocument.response.xml") else { return };
    assert_eq!(plain.unwrap(), "ti-connector-client e2e");
}

/// Spec: gemSpec_Kon 5.18.0, A_14159
#[test]
fn faults() {
    let Some(response) = response(&GetCards::default(), "soap/soap-error-response.xml") else { return };
    let Err(Error::Fault(fault)) = response else { panic!("a fault") };
    assert_eq!(fault.code, 4004);
    assert!(fault.is_context());
    let [trace] = &fault.traces[..] else { panic!("one trace") };
    assert_eq!((trace.code, trace.severity, trace.error_type), (4004, Severity::Error, ErrorType::Technical));
    assert_eq!((trace.text.0.as_str(), trace.detail.as_ref()), ("Ungültige Mandanten-ID", None));

    let read = ReadCardCertificate { card: card(), reference: CertRef::Aut, crypt: None };
    let response = result(&read, &vector("soap/readcertificate-error-response.xml").unwrap());
    let Err(Error::Fault(fault)) = response else { panic!("a fault") };
    assert_eq!(fault.code, 4000);
    assert!(!fault.is_context());
    let [trace] = &fault.traces[..] else { panic!("one trace") };
    assert_eq!((trace.code, trace.severity, trace.error_type), (4000, Severity::Error, ErrorType::Technical));
    assert_eq!(trace.text.0, "Syntaxfehler");
    let detail: Vec<&str> = trace.detail.as_ref().unwrap().0.split_ascii_whitespace().collect();
    let expected = "cvc-complex-type.2.4.d: Invalid content was found starting with element 'v6:Crypt'. \
                    No child element is expected at this point.";
    assert_eq!(detail.join(" "), expected);
}
