//! Settings from a file: [`Config`], behind the cargo feature `config`.
//!
//! One TOML file says everything that a proxy has to be told. The sections:
//!
//! | section | what for | read into |
//! |---|---|---|
//! | `[smtp]`, `[pop3]` | where mail programs connect, TLS, timeouts | [`Listen`], [`Settings::smtp`], [`Settings::pop3`] |
//! | `[fachdienst]` | the servers of the provider | [`Fachdienst`](crate::Fachdienst) |
//! | `[[konnektor]]` | one or more Konnektors, the directory behind each | [`Konnektor`](crate::Konnektor) |
//! | `[events]` | where events of the Konnektors are taken | [`Events`] |
//! | `[cache]` | how long answers are kept | [`Caches`] |
//! | `[mail]` | the rules of both flows, the spool | [`Settings::rules`], [`Settings::spool`] |
//! | `[log]` | what is logged, and where to | [`LogSettings`] |
//!
//! # Keys
//!
//! | key | value | default |
//! |---|---|---|
//! | `[smtp]`, `[pop3]` `listen` | address and port, or a list of them | `127.0.0.1:10025`, `127.0.0.1:10995` |
//! | `tls` | `off`, for loopback addresses only, or `implicit` | `off` |
//! | `client_auth`, `client_trust` | `off`, `optional` or `required`; PEM of the authorities of clients | `off` |
//! | `timeout_client`, `timeout_server` | a duration | 5 minutes |
//! | `[fachdienst]` `trust` | PEM of the authorities of the servers | needed |
//! | `verify_with_konnektor` | whether the Konnektor is asked about their certificates | true |
//! | `names` | the name in the certificate of a server that user names give as IP address | none |
//! | `domains`, `kas_url`, `account_url` | where DNS lists the store for large mails and the account limits, or the services themselves | the domain of the account |
//! | `kas_service`, `account_service` | the names of the services in DNS | those of KIM |
//! | `kas_timeout` | how long nothing may move from or to the attachment service: an upload needs 256 KiB in it, a download an octet, and 16 KiB a second beyond four of it | 30 seconds |
//! | `kas_link_hosts` | further hosts that links to mail data may name, for test environments | none |
//! | `resolver` | address and port of a name server | that of the system |
//! | `[[konnektor]]` `id`, `default` | its KonnektorId; whether it serves user names without one | needed, true if there is one id only |
//! | `weight` | its share among those of the same id, which stand in for each other; 0 waits until the others fail, at most 1000 | 1 |
//! | `url` | its service directory, `https://HOST/connector.sds` | needed |
//! | `pins`, or `trust` and `expected_name` | its certificates, or their authorities and the name | needed |
//! | `auth` | `certificate` with `identity`, `basic` with `username` and `password_file` or `password_env`, `none` | `certificate` |
//! | `endpoints` | `published`, `rewrite-authority`, `rewrite-prefix` | `published` |
//! | `timeout`, `pin_timeout` | a duration | 1 minute, 5 minutes |
//! | `signature` | `RSA_ECC`, `ECC`, `RSA` | `RSA_ECC` |
//! | `ldap`, `ldap_base`, `ldap_client_certificate` | the directory behind it | port 636 of its host, `dc=data,dc=vzd`, true |
//! | `time_server` | where it tells the time, or `off` | port 123 of its host |
//! | `[events]` `address` | IP address and port of the listener, as Konnektors see it; `listen` must not stay on loopback then | off |
//! | `listen`, `tls` | one address and port; as for `[smtp]` | `127.0.0.1:10999`, `off` |
//! | `mandant`, `client_system`, `workplace` | in whose name the events are subscribed to | needed |
//! | `[cache]` `certificates`, `cards`, `limits` | a duration | 12 hours, 30 days, 24 hours |
//! | `[mail]` `on_integrity_failure` | a mail that was changed comes inside a warning, with a warning as its body, or as it is: `embed`, `replace`, `deliver` | `embed` |
//! | `signer_check` | a signer who is not the owner of the From address: `off`, `note` in the log, `mark` (`X20`, `X21` in the header), `refuse` | `note` |
//! | `release` | the release of KIM whose rules count where they differ, `1.5.2` to `1.5.5` | `1.5.5` |
//! | `large_threshold` | beyond how many decoded octets a mail goes to the store for large mails | 15728640 |
//! | `early_header`, `early_header_interval` | whether, and how often, impatient programs get some of the header while a message is opened | true, 5 seconds |
//! | `kas_hash_text` | a text of the provider after the prescribed one about changed mail data | empty |
//! | `product_version`, `product_type_version` | for `X-KIM-CMVersion`, `X-KIM-PTVersion` | `XXXXX_0.1.0`, `1.5.5` |
//! | `trusted_domain_suffixes` | where KIM addresses end | those of KIM and its test environments |
//! | `spool_memory`, `spool_dir` | octets of a mail kept in memory, and where the rest goes, encrypted | 1 MiB, the system's |
//! | `[log]` `format` | `text`, `json` | `text` |
//! | `level` | `error`, `warn`, `info`, `debug` | `info` |
//! | `dir`, `keep` | a folder for a file a day, and how long one is kept | none, 30 days |
//! | `flow` | whether the steps of every mail are logged | false |
//!
//! Wherever TLS shows a key, `identity` is a PKCS#12 file and `identity_password_file` or `identity_password_env` its password. A
//! duration is a text like `30s`, `5m`, `12h` or `30d`; a timeout is longer than nothing.
//!
//! Paths are relative to the file. Passwords come from a file (`*_file`) or the environment (`*_env`). A key that nobody knows
//! is a problem, and every problem is told with its line and key, never with a value that may be a secret.
//!
//! # Examples
//!
//! ```
//! use std::path::Path;
//! use kim_clientmodul::config::Config;
//!
//! let problems = Config::parse("[smtp]\nlisten = \"192.0.2.1:25\"\n", Path::new(".")).err().expect("no TLS");
//! assert!(problems.to_string().starts_with("line 1: fachdienst.trust: a PEM file of the authorities"));
//! assert!(problems.to_string().contains("line 1: smtp.tls: off is for loopback addresses only"));
//! ```
//!
//! A proxy is its configuration and two calls:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use kim_clientmodul::{Proxy, config::Config};
//!
//! let config = Config::read("kim-proxy.toml".as_ref())?;
//! let proxy = Proxy::start(config.settings, config.smtp, config.pop3).await?;
//! // ... until it is enough:
//! proxy.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! [`Watch`] tells when it is time to read the file again, for [`Proxy::reload`](crate::Proxy::reload).

