//! Looking at the certificate of a server before there is any reason to trust it: [`CertificateLook`].

use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use crate::config::{TlsError, client_config_with};
use crate::distrust::Distrust;
use crate::signature::schemes;

/// A client that takes down which certificate a server shows and then refuses it, whatever it is: every handshake ends with
/// [`Distrust::NotPinned`] before anything is said.
///
/// Whether the server has the key of the certificate is not known then; it is checked by every connection that trusts the
/// certificate later.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070 (a Konnektor is recognised by its very certificate).
#[derive(Debug)]
pub struct CertificateLook {
    config: Arc<ClientConfig>,
    shown: Arc<Recorder>,
}

impl CertificateLook {
    /// A client that has seen nothing yet.
    ///
    /// # Errors
    /// [`TlsError::Provider`] if this OpenSSL does not work.
    pub fn new() -> Result<Self, TlsError> {
        let shown = Arc::new(Recorder::default());
        Ok(Self { config: client_config_with(shown.clone(), None)?, shown })
    }

    /// What to connect with.
    pub fn config(&self) -> Arc<ClientConfig> {
        self.config.clone()
    }

    /// The certificate that was shown last, as DER.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Takes certificates down and trusts none.
#[derive(Debug, Default)]
struct Recorder(Mutex<Option<Vec<u8>>>);

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(certificate.to_vec());
        Err(Distrust::NotPinned.into())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Distrust::NotPinned.into())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Distrust::NotPinned.into())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes()
    }
}
