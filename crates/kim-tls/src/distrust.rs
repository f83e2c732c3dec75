//! Why a peer's certificate is refused: [`Distrust`].

use std::io;
use std::sync::Arc;

use openssl::error::ErrorStack;
use openssl::x509::X509VerifyResult;
use rustls::{CertificateError, OtherError};
use thiserror::Error;

/// Why the certificate of a peer was refused.
///
/// rustls carries it as [`CertificateError::Other`]; [`Distrust::in_error`] and [`Distrust::in_io`] get it out again.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-03; deltas Q19.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Distrust {
    /// It is not one of the pinned certificates: the operator pins the new one, or somebody is in between.
    #[error("the certificate is not pinned")]
    NotPinned,
    /// No configured authority issued it, or a certificate in between was not shown.
    #[error("the certificate has no known issuer")]
    UnknownIssuer,
    /// The signature of an authority in the chain is wrong: somebody made it up, or two authorities have one name.
    #[error("a signature of the chain is wrong")]
    Signature,
    /// It is over, or that of an authority above it is.
    #[error("the certificate or one above it has expired")]
    Expired,
    /// It has not begun yet: often the own clock is wrong.
    #[error("the certificate or one above it is not yet valid")]
    NotYetValid,
    /// It belongs to another host.
    #[error("the certificate has another name")]
    Name,
    /// It is good for something, but not for this side of TLS.
    #[error("the certificate is not meant for this purpose")]
    Purpose,
    /// It is not of the type and role that the service must have.
    #[error("the certificate is not of the required type and role")]
    Kind,
    /// A key or hash in the chain is too weak.
    #[error("a key or signature of the chain is too weak")]
    Weak,
    /// It cannot be read, or too many were shown.
    #[error("the certificate is malformed")]
    Malformed,
    /// Something else that OpenSSL finds wrong, with its number (`X509_V_ERR_...`).
    #[error("the certificate is refused with code {0}")]
    Other(i32),
}

impl Distrust {
    /// What a TLS error says about the peer's certificate, if that was the trouble.
    pub fn in_error(error: &rustls::Error) -> Option<Self> {
        match error {
            rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
                inner.downcast_ref().copied()
            }
            _ => None,
        }
    }

    /// What the error of a TLS stream says about the peer's certificate, if that was the trouble.
    pub fn in_io(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().and_then(Self::in_error)
    }

    /// Spec: none — the numbers are `X509_V_ERR_...` of OpenSSL's x509_vfy.h.
    pub(crate) fn of(result: X509VerifyResult) -> Self {
        match result.as_raw() {
            2 | 18 | 19 | 20 | 21 => Self::UnknownIssuer,
            7 => Self::Signature,
            9 => Self::NotYetValid,
            10 => Self::Expired,
            26 | 79 => Self::Purpose,
            62 | 64 => Self::Name,
            66..=68 => Self::Weak,
            other => Self::Other(other),
        }
    }
}

impl From<Distrust> for rustls::Error {
    fn from(distrust: Distrust) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(distrust))))
    }
}

/// OpenSSL is out of memory or was built without what is needed; the peer is not to blame, but not trusted either.
impl From<ErrorStack> for Distrust {
    fn from(_: ErrorStack) -> Self {
        Self::Other(1)
    }
}
