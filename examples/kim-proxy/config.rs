//! The configuration file of the proxy: [`Config`].

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kim_clientmodul::{
    Auth, Caches, DirectorySettings, Fachdienst, FachdienstServices, Konnektor, KonnektorSettings, Settings,
    SpoolSettings,
};
use kim_examples::LogSettings;
use kim_flow::{Release, Rules, SignerCheck};
use kim_konnektor::{Crypt, EndpointMode, EventSink};
use kim_smime::IntegrityMode;
use kim_tls::{Anchors, ClientAuth, ExpectedName, Identity, Pins, ServerTrust};
use kim_types::{Context, DomainSuffixes, Secret};
use tracing::Level;

use crate::section::{Problems, Section, Source};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// A configuration that was read and checked completely.
pub struct Config {
    pub settings: Settings,
    pub smtp: Listen,
    pub pop3: Listen,
    pub events: Option<Events>,
    pub log: LogSettings,
    /// Keys of the file that have no effect yet.
    pub notes: Vec<String>,
}

/// Where a listener listens, and with which TLS.
pub struct Listen {
    pub addresses: Vec<SocketAddr>,
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

/// Where events of the Konnektors are taken, and in whose name they are subscribed to.
pub struct Events {
    pub listen: SocketAddr,
    pub tls: Option<Arc<rustls::ServerConfig>>,
    pub sink: EventSink,
    pub context: Context,
}

impl Config {
    /// Reads a configuration; relative paths start at `folder`.
    ///
    /// # Errors
    /// Every problem of the file at once, each with its line and key.
    pub fn read(text: &str, folder: &Path) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let source = Source { text, folder };
        let table = match toml::de::DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                let line = error.span().map_or(1, |span| source.line(span.start));
                problems.add(line, error.message());
                return Err(problems);
            }
        };
        let mut root = Section::new("", 1, table, &source);
        let config = read(&mut root, &mut problems);
        root.finish(&mut problems);
        match config.filter(|_| problems.is_empty()) {
            Some(config) => Ok(Self { notes: problems.into_notes(), ..config }),
            None => Err(problems),
        }
    }
}

fn read(root: &mut Section<'_, '_>, problems: &mut Problems) -> Option<Config> {
    let mut mail = root.section("mail", problems);
    let suffixes = mail.list("trusted_domain_suffixes", problems).map(DomainSuffixes::new::<String>);
    let spool = spool(&mut mail, problems);
    let early_interval = mail.duration("early_header_interval", problems).unwrap_or(Duration::from_secs(5));
    let mut rules = rules(mail, suffixes.clone().unwrap_or_default(), problems);
    let (smtp_listen, smtp) = smtp(root.section("smtp", problems), &rules, problems);
    let (pop3_listen, pop3) = pop3(root.section("pop3", problems), &rules, problems);
    let mut section = root.section("fachdienst", problems);
    rules.kas_link_hosts = section.list("kas_link_hosts", problems).unwrap_or_default();
    let fachdienst = fachdienst(section, problems);
    let sections = root.sections("konnektor", problems);
    if sections.is_empty() {
        problems.add(1, "konnektor: at least one [[konnektor]] is needed");
    }
    let konnektors: Vec<Option<Konnektor>> =
        sections.into_iter().map(|section| konnektor(section, problems)).collect();
    let events = events(root.section("events", problems), problems);
    let caches = caches(root.section("cache", problems), problems);
    let log = log(root.section("log", problems), problems);
    let settings = Settings {
        rules,
        fachdienst: fachdienst?,
        konnektors: konnektors.into_iter().collect::<Option<_>>()?,
        caches,
        certificates: problems.take_certificates(),
        spool,
        early_interval,
        smtp,
        pop3,
    };
    Some(Config { settings, smtp: smtp_listen, pop3: pop3_listen, events, log, notes: Vec::new() })
}

