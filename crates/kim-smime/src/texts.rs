//! The German texts for people, and the codes and names that go with them, letter for letter.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0 as named at each text; mistakes in spelling are those of the specification.

/// The subject of every KOM-LE message. KOM-LE-A_2102.
pub(crate) const SUBJECT_OUTER: &str = "KOM-LE-Nachricht";
/// KOM-LE-A_2046.
pub(crate) const SUBJECT_DECRYPTION: &str = "Die Nachricht konnte nicht entschlüsselt werden";
/// A_19370, A_22412.
pub(crate) const SUBJECT_KAS: &str = "Die E-Mail-Daten konnten nicht abgerufen werden";
/// A_21391.
pub(crate) const SUBJECT_VERSION: &str = "Die KIM-Version der empfangenen Nachricht wird nicht unterstützt";
/// A_23512.
pub(crate) const SUBJECT_LARGE: &str = "Die KIM-Nachricht kann nicht empfangen werden, weil der Empfang großer Nachrichten nicht aktiviert wurde";
/// None prescribed.
pub(crate) const SUBJECT_INTEGRITY: &str = "KIM: Integritätsprüfung fehlgeschlagen";

/// What stands in a text where the address of the user goes.
pub(crate) const ADDRESS: &str = "<Email Adresse>";
/// What stands in a text where the value of X-KOM-LE-Version goes.
pub(crate) const VERSION: &str = "<KIMVersion>";

/// KOM-LE-A_2047, ID 01.
pub(crate) const DECRYPTION_KEY: &str = "Der für die Entschlüsselung der Nachricht benötigte Schlüssel wurde nicht \
    gefunden. Überprüfen Sie ob die entsprechende Karte gesteckt ist und leiten Sie diese Nachricht an Ihre eigene \
    E-Mail-Adresse (<Email Adresse>) weiter. Beim nächsten Abholen wird der Entschlüsselungsvorgang wiederholt.";
/// KOM-LE-A_2047, ID 02.
pub(crate) const DECRYPTION_FORMAT: &str = "Die Nachricht wurde als eine verschlüsselte KIM-Nachricht gekennzeichnet, \
    konnte aber auf Grund des falschen Formats nicht entschlüsselt werden. Die Verschlüsselte Nachricht befindet sich im \
    Anhang. Bitte kontaktieren Sie den Absender der Nachricht.";
/// KOM-LE-A_2047, ID 03.
pub(crate) const DECRYPTION_KONNEKTOR: &str = "Die Entschlüsselung konnte nicht erfolgen, weil der Konnektor nicht \
    antwortet. Stellen Sie sicher, dass der Konnektor wieder zur Verfügung steht und leiten Sie diese Nachricht an Ihre \
    eigene E-Mail-Adresse (<Email Adresse>) weiter. Beim nächsten Abholen wird der Entschlüsselungsvorgang wiederholt.";
/// A_21391.
pub(crate) const UNKNOWN_VERSION: &str = "Das verwendete Clientmodul unterstützt die in der empfangenen Nachricht \
    angegebene KIM-Version <KIMVersion> nicht.";
/// A_23512; the wording is our own.
pub(crate) const LARGE: &str = "Es ist eine Nachricht eingegangen, deren Größe nach Ihren Account-Einstellungen \
    (KIM-Version) nicht verarbeitet werden darf. Aktivieren Sie im Administrationsmodul beim Account Manager den Empfang \
    großer Nachrichten (KIM-Version 1.5+). Leiten Sie danach diese Nachricht an Ihre eigene E-Mail-Adresse (<Email \
    Adresse>) weiter. Beim nächsten Abholen wird der Empfang wiederholt.";
/// A_19370.
pub(crate) const KAS_DOWNLOAD: &str = "Die E-Mail-Daten dieser Nachricht konnten nicht heruntergeladen werden. Bitte \
    leiten Sie diese Nachricht nach einer angemessenen Zeit an Ihre eigene E-Mail-Adresse (<Email Adresse>) weiter. Beim \
    nächsten Abholen wird der Download wiederholt.";
