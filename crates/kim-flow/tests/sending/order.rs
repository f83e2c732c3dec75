//! What is looked at before what (S8).

use kim_fachdienst::Limits;
use kim_flow::Cause;
use kim_types::Octets;

use crate::practice::{Practice, envelope, mail, reply};

const X_KAS: &str = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: X-KAS; a=b\r\n\r\n{}\r\n--b--\r\n";

fn octets(mail: String) -> Octets {
    Octets::from(mail.into_bytes())
}

#[test]
fn a_mail_asks_for_limits_directory_card_signature_and_encryption_and_nothing_else() {
    let mut practice = Practice::default();
    let protected = practice.send_to(&["b@b.kim.telematik"]).unwrap();
    assert_eq!(practice.asked, ["Limits", "LookUp", "Cards", "PinStatus", "Sign", "Encrypt"]);
    assert!(protected.dropped().is_empty() && protected.shared_keys.is_empty());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22341
#[test]
fn an_x_kas_part_of_the_client_is_refused_before_anything_is_asked() {
    let mut practice = Practice::default();
    let mail = octets(format!("From: <nobody>\r\nTo: b@b.kim.telematik\r\n{X_KAS}"));
    assert!(reply(practice.send(envelope(&["b@b.kim.telematik"]), mail)).starts_with("451 4.6.0 "));
    assert!(practice.asked.is_empty(), "{:?}", practice.asked);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22341
#[test]
fn an_ordinary_attachment_is_no_x_kas_part() {
    let mut practice = Practice::default();
    let mail =
        octets(format!("From: <{}>\r\n{}", crate::practice::SENDER, X_KAS.replace("X-KAS", "attachment")));
    assert!(practice.send(envelope(&["b@b.kim.telematik"]), mail).is_ok());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19355
#[test]
fn a_mail_above_the_limit_is_refused_before_its_sender_is_looked_at() {
    let limits = Some(Limits { max_mail_size: 10, ..Limits::default() });
    let mut practice = Practice { limits, ..Practice::default() };
    let mail = octets("From: nobody\r\n\r\nText\r\n".to_owned());
    assert!(reply(practice.send(envelope(&["b@b.kim.telematik"]), mail)).starts_with("552 5.3.4 "));
    assert_eq!(practice.asked, ["Limits"]);
}

#[test]
fn a_mail_without_a_single_sender_is_refused() {
    for from in [
        "",
        "From: a@a.kim.telematik, b@b.kim.telematik\r\n",
        "From: nobody\r\n",
        "Sender:\r\nFrom: a@a.de\r\n",
    ] {
        let mut practice = Practice::default();
        let mail = octets(format!("{from}To: b@b.kim.telematik\r\n\r\nText\r\n"));
        assert!(
            reply(practice.send(envelope(&["b@b.kim.telematik"]), mail)).starts_with("554 5.6.0 "),
            "{from}"
        );
        assert_eq!(practice.asked, ["Limits"], "{from}");
    }
}

#[test]
fn a_header_that_no_program_reads_the_same_way_is_refused() {
    let mut practice = Practice::default();
    let result = practice.send(envelope(&["b@b.kim.telematik"]), octets("From: a\0b\r\n\r\n".to_owned()));
    assert!(matches!(&result, Err(refused) if matches!(refused.cause, Cause::Malformed(_))));
    assert!(reply(result).starts_with("554 5.6.0 "));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022; api-kim FAQ (553)
#[test]
fn q25_a_sender_without_valid_certificate_is_told_553_before_recipients_count() {
    let mut practice = Practice::default();
    practice.directory.get_mut(&practice.run.account.clone()).unwrap().certificates.clear();
    assert!(reply(practice.send_to(&["nobody@b.kim.telematik"])).starts_with("553 5.7.5 "));
    assert_eq!(practice.asked, ["Limits", "LookUp"]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022
#[test]
fn a_directory_that_does_not_answer_is_no_reason_to_drop_anybody() {
    let mut practice = Practice { directory_down: true, ..Practice::default() };
    assert!(reply(practice.send_to(&["b@b.kim.telematik"])).starts_with("451 4.4.3 "));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022 (sender, else from)
#[test]
fn the_sender_is_the_address_in_sender_else_in_from() {
    let mut practice = Practice::default();
    let text = String::from_utf8(mail("b@b.kim.telematik", "Text\r\n").to_bytes().to_vec()).unwrap();
    let mail = octets(format!("Sender: c@b.kim.telematik\r\n{text}"));
    practice.send(envelope(&["b@b.kim.telematik"]), mail).unwrap();
    let asked: Vec<String> = practice.looked_up[0].addresses.iter().map(ToString::to_string).collect();
    assert_eq!(asked, ["c@b.kim.telematik", "b@b.kim.telematik"]);
}
