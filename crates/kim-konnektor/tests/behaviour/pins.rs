//! The states of a PIN and the outcomes of entering it.

use kim_konnektor::{CardKind, Error, GetPinStatus, PinKind, PinResult, PinStatus, VerifyPin};

use crate::fixtures::{OK, envelope, result, status};

fn state(body: &str) -> Result<PinStatus, Error> {
    let operation = GetPinStatus { card: "card".parse().unwrap(), pin: PinKind::Smc };
    let response = envelope(&format!("<e:GetPinStatusResponse>{body}</e:GetPinStatusResponse>"));
    result(&operation, response.as_bytes())
}

fn outcome(body: &str) -> Result<PinResult, Error> {
    let operation = VerifyPin { card: "card".parse().unwrap(), pin: PinKind::Ch };
    let response = envelope(&format!("<e:VerifyPinResponse>{body}</e:VerifyPinResponse>"));
    result(&operation, response.as_bytes())
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2058 and KOM-LE-A_2063
#[test]
fn states() {
    for (word, expected) in [
        ("VERIFIED", PinStatus::Verified),
        ("TRANSPORT_PIN", PinStatus::TransportPin),
        ("EMPTY_PIN", PinStatus::EmptyPin),
        ("BLOCKED", PinStatus::Blocked),
        ("VERIFIABLE", PinStatus::Verifiable),
        ("DISABLED", PinStatus::Disabled),
    ] {
        let body = format!("{OK}<e:PinStatus>{word}</e:PinStatus><e:LeftTries>3</e:LeftTries>");
        assert_eq!(state(&body), Ok(expected));
    }
    assert!(matches!(state(&format!("{OK}<e:PinStatus>verified</e:PinStatus>")), Err(Error::Response(_))));
    assert!(matches!(state(OK), Err(Error::Response(_))));
    assert_eq!(state(&status("Warning", &[4065])).unwrap_err().fault().unwrap().code, 4065);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2058 and KOM-LE-A_2063
#[test]
fn outcomes() {
    for (word, expected) in [
        ("OK", PinResult::Ok),
        ("ERROR", PinResult::Error),
        ("REJECTED", PinResult::Rejected { left_tries: Some(2) }),
        ("WASBLOCKED", PinResult::WasBlocked),
        ("NOWBLOCKED", PinResult::NowBlocked),
        ("TRANSPORT_PIN", PinResult::TransportPin),
    ] {
        let body = format!("{OK}<d:PinResult>{word}</d:PinResult><d:LeftTries>2</d:LeftTries>");
        assert_eq!(outcome(&body), Ok(expected));
    }
    // How many tries are left is a note; what became of the PIN is not.
    for note in ["", "<d:LeftTries>-1</d:LeftTries>", "<d:LeftTries/>"] {
        let body = format!("{OK}<d:PinResult>REJECTED</d:PinResult>{note}");
        assert_eq!(outcome(&body), Ok(PinResult::Rejected { left_tries: None }), "{note}");
    }
}

#[test]
fn an_aborted_entry_is_a_fault_even_in_a_normal_response() {
    let body = format!("{}<d:PinResult>ERROR</d:PinResult>", status("Warning", &[4049]));
    assert_eq!(outcome(&body).unwrap_err().fault().unwrap().code, 4049);
}

#[test]
fn every_usable_card_has_its_pin() {
    assert_eq!(PinKind::of(CardKind::Smb), Some(PinKind::Smc));
    assert_eq!(PinKind::of(CardKind::Hba), Some(PinKind::Ch));
    assert_eq!(PinKind::of(CardKind::Egk), None);
}
