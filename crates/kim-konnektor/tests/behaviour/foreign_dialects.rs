//! Responses that say the same in other words: prefixes, order, white space, unknown elements.

use kim_konnektor::{
    CardKind, CertificateResult, DecryptDocument, Error, GetCards, GetJobNumber, VerifyCertificate,
};
use kim_types::Octets;

use crate::fixtures::{OK, envelope, error_report, result};

fn decrypt() -> DecryptDocument {
    DecryptDocument { card: "card".parse().unwrap(), document: Octets::new() }
}

#[test]
fn order_and_unknown_elements_do_not_matter() {
    let response = envelope(&format!(
        "<f:GetCardsResponse><x:new xmlns:x='urn:new'><b:Status>no</b:Status></x:new><e:Cards>\
         <e:Card x='1'><e:CertificateExpirationDate>2030-01-31+01:00</e:CertificateExpirationDate>\
         <d:CardType> HSM-B </d:CardType><!-- no holder -->\n<b:CardHandle>h1</b:CardHandle>\
         <d:Iccsn>not a number</d:Iccsn></e:Card>\
         <e:Card><b:CardHandle>h2</b:CardHandle><d:CardType>ZOD_2.0</d:CardType></e:Card>\
         <e:Card><b:CardHandle>h3</b:CardHandle><d:CardType>KVK</d:CardType></e:Card>\
         <e:Card><b:CardHandle>h4</b:CardHandle><d:CardType>EGK</d:CardType>\
         <e:CardHolderName/><e:Kvnr>A123456789</e:Kvnr></e:Card></e:Cards>{OK}</f:GetCardsResponse>"
    ));
    let cards = result(&GetCards::default(), response.as_bytes()).unwrap();
    let kinds: Vec<CardKind> = cards.iter().map(|card| card.kind).collect();
    assert_eq!(kinds, [CardKind::Smb, CardKind::Hba, CardKind::Other, CardKind::Egk]);
    assert_eq!((cards[0].iccsn.as_ref(), cards[0].holder.as_ref()), (None, None));
    assert_eq!(cards[0].expires.unwrap().to_string(), "2030-01-31");
    assert_eq!(cards[3].holder.as_ref().unwrap().0, "");
}

#[test]
fn namespaces_are_not_optional() {
    let good = envelope(&format!("<f:GetCardsResponse>{OK}<e:Cards/></f:GetCardsResponse>"));
    assert_eq!(result(&GetCards::default(), good.as_bytes()).unwrap(), []);
    for (from, to) in [
        ("f:GetCardsResponse", "e:GetCardsResponse"),
        ("f:GetCardsResponse", "GetCardsResponse"),
        ("e:Cards", "f:Cards"),
        ("e:Cards", "Cards"),
        ("b:Status", "c:Status"),
        ("b:Result", "Result"),
    ] {
        let bad = good.replace(from, to);
        let error = result(&GetCards::default(), bad.as_bytes());
        assert!(matches!(error, Err(Error::Response(_))), "{from} {to}");
    }
}

#[test]
fn elements_that_matter_must_not_be_repeated() {
    let cards =
        "<e:Cards><e:Card><b:CardHandle>h</b:CardHandle><d:CardType>EGK</d:CardType></e:Card></e:Cards>";
    let good = envelope(&format!("<f:GetCardsResponse>{OK}{cards}</f:GetCardsResponse>"));
    assert!(result(&GetCards::default(), good.as_bytes()).is_ok());
    for repeated in [
        OK,
        cards,
        "<b:CardHandle>h</b:CardHandle>",
        "<d:CardType>EGK</d:CardType>",
        "<b:Result>OK</b:Result>",
    ] {
        let bad = good.replace(repeated, &repeated.repeat(2));
        assert!(
            matches!(result(&GetCards::default(), bad.as_bytes()), Err(Error::Response(_))),
            "{repeated}"
        );
    }
}

#[test]
fn both_namespaces_of_the_signature_service_are_read() {
    let new = envelope("<i:GetJobNumberResponse><i:JobNumber>ABC-123</i:JobNumber></i:GetJobNumberResponse>");
    let old = new.replace("SignatureService/v7.5", "SignatureService/v7.4");
    let next = new.replace("SignatureService/v7.5", "SignatureService/v7.6");
    assert_eq!(result(&GetJobNumber, new.as_bytes()).unwrap().as_str(), "ABC-123");
    assert_eq!(result(&GetJobNumber, old.as_bytes()).unwrap().as_str(), "ABC-123");
    assert!(result(&GetJobNumber, next.as_bytes()).is_err());
    let bad = new.replace("ABC-123", "ABC123");
    assert!(matches!(result(&GetJobNumber, bad.as_bytes()), Err(Error::Response(_))));
}

#[test]
fn documents_may_be_wrapped_indented_and_marked_up_by_careless_writers() {
    for text in ["TWFseg==", "\n  TWFs\r\n  eg==\n", "TWFs&#13;\neg==", "TWFseg=&#xD;="] {
        let response = envelope(&format!(
            "<k:DecryptDocumentResponse>\n<k:OptionalOutputs/><b:Document ID='1'>\n\
             <j:Base64Data MimeType='a>b'>{text}</j:Base64Data></b:Document>{OK}</k:DecryptDocumentResponse>"
        ));
        assert_eq!(result(&decrypt(), response.as_bytes()).unwrap(), "Malz", "{text:?}");
    }
}

#[test]
fn an_empty_document_is_a_document() {
    for empty in ["<j:Base64Data></j:Base64Data>", "<j:Base64Data MimeType=''> </j:Base64Data>"] {
        let response = envelope(&format!(
            "<k:DecryptDocumentResponse>{OK}<b:Document>{empty}</b:Document></k:DecryptDocumentResponse>"
        ));
        assert_eq!(result(&decrypt(), response.as_bytes()).unwrap(), "");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-01
#[test]
fn an_invalid_certificate_is_a_result_with_reasons() {
    let verify = VerifyCertificate { certificate: bytes::Bytes::new(), at: None };
    let response = |result: &str, error: &str| {
        envelope(&format!(
            "<g:VerifyCertificateResponse>{OK}<g:VerificationStatus>\
             <g:VerificationResult>{result}</g:VerificationResult>{error}</g:VerificationStatus>\
             <g:RoleList><g:Role>1.2.276.0.76.4.172</g:Role><g:Role> 1.2.3 </g:Role></g:RoleList>\
             </g:VerifyCertificateResponse>"
        ))
    };
    for (word, expected) in [
        ("VALID", CertificateResult::Valid),
        ("INCONCLUSIVE", CertificateResult::Inconclusive),
        ("INVALID", CertificateResult::Invalid),
    ] {
        let verdict = result(&verify, response(word, &error_report(&[1042])).as_bytes()).unwrap();
        assert_eq!(verdict.result, expected);
        assert_eq!(verdict.roles, ["1.2.276.0.76.4.172", "1.2.3"]);
        assert_eq!(verdict.codes, [1042]);
    }
    assert!(matches!(result(&verify, response("MAYBE", "").as_bytes()), Err(Error::Response(_))));
    let silent = response("VALID", "").replace("<g:VerificationResult>VALID</g:VerificationResult>", "");
    assert!(matches!(result(&verify, silent.as_bytes()), Err(Error::Response(_))));
}
