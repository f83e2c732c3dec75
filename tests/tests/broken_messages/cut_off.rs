//! Messages that end too early, at every point where their structure could end, and octets that changed on the way.

use crate::Office;
use crate::office::SIGNED;
use crate::tree::structural_points;

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02 (02)
#[test]
fn an_encrypted_content_cut_off_at_any_structural_point_is_a_wrong_format() {
    let office = Office::new();
    let cms = office.right_cms();
    let points = structural_points(&cms);
    assert!(points.len() > 100);
    for end in points.into_iter().filter(|end| *end < cms.len()) {
        office.refuses(&format!("after {end}"), &office.with_cms(&cms[..end]), "02");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02 (02)
#[test]
fn a_signature_cut_off_at_any_structural_point_is_a_wrong_format() {
    let office = Office::new();
    let signature = office.signature();
    let points = structural_points(&signature);
    assert!(points.len() > 100);
    for end in points.into_iter().filter(|end| *end < signature.len()) {
        office.refuses(&format!("after {end}"), &office.with_signature(&signature[..end]), "02");
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02 (02)
#[test]
fn a_message_cut_off_at_any_line_shows_nothing() {
    let office = Office::new();
    let message = office.with_cms(&office.right_cms());
    let ends = message.iter().enumerate().filter(|(_, octet)| **octet == b'\n').map(|(at, _)| at + 1);
    // The first line says that it is a KOM-LE message.
    for end in ends.filter(|end| *end < message.len()) {
        office.refuses(&format!("after {end}"), &message[..end], "02");
    }
}

/// Whatever happens to one octet of a tag or length, the reader gets the mail as it was sent, or an error mail.
#[test]
fn no_changed_octet_of_the_structure_changes_the_mail() {
    let office = Office::new();
    let cms = office.right_cms();
    for at in structural_points(&cms).into_iter().filter(|at| *at < cms.len()) {
        for flipped in [0x01, 0x20, 0x80] {
            let mut changed = cms.clone();
            changed[at] ^= flipped;
            let seen = office.open(&office.with_cms(&changed), Default::default());
            let result = seen.values("X-KIM-DecryptionResult");
            if result == ["00"] {
                assert!(seen.is_as_sent() || seen.values("X-KIM-Fehlermeldung") != [""; 0], "octet {at}");
            } else {
                assert!(result == ["01"] || result == ["02"], "octet {at}: {result:?}");
                assert!(!seen.shows_hidden(), "octet {at}");
            }
        }
    }
}

/// The same within the signature: a change is found, or it changes nothing a reader sees.
#[test]
fn no_changed_octet_of_the_signature_is_believed() {
    let office = Office::new();
    let signature = office.signature();
    for at in structural_points(&signature).into_iter().filter(|at| *at < signature.len()) {
        let mut changed = signature.clone();
        changed[at] ^= 0x01;
        let document = [SIGNED.as_bytes(), &changed].concat();
        let seen = office.open(&office.with_cms(&office.encrypt(&document)), Default::default());
        match seen.values("X-KIM-DecryptionResult").concat().as_str() {
            "00" if seen.values("X-KIM-IntegrityCheckResult") == ["01"] => {
                assert!(seen.is_as_sent(), "octet {at}")
            }
            "00" => assert_ne!(seen.values("X-KIM-Fehlermeldung"), [""; 0], "octet {at}"),
            result => {
                assert_eq!(result, "02", "octet {at}");
                assert!(!seen.shows_hidden(), "octet {at}");
            }
        }
    }
}
