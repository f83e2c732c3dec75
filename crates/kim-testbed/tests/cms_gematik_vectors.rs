//! Structures that gematik and real Konnektors made are read.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kim_testbed::cms::{DecryptError, decrypt, verify};
use kim_testbed::pki::Identity;

fn gematik(name: &str) -> Option<Vec<u8>> {
    kim_vectors::octets(&format!("gematik-smime/{name}"))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).unwrap().1.split_once(after).unwrap().0
}

/// Spec: gemSMIME_KOMLE 1.7.0, worked example.
#[test]
fn both_recipients_decrypt_the_worked_example() {
    let Some(sealed) = gematik("inputEmail.txt.04.encryptedcms") else { return };
    let plain = gematik("inputEmail.txt.03.signedwrap").unwrap();
    let identities = [("keysA", "2"), ("keysB", "3")].map(|(folder, number)| {
        let key = gematik(&format!("{folder}/hci-enc-{number}-kim-bsp.prv.pem")).unwrap();
        let certificate = gematik(&format!("{folder}/hci-enc-{number}-kim-bsp.crt")).unwrap();
        Identity::from_key_and_certificate(&key, &certificate).unwrap()
    });
    for identity in &identities {
        let opened = decrypt(&sealed, [identity]).unwrap();
        assert!(opened.content == plain);
        assert_eq!(opened.attributes.len(), 1);
    }
    for offset in [2100, 4425] {
        let mut changed = sealed.clone();
        changed[offset] ^= 1;
        assert_eq!(decrypt(&changed, &identities), Err(DecryptError::Failed), "octet {offset}");
    }
}

/// Spec: gemSMIME_KOMLE 1.7.0, worked example.
#[test]
fn the_signature_of_the_worked_example_holds() {
    let Some(signed) = gematik("inputEmail.txt.02.signedcms") else { return };
    let verified = verify(&signed, None).unwrap();
    assert!(verified.content == gematik("inputEmail.txt.01.rfc822wrap").unwrap());
    assert_eq!(verified.attributes.len(), 6);
}

#[test]
fn a_konnektor_signature_in_pieces_holds() {
    let Some(signed) = kim_vectors::octets("cms/VerifyDocument.request.Base64Signature.p7") else { return };
    let verified = verify(&signed, None).unwrap();
    assert!(verified.content.starts_with(b"<?xml") && verified.content.len() > 5000);
}

#[test]
fn a_detached_ecc_signature_of_a_konnektor_holds() {
    let Some(request) = kim_vectors::octets("konnektor/ehex-6.0.2/09-VerifyDocument.request.xml") else {
        return;
    };
    let request = String::from_utf8(request).unwrap();
    let signature = STANDARD.decode(between(&request, "\"urn:ietf:rfc:5652\">", "<")).unwrap();
    let document = STANDARD.decode(between(&request, "\"text/plain\">", "<")).unwrap();
    assert!(verify(&signature, Some(&document)).unwrap().content == document);
    assert!(verify(&signature, Some(b"something else")).is_err());
}

#[test]
fn a_konnektor_writes_the_ecies_cryptogram_as_we_do() {
    let Some(response) = kim_vectors::octets("konnektor/ehex-6.0.2/14-EncryptDocument.response.xml") else {
        return;
    };
    let sealed =
        STANDARD.decode(between(&String::from_utf8(response).unwrap(), "\"text/plain\">", "<")).unwrap();
    let layout = [0xA6, 0x81, 0x8E, 6, 9, 0x2B, 0x24, 3, 3, 2, 8, 1, 1, 7, 0x7F, 0x49, 0x43, 0x86, 0x41, 4];
    assert!(sealed.windows(layout.len()).any(|part| part == layout));
    assert_eq!(decrypt(&sealed, []), Err(DecryptError::NoRecipient));
}
