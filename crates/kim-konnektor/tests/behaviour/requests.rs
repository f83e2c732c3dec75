//! The text of every request, element by element.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use kim_konnektor::{
    CardKind, CertRef, Crypt, DecryptDocument, EncryptDocument, GetCards, GetJobNumber, GetPinStatus,
    Operation, Patience, PinKind, ReadCardCertificate, SignDocument, VerifyCertificate, VerifyDocument,
    VerifyPin,
};
use kim_types::{CardHandle, Octets};

use crate::fixtures::{context, sent, sent_body, services};

const CONTEXT: &str = "<CCTX:Context><CONN:MandantId>M&lt;1&gt;</CONN:MandantId>\
    <CONN:ClientSystemId>C&amp;2</CONN:ClientSystemId>\
    <CONN:WorkplaceId>W&quot;3&apos;</CONN:WorkplaceId></CCTX:Context>";

const ATTRIBUTE: &str = "<dss:Property><dss:Identifier>RecipientEmailsAttribute</dss:Identifier>\
    <dss:Value><CMSAttribute xmlns=\"\">MAA=</CMSAttribute></dss:Value></dss:Property>";

fn card() -> CardHandle {
    "card&1".parse().unwrap()
}

/// What a request says, with the context put in for `{}`.
#[track_caller]
fn assert_request(operation: &impl Operation, path: &str, action: &str, expected: &str) {
    let request = operation.request(&services(), &context()).unwrap();
    assert_eq!(request.url, format!("https://192.0.2.1:443/ws/{path}"));
    assert_eq!(request.action, format!("http://ws.gematik.de/conn/{action}"));
    assert_eq!(sent_body(&request), expected.replace("{}", CONTEXT));
    assert_eq!(request.body.len(), u64::try_from(sent(&request).len()).unwrap());
}

#[test]
fn the_envelope_declares_every_prefix_it_uses() {
    let request = GetCards::default().request(&services(), &context()).unwrap();
    let envelope = sent(&request);
    let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><S:Envelope \
        xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\" \
        xmlns:CONN=\"http://ws.gematik.de/conn/ConnectorCommon/v5.0\" \
        xmlns:CCTX=\"http://ws.gematik.de/conn/ConnectorContext/v2.0\" \
        xmlns:EVT=\"http://ws.gematik.de/conn/EventService/v7.2\" \
        xmlns:CCMN=\"http://ws.gematik.de/conn/CardServiceCommon/v2.0\"><S:Body>";
    assert!(envelope.starts_with(expected), "{envelope}");
    assert!(envelope.ends_with("</S:Body></S:Envelope>"));
}

