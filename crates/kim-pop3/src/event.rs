//! What happened, for logs and counters: [`Event`].

use kim_username::UserNameError;

use crate::LoginRefusal;

/// Something worth a log line or a counter. No event holds personal data or secrets.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2086.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The POP3 server accepted the user; the session is in PROXY.
    LoggedIn,
    /// A login came to nothing; the session is in CONNECT and the client may try again.
    LoginFailed(LoginFailure),
    /// A message begins: what [`Output::content`](crate::Output::content) holds from now on belongs to it.
    MessageStarted {
        /// Its number, as in the RETR of the client.
        number: u32,
    },
    /// The message that began is void: the rest will not come or nobody waits for it any more.
    MessageDiscarded,
    /// The client got the whole message.
    MessageDelivered {
        /// Its number, as in the RETR of the client.
        number: u32,
    },
    /// A line of the client exceeded [`MAX_COMMAND_OCTETS`](crate::MAX_COMMAND_OCTETS) and was refused.
    LineTooLong,
    /// The client was refused [`Config::max_errors`](crate::Config::max_errors) commands; the session is closed.
    TooManyErrors,
    /// The client sent no command for [`Config::timeout_client`](crate::Config::timeout_client); the session is closed.
    ClientTimeout,
    /// The session was idle when the module was shut down, or became so; it is closed.
    Stopped,
    /// The client closed the connection without QUIT; the session is closed.
    ClientLost,
    /// The server sent nothing for [`Config::timeout_server`](crate::Config::timeout_server); the session is closed.
    ServerTimeout,
    /// The server closed the connection after login; the session is closed.
    ServerLost,
    /// The server broke the protocol after login; the session is closed.
    ServerBroken,
    /// An answer or content that no call waits for was ignored: a mistake of the driver.
    InputIgnored,
}

/// Why a login came to nothing.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2037-01 (Tab_POP3_Verbindung).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginFailure {
    /// A mechanism other than USER/PASS or PLAIN.
    Mechanism,
    /// The credentials are not base64, break the rules of PLAIN, or cannot be passed on.
    Credentials,
    /// The user name is incomplete or malformed.
    UserName(UserNameError),
    /// The driver refused.
    Refused(LoginRefusal),
    /// The server refused the user or the password.
    Rejected,
    /// The server says that the mailbox is in use or was opened a moment ago (`[IN-USE]`, `[LOGIN-DELAY]` of RFC 2449).
    Busy,
    /// The server broke off, does not speak POP3, or has a trouble of its own (`[SYS/TEMP]`, `[SYS/PERM]` of RFC 3206).
    Server,
}
