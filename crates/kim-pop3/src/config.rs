//! What an operator may change: [`Config`].

use std::time::Duration;

use kim_types::DomainSuffixes;

/// The settings of a POP3 session. `Default` gives the values the specification recommends.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, Tab_Konf_Param (POP3_TIMEOUT_CLIENT, POP3_TIMEOUT_SERVER).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How long to wait for a command of the client; 5 minutes.
    pub timeout_client: Duration,
    /// How long to wait for octets of the POP3 server; 5 minutes.
    pub timeout_server: Duration,
    /// The domains a user may belong to; those of KIM.
    pub suffixes: DomainSuffixes,
    /// How many commands of a client may be refused by the module itself before the session is closed; 20.
    pub max_errors: u32,
    /// After how much silence the server gets a NOOP while a message is opened or delivered; 60 seconds.
    ///
    /// Spec: none — both may take minutes, and servers end idle sessions.
    pub keep_alive: Duration,
    /// Whether MIME-Version is left out of the answer to TOP; no. Helps a version of Thunderbird that takes the answer for
    /// the whole mail.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2041 (hint, not normative).
    pub hide_mime_version: bool,
}

impl Default for Config {
    fn default() -> Self {
        let five_minutes = Duration::from_secs(5 * 60);
        Self {
            timeout_client: five_minutes,
            timeout_server: five_minutes,
            suffixes: DomainSuffixes::default(),
            max_errors: 20,
            keep_alive: Duration::from_secs(60),
            hide_mime_version: false,
        }
    }
}
