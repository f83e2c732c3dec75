//! What happens to the header of a mail.

use kim_flow::Rules;
use kim_smime::{is_cm_version, is_pt_version};
use kim_types::Octets;

use crate::practice::{Practice, SENDER, delivered, envelope, mail, outer};

const B: &str = "b@b.kim.telematik";

fn send(practice: &mut Practice, mail: String) -> String {
    let protected = practice.send(envelope(&[B]), Octets::from(mail.into_bytes())).unwrap();
    outer(&protected).split("\r\n\r\n").next().unwrap().to_owned()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19488, A_21388; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2098, KOM-LE-A_2099, KOM-LE-A_2101
#[test]
fn what_the_client_wrote_survives_and_what_it_left_out_is_added() {
    let mut practice = Practice::default();
    let outside = send(
        &mut practice,
        format!("from: \"A, Dr.\"\r\n <{SENDER}>\r\nTo:B@b.kim.telematik\r\nCC: {B}\r\n\r\nx"),
    );
    let inside = practice.inner();
    for text in [&outside, &inside] {
        assert!(
            text.contains("from: \"A, Dr.\"\r\n <Praxis@a.kim.telematik>\r\nTo:B@b.kim.telematik\r\nCC: b@"),
            "{text}"
        );
        assert!(text.contains("X-KIM-Dienstkennung: KIM-Mail;Default;V1.0\r\n"), "{text}");
        assert!(
            text.contains("Message-ID: <abababababababababababababababab@a.kim.telematik>\r\n"),
            "{text}"
        );
        assert!(text.contains("Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n"), "{text}");
    }
    assert!(
        outside.contains("\r\nX-KOM-LE-Version: 1.0\r\n")
            && outside.contains("\r\nSubject: KOM-LE-Nachricht\r\n")
    );
    assert!(
        outside.contains("\r\nX-KIM-CMVersion: TESTV_1.0.0\r\n")
            && outside.contains("\r\nX-KIM-PTVersion: 1.5.5\r\n")
    );
}

/// Not the name of the machine, nor a Message-ID or Date of its own, nor another spelling of an address.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19488; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2098
#[test]
fn what_is_complete_is_signed_as_it_came_and_nothing_but_the_service_is_added() {
    let mut practice = Practice::default();
    let text = String::from_utf8(mail("\"B\" <B@b.Kim.Telematik>", "Text\r\n").to_bytes().to_vec()).unwrap();
    let outside = send(&mut practice, text.clone());
    assert_eq!(practice.inner().replacen("X-KIM-Dienstkennung: KIM-Mail;Default;V1.0\r\n", "", 1), text);
    for line in text
        .lines()
        .filter(|line| ["From:", "To:", "Date:", "Message-ID:"].iter().any(|name| line.starts_with(name)))
    {
        assert!(outside.contains(&format!("{line}\r\n")), "{line} is missing in {outside}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21388; deltas Q26
#[test]
fn q26_version_headers_stand_outside_only_and_those_of_the_client_nowhere() {
    let mut practice = Practice::default();
    practice.rules(|rules| rules.konnektor_version = Some("<Konnektor>".to_owned()));
    let text = String::from_utf8(mail(B, "x").to_bytes().to_vec()).unwrap();
    let outside = send(
        &mut practice,
        format!("X-KIM-CMVersion: evil\r\nX-KIM-KAS-Size: 1\r\nX-KOM-LE-Version: 9\r\n{text}"),
    );
    assert!(
        !outside.contains("evil")
            && !outside.contains("X-KIM-KAS-Size")
            && outside.contains("X-KIM-KONVersion: <Konnektor>")
    );
    for field in ["X-KIM-CMVersion", "X-KIM-PTVersion", "X-KIM-KONVersion", "X-KIM-KAS", "X-KOM-LE-Version"] {
        assert!(!practice.inner().contains(field), "{field}");
    }
    let Rules { product_version, product_type_version, .. } = Rules::default();
    assert!(is_cm_version(&product_version) && is_pt_version(&product_type_version));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23174, KOM-LE-A_2028
#[test]
fn only_those_who_get_the_mail_are_named_in_to_cc_and_bcc() {
    let mut practice = Practice::default();
    let outside = send(
        &mut practice,
        format!(
            "From: {SENDER}\r\nTo: {B}, not.in.envelope@b.kim.telematik\r\nCc: Team: x@b.de, {B};\r\nBcc: y@b.de\r\n\r\nx"
        ),
    );
    for text in [outside, practice.inner()] {
        assert!(text.contains("To: b@b.kim.telematik\r\nCc: b@b.kim.telematik\r\n"), "{text}");
        assert!(!text.contains("x@b.de") && !text.contains("Bcc") && !text.contains("not.in"), "{text}");
    }
}

#[test]
fn a_mail_with_only_cc_or_only_bcc_or_nobody_in_the_header_is_sent() {
    for field in ["Cc: b@b.kim.telematik\r\n", "Bcc: b@b.kim.telematik\r\n", ""] {
        let mut practice = Practice::default();
        send(&mut practice, format!("From: {SENDER}\r\n{field}\r\nText\r\n"));
        assert!(practice.inner().contains(field));
    }
}

/// Spec: KIM 1.5.3, A_23554
#[test]
fn the_size_to_announce_is_that_of_the_message() {
    let mut practice = Practice::default();
    let protected = practice.send(envelope(&[B]), mail(B, "x")).unwrap();
    assert_eq!(protected.message.len(), outer(&protected).len() as u64);
    assert!(outer(&protected).is_ascii());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2193, KOM-LE-A_2019
#[test]
fn nothing_of_the_content_is_readable_outside() {
    let mut practice = Practice::default();
    let protected = practice.send(envelope(&[B]), mail(B, "Diagnose\r\n")).unwrap();
    let outside = outer(&protected);
    assert!(!outside.contains("Befund") && !outside.contains("Diagnose"), "{outside}");
    let said = delivered(&protected);
    assert_eq!(protected.delivered(said).reply.code(), 250);
}

/// Spec: deltas Q20
#[test]
fn q20_a_token_of_the_client_goes_to_the_recipient_only_and_none_is_made() {
    let mut practice = Practice::default();
    let text = String::from_utf8(mail(B, "x").to_bytes().to_vec()).unwrap();
    let outside = send(&mut practice, format!("X-KIM-Auth: e30.e30.e30\r\n{text}"));
    assert!(practice.inner().contains("X-KIM-Auth: e30.e30.e30\r\n") && !outside.contains("X-KIM-Auth"));
    let outside = send(&mut practice, text);
    assert!(!practice.inner().contains("X-KIM-Auth") && !outside.contains("X-KIM-Auth"));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2299 (the document is text/plain; charset=utf-8); deltas Q23
#[test]
fn q23_what_is_not_utf_8_is_encoded_before_it_is_signed_and_what_is_stays_as_it_was() {
    let mut practice = Practice::default();
    practice.send(envelope(&[B]), mail(B, "grün\r\n")).unwrap();
    assert!(practice.inner().ends_with("\r\n\r\ngrün\r\n"));
    assert!(practice.inner().contains("\r\nContent-Transfer-Encoding: 8bit\r\n"));
    let latin_1 =
        format!("From: {SENDER}\r\nTo: {B}\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n");
    let latin_1 = Octets::from([latin_1.as_bytes(), b"gr\xfcn\r\n"].concat());
    practice.send(envelope(&[B]), latin_1).unwrap();
    let document = practice.signed.last().unwrap().document.to_bytes();
    assert!(std::str::from_utf8(&document).is_ok());
    assert!(practice.inner().ends_with("gr=FCn\r\n"), "{}", practice.inner());
    assert!(practice.inner().contains("Content-Type: text/plain; charset=iso-8859-1\r\n"));
}
