//! What happened, for logs and counters: [`Event`].

use kim_types::Address;
use kim_username::UserNameError;

use crate::LoginRefusal;

/// Something to act on, to log or to count.
///
/// `Debug` shows no personal data and no secrets, whatever the variant holds.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2086.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A recipient was accepted; looking it up may begin while the mail is still coming.
    Recipient(Address),
    /// What [`Output::content`](crate::Output::content) held of the mail being received is void; no call follows for it.
    MessageDiscarded,
    /// The MTA accepted the user; the session is in PROXY.
    LoggedIn,
    /// A login came to nothing; the session is in CONNECT and the client may try again.
    LoginFailed(LoginFailure),
    /// The module refused a command of the client by itself.
    CommandRefused {
        /// The code the client got.
        code: u16,
    },
    /// The client was refused [`Config::max_errors`](crate::Config::max_errors) commands; the session is closed.
    TooManyErrors,
    /// The client sent nothing for [`Config::timeout_client`](crate::Config::timeout_client); the session is closed.
    ClientTimeout,
    /// The session was idle when the module was shut down, or became so; it is closed.
    Stopped,
    /// The client is gone.
    ClientLost,
    /// The MTA did not reply for [`Config::timeout_server`](crate::Config::timeout_server).
    ServerTimeout,
    /// The MTA closed the connection or announced it with 421.
    ServerLost,
    /// The MTA sent what is no reply, a reply that cannot be one to the command, or one inside a message; it is not talked to
    /// any more.
    ServerBroken,
    /// The driver ended a mail at another size than it had said; the connection to the MTA was closed before the end of
    /// the message, so that no part of it passes for the whole.
    ContentIncomplete,
    /// An answer or content that no call waits for was ignored: a mistake of the driver.
    InputIgnored,
}

/// Why a login came to nothing.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2015-01 (Tab_SMTP_Verbindung).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginFailure {
    /// AUTH names no mechanism.
    Argument,
    /// A mechanism other than PLAIN and LOGIN.
    Mechanism,
    /// The client cancelled the dialogue.
    Cancelled,
    /// The credentials are not base64, or not a message of PLAIN.
    Encoding,
    /// The credentials break the rules of PLAIN, or cannot be passed on.
    Credentials,
    /// The user name is incomplete or malformed.
    UserName(UserNameError),
    /// The driver refused.
    Refused(LoginRefusal),
    /// The MTA refused the user or the password.
    Rejected,
    /// The MTA broke off, does not want us now, or does not speak SMTP.
    Server,
}
