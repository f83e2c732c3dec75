//! Each stage of gematik's worked example is made by our own chain from the stage before, except for random values and times.
//!
//! | stage | equal | different |
//! |---|---|---|
//! | 01 rfc822wrap | every octet | |
//! | 02 signedcms | content and the attribute recipient-emails | the key of the signer is not published: the file itself is the answer of SignDocument |
//! | 03 signedwrap | every octet | the file is damaged: each lone CR and LF became CRLF, and so does ours before the comparison |
//! | 04 encryptedcms | the whole structure | content key, nonce, ciphertext, tag |
//! | 05 encryptedwrap | all fields of the file, the CMS | Date has a comment, order and folding; Expires and the versions of the modules are missing in the file |

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

#[expect(dead_code, reason = "another test uses the rest")]
#[path = "broken_messages/tree.rs"]
mod tree;

use std::time::UNIX_EPOCH;

use bytes::Bytes;
use kim_smime::{
    BerLimits, Draft, EncryptRequest, Header, HeaderLimits, MessageVersion, OuterFields, ReceiveLimits,
    Received, RecipientEmails, SignRequest, Signed, normalize,
};
use kim_testbed::cms::{Form, encrypt};
use openssl::x509::X509;
use tree::Tree;

/// A file of the example, if it is there.
fn file(name: &str) -> Option<Bytes> {
    kim_vectors::octets(&format!("gematik-smime/{name}")).map(Bytes::from)
}

fn stage(number: &str) -> Bytes {
    file(&format!("inputEmail.txt.{number}")).unwrap()
}

fn split(mail: &Bytes) -> (Header, Bytes) {
    Header::split(mail, &HeaderLimits::default()).unwrap()
}

fn recipients() -> RecipientEmails {
    Signed::parse(&stage("02.signedcms"), &BerLimits::default()).unwrap().recipient_emails().clone()
}

/// The client's mail as it comes over SMTP, completed.
fn sign_request() -> Option<SignRequest> {
    let text = String::from_utf8(file("inputEmail.txt")?.to_vec()).unwrap().replace('\n', "\r\n");
    let (mut header, body) = split(&text.into());
    header.complete(&"mustersender@komle.de".parse().unwrap(), [7; 16], UNIX_EPOCH).unwrap();
    Some(Draft::new(header, body.into()).sign_request(recipients()))
}

fn encrypt_request() -> Option<EncryptRequest> {
    Some(sign_request()?.signed(stage("02.signedcms")).unwrap())
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2097
#[test]
fn stage_01_is_made_from_the_mail_of_the_client() {
    let Some(request) = sign_request() else { return };
    assert_eq!(request.document().to_bytes(), stage("01.rfc822wrap"));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2121, KOM-LE-A_2127
#[test]
fn stage_02_is_the_answer_to_what_is_asked() {
    let Some(request) = sign_request() else { return };
    let published = stage("02.signedcms");
    let attribute = request.attribute().clone();
    assert!(published.windows(attribute.len()).any(|octets| octets == attribute));
    assert!(request.signed(published).is_ok());
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2103, KOM-LE-A_2299
#[test]
fn stage_03_is_made_from_stage_02() {
    let Some(request) = encrypt_request() else { return };
    let document = request.document().to_bytes();
    let mut damaged = Vec::new();
    let mut rest = document.as_ref();
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'\r', [b'\n', after @ ..]) => after,
            _ => after,
        };
        match first {
            b'\r' | b'\n' => damaged.extend(b"\r\n"),
            octet => damaged.push(*octet),
        }
    }
    assert!(damaged == stage("03.signedwrap"));
}

/// A structure without what is random in it.
fn without_random(cms: &Bytes) -> Vec<u8> {
    let mut tree = Tree::parse(&normalize(cms, &BerLimits::default()).unwrap());
    let data = tree.at(&[1, 0]);
    for path in [&[1, 0, 3][..], &[1, 1, 3], &[2, 1, 1, 0], &[2, 2], &[3]] {
        data.at(path).octets().fill(0);
    }
    tree.encode()
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104 to KOM-LE-A_2117
#[test]
fn stage_04_has_the_structure_that_is_made_from_stage_03() {
    let Some(request) = encrypt_request() else { return };
    let published = stage("04.encryptedcms");
    let certificates = ["keysB/hci-enc-3-kim-bsp.crt", "keysA/hci-enc-2-kim-bsp.crt"].map(|name| {
        let certificate = file(name).unwrap();
        X509::from_pem(&certificate).or_else(|_| X509::from_der(&certificate)).unwrap()
    });
    let attributes = [request.attribute().to_vec()];
    // The published ciphertext is that of the damaged stage.
    let made = encrypt(&stage("03.signedwrap"), &certificates, &attributes, Form::Indefinite).unwrap();
    assert!(without_random(&made.into()) == without_random(&published));
    assert!(request.encrypted(published).is_ok());
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2098-03 to KOM-LE-A_2104, KOM-LE-A_2299
#[test]
fn stage_05_is_made_from_stage_04() {
    let Some(request) = encrypt_request() else { return };
    let fields = OuterFields {
        version: MessageVersion::V1_0,
        expires: Some(UNIX_EPOCH),
        cm_version: "VEND_1.2.3".to_owned(),
        pt_version: "1.5.5".to_owned(),
        kon_version: None,
        kas_size: None,
        kas_enc_size: None,
    };
    let protected = request.encrypted(stage("04.encryptedcms")).unwrap();
    let made = protected.message(&fields).to_octets().to_bytes();
    let published = stage("05.encryptedwrap");

    let ((made_header, made_body), (header, body)) = (split(&made), split(&published));
    for field in header.fields().filter(|field| !field.is("Date")) {
        let words = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let made = made_header.only(field.name()).unwrap_or_else(|| panic!("{field:?} is missing"));
        assert_eq!(words(made.text()), words(field.text()), "{field:?}");
    }
    let added = made_header.fields().filter(|field| header.first(field.name()).is_none());
    let added: Vec<_> = added.map(|field| field.name()).collect();
    assert_eq!(added, ["Expires", "X-KIM-CMVersion", "X-KIM-PTVersion"]);
    assert_eq!(made_body.trim_ascii_end(), body.trim_ascii_end());

    let received = |message| Received::parse(message, &ReceiveLimits::default()).unwrap().decrypt_request();
    assert_eq!(received(made).document(), received(published).document());
}
