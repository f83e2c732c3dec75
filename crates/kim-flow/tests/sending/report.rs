//! The report to the sender about those who did not get the mail.

use kim_types::{Pii, Recipient, Reply, Ret};

use crate::practice::{Practice, SENDER, address, delivered, delivery, ecc, envelope, listing, mail, text};

const GOOD: &str = "b@b.kim.telematik";
const NOBODY: &str = "nobody@b.kim.telematik";
const REFUSED: &str = "c@b.kim.telematik";

/// The MTA does not know one address.
fn refuse(address: &kim_types::Address) -> Option<Reply> {
    (address.as_str() == REFUSED)
        .then(|| Reply::received(b"550-5.1.1 unbekannt\r\n550 5.1.1 \x1bhier\r\n".to_vec()).expect("a reply"))
}

fn ok() -> Reply {
    Reply::new(250, "2.0.0 queued")
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_20650 (4003, 4004, 4005, X10), KOM-LE-A_2024, KOM-LE-A_2176-01, KOM-LE-A_2192
#[test]
fn one_report_names_everybody_who_was_left_out_with_codes_and_reasons() {
    let mut practice = Practice::default();
    let two = "two@b.kim.telematik";
    practice.directory.insert(address(two), listing("1-X", "1.5", [ecc("1-X"), ecc("1-Y")]));
    let protected = practice.send_to(&[REFUSED, NOBODY, GOOD, two]).unwrap();
    let conclusion = {
        let said = delivery(&protected, refuse, ok());
        protected.delivered(said)
    };
    assert_eq!(conclusion.reply, ok());
    let report = conclusion.report.unwrap();
    let (header, body) = (text(&report), text(&report));
    let header = header.split("\r\n\r\n").next().unwrap();
    assert_eq!(
        header,
        "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\nFrom: Praxis@a.kim.telematik\r\nTo: Praxis@a.kim.telematik\r\n\
         Subject: KIM: Unzustellbar\r\nMessage-ID: <report.abababababababababababababababab@a.kim.telematik>\r\n\
         Auto-Submitted: auto-generated\r\nX-KIM-Fehlermeldung: 4004\r\nX-KIM-Fehlermeldung: 4005\r\n\
         X-KIM-Fehlermeldung: X10\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n \
         boundary=\"report-abababababababababababababababab\""
    );
    let parts: Vec<&str> = body.split("--report-abababababababababababababababab").collect();
    let [_, person, program, shown, end] = parts.as_slice() else { panic!("{body}") };
    assert_eq!(*end, "--\r\n");
    assert!(person.starts_with("\r\nContent-Type: text/plain; charset=\"utf-8\"\r\n"), "{person}");
    assert!(person.contains("Content-Transfer-Encoding: quoted-printable\r\n"), "{person}");
    let person = person.replace("=\r\n", "").replace("=C3=BC", "ü").replace("=C3=A4", "ä");
    for expected in [
        "Die Nachricht wurde nur an einen Teil der Empfänger versendet. Für folgende Empfänger wurden keine gültigen \
         Verschlüsselungszertifikate gefunden:\r\n  nobody@b.kim.telematik\r\n",
        "existieren mehrere Verschlüsselungszertifikate mit unterschiedlichen Telematik-IDs:\r\n  two@b.kim.telematik\r\n",
        "Der Mailserver hat folgende Empfänger abgelehnt:\r\n  c@b.kim.telematik: 550 5.1.1 unbekannt 5.1.1 ?hier\r\n",
    ] {
        assert!(person.contains(expected), "{person}");
    }
    assert_eq!(
        *program,
        "\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a.kim.telematik\r\n\r\n\
         Final-Recipient: rfc822; nobody@b.kim.telematik\r\nAction: failed\r\nStatus: 5.7.5\r\n\r\n\
         Final-Recipient: rfc822; two@b.kim.telematik\r\nAction: failed\r\nStatus: 5.7.5\r\n\r\n\
         Final-Recipient: rfc822; c@b.kim.telematik\r\nAction: failed\r\nStatus: 5.3.0\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 unbekannt 5.1.1 ?hier\r\n\r\n"
    );
    assert_eq!(
        *shown,
        "\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <1@pvs.example>\r\n\
         Date: Fri, 15 Jan 2027 09:00:00 +0100\r\nSubject: KOM-LE-Nachricht\r\n\r\n"
    );
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2024; deltas Q24
#[test]
fn q24_a_report_goes_from_the_user_to_the_user_and_is_never_reported_about() {
    let mut practice = Practice::default();
    let protected = practice.send_to(&[GOOD, NOBODY]).unwrap();
    let said = delivered(&protected);
    let envelope = protected.delivered(said).report.unwrap().envelope;
    assert_eq!((envelope.sender, envelope.ret, envelope.envid), (address(SENDER), None, None));
    let [only] = envelope.recipients.as_slice() else { panic!("{:?}", envelope.recipients) };
    assert_eq!((&only.address, only.notify.as_deref()), (&address(SENDER), Some("NEVER")));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2024; deltas Q24
#[test]
fn q24_a_report_has_no_word_of_the_mail() {
    for ret in [None, Some(Ret::Full), Some(Ret::Headers)] {
        let mut practice = Practice::default();
        let envelope = kim_types::Envelope { ret, ..envelope(&[GOOD, NOBODY]) };
        let protected = practice.send(envelope, mail(GOOD, "Diagnose\r\n")).unwrap();
        assert_eq!(protected.envelope.ret, ret, "the MTA is told");
        let said = delivered(&protected);
        let report = text(&protected.delivered(said).report.unwrap());
        for word in ["Befund", "Diagnose", "Anna", GOOD, "X-KOM-LE-Version"] {
            assert!(!report.contains(word), "{word}: {report}");
        }
    }
}

fn wishing(notify: &str, orcpt: &str) -> Recipient {
    let orcpt = (!orcpt.is_empty()).then(|| Pii(orcpt.to_owned()));
    Recipient { notify: Some(notify.to_owned()), orcpt, ..Recipient::new(address(NOBODY)) }
}

fn report_about(recipient: Recipient, envid: Option<&str>) -> Option<String> {
    let mut practice = Practice::default();
    let mut envelope = envelope(&[GOOD]);
    envelope.recipients.push(recipient);
    envelope.envid = envid.map(|envid| Pii(envid.to_owned()));
    let protected = practice.send(envelope, mail(GOOD, "Text\r\n")).unwrap();
    let said = delivered(&protected);
    protected.delivered(said).report.as_ref().map(text)
}

/// Spec: RFC 3461 §4.1
#[test]
fn who_said_never_is_not_named() {
    assert_eq!(report_about(wishing("NEVER", ""), None), None);
    assert_eq!(report_about(wishing("never", ""), None), None);
    for notify in ["FAILURE", "SUCCESS,DELAY"] {
        assert!(report_about(wishing(notify, ""), None).unwrap().contains(NOBODY), "{notify}");
    }
    let mut practice = Practice::default();
    let mut envelope = envelope(&[GOOD, "other@b.kim.telematik"]);
    envelope.recipients.push(wishing("NEVER", ""));
    let refused = Recipient { notify: Some("NEVER".into()), ..Recipient::new(address(REFUSED)) };
    envelope.recipients.push(refused);
    let protected = practice.send(envelope, mail(GOOD, "Text\r\n")).unwrap();
    let said = delivery(&protected, refuse, ok());
    let report = text(&protected.delivered(said).report.unwrap());
    assert!(report.contains("other@b.kim.telematik") && !report.contains(NOBODY), "{report}");
    assert!(!report.contains(REFUSED) && !report.contains("X10"), "{report}");
}

/// Spec: RFC 3461 §4.2, §4.4; RFC 3464 §2.2.1, §2.3.1
#[test]
fn the_original_recipient_and_the_id_of_the_envelope_come_back_decoded() {
    let report =
        report_about(wishing("FAILURE", "rfc822;old+2Bname@b.kim.telematik"), Some("QQ+3D1")).unwrap();
    assert!(report.contains("\r\nOriginal-Envelope-Id: QQ=1\r\n"), "{report}");
    let fields = "Original-Recipient: rfc822; old+name@b.kim.telematik\r\nFinal-Recipient: rfc822; nobody@b.kim.telematik\r\n";
    assert!(report.contains(fields), "{report}");
}

/// Spec: RFC 3461 §4
#[test]
fn no_parameter_becomes_a_field_of_the_report() {
    let report =
        report_about(wishing("FAILURE", "rfc822;a+0D+0AX-Evil: 1"), Some("a+0D+0A+0D+0AX-Evil: 2")).unwrap();
    assert!(!report.contains("\nX-Evil"), "{report}");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019; deltas Q8
#[test]
fn q08_the_reply_of_an_mta_that_takes_nothing_is_all_the_client_gets() {
    let mut practice = Practice::default();
    let protected = practice.send_to(&[REFUSED, NOBODY]).unwrap();
    let said = delivery(&protected, refuse, ok());
    let conclusion = protected.delivered(said);
    assert_eq!(conclusion.reply.wire(), b"550-5.1.1 unbekannt\r\n550 5.1.1 \x1bhier\r\n");
    assert!(conclusion.report.is_none() && conclusion.orphan.is_none());

    let protected = practice.send_to(&[GOOD, NOBODY]).unwrap();
    let said = delivery(&protected, |_| None, Reply::new(554, "5.7.1 nein"));
    let conclusion = protected.delivered(said);
    assert_eq!((conclusion.reply.code(), conclusion.report.is_none()), (554, true));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_20650; deltas Q12
#[test]
fn q12_codes_are_those_of_the_table_and_vendor_codes_begin_with_x() {
    use kim_flow::DropReason::{NoCertificate, NoOwner, Refused, SeveralOwners, Version};
    let all = [Version, NoOwner, NoCertificate, SeveralOwners, Refused(ok())];
    assert_eq!(all.map(|reason| reason.code()), ["4001", "4003", "4004", "4005", "X10"]);
}

#[test]
fn nobody_left_out_is_nothing_to_report() {
    let mut practice = Practice::default();
    let protected = practice.send_to(&[GOOD]).unwrap();
    let said = delivered(&protected);
    let conclusion = protected.delivered(said);
    assert!(conclusion.report.is_none() && conclusion.orphan.is_none());
}