mod events;
mod fachdienst;
mod konnektor;
mod listen;
mod log;
mod mail;
mod pem;
mod section;
mod source;
mod watch;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kim_types::DomainSuffixes;
use thiserror::Error;

use crate::proxy::Listen;
use crate::settings::{Caches, Settings};

use section::Section;
use source::Source;

pub use events::Events;
pub use log::LogSettings;
pub use source::Problems;
pub use watch::Watch;

/// A configuration that was read and checked completely.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2091-01, KOM-LE-A_2184, Tab_Konf_Param.
#[non_exhaustive]
pub struct Config {
    /// What the Clientmodul has to be told.
    pub settings: Settings,
    /// Where mail programs send. Default: port 10025 of this machine.
    pub smtp: Listen,
    /// Where mail programs fetch. Default: port 10995 of this machine.
    pub pop3: Listen,
    /// Where events of the Konnektors are taken; `None` is off, the default.
    pub events: Option<Events>,
    /// What is logged, and where to.
    pub log: LogSettings,
    /// Sentences about what is not wrong and may still not be meant: keys without effect yet, no default among several
    /// Konnektors.
    pub notes: Vec<String>,
}

/// Why there is no configuration.
///
/// Spec: none — files of our own.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {error}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// It has to be corrected first.
    #[error("{} is not usable:\n{problems}", .file.display())]
    NotUsable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        #[source]
        problems: Problems,
    },
}

