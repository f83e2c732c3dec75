//! Mails that go to the attachment service (S10, S13, K1 to K6).

use std::time::Duration;

use bytes::Bytes;
use kim_fachdienst::{KasReference, Limits};
use kim_flow::{Content, DropReason, Kept, Protected, Refused, UploadError};
use kim_konnektor::CertificateResult;
use kim_smime::{Header, HeaderLimits, Measure, RecipientEmails, header_differences};
use kim_types::{Delivery, Octets, Reply};

use crate::practice::{
    Practice, SENDER, address, delivered, delivery, ecc, envelope, fault, listing, mail, now, outer, reply,
    text,
};

const LARGE: &str = "large@b.kim.telematik";
const MORE: &str = "more@b.kim.telematik";
const SMALL: &str = "b@b.kim.telematik";

/// A practice for which everything above 1,000 octets is large, and a second recipient who takes such mails.
fn practice() -> Practice {
    let mut practice = Practice::default();
    practice.rules(|rules| rules.large_threshold = 1_000);
    practice.directory.insert(address(MORE), listing("1-M", "1.5+", [ecc("1-M")]));
    practice
}

fn large_mail(to: &[&str]) -> Octets {
    mail(&to.join(", "), &"Zeile\r\n".repeat(200))
}

fn send_large(practice: &mut Practice, to: &[&str]) -> Result<Box<Protected>, Refused> {
    practice.send(envelope(to), large_mail(to))
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19357, A_19363, A_19365, KOM-LE-A_2004
#[test]
fn a_large_mail_is_stored_whole_after_the_card_was_found_and_before_it_signs() {
    let mut practice = practice();
    let protected = send_large(&mut practice, &[LARGE, MORE]).unwrap();
    assert_eq!(practice.asked, ["Limits", "LookUp", "Cards", "PinStatus", "Upload", "Sign", "Encrypt"]);
    let [upload] = practice.uploads.as_slice() else { panic!("{:?}", practice.uploads) };
    assert_eq!(upload.recipients, [LARGE, MORE].map(address));
    assert_eq!(upload.message_id, "<1@pvs.example>");
    assert_eq!(upload.expires, now() + Duration::from_secs(90 * 86_400));
    let stored = String::from_utf8(upload.mail.clone().whole().unwrap().to_bytes().to_vec()).unwrap();
    assert!(stored.starts_with("From: Dr. Anna A ") && stored.ends_with(&"Zeile\r\n".repeat(200)));
    assert!(stored.contains("\r\nX-KIM-Dienstkennung: KIM-Mail;Default;V1.0\r\n"), "with the final header");
    let said = delivered(&protected);
    let conclusion = protected.delivered(said);
    assert!(conclusion.orphan.is_none() && practice.stored.len() == 1, "it is there for the recipients");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07, A_19364, A_19365, A_23467; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2100-02; deltas Q5, Q6
#[test]
fn q05_q06_what_is_signed_is_a_small_mail_with_hash_and_sizes_of_the_plain_one_and_the_outer_header_has_both_sizes()
 {
    let mut practice = practice();
    let protected = send_large(&mut practice, &[LARGE]).unwrap();
    let inner = practice.inner();
    let (header, body) = inner.split_once("\r\n\r\n").unwrap();
    assert!(
        header.ends_with("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: x-kas"),
        "{header}"
    );
    assert!(header.starts_with(
        "From: Dr. Anna A <Praxis@a.kim.telematik>\r\nTo: large@b.kim.telematik\r\nSubject: Befund\r\n"
    ));
    assert!(header.contains("\r\nMIME-Version: 1.0\r\n") && !header.contains("Content-Transfer-Encoding"));
    let reference = KasReference::parse(body.as_bytes()).unwrap();
    let size = practice.uploads[0].mail.len();
    assert_eq!((reference.link.as_str(), reference.size), ("https://kas.a.kim.telematik/attachment/0", size));
    assert!(
        body.contains("\"hash\":\"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\"")
            && body.contains(&format!("\"size\":{size}}}"))
    );
    let outside = outer(&protected);
    assert!(outside.contains("\r\nX-KOM-LE-Version: 1.5\r\n"));
    assert!(outside.contains(&format!("\r\nX-KIM-KAS-Size: {size}\r\nX-KIM-KAS-EncSize: {}\r\n", size + 28)));
    assert!(!outside.contains("kas.a.kim.telematik"));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2004, A_19357
#[test]
fn q04_the_decoded_size_decides() {
    for encoding in ["7bit", "quoted-printable", "base64"] {
        let encoded = |octets: usize| match encoding {
            "7bit" => "a".repeat(octets),
            "quoted-printable" => "=61".repeat(octets),
            _ => format!("{}{}", "YWFh".repeat(octets / 3), ["", "YQ==", "YWE="][octets % 3]),
        };
        let header =
            format!("From: {SENDER}\r\nTo: {LARGE}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
        for (decoded, stored) in [(1_999, false), (2_000, false), (2_001, true)] {
            let mut practice = practice();
            practice.rules(|rules| rules.large_threshold = 2_000);
            let mail = format!("{header}{}", encoded(decoded - header.len()));
            practice.send(envelope(&[LARGE]), Octets::from(mail.into_bytes())).unwrap();
            assert_eq!(practice.uploads.len(), usize::from(stored), "{encoding} {decoded}");
        }
    }
}

/// Spec: gemSpec_Kon 5.18.0 (document limit)
#[test]
fn q04_what_would_be_larger_than_a_konnektor_takes_once_it_is_signed_is_stored_too() {
    let limit = 200 * 1024;
    for (octets, stored) in [(100 * 1024, false), (limit - 2_000, true), (limit + 1, true)] {
        let mut practice = Practice::default();
        practice.rules(|rules| rules.konnektor_limit = limit as u64);
        let body = "Zeile mit sechzig Zeichen und etwas mehr als nichts darin\r\n".repeat(octets / 58);
        practice.send(envelope(&[LARGE]), mail(LARGE, &body)).unwrap();
        assert_eq!(practice.uploads.len(), usize::from(stored), "{octets}");
        assert_eq!((practice.signed.len(), practice.encrypted.len()), (1, 1), "nothing is signed in vain");
        for document in [&practice.signed[0].document, &practice.encrypted[0].document] {
            assert!(document.len() <= limit, "{octets}");
        }
    }
    let mut practice = Practice::default();
    practice.rules(|rules| rules.konnektor_limit = 1_000);
    assert!(reply(practice.send(envelope(&[LARGE]), mail(LARGE, "x"))).starts_with("552 5.3.4 "));
    assert!(practice.signed.is_empty() && practice.stored.is_empty());
}

/// Spec: deltas Q23
#[test]
fn q23_a_mail_that_grows_beyond_what_a_konnektor_takes_when_it_is_made_utf_8_is_stored_as_it_is() {
    let mut practice = Practice::default();
    practice.rules(|rules| rules.konnektor_limit = 60 * 1024);
    let header =
        format!("From: {SENDER}\r\nTo: {LARGE}\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n");
    let body = b"\xe4\xf6\xfc\xe4\xf6\xfc\r\n".repeat(4_000);
    practice.send(envelope(&[LARGE]), Octets::from([header.as_bytes(), &body].concat())).unwrap();
    let stored = practice.uploads[0].mail.clone().whole().unwrap().to_bytes();
    assert!(stored.ends_with(&body));
}

#[test]
fn what_the_driver_keeps_is_stored_as_a_range_behind_the_final_header() {
    let mail = String::from_utf8(mail(LARGE, "Inhalt\r\n").to_bytes().to_vec()).unwrap();
    let mail = format!("X-KIM-Fehlermeldung: 4001\r\n{mail}");
    let end = mail.find("\r\n\r\n").unwrap() + 4;
    let mut measure = Measure::new();
    measure.push(mail.as_bytes());
    for head in [end, end + 3] {
        let head = Octets::from(mail.as_bytes()[..head].to_vec());
        let kept = Content::Kept(Kept { head, measure: measure.clone() });
        let mut practice = practice();
        let protected = practice.send(envelope(&[LARGE]), kept).unwrap();
        let stored = &practice.uploads[0].mail;
        assert_eq!(stored.kept, end as u64..mail.len() as u64);
        let head = String::from_utf8(stored.head.to_bytes().to_vec()).unwrap();
        assert!(head.starts_with("From: ") && head.ends_with("\r\n\r\n") && stored.tail.is_empty(), "{head}");
        assert!(outer(&protected).contains("\r\nX-KOM-LE-Version: 1.5\r\n"));
    }
    let cut = Content::Kept(Kept { head: Octets::from(mail.as_bytes()[..50].to_vec()), measure });
    assert!(
        reply(practice().send(envelope(&[LARGE]), cut)).starts_with("554 5.6.0 "),
        "a header that is cut off is none"
    );
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19356
#[test]
fn who_does_not_take_large_mails_is_left_out_with_4001() {
    let mut practice = practice();
    let protected =
        send_large(&mut practice, &[SMALL, LARGE, "c@b.kim.telematik", "nobody@b.kim.telematik"]).unwrap();
    assert_eq!(practice.uploads[0].recipients, [address(LARGE)]);
    assert_eq!(protected.envelope.recipients.len(), 1);
    let reasons: Vec<_> = protected.dropped().iter().map(|dropped| dropped.reason.clone()).collect();
    assert_eq!(reasons, [DropReason::Version, DropReason::Version, DropReason::NoCertificate]);
    let said = delivered(&protected);
    let report = text(&protected.delivered(said).report.unwrap());
    assert!(report.contains("X-KIM-Fehlermeldung: 4001\r\nX-KIM-Fehlermeldung: 4004\r\n"), "{report}");
    assert!(
        report.contains("Final-Recipient: rfc822; b@b.kim.telematik\r\nAction: failed\r\nStatus: 5.2.3\r\n")
    );
    let text = reply(send_large(&mut practice, &[SMALL]));
    assert!(
        text.starts_with("451 4.7.5 Die Nachricht ist groesser als 15 MiB") && text.contains(SMALL),
        "{text}"
    );
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19356, A_22340
#[test]
fn q11_a_version_from_the_cache_is_asked_for_again_before_anybody_is_dropped() {
    let mut practice = practice();
    practice.cached.insert(address(LARGE), listing("1-L", "1.5", [ecc("1-L")]));
    let protected = send_large(&mut practice, &[LARGE, MORE]).unwrap();
    assert!(protected.dropped().is_empty());
    assert_eq!(practice.looked_up.len(), 2);
    assert_eq!(
        (&practice.looked_up[1].addresses, practice.looked_up[1].cache),
        (&vec![address(LARGE)], false)
    );
    // Asked once; what the directory says then counts.
    let protected = send_large(&mut practice, &[SMALL, MORE]).unwrap();
    assert_eq!((protected.dropped().len(), practice.looked_up.len()), (1, 4));
    practice.directory_down = true;
    practice
        .cached
        .extend([SENDER, SMALL, MORE].map(|to| (address(to), practice.directory[&address(to)].clone())));
    assert!(
        reply(send_large(&mut practice, &[SMALL, MORE])).starts_with("451 4.4.3 "),
        "nobody is dropped unasked"
    );
}

#[test]
fn a_small_mail_goes_to_everybody_whatever_the_version() {
    let mut practice = practice();
    let protected = practice.send_to(&[SMALL, LARGE, "c@b.kim.telematik"]).unwrap();
    assert!(protected.dropped().is_empty() && practice.uploads.is_empty());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19363, A_22419
#[test]
fn a_full_storage_is_521_and_any_other_failure_451() {
    for (error, start) in [(UploadError::Full, "521 5.2.2 "), (UploadError::Failed, "451 4.4.0 ")] {
        let mut practice = practice();
        practice.upload_faults = [error].into();
        assert!(reply(send_large(&mut practice, &[LARGE])).starts_with(start));
        assert!(practice.signed.is_empty() && practice.stored.is_empty());
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19355; deltas Q13
#[test]
fn q13_what_the_account_does_not_allow_is_not_stored() {
    let mut practice = practice();
    practice.limits = Some(Limits { max_mail_size: 1_200, ..Limits::default() });
    assert!(reply(send_large(&mut practice, &[LARGE])).starts_with("552 5.3.4 "));
    assert!(practice.uploads.is_empty());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19363, A_19365 (delete what was uploaded when sending fails)
#[test]
fn every_later_failure_removes_what_was_stored() {
    let faults: [fn(&mut Practice); 4] = [
        |practice| practice.sign_faults = [fault(4123)].into(),
        |practice| practice.sign_faults = [fault(4085), fault(4085)].into(),
        |practice| practice.encrypt_faults = [fault(4001)].into(),
        |practice| practice.refused = [(ecc("1-A"), CertificateResult::Invalid)].into(),
    ];
    for cause in faults {
        let mut practice = practice();
        cause(&mut practice);
        send_large(&mut practice, &[LARGE, MORE]).unwrap_err();
        assert!(practice.stored.is_empty() && practice.uploads.len() == 1);
        assert_eq!(practice.asked.last(), Some(&"RemoveUpload"));
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19363; flows L2
#[test]
fn a_link_that_nobody_would_follow_is_not_signed_and_no_password_goes_there() {
    for kas in ["https://kas.example.com", "http://kas.a.kim.telematik", "https://u@kas.a.kim.telematik", ""]
    {
        let mut practice = Practice { kas, ..practice() };
        assert!(reply(send_large(&mut practice, &[LARGE])).starts_with("451 4.4.0 "), "{kas}");
        assert!(practice.signed.is_empty() && !practice.asked.contains(&"RemoveUpload"), "{kas}");
    }
}

/// Spec: none — own rule: what a message can name
#[test]
fn too_many_recipients_are_told_before_anything_is_uploaded() {
    for (count, wanted) in
        [(RecipientEmails::MAX_ENTRIES, "554 5.5.3 "), (RecipientEmails::MAX_ENTRIES - 1, "451 4.7.5 ")]
    {
        let mut practice = Practice { cards: Ok(Vec::new()), ..practice() };
        let all: Vec<String> = (0..count).map(|at| format!("r{at}@b.kim.telematik")).collect();
        let listing = listing("1-M", "1.5+", [ecc("1-M")]);
        practice.directory.extend(all.iter().map(|one| (address(one), listing.clone())));
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        // The sender comes on top, unless he is among them.
        let refused = practice.send(envelope(&all), large_mail(&[LARGE]));
        assert_eq!(practice.asked.contains(&"Cards"), wanted.starts_with("451"));
        assert!(practice.uploads.is_empty());
        assert!(reply(refused).starts_with(wanted), "{count}");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19365; deltas Q8
#[test]
fn q08_when_the_mta_refuses_what_was_stored_is_left_to_be_removed() {
    let refuse_all = |protected: &Protected| {
        delivery(protected, |_| Some(Reply::new(550, "5.1.1 nein")), Reply::new(250, ""))
    };
    let refuse_message =
        |protected: &Protected| delivery(protected, |_| None, Reply::new(451, "4.3.0 spaeter"));
    for (refuse, code) in [(&refuse_all as &dyn Fn(&Protected) -> _, 550), (&refuse_message, 451)] {
        let mut practice = practice();
        let protected = send_large(&mut practice, &[LARGE]).unwrap();
        let said = refuse(&protected);
        let conclusion = protected.delivered(said);
        assert_eq!(conclusion.reply.code(), code);
        assert!(practice.stored.contains(&conclusion.orphan.unwrap().0));
    }
    let mut practice = practice();
    let protected = send_large(&mut practice, &[LARGE]).unwrap();
    assert!(practice.stored.contains(&protected.abandoned().unwrap().0), "the client went away");
    assert!(practice.send_to(&[SMALL]).unwrap().abandoned().is_none());
}

/// Spec: gemSMIME_KOMLE 1.7.0 (integrity of the header)
#[test]
fn names_in_latin_1_are_the_same_in_what_is_stored_and_in_what_is_signed() {
    let mut practice = practice();
    let mut raw =
        format!("From: M\u{1}ller <{SENDER}>\r\nTo: Gr\u{1}n <{LARGE}>\r\nSubject: x\r\n\r\n").into_bytes();
    raw.iter_mut().filter(|octet| **octet == 1).for_each(|octet| *octet = 0xfc);
    raw.extend(b"Zeile\r\n".repeat(200));
    practice.send(envelope(&[LARGE]), Octets::from(raw)).unwrap();
    let stored = practice.uploads[0].mail.clone().whole().unwrap().to_bytes();
    let (stored, _) = Header::split(&stored, &HeaderLimits::default()).unwrap();
    let signed = Bytes::from(practice.inner());
    let (signed, _) = Header::split(&signed, &HeaderLimits::default()).unwrap();
    assert_eq!(header_differences(&signed, &stored).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(stored.first("From").unwrap().text(), format!("Müller <{SENDER}>"));
}

/// Spec: none — own rule: what an MTA may have, somebody may come for
#[test]
fn while_it_is_in_doubt_whether_the_mta_has_the_message_what_was_stored_stays() {
    let mut practice = practice();
    let protected = send_large(&mut practice, &[LARGE]).unwrap();
    let said = Delivery { in_doubt: true, ..delivery(&protected, |_| None, Reply::new(451, "4.4.2 weg")) };
    let conclusion = protected.delivered(said);
    assert_eq!(conclusion.reply.code(), 451);
    assert!(conclusion.orphan.is_none() && practice.stored.len() == 1);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2026, A_19363
#[test]
fn other_recipients_mean_that_the_mail_is_stored_anew_for_them() {
    let mut practice = practice();
    practice.refused = [(ecc("1-M"), CertificateResult::Invalid)].into();
    let protected = send_large(&mut practice, &[LARGE, MORE]).unwrap();
    assert_eq!(protected.dropped()[0].reason, DropReason::NoCertificate);
    let [first, second] = practice.uploads.as_slice() else { panic!("{:?}", practice.uploads) };
    assert_eq!((first.recipients.len(), &second.recipients), (2, &vec![address(LARGE)]));
    let head = String::from_utf8(second.mail.head.to_bytes().to_vec()).unwrap();
    assert!(!head.contains(MORE), "{head}");
    assert_eq!(practice.stored.iter().collect::<Vec<_>>(), ["https://kas.a.kim.telematik/attachment/1"]);
    assert!(practice.inner().contains("attachment/1"));
}

#[test]
fn another_certificate_of_the_same_recipients_does_not() {
    let mut practice = practice();
    practice.cached.insert(address(MORE), listing("1-M", "1.5+", [ecc("1-N")]));
    practice.directory.insert(address(MORE), listing("1-M", "1.5+", [ecc("1-M")]));
    practice.refused = [(ecc("1-N"), CertificateResult::Invalid)].into();
    send_large(&mut practice, &[LARGE, MORE]).unwrap();
    assert_eq!((practice.uploads.len(), practice.signed.len(), practice.stored.len()), (1, 2, 1));
}
