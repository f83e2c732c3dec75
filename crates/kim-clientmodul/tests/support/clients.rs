//! Clients of a testbed, configured as for the real thing.

#![allow(dead_code, reason = "each test uses a part of it")]
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::sync::Arc;
use std::time::Duration;

use kim_clientmodul::{Auth, DirectoryClient, DirectorySettings, KonnektorClient, KonnektorSettings};
use kim_konnektor::EndpointMode;
use kim_testbed::Testbed;
use kim_tls::{Identity, Pins, ServerTrust, client_config};
use rustls::ClientConfig;

/// Long enough for every answer that comes, short enough to wait for one that does not.
const TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) fn identity(testbed: &Testbed) -> Identity {
    let (file, password) = testbed.konnektor_client_pkcs12();
    Identity::from_pkcs12(&file, &password).unwrap()
}

pub(crate) fn tls(testbed: &Testbed, identity: Option<&Identity>) -> Arc<ClientConfig> {
    let pins = Pins::from_pem(testbed.konnektor_certificate_pem().as_bytes()).unwrap();
    client_config(ServerTrust::Pins(pins), identity).unwrap()
}

pub(crate) fn konnektor_settings(testbed: &Testbed) -> KonnektorSettings {
    KonnektorSettings {
        url: testbed.konnektor_url(),
        tls: tls(testbed, Some(&identity(testbed))),
        auth: Auth::Certificate,
        endpoints: EndpointMode::Published,
        timeout: TIMEOUT,
        pin_timeout: TIMEOUT,
    }
}

pub(crate) fn konnektor(testbed: &Testbed) -> KonnektorClient {
    KonnektorClient::new(konnektor_settings(testbed))
}

pub(crate) fn directory_settings(testbed: &Testbed) -> DirectorySettings {
    let address = testbed.ldap_addr();
    DirectorySettings {
        host: address.ip().to_string(),
        port: address.port(),
        base: "dc=data,dc=vzd".to_owned(),
        tls: tls(testbed, Some(&identity(testbed))),
        timeout: TIMEOUT,
        max_entries: 50,
    }
}

pub(crate) fn directory(testbed: &Testbed) -> DirectoryClient {
    DirectoryClient::new(directory_settings(testbed))
}
