//! The two sides of certificate checking, as rustls asks for it.

use openssl::x509::X509PurposeId;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use crate::anchors::{Anchors, Asked, Shown};
use crate::distrust::Distrust;
use crate::signature::{schemes, verify_tls12, verify_tls13};
use crate::trust::{ExpectedName, ServerTrust};

/// Checks servers.
#[derive(Debug)]
pub(crate) struct ServerVerifier(pub(crate) ServerTrust);

impl ServerVerifier {
    fn check(&self, shown: &Shown<'_>, now: UnixTime) -> Result<(), Distrust> {
        match &self.0 {
            ServerTrust::Pins(pins) => {
                pins.contain(shown.certificate).then_some(()).ok_or(Distrust::NotPinned)
            }
            ServerTrust::Anchors { anchors, name, required_kind } => {
                anchors.check(shown, &Asked { purpose: X509PurposeId::SSL_SERVER, name, now })?;
                let fits = required_kind.is_none_or(|kind| kind.matches(shown.certificate));
                fits.then_some(()).ok_or(Distrust::Kind)
            }
        }
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(&Shown { certificate, intermediates }, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes()
    }
}

/// Checks clients.
#[derive(Debug)]
pub(crate) struct ClientVerifier {
    pub(crate) anchors: Anchors,
    pub(crate) names: Vec<DistinguishedName>,
    pub(crate) mandatory: bool,
}

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.names
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let asked = Asked { purpose: X509PurposeId::SSL_CLIENT, name: &ExpectedName::Any, now };
        self.anchors.check(&Shown { certificate, intermediates }, &asked)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes()
    }
}