fn rules(mut section: Section<'_, '_>, suffixes: DomainSuffixes, problems: &mut Problems) -> Rules {
    let default = Rules::default();
    let modes = [
        ("embed", IntegrityMode::Embed),
        ("replace", IntegrityMode::Replace),
        ("deliver", IntegrityMode::Deliver),
    ];
    // Who signed, compared with the owner of the address in From.
    let checks = [
        ("off", SignerCheck::Off),
        ("note", SignerCheck::Note),
        ("mark", SignerCheck::Mark),
        ("refuse", SignerCheck::Refuse),
    ];
    // The release of KIM whose rules count where they differ.
    let releases = [
        ("1.5.2", Release::V1_5_2),
        ("1.5.3", Release::V1_5_3),
        ("1.5.4", Release::V1_5_4),
        ("1.5.5", Release::V1_5_5),
    ];
    let rules = Rules {
        on_integrity_failure: section
            .choice("on_integrity_failure", problems, &modes)
            .unwrap_or(default.on_integrity_failure),
        signer_check: section.choice("signer_check", problems, &checks).unwrap_or(default.signer_check),
        release: section.choice("release", problems, &releases).unwrap_or(default.release),
        kas_hash_text: section.text("kas_hash_text", problems).unwrap_or(default.kas_hash_text),
        early_header: section.flag("early_header", problems).unwrap_or(default.early_header),
        large_threshold: section.number("large_threshold", problems).unwrap_or(default.large_threshold),
        product_version: section
            .text_like("product_version", problems, "ABCDE_1.2.3", kim_smime::is_cm_version)
            .unwrap_or(default.product_version),
        product_type_version: section
            .text_like("product_type_version", problems, "1.5.5", kim_smime::is_pt_version)
            .unwrap_or(default.product_type_version),
        suffixes,
        ..Rules::default()
    };
    section.finish(problems);
    rules
}

/// How much of a mail stays in memory while it comes in, and where the rest goes, encrypted.
fn spool(section: &mut Section<'_, '_>, problems: &mut Problems) -> SpoolSettings {
    let default = SpoolSettings::default();
    SpoolSettings {
        memory: section
            .number("spool_memory", problems)
            .map_or(default.memory, |octets| usize::try_from(octets).unwrap_or(usize::MAX)),
        directory: section.folder("spool_dir", problems).unwrap_or(default.directory),
        ..SpoolSettings::default()
    }
}

fn smtp(mut section: Section<'_, '_>, rules: &Rules, problems: &mut Problems) -> (Listen, kim_smtp::Config) {
    let mut config = kim_smtp::Config { suffixes: rules.suffixes.clone(), ..kim_smtp::Config::default() };
    config.timeout_client = section.duration("timeout_client", problems).unwrap_or(config.timeout_client);
    config.timeout_server = section.duration("timeout_server", problems).unwrap_or(config.timeout_server);
    (listen(section, SocketAddr::from(([127, 0, 0, 1], 10025)), problems), config)
}

fn pop3(mut section: Section<'_, '_>, rules: &Rules, problems: &mut Problems) -> (Listen, kim_pop3::Config) {
    let mut config = kim_pop3::Config { suffixes: rules.suffixes.clone(), ..kim_pop3::Config::default() };
    config.timeout_client = section.duration("timeout_client", problems).unwrap_or(config.timeout_client);
    config.timeout_server = section.duration("timeout_server", problems).unwrap_or(config.timeout_server);
    (listen(section, SocketAddr::from(([127, 0, 0, 1], 10995)), problems), config)
}

