//! What the module itself says to the client, one line each.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2030 (Tab_POP3_Ant_Init), KOM-LE-A_2037-01 (Tab_POP3_Verbindung),
//! KOM-LE-A_2038. The texts after +OK and -ERR are our own unless an example prescribes them.

use crate::LoginFailure;
use crate::LoginRefusal::{UnknownContext, UnknownKonnektor, Unreachable};

pub(crate) const GREETING: &str = "+OK KOM-LE Clientmodul POP3";
pub(crate) const CAPABILITIES: &[&str] = &["+OK", "TOP", "USER", "SASL PLAIN", "UIDL", "."];
pub(crate) const MECHANISMS: &[&str] = &["+OK", "PLAIN", "."];

pub(crate) const PASSWORD_PLEASE: &str = "+OK Passwort erwartet";
pub(crate) const CONTINUE: &str = "+ ";
pub(crate) const LOGGED_IN: &str = "+OK Angemeldet";
pub(crate) const GOODBYE: &str = "+OK";

pub(crate) const UNKNOWN: &str = "-ERR Befehl nicht erlaubt";
pub(crate) const ARGUMENT: &str = "-ERR Parameter fehlerhaft";
pub(crate) const LINE: &str = "-ERR Zeile zu lang oder mit unzulaessigen Zeichen";
pub(crate) const ALREADY: &str = "-ERR Nach der Anmeldung nicht erlaubt";
pub(crate) const USER_FIRST: &str = "-ERR Zuerst USER";
pub(crate) const CANCELLED: &str = "-ERR Anmeldung abgebrochen";
pub(crate) const TIMEOUT: &str = "-ERR timeout";

/// The answer to a login that came to nothing. Where it is not for the password, a response code says so: programs ask for
/// another one otherwise.
///
/// Spec: RFC 2449 §8, RFC 3206.
pub(crate) fn refusal(failure: &LoginFailure) -> &'static str {
    match failure {
        LoginFailure::Mechanism => "-ERR Anmeldeverfahren nicht unterstuetzt",
        LoginFailure::Refused(UnknownContext) => "-ERR Der Konnektor kennt den Aufrufkontext nicht",
        LoginFailure::Refused(UnknownKonnektor) => "-ERR Der Konnektor ist nicht konfiguriert",
        LoginFailure::Refused(Unreachable) | LoginFailure::Server => {
            "-ERR [SYS/TEMP] POP3-Server nicht erreichbar"
        }
        LoginFailure::Busy => "-ERR [IN-USE] Das Postfach wird gerade benutzt",
        LoginFailure::Credentials | LoginFailure::UserName(_) | LoginFailure::Rejected => {
            "-ERR Der Nutzer konnte nicht authentifiziert werden"
        }
    }
}
