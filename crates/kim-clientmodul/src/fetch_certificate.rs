//! Which certificate a Konnektor shows, before it is trusted: [`fetch_certificate`].

use std::time::Duration;

use kim_tls::{CertificateLook, Distrust, TlsError};
use thiserror::Error;

use crate::http::Authority;
use crate::resolver::Resolver;
use crate::upstream::{self, ConnectError};

/// Why no certificate was seen.
///
/// Spec: none — the errors of connecting.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The URL is not an absolute https URL.
    #[error("the url is not an absolute https url")]
    Url,
    /// The cryptography library does not work.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Nobody there, or nobody who speaks TLS; the text says what happened.
    #[error("{0}")]
    Connect(String),
}

/// The certificate (DER) that the server at an https URL shows. Nothing is sent to the server and nothing is trusted: a
/// person has to compare the fingerprint with what the Konnektor itself displays before the certificate is pinned.
///
/// # Errors
/// [`FetchError`] if no certificate was seen within `patience`.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070.
pub async fn fetch_certificate(url: &str, patience: Duration) -> Result<Vec<u8>, FetchError> {
    let Authority { host, port } = Authority::of(url).map_err(|_| FetchError::Url)?;
    let look = CertificateLook::new()?;
    let ended = upstream::connect(&host, port, &Resolver::new(None), look.config(), patience).await;
    match (ended, look.certificate()) {
        (Err(ConnectError::Distrust(Distrust::NotPinned)), Some(certificate)) => Ok(certificate),
        (Err(error), _) => Err(FetchError::Connect(error.to_string())),
        (Ok(_), _) => Err(FetchError::Connect("the server showed no certificate".to_owned())),
    }
}
