//! From trust and identity to rustls: [`client_config`] and [`server_config`].

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};
use thiserror::Error;

use crate::anchors::Anchors;
use crate::identity::{Identity, KeyKind};
use crate::provider::provider;
use crate::trust::{ClientAuth, ExpectedName, ServerTrust};
use crate::verifier::{ClientVerifier, ServerVerifier};

/// Why there is no TLS with these settings.
///
/// Spec: none — the errors of building a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The expected name is empty or has characters that no host name has.
    #[error("the expected name of the server is not a host name")]
    Name,
    /// This OpenSSL cannot do what is needed.
    #[error("the cryptography library does not work: {0}")]
    Provider(String),
}

/// How a client connects: whom it trusts and what it shows when it is asked.
///
/// TLS 1.2 and 1.3; with a brainpool key TLS 1.2 only, because servers refuse such a key in TLS 1.3. Sessions are not
/// resumed: every connection has its certificate checked. After the handshake the certificates of the server are
/// available from the connection (`peer_certificates`), to have them checked further by the Konnektor.
///
/// # Errors
/// [`TlsError`] if the settings make no sense.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2064-02, KOM-LE-A_2070, KOM-LE-A_2071, KOM-LE-A_2074, KOM-LE-A_2182-01.
pub fn client_config(trust: ServerTrust, identity: Option<&Identity>) -> Result<Arc<ClientConfig>, TlsError> {
    if let ServerTrust::Anchors { name: ExpectedName::Dns(name), .. } = &trust {
        check_host_name(name)?;
    }
    client_config_with(Arc::new(ServerVerifier(trust)), identity)
}

pub(crate) fn client_config_with(
    verifier: Arc<dyn ServerCertVerifier>,
    identity: Option<&Identity>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions(identity))
        .map_err(|error| TlsError::Provider(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity {
        Some(identity) => {
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.certified())))
        }
        None => builder.with_no_client_auth(),
    };
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// How a server for mail programs talks TLS: what it shows and whether it asks its clients for a certificate.
///
/// # Errors
/// [`TlsError::Provider`] if this OpenSSL does not work.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2066, KOM-LE-A_2067, KOM-LE-A_2181, KOM-LE-A_2064-02.
pub fn server_config(identity: &Identity, clients: ClientAuth) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions(Some(identity)))
        .map_err(|error| TlsError::Provider(error.to_string()))?;
    let builder = match clients {
        ClientAuth::Off => builder.with_no_client_auth(),
        ClientAuth::Optional(anchors) => builder.with_client_cert_verifier(client_verifier(anchors, false)?),
        ClientAuth::Required(anchors) => builder.with_client_cert_verifier(client_verifier(anchors, true)?),
    };
    Ok(Arc::new(builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(identity.certified())))))
}

fn client_verifier(anchors: Anchors, mandatory: bool) -> Result<Arc<ClientVerifier>, TlsError> {
    let names = anchors.names().map_err(|error| TlsError::Provider(error.to_string()))?;
    Ok(Arc::new(ClientVerifier { anchors, names, mandatory }))
}

static TLS_1_2: [&SupportedProtocolVersion; 1] = [&TLS12];
static TLS_1_3_AND_1_2: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

fn versions(identity: Option<&Identity>) -> &'static [&'static SupportedProtocolVersion] {
    match identity.map(Identity::kind) {
        Some(KeyKind::Brainpool) => &TLS_1_2,
        _ => &TLS_1_3_AND_1_2,
    }
}

/// OpenSSL takes an empty name for "any" and a leading dot for "any host below": neither may come from a setting.
fn check_host_name(name: &str) -> Result<(), TlsError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = !name.is_empty() && name.len() <= 253 && !name.starts_with('.') && name.chars().all(plain);
    fits.then_some(()).ok_or(TlsError::Name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_openssl_would_read_as_a_pattern_is_refused() {
        for name in ["", ".telematik", "*.telematik", "a b", "a\0b", "ä.de"] {
            assert_eq!(check_host_name(name), Err(TlsError::Name), "{name:?}");
        }
        assert_eq!(check_host_name("mail.example.kim.telematik"), Ok(()));
        assert_eq!(check_host_name("192.0.2.1"), Ok(()));
    }
}
