//! A flow that nobody wants any more is dropped, at whatever question it is.

use std::collections::BTreeSet;

use kim_flow::send::{self, Step};
use kim_konnektor::{CertificateResult, PinStatus};
use kim_types::Address;

use crate::practice::{Practice, SENDER, address, card, ecc, envelope, fault, listing, mail, name};

/// A practice in which sending a mail needs every question there is.
fn troubled() -> Practice {
    let mut practice = Practice {
        cards: Ok(vec![card("one"), card("two")]),
        pin: Ok(PinStatus::Verifiable),
        sign_faults: [fault(4101)].into(),
        refused: [(ecc("1-M"), CertificateResult::Invalid)].into(),
        ..Practice::default()
    };
    practice.rules(|rules| rules.large_threshold = 500);
    practice.directory.insert(address("more@b.kim.telematik"), listing("1-M", "1.5+", [ecc("1-M")]));
    practice.directory.insert(address(SENDER), listing("1-A", "1.6", [ecc("1-A")]));
    practice
}

/// Drops the flow at its question number `at`; gives the name of the question.
fn dropped_at(at: usize) -> Option<(Practice, &'static str)> {
    let mut practice = troubled();
    let to = ["large@b.kim.telematik", "more@b.kim.telematik", "b@b.kim.telematik"];
    let mut step =
        send::start(practice.run.clone(), envelope(&to), mail(&to.join(", "), &"x\r\n".repeat(200)).into());
    for _ in 0..at {
        step = match step {
            Step::Call(call) => practice.answer(call),
            Step::Protected(_) | Step::Refused(_) => return None,
        };
    }
    match step {
        Step::Call(call) => {
            let name = name(&call);
            drop(call);
            Some((practice, name))
        }
        Step::Protected(_) | Step::Refused(_) => None,
    }
}

#[test]
fn a_flow_can_be_dropped_at_every_question_and_the_next_one_begins_anew() {
    let mut seen = BTreeSet::new();
    let mut at = 0;
    while let Some((mut practice, name)) = dropped_at(at) {
        seen.insert(name);
        at += 1;
        // What the driver removes when it drops a flow after an upload.
        assert!(practice.stored.len() <= 1, "{name}");
        practice.stored.clear();
        let protected = practice.send_to(&["b@b.kim.telematik"]).unwrap();
        let recipients: Vec<&Address> = protected.envelope.recipients.iter().map(|to| &to.address).collect();
        assert_eq!(recipients, [&address("b@b.kim.telematik")], "after {name}");
    }
    let all = [
        "CardCertificates",
        "Cards",
        "CheckCertificates",
        "Encrypt",
        "Limits",
        "LookUp",
        "NoticeDue",
        "PinStatus",
        "RemoveUpload",
        "Sign",
        "Upload",
        "VerifyPin",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), all, "after {at} questions");
}