#[test]
fn the_user_id_is_sent_only_when_there_is_one() {
    let mut context = context();
    context.user = Some("U1".parse().unwrap());
    let request = GetJobNumber.request(&services(), &context).unwrap();
    assert!(sent(&request).contains("</CONN:WorkplaceId><CONN:UserId>U1</CONN:UserId></CCTX:Context>"));
    let request = GetJobNumber.request(&services(), &crate::fixtures::context()).unwrap();
    assert!(!sent(&request).contains("UserId"));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2052
#[test]
fn get_cards() {
    assert_request(
        &GetCards::default(),
        "EventService/7.2.0",
        "EventService/v7.2#GetCards",
        "<EVT:GetCards mandant-wide=\"false\">{}</EVT:GetCards>",
    );
    assert_request(
        &GetCards { filter: Some(CardKind::Smb), mandant_wide: true },
        "EventService/7.2.0",
        "EventService/v7.2#GetCards",
        "<EVT:GetCards mandant-wide=\"true\">{}<CCMN:CardType>SM-B</CCMN:CardType></EVT:GetCards>",
    );
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2058 and KOM-LE-A_2063
#[test]
fn pin_operations() {
    assert_request(
        &GetPinStatus { card: card(), pin: PinKind::Smc },
        "CardService/8.1.2",
        "CardService/v8.1#GetPinStatus",
        "<CARD:GetPinStatus>{}<CONN:CardHandle>card&amp;1</CONN:CardHandle>\
         <CCMN:PinTyp>PIN.SMC</CCMN:PinTyp></CARD:GetPinStatus>",
    );
    let verify = VerifyPin { card: card(), pin: PinKind::Ch };
    assert_request(
        &verify,
        "CardService/8.1.2",
        "CardService/v8.1#VerifyPin",
        "<CARD:VerifyPin>{}<CONN:CardHandle>card&amp;1</CONN:CardHandle>\
         <CCMN:PinTyp>PIN.CH</CCMN:PinTyp></CARD:VerifyPin>",
    );
    assert_eq!(verify.request(&services(), &context()).unwrap().patience, Patience::Pin);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2060
#[test]
fn read_card_certificate() {
    assert_request(
        &ReadCardCertificate { card: card(), reference: CertRef::Enc, crypt: Some(Crypt::Ecc) },
        "CertificateService/6.0.1",
        "CertificateService/v6.0#ReadCardCertificate",
        "<CERT:ReadCardCertificate><CONN:CardHandle>card&amp;1</CONN:CardHandle>{}\
         <CERT:CertRefList><CERT:CertRef>C.ENC</CERT:CertRef></CERT:CertRefList>\
         <CERT:Crypt>ECC</CERT:Crypt></CERT:ReadCardCertificate>",
    );
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-01
#[test]
fn verify_certificate() {
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_766_000_000_123);
    assert_request(
        &VerifyCertificate { certificate: Bytes::from_static(b"\x30\x00"), at: Some(at) },
        "CertificateService/6.0.1",
        "CertificateService/v6.0#VerifyCertificate",
        "<CERT:VerifyCertificate>{}<CERTCMN:X509Certificate>MAA=</CERTCMN:X509Certificate>\
         <CERT:VerificationTime>2025-12-17T19:33:20Z</CERT:VerificationTime></CERT:VerifyCertificate>",
    );
}

#[test]
fn get_job_number() {
    assert_request(
        &GetJobNumber,
        "SignatureService/7.5.5",
        "SignatureService/v7.5#GetJobNumber",
        "<SIG:GetJobNumber>{}</SIG:GetJobNumber>",
    );
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2020, KOM-LE-A_2177, KOM-LE-A_2190, KOM-LE-A_2299-01
#[test]
fn sign_document() {
    assert_request(
        &SignDocument {
            card: card(),
            crypt: Crypt::RsaEcc,
            job: "ABC-001".parse().unwrap(),
            document: Octets::from("Malz"),
            attribute: Bytes::from_static(b"\x30\x00"),
        },
        "SignatureService/7.5.5",
        "SignatureService/v7.5#SignDocument",
        &format!(
            "<SIG:SignDocument><CONN:CardHandle>card&amp;1</CONN:CardHandle><SIG:Crypt>RSA_ECC</SIG:Crypt>{{}}\
             <SIG:TvMode>NONE</SIG:TvMode><SIG:JobNumber>ABC-001</SIG:JobNumber>\
             <SIG:SignRequest RequestID=\"1\"><SIG:OptionalInputs>\
             <dss:SignatureType>urn:ietf:rfc:5652</dss:SignatureType>\
             <dss:Properties><dss:SignedProperties>{ATTRIBUTE}</dss:SignedProperties></dss:Properties>\
             <SIG:IncludeEContent>true</SIG:IncludeEContent></SIG:OptionalInputs>\
             <SIG:Document ShortText=\"KIM-Nachricht\">\
             <dss:Base64Data MimeType=\"text/plain; charset=utf-8\">TWFseg==</dss:Base64Data></SIG:Document>\
             <SIG:IncludeRevocationInfo>false</SIG:IncludeRevocationInfo></SIG:SignRequest></SIG:SignDocument>"
        ),
    );
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048
#[test]
fn verify_document() {
    assert_request(
        &VerifyDocument { cms: Octets::from("Malz") },
        "SignatureService/7.5.5",
        "SignatureService/v7.5#VerifyDocument",
        "<SIG:VerifyDocument>{}<SIG:TvMode>NONE</SIG:TvMode><dss:SignatureObject>\
         <dss:Base64Signature Type=\"urn:ietf:rfc:5652\">TWFseg==</dss:Base64Signature></dss:SignatureObject>\
         <SIG:IncludeRevocationInfo>false</SIG:IncludeRevocationInfo></SIG:VerifyDocument>",
    );
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2177 and KOM-LE-A_2191
#[test]
fn encrypt_document() {
    assert_request(
        &EncryptDocument {
            document: Octets::from("Malz"),
            certificates: vec![Bytes::from_static(b"one"), Bytes::from_static(b"two")],
            attribute: Bytes::from_static(b"\x30\x00"),
        },
        "EncryptionService/6.1.1",
        "EncryptionService/v6.1#EncryptDocument",
        &format!(
            "<CRYPT:EncryptDocument>{{}}<CRYPT:RecipientKeys><CRYPT:Certificate>b25l</CRYPT:Certificate>\
             <CRYPT:Certificate>dHdv</CRYPT:Certificate></CRYPT:RecipientKeys><CONN:Document>\
             <dss:Base64Data MimeType=\"application/octet-stream\">TWFseg==</dss:Base64Data></CONN:Document>\
             <CRYPT:OptionalInputs><CRYPT:EncryptionType>urn:ietf:rfc:5652</CRYPT:EncryptionType>\
             <CRYPT:UnprotectedProperties>{ATTRIBUTE}</CRYPT:UnprotectedProperties></CRYPT:OptionalInputs>\
             </CRYPT:EncryptDocument>"
        ),
    );
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046
#[test]
fn decrypt_document() {
    assert_request(
        &DecryptDocument { card: card(), document: Octets::from("Malz") },
        "EncryptionService/6.1.1",
        "crypt/EncryptionService/v6.1#DecryptDocument",
        "<CRYPT:DecryptDocument>{}<CRYPT:PrivateKeyOnCard><CONN:CardHandle>card&amp;1</CONN:CardHandle>\
         </CRYPT:PrivateKeyOnCard><CONN:Document>\
         <dss:Base64Data MimeType=\"application/octet-stream\">TWFseg==</dss:Base64Data></CONN:Document>\
         </CRYPT:DecryptDocument>",
    );
}