/// The address and the TLS of a listener; plain is for this machine only.
fn listen(mut section: Section<'_, '_>, default: SocketAddr, problems: &mut Problems) -> Listen {
    let addresses = section.list("listen", problems).unwrap_or_else(|| vec![default]);
    let implicit = section.choice("tls", problems, &[("off", false), ("implicit", true)]).unwrap_or(false);
    let identity = identity(&mut section, problems);
    let choices = [("off", 0), ("optional", 1), ("required", 2)];
    let client_auth = section.choice("client_auth", problems, &choices).unwrap_or(0);
    let anchors = section.file("client_trust", problems).map(|pem| Anchors::from_pem(&pem));
    if !implicit && addresses.iter().any(|address| !address.ip().is_loopback()) {
        section.problem("tls", "off is for loopback addresses only; use tls = \"implicit\"", problems);
    }
    let mut tls = None;
    if implicit {
        let clients = match (client_auth, anchors) {
            (0, _) => Some(ClientAuth::Off),
            (1, Some(Ok(anchors))) => Some(ClientAuth::Optional(anchors)),
            (2, Some(Ok(anchors))) => Some(ClientAuth::Required(anchors)),
            _ => None,
        };
        match (identity, clients) {
            (Some(identity), Some(clients)) => match kim_tls::server_config(&identity, clients) {
                Ok(config) => tls = Some(config),
                Err(error) => section.problem("identity", error, problems),
            },
            (None, _) => section.problem("identity", "tls = \"implicit\" needs an identity", problems),
            (_, None) => {
                section.problem("client_trust", "client_auth needs a PEM file of authorities", problems)
            }
        }
    }
    section.finish(problems);
    Listen { addresses, tls }
}

/// `[events]`: off unless `address` is given, an IP address and port of this machine as the Konnektors see it.
///
/// ```toml
/// [events]
/// address = "192.0.2.5:10999"      # Konnektors send to cetp://192.0.2.5:10999
/// listen = "192.0.2.5:10999"       # default 127.0.0.1:10999
/// tls = "implicit"                 # as for [smtp]; Konnektors use TLS if it is mandatory to them
/// identity = "server.p12"          # with identity_password_file
/// mandant = "M1"                   # the call context in whose name the events are subscribed to
/// client_system = "PVS"
/// workplace = "Empfang"
/// ```
fn events(mut section: Section<'_, '_>, problems: &mut Problems) -> Option<Events> {
    let sink = section.parsed("address", problems).map(EventSink);
    let mandant = section.parsed("mandant", problems);
    let client_system = section.parsed("client_system", problems);
    let workplace = section.parsed("workplace", problems);
    let context = match (mandant, client_system, workplace) {
        (Some(mandant), Some(client_system), Some(workplace)) => {
            Some(Context { mandant, client_system, workplace, user: None })
        }
        _ => None,
    };
    if sink.is_some() && context.is_none() {
        section.problem("mandant", "events need mandant, client_system and workplace", problems);
    }
    let listen = listen(section, SocketAddr::from(([127, 0, 0, 1], 10999)), problems);
    let (sink, context, address) = (sink?, context?, *listen.addresses.first()?);
    Some(Events { listen: address, tls: listen.tls, sink, context })
}

/// A PKCS#12 file and its password.
fn identity(section: &mut Section<'_, '_>, problems: &mut Problems) -> Option<Identity> {
    let password = section.password("identity_password", problems).unwrap_or_default();
    let file = section.file("identity", problems)?;
    match Identity::from_pkcs12(&file, &password) {
        Ok(identity) => {
            problems.in_use(section.place_of("identity"), identity.not_after());
            Some(identity)
        }
        Err(error) => {
            section.problem("identity", error, problems);
            None
        }
    }
}

fn fachdienst(mut section: Section<'_, '_>, problems: &mut Problems) -> Option<Fachdienst> {
    let identity = identity(&mut section, problems);
    let anchors = match section.file("trust", problems).map(|pem| Anchors::from_pem(&pem)) {
        Some(Ok(anchors)) => Some(anchors),
        Some(Err(error)) => {
            section.problem("trust", error, problems);
            None
        }
        None => {
            section.problem("trust", "a PEM file of the authorities of the mail servers is needed", problems);
            None
        }
    };
    let verify_with_konnektor = section.flag("verify_with_konnektor", problems).unwrap_or(true);
    let names = section.map("names", problems).into_iter().collect();
    let services = FachdienstServices::default();
    let services = FachdienstServices {
        kas_url: section.parsed("kas_url", problems),
        account_url: section.parsed("account_url", problems),
        domains: section.list("domains", problems).unwrap_or_default(),
        kas_service: section.text("kas_service", problems).unwrap_or(services.kas_service),
        account_service: section.text("account_service", problems).unwrap_or(services.account_service),
        timeout: section.duration("kas_timeout", problems).unwrap_or(services.timeout),
    };
    let resolver = section.parsed("resolver", problems);
    section.finish(problems);
    Some(Fachdienst {
        identity,
        anchors: anchors?,
        verify_with_konnektor,
        names,
        connect_timeout: MINUTE / 2,
        resolver,
        services,
    })
}

