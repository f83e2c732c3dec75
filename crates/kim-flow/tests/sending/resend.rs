//! A message that could not be opened is sent to oneself once more.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2029; deltas Q9

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kim_flow::{Content, Kept, Message};
use kim_smime::{Measure, Substitute};
use kim_types::{Octets, Ret};

use crate::practice::{Practice, SENDER, address, delivered, envelope, now, reply};

/// A message as it lay in the mailbox.
const MESSAGE: &str = "Received: from mail.b.kim.telematik\r\nFrom: b@b.kim.telematik\r\nTo: Praxis@a.kim.telematik\r\n\
    Subject: KOM-LE-Nachricht\r\nX-KOM-LE-Version: 1.0\r\nMIME-Version: 1.0\r\n\
    Content-Type: application/pkcs7-mime; smime-type=authenticated-enveloped-data;\r\n name=smime.p7m\r\n\
    Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=smime.p7m\r\n\r\n\
    MIAGCyqGSIb3DQEJEAEXoIAwgAIBADGC\r\nAAAAAA==\r\n";

/// What the user got in place of it.
fn error_mail(message: &str) -> String {
    let message = message.to_owned().into();
    let mail = Substitute::Key.mail(&message, &address(SENDER), [3; 16], now()).to_bytes();
    String::from_utf8(mail.to_vec()).unwrap()
}

/// As an attachment, like Thunderbird and Outlook do: everything in a message/rfc822 of its own.
fn as_attachment(mail: &str) -> String {
    format!(
        "From: <{SENDER}>\r\nTo: <{SENDER}>\r\nSubject: Fwd: Befund\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed;\r\n boundary=\"------------aB3\"\r\n\r\nThis is a multi-part message.\r\n\
         --------------aB3\r\nContent-Type: text/plain; charset=UTF-8; format=flowed\r\n\
         Content-Transfer-Encoding: 7bit\r\n\r\n\r\n--------------aB3\r\n\
         Content-Type: message/rfc822; charset=UTF-8; name=\"Die Nachricht.eml\"\r\n\
         Content-Disposition: attachment; filename=\"Die Nachricht.eml\"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
         {mail}\r\n--------------aB3--\r\n"
    )
}

/// Inline: the text of the error mail is quoted, its attachment is attached again.
fn inline(message: &str) -> String {
    format!(
        "From: <{SENDER}>\r\nTo: <{SENDER}>\r\nSubject: Fwd: Befund\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=_Apple-Mail\"\r\n\r\n--=_Apple-Mail\r\n\
         Content-Type: multipart/alternative; boundary=alt\r\n\r\n--alt\r\nContent-Type: text/plain\r\n\r\n\
         Anfang der weitergeleiteten Nachricht:\r\n--alt\r\nContent-Type: text/html\r\n\r\n<p>Anfang</p>\r\n--alt--\r\n\r\n\
         --=_Apple-Mail\r\nContent-Disposition: inline; filename=\"Nachricht.eml\"\r\nContent-Type: message/rfc822;\r\n\
         \tname=\"Nachricht.eml\"\r\n\r\n{message}\r\n--=_Apple-Mail--\r\n"
    )
}

/// As an attachment in base64, which RFC 2046 forbids and some programs do.
fn in_base64(mail: &str) -> String {
    let encoded = STANDARD.encode(mail);
    let lines: Vec<&str> = encoded.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
    as_attachment("MAIL")
        .replace("Encoding: 7bit\r\n\r\nMAIL", &format!("Encoding: BASE64\r\n\r\n{}", lines.join("\r\n")))
}

/// Bounced or redirected: the error mail itself, perhaps with the fields of another hop.
fn redirected(message: &str) -> String {
    format!("Resent-From: <{SENDER}>\r\nResent-To: <{SENDER}>\r\n{}", error_mail(message))
}

fn octets(mail: &str) -> Octets {
    Octets::from(mail.as_bytes().to_vec())
}

