//! Where releases of KIM differ.

use kim_flow::{Release, Rules};

use crate::desk::Desk;
use crate::letter::{HIDDEN, Letter};

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2179-02, KOM-LE-A_2050-06; api-kim, ReleaseNotes 1.5.3
#[test]
fn only_1_5_2_writes_its_notes_into_the_text() {
    assert_eq!(Rules::default().release, Release::V1_5_5, "the newest");
    for release in [Release::V1_5_2, Release::V1_5_3, Release::V1_5_4, Release::V1_5_5] {
        let seen = Desk::with_rules(Rules { release, ..Rules::default() }).open(&Letter::new().message());
        assert_eq!(seen.values("X-KIM-DecryptionResult"), ["00"]);
        assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["01"]);
        let notes = "-".repeat(45)
            + "\r\nDie Nachricht wurde entschl=C3=BCsselt.\r\nDie Signatur wurde erfolgreich gepr=C3=BCft.\r\n";
        assert_eq!(seen.mail.ends_with(notes.as_bytes()), release == Release::V1_5_2, "{}", seen.text());
        assert_eq!(
            seen.mail.ends_with(format!("\r\n\r\n{HIDDEN}\r\n").as_bytes()),
            release != Release::V1_5_2
        );
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050-06, A_23165
#[test]
fn a_broken_mail_has_no_note_that_it_was_verified() {
    let forged = Letter { outer: "From: x@x.de\r\n".to_owned(), ..Letter::new() };
    let seen =
        Desk::with_rules(Rules { release: Release::V1_5_2, ..Rules::default() }).open(&forged.message());
    assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["08"]);
    assert!(!seen.says("erfolgreich"));
}
