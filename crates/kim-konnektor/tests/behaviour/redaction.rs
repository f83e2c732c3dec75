//! Nothing personal is printed: names, texts of faults, documents, values of requests.

use bytes::Bytes;
use kim_konnektor::{
    Crypt, DecryptDocument, EncryptDocument, GetCards, JobNumber, Operation, SignDocument, SignedDocument,
    VerifyCertificate, VerifyPin,
};
use kim_types::Octets;

use crate::fixtures::{OK, context, envelope, fault, read_in_chunks, result, services};

const CANARY: &str = "Erika Musterfrau";

#[test]
fn names_in_responses_stay_inside() {
    let response = envelope(&format!(
        "<f:GetCardsResponse>{OK}<e:Cards><e:Card><b:CardHandle>h</b:CardHandle><d:CardType>HBA</d:CardType>\
         <e:CardHolderName>{CANARY}</e:CardHolderName></e:Card></e:Cards></f:GetCardsResponse>"
    ));
    let document = read_in_chunks(response.as_bytes(), 50, 200).unwrap();
    assert_eq!(format!("{document:?}"), "Document(GetCardsResponse, 1 documents)");
    let cards = GetCards::default().response(document).unwrap();
    assert_eq!(cards[0].holder.as_ref().unwrap().0, CANARY);
    assert!(!format!("{cards:?}").contains("Erika"));
}

#[test]
fn texts_of_faults_stay_inside() {
    let error = result(&GetCards::default(), fault(&[4101]).as_bytes()).unwrap_err();
    assert!(error.fault().unwrap().traces[0].text.0.contains(CANARY));
    assert!(!format!("{error} {error:?} {:?}", error.fault().unwrap()).contains("Erika"));
}

#[test]
fn malformed_responses_are_not_quoted() {
    let good = envelope(&format!("<f:GetCardsResponse>{OK}<e:Cards/></f:GetCardsResponse>"));
    for bad in [
        good.replace("<b:Result>OK", &format!("<b:Result>{CANARY}")),
        good.replace("<b:Result>OK", &format!("<b:Result>&{CANARY};")),
        good.replace("<e:Cards/>", &format!("<e:Cards/><!DOCTYPE {CANARY}>")),
        good.replace("</f:GetCardsResponse>", &format!("</{CANARY}>")),
        good.replace("<e:Cards/>", "<e:Cards><e:Card/></e:Cards>"),
    ] {
        let error = result(&GetCards::default(), bad.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("Erika"), "{error}");
    }
}

#[test]
fn requests_and_documents_show_lengths_only() {
    let decrypt = DecryptDocument { card: "card".parse().unwrap(), document: Octets::from(CANARY) };
    let request = decrypt.request(&services(), &context()).unwrap();
    assert!(!format!("{decrypt:?} {request:?}").contains("Erika"));
    assert!(format!("{request:?}").contains("octets]"));
    let signed = SignedDocument { cms: Bytes::from_static(CANARY.as_bytes()), warnings: vec![4261] };
    assert_eq!(format!("{signed:?}"), "SignedDocument([16 octets], [4261])");
    let sign = SignDocument {
        card: "card".parse().unwrap(),
        crypt: Crypt::Rsa,
        job: "ABC-123".parse::<JobNumber>().unwrap(),
        document: Octets::from(CANARY),
        attribute: Bytes::from_static(CANARY.as_bytes()),
    };
    assert!(!format!("{sign:?}").contains("Erika"));
    let encrypt = EncryptDocument {
        document: Octets::from(CANARY),
        certificates: vec![sign.attribute.clone()],
        attribute: sign.attribute.clone(),
    };
    let verify = VerifyCertificate { certificate: sign.attribute, at: None };
    assert!(!format!("{encrypt:?} {verify:?}").contains("Erika"));
    let pin = VerifyPin { card: "card".parse().unwrap(), pin: kim_konnektor::PinKind::Smc };
    assert!(!format!("{:?}", pin.request(&services(), &context()).unwrap()).contains("M<1>"));
}
