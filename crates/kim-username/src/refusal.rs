//! Why a login is refused before the mail server was asked: [`LoginRefusal`].

/// Why the driver of a session refuses a login with a well-formed user name.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2015-01 (Tab_SMTP_Verbindung), KOM-LE-A_2037-01 (Tab_POP3_Verbindung).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginRefusal {
    /// The Konnektor does not know Mandant, Clientsystem or workplace (SOAP faults 4004 to 4006).
    UnknownContext,
    /// No Konnektor is configured under the name in the user name.
    UnknownKonnektor,
    /// The mail server cannot be found, reached or trusted; the client may try again.
    Unreachable,
}
