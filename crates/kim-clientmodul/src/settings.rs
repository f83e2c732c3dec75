//! What a Clientmodul has to be told: [`Settings`].

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use kim_fachdienst::BaseUrl;
use kim_flow::Rules;
use kim_konnektor::Crypt;
use kim_tls::{Anchors, Identity};
use kim_types::KonnektorId;

use crate::expiry::CertificateInUse;
use crate::soap::KonnektorSettings;
use crate::spool::SpoolSettings;
use crate::vzd::DirectorySettings;

/// Everything a [`crate::Clientmodul`] has to be told.
///
/// | value | where it comes from |
/// |---|---|
/// | [`Fachdienst::identity`], [`Fachdienst::anchors`] | files of the provider: [`Identity::from_pkcs12`], [`Anchors::from_pem`] |
/// | [`Fachdienst::names`] | the provider, if user names give its servers as IP addresses |
/// | [`KonnektorSettings::url`] | the address of the Konnektor in the practice, with `/connector.sds` |
/// | [`KonnektorSettings::tls`], [`DirectorySettings::tls`] | [`kim_tls::client_config`] of the Konnektor's certificate, [`fetch_certificate`](crate::fetch_certificate()) as [`kim_tls::Pins`], and the key the Konnektor gave out for this client system |
/// | [`DirectorySettings::host`] | the Konnektor, which hands look-ups on |
/// | all else | its `Default`, or what its documentation names |
///
/// The module `config` reads all of it from a file; `testbed_settings` of the examples fills it for the testbed.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, Tab_Konf_Param, A_21457, A_21517.
pub struct Settings {
    /// The rules of both flows.
    pub rules: Rules,
    /// How the mail servers are reached.
    pub fachdienst: Fachdienst,
    /// The Konnektors; the first one marked as default serves user names without a KonnektorId, and needs no mark if all have
    /// the same id. Several with the same id share the work: when one of them does not answer, another one does it.
    pub konnektors: Vec<Konnektor>,
    /// How long answers are kept.
    pub caches: Caches,
    /// The certificates of the other settings, so that their end is reported in time: keys are in TLS configurations here,
    /// which do not tell. See [`watch_certificates`](crate::watch_certificates()).
    pub certificates: Vec<CertificateInUse>,
    /// How much of a mail stays in memory while it comes in, and where the rest goes.
    pub spool: SpoolSettings,
    /// How often a mail program that waits for a mail to be opened gets one more octet of the header fields that are known
    /// before, if [`Rules::early_header`] is on. Usual: 5 seconds, for programs that give up after 20.
    pub early_interval: Duration,
    /// The SMTP side.
    pub smtp: kim_smtp::Config,
    /// The POP3 side.
    pub pop3: kim_pop3::Config,
}

/// How the mail servers of the Fachdienst are reached.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2064, KOM-LE-A_2075-03; deltas Q19.
pub struct Fachdienst {
    /// The client certificate C.CM.TLS-CS; `None` for servers that ask for none.
    pub identity: Option<Identity>,
    /// The certificate authorities of the servers.
    pub anchors: Anchors,
    /// Whether the Konnektor is asked about every server certificate. Default of the specification: yes.
    pub verify_with_konnektor: bool,
    /// The name a server's certificate must have, for servers that a user name gives as IP address.
    pub names: HashMap<String, String>,
    /// How long connecting, the TLS handshake included, may take.
    pub connect_timeout: Duration,
    /// The name server for mail servers and services; `None` is what the system uses.
    pub resolver: Option<SocketAddr>,
    /// Its services over HTTPS.
    pub services: FachdienstServices,
}

/// The services of the Fachdienst over HTTPS: attachment service (KAS) and account limits.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19361-01, A_19456, Tab_Konf_Param (CM_KAS_TIMEOUT); deltas Q16.
#[derive(Debug, Clone)]
pub struct FachdienstServices {
    /// The base of the attachment service, instead of what DNS says.
    pub kas_url: Option<BaseUrl>,
    /// The base of the account limits, instead of what DNS says.
    pub account_url: Option<BaseUrl>,
    /// The domains of the own provider; if there is none, those of the account's address.
    pub domains: Vec<String>,
    /// Under which name DNS lists the attachment services. Default: `_kas._tcp.kim.telematik`.
    pub kas_service: String,
    /// Under which name DNS lists the Account Managers. Default: `_accmgr._tcp.kim.telematik`.
    pub account_service: String,
    /// How long nothing may move between module and service (CM_KAS_TIMEOUT). Default: 30 seconds.
    ///
    /// An upload has to move 256 KiB within it. A download has to bring an octet within it, and all in all waits at most
    /// four times as long and a second more for every 16 KiB.
    pub timeout: Duration,
}

impl Default for FachdienstServices {
    fn default() -> Self {
        Self {
            kas_url: None,
            account_url: None,
            domains: Vec::new(),
            kas_service: "_kas._tcp.kim.telematik".to_owned(),
            account_service: "_accmgr._tcp.kim.telematik".to_owned(),
            timeout: Duration::from_secs(30),
        }
    }
}

/// A Konnektor and the directory behind it.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21457, A_21517, KOM-LE-A_2020.
pub struct Konnektor {
    /// The name user names may select it by. Several may have the same name if they reach the same cards.
    pub id: KonnektorId,
    /// Whether it serves user names without a KonnektorId.
    pub default: bool,
    /// Its share of the work among those of the same name; 0 is for one that only steps in for others. Usual: 1.
    pub weight: u32,
    /// How its services are called.
    pub soap: KonnektorSettings,
    /// How the directory is reached through it.
    pub directory: DirectorySettings,
    /// Where it tells the time (sync_Time): host and port, usually 123. `None` if the clock of this machine is right
    /// anyway. See [`keep_time`](crate::keep_time()).
    pub time_server: Option<(String, u16)>,
    /// The algorithm of signatures. Default: RSA_ECC where the Konnektor knows the choice.
    pub signature: Crypt,
}

/// How long answers are kept in memory.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, Tab_Konf_Param (TTL_ENC_CERT, TTL_EMAIL_ICCSN), A_22340, A_22416, A_22348.
#[derive(Debug, Clone)]
pub struct Caches {
    /// Directory entries and verdicts about server certificates. Default: 12 hours.
    pub certificates: Duration,
    /// Which card holds the key of a certificate. Default: 30 days.
    pub cards: Duration,
    /// Limits of accounts. Default: 24 hours.
    pub limits: Duration,
}

impl Default for Caches {
    fn default() -> Self {
        let hour = Duration::from_secs(3600);
        Self { certificates: hour * 12, cards: hour * 24 * 30, limits: hour * 24 }
    }
}
