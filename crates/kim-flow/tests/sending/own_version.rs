//! The version of the module and that in the directory (S8f).
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, A_21387

use kim_flow::Notice;
use kim_types::Reply;
use kim_vzd::KimVersion;

use crate::practice::{Practice, SENDER, address, delivered, delivery, ecc, listing, text};

const B: &str = "b@b.kim.telematik";

fn entered(version: &str) -> Practice {
    let mut practice = Practice::default();
    practice.directory.insert(address(SENDER), listing("1-A", version, [ecc("1-A")]));
    practice
}

#[test]
fn an_old_module_sends_and_tells_its_user_4017() {
    let mut practice = entered("1.6+");
    let protected = practice.send_to(&[B]).unwrap();
    assert_eq!(practice.asked.last(), Some(&"NoticeDue"));
    assert_eq!(protected.upgrade, None);
    let said = delivered(&protected);
    let conclusion = protected.delivered(said);
    assert_eq!((conclusion.reply.code(), conclusion.untold), (250, None));
    let report = text(&conclusion.report.unwrap());
    assert!(report.contains("X-KIM-Fehlermeldung: 4017\r\n"), "{report}");
    assert!(report.contains("Subject: KIM: Hinweis zum Clientmodul\r\n"), "{report}");
    let notice =
        "Die verwendete Version des Clientmoduls ist veraltet. Bitte aktualisieren Sie das Clientmodul.";
    assert!(report.replace("=\r\n", "").contains(notice), "{report}");
    let status = "Final-Recipient: rfc822; Praxis@a.kim.telematik\r\nAction: relayed\r\nStatus: 2.0.0\r\n";
    assert!(report.contains(status) && !report.contains("failed"), "{report}");
}

#[test]
fn it_does_so_once_a_day() {
    let mut practice = Practice { notice_due: false, ..entered("1.6") };
    let protected = practice.send_to(&[B]).unwrap();
    let said = delivered(&protected);
    assert!(protected.delivered(said).report.is_none());
}

#[test]
fn the_notice_goes_with_the_report_about_others_and_waits_when_the_mta_refuses() {
    let mut practice = entered("2.0");
    let protected = practice.send_to(&[B, "nobody@b.kim.telematik"]).unwrap();
    let said = delivered(&protected);
    let report = text(&protected.delivered(said).report.unwrap());
    assert!(report.contains("X-KIM-Fehlermeldung: 4004\r\nX-KIM-Fehlermeldung: 4017\r\n"), "{report}");
    assert!(report.contains("Subject: KIM: Unzustellbar\r\n") && !report.contains("relayed"), "{report}");

    let protected = practice.send_to(&[B, "nobody@b.kim.telematik"]).unwrap();
    let said = delivery(&protected, |_| None, Reply::new(554, "5.7.1 nein"));
    let conclusion = protected.delivered(said);
    assert!(conclusion.report.is_none(), "nothing was relayed");
    assert_eq!(conclusion.untold, Some(Notice::Outdated), "due again");
}

#[test]
fn a_new_module_has_the_directory_updated_and_the_plus_stays() {
    for (entry, upgrade) in [("1.0", Some("1.5")), ("1.0+", Some("1.5+")), ("1.5", None), ("1.5+", None)] {
        let mut practice = entered(entry);
        let protected = practice.send_to(&[B]).unwrap();
        assert_eq!(protected.upgrade.map(|version| version.to_string()).as_deref(), upgrade, "{entry}");
        assert!(!practice.asked.contains(&"NoticeDue"), "{entry}");
    }
}

#[test]
fn versions_are_compared_as_versions() {
    let mut practice = entered("1.10");
    practice.rules(|rules| rules.kim_version = "1.9".parse::<KimVersion>().unwrap());
    let protected = practice.send_to(&[B]).unwrap();
    assert_eq!((protected.upgrade, practice.asked.last()), (None, Some(&"NoticeDue")));
}

/// Nothing can be set for an account whose password is not known.
#[test]
fn the_version_of_another_sender_is_not_compared() {
    let mut practice = entered("1.0");
    practice.run.account = address("other@a.kim.telematik");
    assert_eq!(practice.send_to(&[B]).unwrap().upgrade, None);
}
