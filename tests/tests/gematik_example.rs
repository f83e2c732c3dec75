//! gematik's worked example of the S/MIME profile on the whole receive path. Nobody here made it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use kim_examples::Blocking;
use kim_flow::receive::{Outcome, Trouble};
use kim_flow::{Rules, receive};
use kim_smime::{IntegrityMode, ReceiveLimits, Received};
use kim_testbed::cms::{Form, encrypt};
use kim_testbed::konnektor::PinStatus;
use kim_testbed::pki::{Card, Identity, Purpose};
use kim_testbed::{Account, World};
use kim_types::{Octets, Secret};

/// A file of the example, if it is there.
fn vector(name: &str) -> Option<Bytes> {
    kim_vectors::octets(&format!("gematik-smime/{name}")).map(Bytes::from)
}

/// The two recipients of the example.
const RECIPIENTS: [(&str, &str); 2] = [("keysA", "2"), ("keysB", "3")];

fn identity((folder, number): (&str, &str)) -> Identity {
    let file =
        |end: &str| vector(&format!("{folder}/hci-enc-{number}-kim-bsp.{end}")).expect("keys of the example");
    Identity::from_key_and_certificate(&file("prv.pem"), &file("crt")).unwrap()
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// A world in which a recipient's card is in the Konnektor of practice A.
fn world_with_card(recipient: (&str, &str)) -> (World, Account) {
    let world = World::new(1);
    let message =
        Received::parse(vector("inputEmail.txt.05.encryptedwrap").unwrap(), &ReceiveLimits::default())
            .unwrap();
    let identity = identity(recipient);
    let own = kim_smime::Certificate::from_der(identity.certificate_der().into()).unwrap();
    let address = message
        .recipient_emails()
        .entries()
        .iter()
        .find(|entry| entry.certificate == *own.issuer_and_serial());
    let account = Account {
        address: address.unwrap().address.0.parse().unwrap(),
        password: Secret::default(),
        iccsn: "80276883110000009999".parse().unwrap(),
        ..world.account("A").unwrap().clone()
    };
    let card = Card::from_identities(
        account.iccsn.clone(),
        "Musterempfaenger",
        account.telematik_id.clone(),
        vec![(Purpose::Enc, identity)],
    );
    world
        .konnektor()
        .insert(Arc::new(card), std::slice::from_ref(&account.context.mandant), PinStatus::Verified)
        .unwrap();
    (world, account)
}

/// Spec: gemSMIME_KOMLE 1.7.0, worked example
#[test]
fn the_message_decrypts_to_the_published_stage_with_either_key() {
    let Some(message) = vector("inputEmail.txt.05.encryptedwrap") else { return };
    let published = vector("inputEmail.txt.03.signedwrap").unwrap();
    for recipient in RECIPIENTS {
        let (world, account) = world_with_card(recipient);
        let driver = Blocking::new(&world, &account, Rules::default(), now()).unwrap();
        let mut step = receive::start(driver.run([1; 16]), Octets::from(message.clone()).into());
        let plain = loop {
            step = match step {
                receive::Step::Call(kim_flow::Call::Decrypt(ask)) => {
                    let call = kim_konnektor::DecryptDocument {
                        card: ask.question().card.clone(),
                        document: ask.question().document.clone(),
                    };
                    break driver.call(&call).unwrap();
                }
                receive::Step::Call(call) => driver.answer(call),
                _ => panic!("{recipient:?}: {step:?}"),
            }
        };
        assert!(plain == published, "{recipient:?}");
    }
}

/// The published stage 03 has its bare CR and LF turned into CRLF inside a binary part: it cannot be read any more.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046, KOM-LE-A_2047 (02)
#[test]
fn the_damaged_published_stage_becomes_a_mail_that_says_so() {
    let Some(message) = vector("inputEmail.txt.05.encryptedwrap") else { return };
    let (world, account) = world_with_card(RECIPIENTS[0]);
    let driver = Blocking::new(&world, &account, Rules::default(), now()).unwrap();
    let delivered = driver.open(message.clone(), [1; 16]);
    assert!(matches!(delivered.outcome, Outcome::Substituted(Trouble::Format)), "{:?}", delivered.outcome);
    let mail = delivered.mail.whole().unwrap().to_bytes();
    let text = String::from_utf8_lossy(&mail);
    assert!(
        text.contains("X-KIM-DecryptionResult: 02\r\n") && text.contains("X-KIM-Fehlermeldung: 4010\r\n"),
        "{text}"
    );
    assert!(
        mail.windows(message.len()).any(|part| part == message),
        "the received message is inside, octet for octet"
    );
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2097; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050 (05: foreign signer)
#[test]
fn the_undamaged_signature_is_opened_to_the_inner_mail_octet_for_octet() {
    let (Some(message), Some(signed)) =
        (vector("inputEmail.txt.05.encryptedwrap"), vector("inputEmail.txt.02.signedcms"))
    else {
        return;
    };
    let rfc822 = vector("inputEmail.txt.01.rfc822wrap").unwrap();
    let (_, inner) = split(&rfc822);
    let (_, inner_body) = split(inner);

    let entity = [
        b"MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\
          Content-Transfer-Encoding: binary\r\n\r\n"
            .as_slice(),
        &signed,
    ]
    .concat();
    let received = Received::parse(message.clone(), &ReceiveLimits::default()).unwrap();
    let attribute = received.recipient_emails().to_attribute().to_vec();
    let certificates: Vec<_> = RECIPIENTS.map(|recipient| identity(recipient).certificate).into();
    let cms = encrypt(&entity, &certificates, &[attribute], Form::Indefinite).unwrap();
    let (header, _) = split(&message);
    let again = [header, b"\r\n", &base64_lines(&cms)].concat();

    for recipient in RECIPIENTS {
        let (world, account) = world_with_card(recipient);
        let rules = Rules { on_integrity_failure: IntegrityMode::Deliver, ..Rules::default() };
        let driver = Blocking::new(&world, &account, rules, now()).unwrap();
        let delivered = driver.open(again.clone().into(), [1; 16]);
        let Outcome::Opened(verdict) = delivered.outcome else { panic!("{:?}", delivered.outcome) };
        let mail = delivered.mail.whole().unwrap().to_bytes();
        let (header, body) = split(&mail);
        assert_eq!(body, inner_body, "{recipient:?}");
        let header = String::from_utf8_lossy(header);
        for field in String::from_utf8_lossy(split(inner).0).lines() {
            assert!(header.contains(field), "{recipient:?}: {field}");
        }
        // The signer's certificate is expired, and its authority is not the testbed's.
        assert!(header.contains("X-KIM-DecryptionResult: 00\r\n"), "{header}");
        assert!(header.contains("X-KIM-IntegrityCheckResult: 05\r\n"), "{header}");
        assert!(!verdict.is_intact(), "{verdict:?}");
    }
}

/// What stands before and after the first empty line; the first half keeps its last line end.
fn split(mail: &[u8]) -> (&[u8], &[u8]) {
    let at = mail.windows(4).position(|octets| octets == b"\r\n\r\n").expect("an empty line");
    (&mail[..at + 2], &mail[at + 4..])
}

fn base64_lines(octets: &[u8]) -> Vec<u8> {
    let text = openssl::base64::encode_block(octets);
    text.as_bytes().chunks(76).flat_map(|line| [line, b"\r\n"].concat()).collect()
}