fn resent(mail: &str) -> String {
    let mut practice = Practice::default();
    let protected = practice.send(envelope(&[SENDER]), octets(mail)).unwrap();
    assert!(practice.asked.is_empty(), "{:?}", practice.asked);
    assert!(matches!(protected.message, Message::Resent(_)));
    let whole = protected.message.clone().whole().unwrap();
    assert_eq!(protected.message.len(), whole.len() as u64);
    String::from_utf8(whole.to_bytes().to_vec()).unwrap()
}

#[test]
fn q09_the_ways_of_common_mail_programs_lead_to_the_message_octet_for_octet() {
    for mail in [
        inline(MESSAGE),
        as_attachment(MESSAGE),
        as_attachment(&error_mail(MESSAGE)),
        as_attachment(&as_attachment(&error_mail(MESSAGE))),
        inline(&error_mail(MESSAGE)),
        redirected(MESSAGE),
        error_mail(MESSAGE),
    ] {
        assert_eq!(resent(&mail), MESSAGE, "{mail}");
    }
}

/// RFC 2046 §5.2.1 allows no encoding; that is the program's mistake, and not the user's.
#[test]
fn q09_a_forwarded_mail_in_base64_leads_to_the_message_octet_for_octet() {
    for mail in [
        in_base64(MESSAGE),
        in_base64(&format!("Return-Path: <>\r\n{MESSAGE}")),
        in_base64(&error_mail(MESSAGE)),
        as_attachment(&in_base64(&error_mail(MESSAGE))),
        in_base64(&in_base64(&as_attachment(&error_mail(MESSAGE)))),
    ] {
        assert_eq!(resent(&mail), MESSAGE, "{mail}");
    }
}

#[test]
fn q09_in_base64_the_same_rules_hold() {
    let refused = |mail: &str| {
        let mut practice = Practice::default();
        let refused = reply(practice.send(envelope(&[SENDER]), octets(mail)));
        assert!(practice.asked.is_empty());
        refused.starts_with("554 5.6.0 ")
    };
    let two = format!("{MESSAGE}\r\n--------------aB3\r\nContent-Type: message/rfc822\r\n\r\n{MESSAGE}");
    assert!(refused(&in_base64(&as_attachment(&two))));
    let one_of_each = in_base64(MESSAGE).replace(
        "This is a multi-part message.",
        &format!("--------------aB3\r\nContent-Type: message/rfc822\r\n\r\n{MESSAGE}"),
    );
    assert!(refused(&one_of_each));
    assert!(refused(&in_base64(&error_mail(&MESSAGE.replace("MIAG", "MIAG\n.\r\nMAIL FROM:<x@y.de>\r\n")))));

    let protected = |to: &[&str], mail: &str| {
        let protected = Practice::default().send(envelope(to), octets(mail)).unwrap();
        matches!(protected.message, Message::Protected(_))
    };
    assert!(protected(&["b@b.kim.telematik"], &in_base64(MESSAGE)));
    assert!(protected(&[SENDER], &in_base64("Subject: x\r\n\r\nText\r\n")));
    assert!(protected(&[SENDER], &in_base64(MESSAGE).replace("BASE64\r\n\r\n", "BASE64\r\n\r\n*")));
}

/// More often than any program does it; what is deeper is not looked for.
#[test]
fn q09_base64_within_base64_within_base64_ends_somewhere() {
    let mut mail = MESSAGE.to_owned();
    for _ in 0..12 {
        mail = in_base64(&mail);
    }
    let protected = Practice::default().send(envelope(&[SENDER]), octets(&mail)).unwrap();
    assert!(matches!(protected.message, Message::Protected(_)));
}

#[test]
fn q09_only_a_leading_return_path_is_left_out() {
    let received = format!("Return-Path: <b@b.kim.telematik>\r\n{MESSAGE}");
    assert_eq!(resent(&as_attachment(&error_mail(&received))), MESSAGE);
    let later = MESSAGE.replace("\r\nFrom:", "\r\nReturn-Path: <x@b.kim.telematik>\r\nFrom:");
    assert_eq!(resent(&as_attachment(&error_mail(&later))), later);
}