fn konnektor(mut section: Section<'_, '_>, problems: &mut Problems) -> Option<Konnektor> {
    let id = section.parsed("id", problems);
    let default = section.flag("default", problems).unwrap_or(false);
    // Several tables with one id are Konnektors that reach the same cards: they share the work by weight, and one with
    // weight 0 only steps in for the others.
    let weight = section.number("weight", problems).unwrap_or(1);
    if weight > 1000 {
        section.problem("weight", "a number from 0 to 1000 is wanted", problems);
    }
    let url = section.text("url", problems);
    if id.is_none() || url.is_none() {
        section.problem("id, url", "both are needed", problems);
    }
    let trust = server_trust(&mut section, problems);
    let identity = identity(&mut section, problems);
    let user = section.text("username", problems);
    let password = section.password("password", problems);
    let auth =
        match section.choice("auth", problems, &[("certificate", 0), ("basic", 1), ("none", 2)]).unwrap_or(0)
        {
            0 if identity.is_none() => {
                section.problem("identity", "auth = \"certificate\" needs an identity", problems);
                return None;
            }
            1 => match (user, password) {
                (Some(user), Some(password)) => Auth::Basic { user, password },
                _ => {
                    section.problem(
                        "username",
                        "auth = \"basic\" needs username and password_file or password_env",
                        problems,
                    );
                    return None;
                }
            },
            0 => Auth::Certificate,
            _ => Auth::None,
        };
    let modes = [
        ("published", EndpointMode::Published),
        ("rewrite-authority", EndpointMode::RewriteAuthority),
        ("rewrite-prefix", EndpointMode::RewritePrefix),
    ];
    let endpoints = section.choice("endpoints", problems, &modes).unwrap_or(EndpointMode::Published);
    let timeout = section.duration("timeout", problems).unwrap_or(MINUTE);
    let pin_timeout = section.duration("pin_timeout", problems).unwrap_or(MINUTE * 5);
    let signatures = [("RSA_ECC", Crypt::RsaEcc), ("ECC", Crypt::Ecc), ("RSA", Crypt::Rsa)];
    let signature = section.choice("signature", problems, &signatures).unwrap_or(Crypt::RsaEcc);
    let with_certificate = section.flag("ldap_client_certificate", problems).unwrap_or(true);
    let (ldap, base) = (section.text("ldap", problems), section.text("ldap_base", problems));
    // `time_server = "192.0.2.10:123"`: where the Konnektor tells the time (sync_Time), by default port 123 of its host. With
    // `"off"` the clock of this machine is relied on, which the system's own NTP client then keeps.
    let time_server = match section.text("time_server", problems).as_deref() {
        Some("off") => None,
        Some(text) => host_and_port(text).or_else(|| {
            section.problem("time_server", "host:port or off is wanted", problems);
            None
        }),
        None => url.as_deref().and_then(host_of).map(|host| (host.trim_matches(['[', ']']).to_owned(), 123)),
    };
    let ldap = ldap.or_else(|| Some(format!("{}:636", host_of(url.as_deref()?)?)));
    let ldap = ldap.as_deref().and_then(host_and_port);
    if ldap.is_none() {
        section.problem("ldap", "host:port is wanted, or a url of the form https://host/path", problems);
    }
    let line = section.line();
    section.finish(problems);
    let (id, url, trust) = (id?, url?, trust?);
    let mut tls = |identity: Option<&Identity>| {
        kim_tls::client_config(trust.clone(), identity)
            .map_err(|error| problems.add(line, format!("konnektor.identity: {error}")))
            .ok()
    };
    let soap_tls = tls(identity.as_ref())?;
    let ldap_tls = tls(identity.as_ref().filter(|_| with_certificate))?;
    let (host, port) = ldap?;
    let base = base.unwrap_or("dc=data,dc=vzd".to_owned());
    Some(Konnektor {
        id,
        default,
        weight: u32::try_from(weight).ok()?,
        soap: KonnektorSettings { url, tls: soap_tls, auth, endpoints, timeout, pin_timeout },
        directory: DirectorySettings { host, port, base, tls: ldap_tls, timeout, max_entries: 50 },
        time_server,
        signature,
    })
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    Some((host.trim_matches(['[', ']']).to_owned(), port.parse().ok()?))
}