impl Config {
    /// Reads a configuration file, and the files it names.
    ///
    /// Blocks while it reads, and while it derives keys from passwords.
    ///
    /// # Errors
    /// The file cannot be read, or it has problems.
    ///
    /// Spec: none — a file of our own.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| ConfigError::Unreadable { file: file.to_owned(), error })?;
        let folder = file.parent().unwrap_or(Path::new("."));
        Self::parse(&text, folder)
            .map_err(|problems| ConfigError::NotUsable { file: file.to_owned(), problems })
    }

    /// Reads the text of a configuration, and the files it names; relative paths start at `folder`.
    ///
    /// # Errors
    /// Every problem at once, each with its line and key.
    ///
    /// Spec: none — a file of our own.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Problems> {
        let source = Source::new(text, folder);
        let config = Section::root(&source).and_then(|mut root| {
            let config = of_root(&mut root);
            root.finish();
            config
        });
        let found = source.into_found();
        match config {
            Some(config) if found.problems.is_empty() => {
                let settings = Settings { certificates: found.certificates, ..config.settings };
                Ok(Self { settings, notes: found.notes, ..config })
            }
            _ => Err(found.problems),
        }
    }
}

fn of_root(root: &mut Section<'_, '_>) -> Option<Config> {
    let mut mail = root.section("mail");
    let suffixes =
        mail.list("trusted_domain_suffixes").map(DomainSuffixes::new::<String>).unwrap_or_default();
    let spool = mail::spool(&mut mail);
    let early_interval = mail.timeout("early_header_interval").unwrap_or(Duration::from_secs(5));
    let mut rules = mail::rules(mail, suffixes.clone());
    let mut smtp = kim_smtp::Config { suffixes: suffixes.clone(), ..kim_smtp::Config::default() };
    let mut section = root.section("smtp");
    smtp.timeout_client = section.timeout("timeout_client").unwrap_or(smtp.timeout_client);
    smtp.timeout_server = section.timeout("timeout_server").unwrap_or(smtp.timeout_server);
    let smtp_listen = listen::read(&mut section, 10025);
    let mut pop3 = kim_pop3::Config { suffixes, ..kim_pop3::Config::default() };
    let mut section = root.section("pop3");
    pop3.timeout_client = section.timeout("timeout_client").unwrap_or(pop3.timeout_client);
    pop3.timeout_server = section.timeout("timeout_server").unwrap_or(pop3.timeout_server);
    let pop3_listen = listen::read(&mut section, 10995);
    let mut section = root.section("fachdienst");
    rules.kas_link_hosts = section.list("kas_link_hosts").unwrap_or_default();
    let fachdienst = fachdienst::read(section);
    let konnektors = konnektor::read_all(root);
    let events = events::read(root.section("events"));
    let caches = caches(root.section("cache"));
    let log = log::read(root.section("log"));
    let settings = Settings {
        rules,
        fachdienst: fachdienst?,
        konnektors: konnektors?,
        caches,
        certificates: Vec::new(),
        spool,
        early_interval,
        smtp,
        pop3,
    };
    Some(Config { settings, smtp: smtp_listen, pop3: pop3_listen, events, log, notes: Vec::new() })
}

fn caches(mut section: Section<'_, '_>) -> Caches {
    let mut caches = Caches::default();
    section.unused(&["versions"]);
    caches.certificates = section.duration("certificates").unwrap_or(caches.certificates);
    caches.cards = section.duration("cards").unwrap_or(caches.cards);
    caches.limits = section.duration("limits").unwrap_or(caches.limits);
    section.finish();
    caches
}
