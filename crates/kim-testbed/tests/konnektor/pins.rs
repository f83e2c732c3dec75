//! A PIN is entered at the terminal, for one Mandant, with three tries.

use kim_testbed::konnektor::{PinEntry, PinStatus};

use super::rig::{CONTEXT, Rig, fault_code, last_code, text_of};

/// Spec: gemSpec_Kon 5.18.0, GetPinStatus and VerifyPin.
#[test]
fn a_pin_is_entered_for_one_mandant() {
    let rig = Rig::new();
    let status = |context: &str| {
        let body = format!(
            "<card:GetPinStatus>{context}<c:CardHandle>{}</c:CardHandle><ccmn:PinTyp>PIN.SMC</ccmn:PinTyp></card:GetPinStatus>",
            rig.handle()
        );
        text_of(&rig.send("/ws/CardService", "CardService/v8.1#GetPinStatus", &body), "PinStatus").to_owned()
    };
    assert_eq!(status(CONTEXT), "VERIFIABLE");
    rig.enter_pin();
    assert_eq!(status(CONTEXT), "VERIFIED");
    assert_eq!(status(&CONTEXT.replace("M1", "M2")), "VERIFIABLE");
    rig.konnektor.replug(rig.practice.iccsn());
    assert_eq!(status(CONTEXT), "VERIFIABLE");
}

#[test]
fn wrong_entries_use_up_the_tries() {
    let rig = Rig::new();
    for _ in 0..3 {
        rig.konnektor.plan_pin_entry(rig.practice.iccsn(), PinEntry::Wrong);
    }
    let enter = || {
        let answer = rig.pin("VerifyPin", &rig.handle(), "PIN.SMC");
        (text_of(&answer, "PinResult").to_owned(), text_of(&answer, "LeftTries").to_owned())
    };
    let results: Vec<_> = std::iter::repeat_with(enter).take(4).collect();
    let expected = [("REJECTED", "2"), ("REJECTED", "1"), ("NOWBLOCKED", "0"), ("WASBLOCKED", "0")];
    assert_eq!(results, expected.map(|(result, left)| (result.to_owned(), left.to_owned())));
    let status = rig.pin("GetPinStatus", &rig.handle(), "PIN.SMC");
    assert_eq!(text_of(&status, "PinStatus"), "BLOCKED");
}

#[test]
fn a_user_may_abort_or_do_nothing() {
    let rig = Rig::new();
    for (entry, code) in [(PinEntry::Abort, 4049), (PinEntry::Timeout, 4043)] {
        rig.konnektor.plan_pin_entry(rig.practice.iccsn(), entry);
        let answer = rig.pin("VerifyPin", &rig.handle(), "PIN.SMC");
        assert_eq!((text_of(&answer, "Result"), text_of(&answer, "PinResult")), ("Warning", "ERROR"));
        assert_eq!(last_code(&answer), Some(code));
    }
}

#[test]
fn transport_and_disabled_pins_are_told_apart() {
    let rig = Rig::new();
    for (status, name, result) in
        [(PinStatus::TransportPin, "TRANSPORT_PIN", "TRANSPORT_PIN"), (PinStatus::Disabled, "DISABLED", "OK")]
    {
        rig.konnektor.set_pin_status(rig.practice.iccsn(), status);
        assert_eq!(text_of(&rig.pin("GetPinStatus", &rig.handle(), "PIN.SMC"), "PinStatus"), name);
        assert_eq!(text_of(&rig.pin("VerifyPin", &rig.handle(), "PIN.SMC"), "PinResult"), result);
    }
}

/// Spec: gemSpec_Kon 5.18.0, fault 4072.
#[test]
fn each_card_has_its_own_pin_reference() {
    let rig = Rig::new();
    assert_eq!(fault_code(&rig.pin("GetPinStatus", &rig.handle(), "PIN.CH")), 4072);
    assert_eq!(text_of(&rig.pin("VerifyPin", &rig.doctor_handle(), "PIN.CH"), "PinResult"), "OK");
}
