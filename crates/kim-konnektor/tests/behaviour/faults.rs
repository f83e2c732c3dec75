//! Faults and what can be done about them.

use std::collections::HashSet;

use kim_konnektor::{Class, Error, ErrorType, GetCards, Severity};

use crate::fixtures::{fault, result};

fn fault_of(codes: &[u32]) -> kim_konnektor::Fault {
    match result(&GetCards::default(), fault(codes).as_bytes()) {
        Err(Error::Fault(fault)) => fault,
        other => panic!("no fault: {other:?}"),
    }
}

/// Spec: gemSpec_Kon 5.18.0, A_14159
#[test]
fn the_last_trace_names_the_fault_and_all_are_kept() {
    let fault = fault_of(&[10_123, 4085, 4000]);
    assert_eq!(fault.code, 4000);
    assert_eq!(fault.codes().collect::<Vec<u32>>(), [10_123, 4085, 4000]);
    assert!(fault.has(4085) && !fault.has(4101));
    let trace = &fault.traces[0];
    assert_eq!((trace.severity, trace.error_type), (Severity::Error, ErrorType::Security));
    assert_eq!(fault.to_string(), "konnektor fault 4000 after 10123, 4085");
}

/// Spec: gemSpec_Kon 5.18.0, fault tables of the operations
#[test]
fn every_code_has_one_class() {
    use Class::{Configuration, Data, Person, Pin, Recipient, Refresh, Transient, Unknown, Warning};
    let mut classed = HashSet::new();
    for (class, codes) in [
        (Configuration, &[4000, 4003, 4004, 4005, 4006, 4007, 4009, 4010, 4011, 4012, 4013, 4014, 4015][..]),
        (
            Configuration,
            &[4019, 4020, 4021, 4053, 4058, 4072, 4078, 4090, 4092, 4126, 4204, 4209, 4221, 4222],
        ),
        (Transient, &[4001, 4002, 4039, 4060, 4093, 4094, 4120, 4123, 4179, 4180, 4252]),
        (Pin, &[4085]),
        (Person, &[4018, 4043, 4049, 4063, 4065]),
        (Refresh, &[4008, 4101, 4102, 4146]),
        (Recipient, &[4105, 4259, 4260, 4282]),
        (Data, &[4024, 4069, 4106, 4107, 4110, 4111, 4112, 4115, 4147, 4149, 4200, 4201, 4206, 4253, 4258]),
        (Data, &[4262, 4279, 4280, 4281, 4283]),
        (Warning, &[4256, 4257, 4261, 4264, 4273]),
        (Unknown, &[0, 3999, 4999, 10_000, 40_999]),
    ] {
        for code in codes {
            assert_eq!(Class::of(*code), class, "{code}");
            assert_eq!(fault_of(&[*code]).class(), class, "{code}");
            classed.insert(*code);
        }
    }
    let forgotten: Vec<u32> = (4000..5000).filter(|code| Class::of(*code) != Unknown).collect();
    assert!(forgotten.iter().all(|code| classed.contains(code)), "{forgotten:?}");
}

/// Spec: gemSpec_Kon 5.18.0, fault 4273 (a signed attribute was ignored)
#[test]
fn a_note_instead_of_a_result_is_no_success() {
    for code in [4256, 4264, 4273] {
        let fault = fault_of(&[code]);
        assert_eq!(fault.class(), Class::Warning);
        assert_eq!(Error::Fault(fault).class(), Class::Data);
    }
}

#[test]
fn a_wrapped_cause_decides_when_a_retry_can_help() {
    assert_eq!(fault_of(&[4085, 4001]).class(), Class::Pin);
    assert_eq!(fault_of(&[4101, 10_000, 4000]).class(), Class::Refresh);
    assert_eq!(fault_of(&[4001, 4115]).class(), Class::Data);
    assert_eq!(fault_of(&[4115, 20_000]).class(), Class::Data);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2015-01 and KOM-LE-A_2037-01
#[test]
fn an_unknown_context_is_recognised_in_old_and_new_firmware() {
    for code in [4004, 4005, 4006, 4021] {
        assert!(fault_of(&[code]).is_context(), "{code}");
        assert!(fault_of(&[code, 4000]).is_context(), "{code}");
    }
    assert!(!fault_of(&[4003]).is_context());
}

#[test]
fn a_report_without_code_is_malformed() {
    let broken = fault(&[4001]).replace("<c:Code>4001</c:Code>", "");
    assert!(matches!(result(&GetCards::default(), broken.as_bytes()), Err(Error::Response(_))));
    let none = fault(&[]);
    assert!(matches!(result(&GetCards::default(), none.as_bytes()), Err(Error::Response(_))));
}
