//! Every reply the module gives itself, in one table.
//!
//! Codes are those of the specification where it has one, else of RFC 5321 and RFC 3463. The texts are short and ASCII.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2007, KOM-LE-A_2008, KOM-LE-A_2015-01, KOM-LE-A_2016.

use kim_types::Reply;

use crate::LoginFailure;
use crate::LoginRefusal::{UnknownContext, UnknownKonnektor, Unreachable};

/// A reply of one line: its code, and its text with the enhanced status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) u16, pub(crate) &'static str);

impl From<Text> for Reply {
    fn from(Text(code, text): Text) -> Self {
        Self::new(code, text)
    }
}

// The session as a whole.
pub(crate) const GREETING: Text = Text(220, "KOM-LE-Clientmodul ESMTP");
pub(crate) const OK: Text = Text(250, "OK");
pub(crate) const GOODBYE: Text = Text(221, "OK");
pub(crate) const IDLE: Text = Text(421, "4.4.2 Kein Befehl eingegangen, Verbindung wird beendet");
pub(crate) const TOO_MANY_ERRORS: Text = Text(421, "4.7.0 Zu viele Fehler, Verbindung wird beendet");
pub(crate) const STOPPING: Text = Text(421, "4.3.2 Clientmodul wird beendet");
pub(crate) const SERVER_SILENT: Text = Text(421, "4.4.2 Mailserver antwortet nicht, Verbindung wird beendet");
pub(crate) const SERVER_GONE: Text = Text(421, "4.4.2 Verbindung zum Mailserver verloren");

// Commands.
pub(crate) const LINE: Text = Text(500, "5.5.2 Zeile zu lang oder nicht lesbar");
pub(crate) const UNKNOWN: Text = Text(502, "5.5.1 Befehl nicht bekannt");
pub(crate) const NOT_OFFERED: Text = Text(502, "5.5.1 Befehl wird nicht angeboten");
pub(crate) const SYNTAX: Text = Text(501, "5.5.2 Syntaxfehler");
pub(crate) const ARGUMENT: Text = Text(501, "5.5.4 Parameter nicht zulaessig");
pub(crate) const PARAMETER: Text = Text(555, "5.5.4 Parameter nicht bekannt");
pub(crate) const SEQUENCE: Text = Text(503, "5.5.1 Falsche Reihenfolge der Befehle");

// Login.
pub(crate) const AUTHENTICATION_REQUIRED: Text = Text(530, "5.7.0 Anmeldung erforderlich");
pub(crate) const RESPONSE_PLEASE: Text = Text(334, "");
pub(crate) const USER_NAME_PLEASE: Text = Text(334, "VXNlcm5hbWU6");
pub(crate) const PASSWORD_PLEASE: Text = Text(334, "UGFzc3dvcmQ6");
pub(crate) const LOGGED_IN: Text = Text(235, "2.7.0 Anmeldung erfolgreich");
pub(crate) const MECHANISM: Text = Text(504, "5.7.4 Anmeldeverfahren nicht angeboten");
pub(crate) const CANCELLED: Text = Text(501, "5.7.0 Anmeldung abgebrochen");
pub(crate) const NOT_BASE64: Text = Text(501, "5.5.2 Anmeldedaten nicht lesbar");
pub(crate) const USER_NAME: Text = Text(501, "5.5.4 Benutzername unvollstaendig oder fehlerhaft");
pub(crate) const CREDENTIALS: Text = Text(501, "5.5.4 Benutzername oder Passwort nicht verwendbar");
pub(crate) const CONTEXT: Text = Text(501, "5.5.4 Mandant, Clientsystem oder Arbeitsplatz unbekannt");
pub(crate) const KONNEKTOR: Text = Text(501, "5.5.4 Konnektor unbekannt");
pub(crate) const UNREACHABLE: Text = Text(454, "4.7.0 Mailserver nicht erreichbar");
pub(crate) const REJECTED: Text = Text(535, "5.7.8 Der Nutzer konnte nicht authentifiziert werden");

// Envelope and content.
pub(crate) const SENDER_OK: Text = Text(250, "2.1.0 Absender OK");
pub(crate) const RECIPIENT_OK: Text = Text(250, "2.1.5 Empfaenger OK");
pub(crate) const CONTENT_PLEASE: Text = Text(354, "Nachricht senden, Ende mit <CRLF>.<CRLF>");
pub(crate) const NO_SENDER: Text = Text(550, "5.7.1 Absender erforderlich");
pub(crate) const BAD_SENDER: Text = Text(501, "5.1.7 Absenderadresse fehlerhaft");
pub(crate) const BAD_RECIPIENT: Text = Text(501, "5.1.3 Empfaengeradresse fehlerhaft");
pub(crate) const UTF8_ADDRESS: Text = Text(555, "5.6.7 SMTPUTF8 wird nicht angeboten");
pub(crate) const TOO_MANY_RECIPIENTS: Text = Text(452, "4.5.3 Zu viele Empfaenger");
pub(crate) const TOO_LARGE: Text = Text(552, "5.3.4 Nachricht zu gross");

// Processing.
pub(crate) const NOT_PROCESSED: Text = Text(451, "4.3.0 Nachricht konnte nicht verarbeitet werden");
pub(crate) const NOT_DELIVERED: Text =
    Text(451, "4.4.2 Verbindung zum Mailserver verloren, Nachricht nicht gesendet");
pub(crate) const NO_RECIPIENT: Text = Text(451, "4.3.0 Nachricht hat keinen Empfaenger");

/// The reply to a login that came to nothing.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2015-01 (Tab_SMTP_Verbindung).
pub(crate) fn refusal(failure: &LoginFailure) -> Text {
    match failure {
        LoginFailure::Argument => ARGUMENT,
        LoginFailure::Mechanism => MECHANISM,
        LoginFailure::Cancelled => CANCELLED,
        LoginFailure::Encoding => NOT_BASE64,
        LoginFailure::Credentials => CREDENTIALS,
        LoginFailure::UserName(_) => USER_NAME,
        LoginFailure::Refused(UnknownContext) => CONTEXT,
        LoginFailure::Refused(UnknownKonnektor) => KONNEKTOR,
        LoginFailure::Refused(Unreachable) | LoginFailure::Server => UNREACHABLE,
        LoginFailure::Rejected => REJECTED,
    }
}

/// The lines of the reply to EHLO, for a greatest mail of `size` octets.
///
/// PIPELINING, CHUNKING and STARTTLS are missing on purpose.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2008; ENHANCEDSTATUSCODES as RFC 2034 spells it.
pub(crate) fn keywords(size: u64) -> Vec<u8> {
    let lines = [
        "250-KOM-LE-Clientmodul",
        &format!("250-SIZE {size}"),
        "250-AUTH LOGIN PLAIN",
        "250-8BITMIME",
        "250-ENHANCEDSTATUSCODES",
        "250 DSN\r\n",
    ];
    lines.join("\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_contains_esmtp() {
        assert!(GREETING.1.contains("ESMTP"));
    }

    #[test]
    fn the_keywords_end_with_a_last_line() {
        let reply = String::from_utf8(keywords(1)).unwrap();
        assert!(reply.starts_with("250-KOM-LE-Clientmodul\r\n250-SIZE 1\r\n"));
        assert!(reply.ends_with("\r\n250 DSN\r\n"));
    }
}