#[test]
fn q09_more_than_one_message_at_once_is_refused() {
    let two = format!("{MESSAGE}\r\n--------------aB3\r\nContent-Type: message/rfc822\r\n\r\n{MESSAGE}");
    let two = as_attachment(&two);
    let mut practice = Practice::default();
    assert!(reply(practice.send(envelope(&[SENDER]), octets(&two))).starts_with("554 5.6.0 "));
    assert!(practice.asked.is_empty());
}

#[test]
fn q09_a_mail_to_somebody_else_or_from_somebody_else_is_protected_like_any_other() {
    let mail = as_attachment(&error_mail(MESSAGE));
    let mut from_another = envelope(&[SENDER]);
    from_another.sender = address("b@b.kim.telematik");
    for envelope in [envelope(&["b@b.kim.telematik"]), envelope(&[SENDER, "b@b.kim.telematik"]), from_another]
    {
        let mut practice = Practice::default();
        let protected = practice.send(envelope, octets(&mail)).unwrap();
        assert!(matches!(protected.message, Message::Protected(_)));
        assert!(practice.inner().contains(MESSAGE));
    }
}

#[test]
fn q09_addresses_are_compared_without_case_and_twice_the_same_is_once() {
    let mut practice = Practice::default();
    let mut twice = envelope(&["PRAXIS@a.kim.telematik", SENDER]);
    twice.sender = address("praxis@A.kim.telematik");
    let protected = practice.send(twice, octets(&error_mail(MESSAGE))).unwrap();
    assert!(matches!(protected.message, Message::Resent(_)));
    assert_eq!(protected.envelope.recipients.len(), 1);
}

#[test]
fn q09_a_mail_without_such_a_message_is_protected() {
    for mail in [
        as_attachment("Subject: x\r\n\r\nText\r\n"),
        as_attachment(&MESSAGE.replace("X-KOM-LE-Version", "X-Other")),
        as_attachment(&MESSAGE.replace("application/pkcs7-mime", "text/plain")),
    ] {
        let mut practice = Practice::default();
        let protected = practice.send(envelope(&[SENDER]), octets(&mail)).unwrap();
        assert!(matches!(protected.message, Message::Protected(_)), "{mail}");
    }
}

/// What goes out as it came must not be able to end the mail early.
#[test]
fn a_message_with_stray_line_ends_is_not_sent_again() {
    let mut practice = Practice::default();
    let smuggled = error_mail(&MESSAGE.replace("MIAG", "MIAG\n.\r\nMAIL FROM:<x@y.de>\r\n"));
    assert!(reply(practice.send(envelope(&[SENDER]), octets(&smuggled))).starts_with("554 5.6.0 "));
}

#[test]
fn what_the_driver_keeps_is_sent_again_as_a_range_of_it() {
    let mail = as_attachment(&error_mail(&format!("Return-Path: <>\r\n{MESSAGE}")));
    let (head, _) = mail.split_at(mail.find("\r\n\r\n").unwrap() + 4);
    let mut measure = Measure::new();
    measure.push(mail.as_bytes());
    let kept = Content::Kept(Kept { head: octets(head), measure });
    let protected = Practice::default().send(envelope(&[SENDER]), kept).unwrap();
    let Message::Resent(recipe) = &protected.message else { panic!("{:?}", protected.message) };
    assert!(recipe.head.is_empty() && recipe.tail.is_empty());
    let range = usize::try_from(recipe.kept.start).unwrap()..usize::try_from(recipe.kept.end).unwrap();
    assert_eq!(mail.get(range), Some(MESSAGE));
}

#[test]
fn parameters_go_along_and_the_reply_is_that_of_the_mta() {
    let mut practice = Practice::default();
    let mut envelope = envelope(&[SENDER]);
    envelope.ret = Some(Ret::Headers);
    envelope.recipients[0].notify = Some("SUCCESS".to_owned());
    let protected = practice.send(envelope.clone(), octets(&error_mail(MESSAGE))).unwrap();
    assert_eq!(protected.envelope, envelope);
    let said = delivered(&protected);
    let conclusion = protected.delivered(said);
    assert_eq!((conclusion.reply.code(), conclusion.report.is_none()), (250, true));
}
