//! Whatever is answered, a flow ends with something to read; wherever it is dropped, nothing is left.

use std::sync::LazyLock;

use bytes::Bytes;
use kim_flow::receive::{Outcome, Step};
use kim_flow::{Call, Content, DownloadError, LookUpError, receive};
use kim_konnektor::{Error, HighLevelResult, PinResult, PinStatus};
use proptest::prelude::*;

use crate::desk::{Desk, Seen, fault, refuse, silence, verification};
use crate::letter::{A, Letter};

/// Messages that between them lead to every question.
static SCENARIOS: LazyLock<[(&str, Bytes); 3]> = LazyLock::new(|| {
    let zeros = "A".repeat(43) + "=";
    let link = "https://kas.elefant.kim.telematik/1";
    let mut large =
        Letter::kas(&format!(r#"{{"link":"{link}","k":"{zeros}","hash":"{zeros}","size":99999999}}"#));
    let pointing = large.message();
    large.more_outer = "X-KIM-KAS-Size: 99999999\r\n".to_owned();
    [("mail", Letter::new().message()), ("large mail", large.message()), ("without field", pointing)]
});

fn desk() -> Desk {
    let data = format!("{}\r\nbody", Letter::new().inner).into_bytes().into();
    Desk { cards: vec!["A", "B"], data, ..Desk::new() }
}

/// What one call may be answered instead of the usual.
#[derive(Debug, Clone)]
enum Bad {
    Konnektor(Error),
    Pin(PinStatus, PinResult),
    Signature(HighLevelResult),
    Garbage,
    Directory,
    Data(DownloadError),
}

fn bad_answers() -> Vec<Bad> {
    let codes = [4001, 4004, 4085, 4101, 4105, 4106, 4107, 4115, 4049, 4264, 99_999]
        .map(|code| Bad::Konnektor(fault(code)));
    let data = [
        DownloadError::TooOften,
        DownloadError::Gone,
        DownloadError::TooLarge,
        DownloadError::Failed,
        DownloadError::Decryption,
        DownloadError::Hash,
    ];
    codes
        .into_iter()
        .chain([Bad::Konnektor(silence()), Bad::Garbage, Bad::Directory])
        .chain([
            Bad::Pin(PinStatus::Blocked, PinResult::NowBlocked),
            Bad::Pin(PinStatus::Verifiable, PinResult::Ok),
        ])
        .chain([Bad::Signature(HighLevelResult::Inconclusive), Bad::Signature(HighLevelResult::Invalid)])
        .chain(data.map(Bad::Data))
        .collect()
}

/// Answers badly where that fits the call; gives it back otherwise.
fn answer(call: Call<Step>, bad: &Bad) -> Result<Step, Call<Step>> {
    match (call, bad) {
        (call, Bad::Konnektor(error)) => refuse(call, error),
        (Call::PinStatus(ask), Bad::Pin(status, _)) => Ok(ask.answer(Ok(*status))),
        (Call::VerifyPin(ask), Bad::Pin(_, result)) => Ok(ask.answer(Ok(*result))),
        (Call::Verify(ask), Bad::Signature(result)) => Ok(ask.answer(Ok(verification(*result)))),
        (Call::LookUp(ask), Bad::Directory) => Ok(ask.answer(vec![Err(LookUpError::Unavailable)])),
        (Call::LookUp(ask), Bad::Garbage) => Ok(ask.answer(Vec::new())),
        (Call::Cards(ask), Bad::Garbage) => Ok(ask.answer(Ok(Vec::new()))),
        (Call::CardCertificates(ask), Bad::Garbage) => Ok(ask.answer(Ok(vec!["no certificate".into()]))),
        (Call::Decrypt(ask), Bad::Garbage) => Ok(ask.answer(Ok("no entity".into()))),
        (Call::Download(ask), Bad::Data(error)) => Ok(ask.answer(Err(*error))),
        (call, _) => Err(call),
    }
}

/// There is something to read: the mail, or what was received.
fn is_readable(seen: &Seen, message: &Bytes, what: &str) {
    assert!(!seen.mail.is_empty(), "{what}");
    match &seen.outcome {
        Outcome::Opened(verdict) => assert!(!verdict.integrity.is_empty(), "{what}"),
        Outcome::Substituted(trouble) => {
            assert_eq!(seen.values("X-KIM-Fehlermeldung").len(), 1, "{what}: {trouble:?}");
            let decrypted = seen.values("X-KIM-DecryptionResult") == ["00"];
            assert!(decrypted || seen.contains(message), "{what}: {trouble:?}: the message is lost");
        }
        other => panic!("{what}: {other:?}"),
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042 to KOM-LE-A_2047 (no message ends a session)
#[test]
fn whatever_one_call_is_answered_there_is_something_to_read() {
    for (name, message) in &*SCENARIOS {
        let calls = desk().open(message).calls;
        for (at, call) in calls.iter().enumerate() {
            for bad in bad_answers() {
                let mut count = 0;
                let seen = desk().open_with(message, |call| {
                    count += 1;
                    if count == at + 1 { answer(call, &bad) } else { Err(call) }
                });
                is_readable(&seen, message, &format!("{name}, {call}: {bad:?}"));
            }
        }
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042 to KOM-LE-A_2047 (no message ends a session)
#[test]
fn whatever_all_calls_of_a_kind_are_answered_there_is_something_to_read() {
    for (name, message) in &*SCENARIOS {
        for bad in bad_answers() {
            let seen = desk().open_with(message, |call| answer(call, &bad));
            is_readable(&seen, message, &format!("{name}: {bad:?}"));
        }
    }
}

/// A flow that is dropped holds nothing of the message any more, wherever it was.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2005
#[test]
fn a_flow_can_be_dropped_at_every_question() {
    let desk = desk();
    for (name, message) in &*SCENARIOS {
        let calls = desk.open(message).calls;
        assert!(calls.len() > 5, "{name}");
        for at in 0..calls.len() {
            // A copy of its own, so that it can be seen who else has it.
            let own = Bytes::from(message.to_vec());
            let mut step = receive::start(desk.run(), Content::Whole(own.clone().into()));
            for expected in calls.get(..at).unwrap() {
                step = match step {
                    Step::Call(call) if call.name() == *expected => desk.usual(call),
                    other => panic!("{name}: {other:?} instead of {expected}"),
                };
            }
            assert!(matches!(&step, Step::Call(call) if call.name() == calls[at]), "{name}: {step:?}");
            assert!(!own.is_unique(), "{name}: the flow works on the message without a copy");
            drop(step);
            assert!(own.is_unique(), "{name}: something of the message is left at {}", calls[at]);
        }
    }
}

/// The questions can be sent to another thread, with the flow inside them, and answered there.
#[test]
fn every_question_may_be_answered_by_another_thread() {
    let desk = desk();
    let (_, message) = SCENARIOS[1].clone();
    let mut step = receive::start(desk.run(), Content::Whole(message.into()));
    let outcome = loop {
        step = match step {
            Step::Call(call) => std::thread::scope(|scope| scope.spawn(|| desk.usual(call)).join().unwrap()),
            Step::Done(delivered) => break delivered.outcome.name(),
        };
    };
    assert_eq!(outcome, "opened");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02 (03)
#[test]
fn when_time_is_up_a_flow_ends_at_its_next_question_or_soon_after() {
    let desk = desk();
    for (name, message) in &*SCENARIOS {
        let calls = desk.open(message).calls.len();
        for in_time in 0..calls {
            let mut count = 0;
            let seen = desk.open_with(message, |call| {
                count += 1;
                if count > in_time { Ok(call.timed_out()) } else { Err(call) }
            });
            is_readable(&seen, message, name);
            assert!(seen.calls.len() <= in_time + 2, "{name}: {:?}", seen.calls);
        }
    }
}

/// Flows are values: questions of several accounts wait side by side and are answered in any order, in one thread.
#[test]
fn flows_of_several_accounts_run_side_by_side() {
    let mut desks =
        [desk(), Desk { user: A, cards: vec!["B", "A"], ..desk() }, Desk { cards: Vec::new(), ..desk() }];
    desks[2].rules.early_header = false;
    let message = Bytes::from(SCENARIOS[0].1.to_vec());
    let mut open: Vec<(usize, Step)> = (0..3)
        .map(|at| (at, receive::start(desks[at].run(), Content::Whole(message.clone().into()))))
        .collect();
    let mut outcomes = ["", "", ""];
    // The one that has waited longest is answered last.
    while let Some((at, step)) = open.pop() {
        match step {
            Step::Call(call) => open.insert(0, (at, desks[at].usual(call))),
            Step::Done(delivered) => outcomes[at] = delivered.outcome.name(),
        }
    }
    assert_eq!(outcomes, ["opened", "opened", "substituted"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_answers_end_with_something_to_read(
        scenario in 0..3usize,
        answers in prop::collection::vec(prop::option::weighted(0.5, 0..bad_answers().len()), 0..20),
    ) {
        let (name, message) = &SCENARIOS[scenario];
        let mut answers = answers.into_iter();
        let seen = desk().open_with(message, |call| match answers.next().flatten() {
            Some(bad) => answer(call, &bad_answers()[bad]),
            None => Err(call),
        });
        is_readable(&seen, message, name);
    }
}