/// `pins`, or `trust` with `expected_name`.
fn server_trust(section: &mut Section<'_, '_>, problems: &mut Problems) -> Option<ServerTrust> {
    let pins = section.files("pins", problems);
    let anchors = section.file("trust", problems);
    let name = section.text("expected_name", problems);
    match (pins, anchors, name) {
        (Some(files), None, None) => match Pins::from_pem(&files.join(&b'\n')) {
            Ok(pins) => {
                let pinned = files.iter().filter_map(|pem| kim_tls::pem_certificates(pem).ok()).flatten();
                for (certificate, number) in pinned.zip(1..) {
                    if let Some(not_after) = kim_tls::not_after(&certificate) {
                        problems.in_use(section.place_of(&format!("pins, certificate {number},")), not_after);
                    }
                }
                Some(ServerTrust::Pins(pins))
            }
            Err(error) => {
                section.problem("pins", error, problems);
                None
            }
        },
        (None, Some(pem), Some(name)) => match Anchors::from_pem(&pem) {
            Ok(anchors) => {
                Some(ServerTrust::Anchors { anchors, name: ExpectedName::Dns(name), required_kind: None })
            }
            Err(error) => {
                section.problem("trust", error, problems);
                None
            }
        },
        _ => {
            section.problem("pins", "either pins, or trust with expected_name", problems);
            None
        }
    }
}

fn host_of(url: &str) -> Option<String> {
    let authority = url.strip_prefix("https://")?.split('/').next()?;
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => host,
        _ => authority,
    };
    (!host.is_empty()).then(|| host.to_owned())
}

fn caches(mut section: Section<'_, '_>, problems: &mut Problems) -> Caches {
    let default = Caches::default();
    section.unused(&["versions"], problems);
    let caches = Caches {
        certificates: section.duration("certificates", problems).unwrap_or(default.certificates),
        cards: section.duration("cards", problems).unwrap_or(default.cards),
        limits: section.duration("limits", problems).unwrap_or(default.limits),
    };
    section.finish(problems);
    caches
}

fn log(mut section: Section<'_, '_>, problems: &mut Problems) -> LogSettings {
    let default = LogSettings::default();
    let json = section.choice("format", problems, &[("text", false), ("json", true)]).unwrap_or(default.json);
    let levels =
        [("error", Level::ERROR), ("warn", Level::WARN), ("info", Level::INFO), ("debug", Level::DEBUG)];
    let level = section.choice("level", problems, &levels).unwrap_or(default.level);
    let folder = section.folder("dir", problems);
    let keep = section.duration("keep", problems).map(|keep| keep.as_secs().div_ceil(DAY.as_secs()));
    let days = keep.map_or(default.days, |days| u16::try_from(days).unwrap_or(u16::MAX));
    let flow = section.flag("flow", problems).unwrap_or(default.flow);
    section.finish(problems);
    LogSettings { json, level, folder, days, flow }
}

/// The password of a file, for the command line.
pub fn password_file(path: &Path) -> std::io::Result<Secret> {
    Ok(Secret::from(std::fs::read_to_string(path)?.trim_end_matches(['\r', '\n'])))
}
