//! What the examples share: the settings a practice would type in, for the testbed.
//!
//! The examples themselves are the files beside this package's `Cargo.toml`; run one with `cargo run --example NAME`.

mod blocking;
mod dialogue;
mod log;
mod proxy_process;
mod usage;

/// The code of the page on embedding must compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/EMBEDDING.md")]
struct Embedding;

pub use blocking::Blocking;
pub use dialogue::Dialogue;
pub use log::Log;
pub use proxy_process::ProxyProcess;
pub use usage::{forget_peak, memory_of, processor_time_of};

use std::collections::HashMap;
use std::time::Duration;

use kim_clientmodul::{
    Auth, Caches, DirectorySettings, Fachdienst, FachdienstServices, Konnektor, KonnektorSettings, Settings,
    SpoolSettings,
};
use kim_flow::Rules;
use kim_konnektor::{Crypt, EndpointMode};
use kim_testbed::Testbed;
use kim_tls::{Anchors, Identity, Pins, ServerTrust};

/// Settings with which a Clientmodul reaches everything in `testbed`.
///
/// # Errors
/// A sentence about the key or certificate that could not be read.
///
/// Spec: none — a convenience for examples and tests.
pub fn testbed_settings(testbed: &Testbed) -> Result<Settings, String> {
    fn text(error: impl std::fmt::Display) -> String {
        error.to_string()
    }
    let (file, password) = testbed.clientmodul_pkcs12();
    let mail_identity = Identity::from_pkcs12(&file, &password).map_err(text)?;
    let (file, password) = testbed.konnektor_client_pkcs12();
    let konnektor_identity = Identity::from_pkcs12(&file, &password).map_err(text)?;
    let pins = Pins::from_pem(testbed.konnektor_certificate_pem().as_bytes()).map_err(text)?;
    let konnektor_tls =
        kim_tls::client_config(ServerTrust::Pins(pins), Some(&konnektor_identity)).map_err(text)?;
    let timeout = Duration::from_secs(60);
    let konnektor = Konnektor {
        id: "Konn_1".parse().map_err(text)?,
        default: true,
        weight: 1,
        soap: KonnektorSettings {
            url: testbed.konnektor_url(),
            tls: konnektor_tls.clone(),
            auth: Auth::Certificate,
            endpoints: EndpointMode::Published,
            timeout,
            pin_timeout: timeout * 5,
        },
        directory: DirectorySettings {
            host: testbed.ldap_addr().ip().to_string(),
            port: testbed.ldap_addr().port(),
            base: "dc=data,dc=vzd".to_owned(),
            tls: konnektor_tls,
            timeout,
            max_entries: 50,
        },
        time_server: None,
        signature: Crypt::RsaEcc,
    };
    let fachdienst = Fachdienst {
        identity: Some(mail_identity),
        anchors: Anchors::from_pem(testbed.fachdienst_trust_pem().as_bytes()).map_err(text)?,
        verify_with_konnektor: true,
        names: HashMap::from([("127.0.0.1".to_owned(), testbed.fachdienst_name().to_owned())]),
        connect_timeout: Duration::from_secs(30),
        resolver: None,
        services: FachdienstServices {
            kas_url: Some(testbed.kas_url().parse().map_err(text)?),
            account_url: Some(testbed.account_url().parse().map_err(text)?),
            ..FachdienstServices::default()
        },
    };
    Ok(Settings {
        rules: Rules { kas_link_hosts: vec![testbed.kas_addr().to_string()], ..Rules::default() },
        fachdienst,
        konnektors: vec![konnektor],
        caches: Caches::default(),
        certificates: Vec::new(),
        spool: SpoolSettings::default(),
        early_interval: Duration::from_secs(5),
        smtp: kim_smtp::Config::default(),
        pop3: kim_pop3::Config::default(),
    })
}