/// [`KAS_DOWNLOAD`] and one sentence of our own (deltas Q15).
pub(crate) const KAS_DOWNLOAD_GONE: &str = "Die E-Mail-Daten dieser Nachricht konnten nicht heruntergeladen werden. Bitte \
    leiten Sie diese Nachricht nach einer angemessenen Zeit an Ihre eigene E-Mail-Adresse (<Email Adresse>) weiter. Beim \
    nächsten Abholen wird der Download wiederholt. Die E-Mail-Daten sind nicht mehr vorhanden oder nicht für Sie \
    freigegeben; voraussichtlich hilft nur, den Absender um erneutes Senden zu bitten.";
/// A_22412.
pub(crate) const KAS_TOO_OFTEN: &str = "Verschlüsselte E-Mail-Daten konnten nicht heruntergeladen werden, da durch zu \
    häufigen Zugriff der KOM-LE-Attachment-Service den Abruf verweigert.";
/// A_19371.
pub(crate) const KAS_DECRYPTION: &str = "Abgerufene E-Mail-Daten konnten nicht entschlüsselt werden";
/// A_19369.
pub(crate) const KAS_AMBIGUOUS: &str =
    "Nachricht konnte aufgrund uneindeutiger Informationen nicht abgerufen werden";
/// A_19372; a text of the provider may follow.
pub(crate) const KAS_HASH: &str = "Beim Empfang dieser KIM-Nachricht wurde eine Sicherheitsverletzung erkannt. Dies kann \
    eine technisches Ursache haben oder auf eine missbräuchliche Nutzung des KIM-Dienstes hinweisen. Zu Ihrem Schutz wurde \
    der Inhalt dieser Nachricht durch diesen Text ausgetauscht. Bitte antworten Sie nicht auf diese Nachricht. Sie können \
    diese Nachricht löschen.";
/// A_23165.
pub(crate) const INTEGRITY_REPLACED: &str = "Beim Empfang dieser KIM-Nachricht wurde eine Sicherheitsverletzung erkannt. \
    Dies kann eine technisches Ursache haben oder auf eine missbräuchliche Nutzung des KIM-Dienstes hinweisen. Zu Ihrem \
    Schutz wurde der Inhalt dieser Nachricht durch diesen Text ausgetauscht. Bitte kontaktieren Sie den Absender und/oder \
    Ihren Administrator.";
/// What KIM up to 1.5.2 appends to a text: a line of hyphens, KOM-LE-A_2179-01 and KOM-LE-A_2050-05.
pub(crate) const NOTES: &str = "\r\n---------------------------------------------\r\n\
    Die Nachricht wurde entschlüsselt.\r\nDie Signatur wurde erfolgreich geprüft.\r\n";
/// The same in HTML.
pub(crate) const NOTES_HTML: &str = "<p>---------------------------------------------<br>\r\n\
    Die Nachricht wurde entschl&uuml;sselt.<br>\r\nDie Signatur wurde erfolgreich gepr&uuml;ft.</p>\r\n";
/// A_23165 as in the api-kim FAQ.
pub(crate) const INTEGRITY_EMBEDDED: &str = "Beim Empfang dieser KIM-Nachricht wurde eine Sicherheitsverletzung erkannt. \
    Dies kann eine technisches Ursache haben oder auf eine missbräuchliche Nutzung des KIM-Dienstes hinweisen. Zu Ihrem \
    Schutz wurde der Inhalt dieser Nachricht durch diesen Text ausgetauscht. Bitte kontaktieren Sie den Absender und/oder \
    Ihren Administrator. Die entschlüsselte Nachricht wurde in diese Fehlernachricht eingebettet und kann, abhängig vom \
    verwendeten E-Mail-Client, in eigener Verantwortung eingesehen bzw. verarbeitet werden.";
