//! What a person can do about a mail that was not sent or not opened: [`Advice`].

use kim_konnektor::{Error, PinKind, PinResult, PinStatus};

use crate::receive::Trouble;
use crate::refusal::for_their_version;
use crate::{CardError, Cause, DownloadError, PinTrouble, UploadError};

/// What to tell people and programs about a trouble.
///
/// Neither holds a word of a mail, an address or a number.
///
/// Spec: none — the specification leaves the wording to the product; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2090.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// A code for logs and monitoring that stays the same, whatever the wording around it.
    pub code: &'static str,
    /// What to do: one or two sentences in German, for somebody at the reception.
    pub text: &'static str,
}

const fn advice(code: &'static str, text: &'static str) -> Advice {
    Advice { code, text }
}

impl Cause {
    /// What the sender can do about it.
    ///
    /// Spec: none — see [`Advice`].
    pub fn advice(&self) -> Advice {
        match self {
            Self::Malformed(_) => advice(
                "send-header",
                "Der Kopf der Nachricht ist nicht lesbar; bitte wenden Sie sich an den Hersteller des Mailprogramms.",
            ),
            Self::SeveralMessages => advice(
                "send-several-messages",
                "Bitte leiten Sie nur eine KIM-Nachricht auf einmal an sich selbst weiter.",
            ),
            Self::LineEnds => advice(
                "send-line-ends",
                "Die weitergeleitete Nachricht wurde vom Mailprogramm verändert; bitte leiten Sie sie als Anhang weiter.",
            ),
            Self::NoSender => advice(
                "send-no-sender",
                "Bitte tragen Sie im Mailprogramm genau eine KIM-Adresse als Absender ein.",
            ),
            Self::KasPart => advice(
                "send-kas-part",
                "Die Nachricht enthält Verweise auf fremde E-Mail-Daten; bitte fügen Sie die Inhalte selbst an.",
            ),
            Self::AboveMailSize | Self::Large => advice(
                "send-too-large",
                "Bitte verkleinern Sie die Anhänge oder teilen Sie die Nachricht auf.",
            ),
            Self::Directory => advice(
                "send-directory",
                "Der Verzeichnisdienst antwortet nicht; bitte prüfen Sie die Verbindung des Konnektors zur \
                 Telematikinfrastruktur und senden Sie die Nachricht später erneut.",
            ),
            Self::SenderWithoutCertificate => advice(
                "send-sender-certificate",
                "Im Verzeichnisdienst steht kein gültiges Zertifikat zu Ihrer KIM-Adresse; bitte wenden Sie sich an Ihren \
                 KIM-Anbieter, zum Beispiel nach einem Kartentausch.",
            ),
            Self::NoRecipient(dropped) if for_their_version(dropped) => advice(
                "send-recipient-version",
                "Kein Empfänger hat den Empfang großer Nachrichten aktiviert; bitte verkleinern Sie die Anhänge oder teilen \
                 Sie die Nachricht auf.",
            ),
            Self::TooManyRecipients => advice(
                "send-too-many-recipients",
                "Bitte senden Sie die Nachricht in mehreren Teilen an jeweils weniger Empfänger.",
            ),
            Self::NoRecipient(_) => advice(
                "send-no-recipient",
                "Für keinen Empfänger gibt es ein gültiges Zertifikat; bitte prüfen Sie die Adressen.",
            ),
            Self::Upload(UploadError::Full) => advice(
                "send-storage-full",
                "Der Speicher für große Nachrichten ist voll; bitte warten Sie, bis ältere abgelaufen sind, oder wenden Sie \
                 sich an Ihren KIM-Anbieter.",
            ),
            Self::Upload(UploadError::Failed) => advice(
                "send-upload",
                "Große Nachrichten können gerade nicht übertragen werden; bitte senden Sie die Nachricht später erneut.",
            ),
            Self::Card(error) => error.advice(),
            Self::Konnektor(error) => of_konnektor(error),
            Self::Chain(_) => advice(
                "konnektor-answer",
                "Der Konnektor hat etwas anderes signiert oder verschlüsselt als verlangt; bitte wenden Sie sich an den \
                 Support.",
            ),
        }
    }
}

impl Trouble {
    /// What the reader can do about it.
    ///
    /// Spec: none — see [`Advice`].
    pub fn advice(&self) -> Advice {
        match self {
            Self::Version => advice(
                "receive-version",
                "Die Nachricht verlangt eine neuere KIM-Version; bitte aktualisieren Sie das Clientmodul.",
            ),
            Self::Format => advice(
                "receive-format",
                "Die Nachricht ist beschädigt oder keine KIM-Nachricht; bitte wenden Sie sich an den Absender.",
            ),
            Self::TooLarge => advice(
                "receive-too-large",
                "Die Nachricht ist größer, als ein Konnektor entschlüsseln kann; bitte wenden Sie sich an den Absender.",
            ),
            Self::Key(Some(error)) => error.advice(),
            Self::Key(None) => advice(
                "receive-not-addressed",
                "Die Nachricht ist für keine Karte dieser Adresse verschlüsselt; bitte wenden Sie sich an den Absender.",
            ),
            Self::Konnektor(error) => of_konnektor(error),
            Self::NotWelcome => advice(
                "receive-not-welcome",
                "Bitte aktivieren Sie den Empfang großer Nachrichten und leiten Sie die Nachricht dann an sich selbst weiter.",
            ),
            Self::Directory => advice(
                "receive-directory",
                "Der Verzeichnisdienst antwortet nicht; bitte prüfen Sie die Verbindung des Konnektors zur \
                 Telematikinfrastruktur und leiten Sie die Nachricht später an sich selbst weiter.",
            ),
            Self::Ambiguous | Self::Reference(_) => advice(
                "receive-reference",
                "Die Angaben zu den E-Mail-Daten sind fehlerhaft; bitte wenden Sie sich an den Absender.",
            ),
            Self::Link(_) => advice(
                "receive-link",
                "Die E-Mail-Daten liegen nicht bei einem KIM-Anbieter und wurden nicht geladen; bitte melden Sie die \
                 Nachricht Ihrem KIM-Anbieter.",
            ),
            Self::Download(error) => of_download(*error),
        }
    }
}

