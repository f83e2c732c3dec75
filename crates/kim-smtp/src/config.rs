//! What an operator may change: [`Config`].

use std::time::Duration;

use kim_types::DomainSuffixes;

/// The smallest SIZE a module may announce, in octets.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2008.
pub const MIN_SIZE: u64 = 35_882_577;

/// The settings of an SMTP session. `Default` gives the values the specification recommends.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, Tab_Konf_Param (SMTP_TIMEOUT_CLIENT, SMTP_TIMEOUT_SERVER), KOM-LE-A_2008.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The greatest mail in octets, announced as SIZE; 734003200. A value below [`MIN_SIZE`] counts as [`MIN_SIZE`].
    pub size: u64,
    /// How long to wait for a command or for content of the client; 5 minutes.
    pub timeout_client: Duration,
    /// How long to wait for a reply of the MTA; 5 minutes.
    pub timeout_server: Duration,
    /// The domains a user may belong to; those of KIM.
    pub suffixes: DomainSuffixes,
    /// The name the module gives itself in EHLO to the MTA; `clientmodul`.
    pub ehlo_name: String,
    /// How many recipients a mail may have; 1000.
    pub max_recipients: usize,
    /// How many commands the module itself may refuse, counted from the last mail the MTA took, before it closes with
    /// 421; 20.
    pub max_errors: u32,
    /// After how much silence the MTA gets a NOOP while a mail comes in or is processed; 60 seconds.
    ///
    /// Spec: none — both may take minutes, and MTAs end idle sessions.
    pub keep_alive: Duration,
}

impl Config {
    /// The SIZE that counts.
    pub(crate) fn max_size(&self) -> u64 {
        self.size.max(MIN_SIZE)
    }
}

impl Default for Config {
    fn default() -> Self {
        let five_minutes = Duration::from_secs(5 * 60);
        Self {
            size: 734_003_200,
            timeout_client: five_minutes,
            timeout_server: five_minutes,
            suffixes: DomainSuffixes::default(),
            ehlo_name: "clientmodul".to_owned(),
            max_recipients: 1000,
            max_errors: 20,
            keep_alive: Duration::from_secs(60),
        }
    }
}
