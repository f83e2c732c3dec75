//! Whatever is protected comes back: building a message and reading it are inverse to each other.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "cms/builder.rs"]
mod builder;

use builder::{Envelope, Signature};
use bytes::Bytes;
use kim_smime::{
    Draft, Header, HeaderLimits, MessageVersion, Opened, OuterFields, ReceiveLimits, Received,
    RecipientEmails, SignatureResult,
};
use proptest::prelude::*;

/// The fields that the outer header shows.
const SHOWN: [&str; 10] = [
    "Date",
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Message-ID",
    "X-KIM-Dienstkennung",
    "x-kim-support",
];
/// The fields that it hides.
const HIDDEN: [&str; 6] = ["Subject", "Comments", "X-Mailer", "X-KIM-Auth", "In-Reply-To", "Received"];

fn split(mail: &Bytes) -> (Header, Bytes) {
    Header::split(mail, &HeaderLimits::default()).unwrap()
}

/// The message made of a mail, and the mail made of the message again.
fn there_and_back(mail: &Bytes) -> (Bytes, Opened) {
    let (header, body) = split(mail);
    let recipients = RecipientEmails::from_attribute(&builder::recipient_emails()).unwrap();
    let request = Draft::new(header, body.into()).sign_request(recipients);
    let segments = builder::segments(&request.document().to_bytes(), 1000);
    let content = builder::indefinite(0xa0, &[&builder::indefinite(0x24, &[&segments])]);
    let request = request.signed(Signature { content, ..Signature::default() }.ber()).unwrap();
    let plain = request.document().to_bytes();
    let fields = OuterFields {
        version: MessageVersion::V1_0,
        expires: None,
        cm_version: "VEND_1.2.3".to_owned(),
        pt_version: "1.5.5".to_owned(),
        kon_version: None,
        kas_size: None,
        kas_enc_size: None,
    };
    let message = request.encrypted(Envelope::default().ber()).unwrap().message(&fields);
    let message = message.to_octets().to_bytes();
    let received = Received::parse(message.clone(), &ReceiveLimits::default()).unwrap();
    let request = received.decrypt_request().decrypted(plain).unwrap();
    (message, request.verified(SignatureResult::Valid))
}

/// Fields with names that are shown or hidden and values of any printable octets, folded anywhere there is a blank.
fn fields() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let names: Vec<&str> = SHOWN.into_iter().chain(HIDDEN).collect();
    let value = prop::collection::vec("[!-~ä]{1,12}( |\r\n |\r\n\t)", 1..8).prop_map(|words| words.concat());
    let value = value.prop_map(|value| value.trim_end().to_owned());
    prop::collection::vec((prop::sample::select(names), value), 0..20)
}

proptest! {
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2095, KOM-LE-A_2097, KOM-LE-A_2121
    #[test]
    fn any_octets_come_back_as_they_were(mail in prop::collection::vec(1u8.., 0..2000)) {
        let mail = Bytes::from(mail);
        let (header, body) = split(&mail);
        let (_, opened) = there_and_back(&mail);
        prop_assert_eq!(opened.header(), &header);
        prop_assert_eq!(opened.body().to_bytes(), body);
    }

    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2098-03 to KOM-LE-A_2104; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01
    #[test]
    fn the_outer_header_shows_exactly_what_it_must(fields in fields(), body in prop::collection::vec(any::<u8>(), 0..100)) {
        let header: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (message, opened) = there_and_back(&[header.as_bytes(), b"\r\n", &body].concat().into());
        prop_assert_eq!(opened.header().to_octets().to_bytes(), header);
        prop_assert_eq!(opened.body().to_bytes(), body);
        // Its own message never differs in the header.
        let codes: Vec<_> = opened.verdict.integrity.iter().map(|id| id.code()).collect();
        prop_assert!(!codes.contains(&"08"), "{:?}", codes);

        let (outer, _) = split(&message);
        for name in SHOWN {
            let values = |header: &Header| header.all(name).map(|field| field.raw().clone()).collect::<Vec<_>>();
            prop_assert_eq!(values(&outer), values(opened.header()));
        }
        for name in HIDDEN.into_iter().filter(|name| *name != "Subject") {
            prop_assert!(outer.first(name).is_none(), "{}", name);
        }
        prop_assert_eq!(outer.only("Subject").unwrap().text(), "KOM-LE-Nachricht");
        prop_assert_eq!(outer.only("X-KOM-LE-Version").unwrap().text(), "1.0");
    }
}