fn of_download(error: DownloadError) -> Advice {
    match error {
        DownloadError::TooOften => advice(
            "receive-too-often",
            "Die E-Mail-Daten wurden zu oft abgerufen; bitte versuchen Sie es am nächsten Tag erneut.",
        ),
        DownloadError::Gone => advice(
            "receive-gone",
            "Die E-Mail-Daten sind nicht mehr vorhanden; bitte lassen Sie sich die Nachricht erneut senden.",
        ),
        DownloadError::TooLarge | DownloadError::Failed => advice(
            "receive-download",
            "Die E-Mail-Daten können gerade nicht geladen werden; bitte leiten Sie die Nachricht später an sich selbst weiter.",
        ),
        DownloadError::Decryption | DownloadError::Hash => advice(
            "receive-mail-data",
            "Die E-Mail-Daten sind beschädigt oder wurden verändert; bitte wenden Sie sich an den Absender.",
        ),
    }
}

impl CardError {
    /// What can be done about it at the card terminal.
    ///
    /// Spec: none — see [`Advice`].
    pub fn advice(&self) -> Advice {
        match self {
            Self::Missing => advice(
                "card-missing",
                "Bitte stecken Sie die Karte, für die die Nachricht bestimmt ist oder die sie signieren soll, in das \
                 Kartenterminal.",
            ),
            Self::Pin { pin, trouble } => of_pin(*pin, *trouble),
            Self::Konnektor(error) => of_konnektor(error),
        }
    }
}

fn of_pin(pin: PinKind, trouble: PinTrouble) -> Advice {
    let is_blocked = matches!(
        trouble,
        PinTrouble::Status(PinStatus::Blocked)
            | PinTrouble::Result(PinResult::WasBlocked | PinResult::NowBlocked)
    );
    match (pin, is_blocked) {
        (PinKind::Smc, false) => advice(
            "card-pin-smc",
            "Bitte geben Sie die PIN der Praxiskarte (SMC-B) am Kartenterminal ein und wiederholen Sie den Vorgang.",
        ),
        (PinKind::Ch, false) => advice(
            "card-pin-ch",
            "Bitte geben Sie die PIN des Heilberufsausweises am Kartenterminal ein und wiederholen Sie den Vorgang.",
        ),
        (PinKind::Smc, true) => advice(
            "card-pin-smc-blocked",
            "Die PIN der Praxiskarte (SMC-B) ist gesperrt; bitte entsperren Sie sie mit der PUK.",
        ),
        (PinKind::Ch, true) => advice(
            "card-pin-ch-blocked",
            "Die PIN des Heilberufsausweises ist gesperrt; bitte entsperren Sie sie mit der PUK.",
        ),
    }
}

fn of_konnektor(error: &Error) -> Advice {
    let class = error.class();
    advice(class.code(), class.advice())
}

#[cfg(test)]
mod tests {
    use kim_types::Recipient;

    use super::*;
    use crate::{DropReason, Dropped};

    #[test]
    fn a_pin_that_can_be_typed_and_one_that_is_blocked_need_another_hand() {
        let of = |pin, trouble| CardError::Pin { pin, trouble }.advice();
        let typed = of(PinKind::Smc, PinTrouble::Result(PinResult::Rejected { left_tries: Some(2) }));
        let blocked = of(PinKind::Smc, PinTrouble::Status(PinStatus::Blocked));
        let of_person = of(PinKind::Ch, PinTrouble::Result(PinResult::NowBlocked));
        assert_eq!(
            [typed.code, blocked.code, of_person.code],
            ["card-pin-smc", "card-pin-smc-blocked", "card-pin-ch-blocked"]
        );
        assert!(typed.text.contains("PIN der Praxiskarte") && of_person.text.contains("Heilberufsausweises"));
        assert!(blocked.text.contains("PUK") && !typed.text.contains("PUK"));
    }

    #[test]
    fn certificates_do_not_help_where_the_mail_is_too_large_for_everybody() {
        let dropped =
            |reason| Dropped { recipient: Recipient::new("a@b.kim.telematik".parse().unwrap()), reason };
        let code = |reasons: &[DropReason]| {
            Cause::NoRecipient(reasons.iter().cloned().map(dropped).collect()).advice().code
        };
        assert_eq!(code(&[DropReason::Version, DropReason::Version]), "send-recipient-version");
        assert_eq!(code(&[DropReason::Version, DropReason::NoCertificate]), "send-no-recipient");
        assert_eq!(code(&[]), "send-no-recipient");
    }

    #[test]
    fn what_the_konnektor_says_keeps_the_code_of_its_class() {
        let error = || Error::Unavailable { reason: kim_konnektor::Reason::Closed };
        for advice in [
            Cause::Konnektor(error()).advice(),
            Trouble::Konnektor(error()).advice(),
            CardError::from(error()).advice(),
        ] {
            assert_eq!((advice.code, advice.text), (error().class().code(), error().class().advice()));
        }
    }
}
