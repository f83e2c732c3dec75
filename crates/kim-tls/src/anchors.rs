//! Certificate authorities one relies on: [`Anchors`].

use std::fmt;
use std::sync::Arc;

use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509PurposeId, X509StoreContext};
use rustls::DistinguishedName;
use rustls::pki_types::{CertificateDer, UnixTime};

use crate::distrust::Distrust;
use crate::pins::{PemError, certificates};
use crate::trust::ExpectedName;

/// 112 bits of security for every key and signature of a chain: RSA of 2048 bits, SHA-256.
const SECURITY_LEVEL: i32 = 2;

/// How many certificates there may be between a peer's and an anchor.
const MAX_DEPTH: i32 = 8;

/// How many certificates a peer may show.
const MAX_SHOWN: usize = 16;

/// Certificate authorities whose certificates are accepted, roots or below.
///
/// Cheap to clone.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2064-02, KOM-LE-A_2075-03.
#[derive(Clone)]
pub struct Anchors(Arc<[X509]>);

impl Anchors {
    /// The certificates of a PEM file, all of them as anchors.
    ///
    /// # Errors
    /// [`PemError`] if there is no certificate in it, or a damaged one.
    pub fn from_pem(pem: &[u8]) -> Result<Self, PemError> {
        certificates(pem).map(|all| Self(all.into()))
    }

    /// The names of the authorities, for a client that has several certificates to choose from.
    pub(crate) fn names(&self) -> Result<Vec<DistinguishedName>, ErrorStack> {
        self.0.iter().map(|one| one.subject_name().to_der().map(DistinguishedName::from)).collect()
    }

    /// Checks chain, validity, purpose and name with OpenSSL, which knows brainpool.
    pub(crate) fn check(&self, shown: &Shown<'_>, asked: &Asked<'_>) -> Result<(), Distrust> {
        if shown.intermediates.len() > MAX_SHOWN {
            return Err(Distrust::Malformed);
        }
        let certificate = X509::from_der(shown.certificate).map_err(|_| Distrust::Malformed)?;
        let mut intermediates = Stack::new()?;
        for one in shown.intermediates {
            intermediates.push(X509::from_der(one).map_err(|_| Distrust::Malformed)?)?;
        }
        let mut store = X509StoreBuilder::new()?;
        for anchor in self.0.iter() {
            store.add_cert(anchor.clone())?;
        }
        let param = asked.param()?;
        store.set_param(&param)?;
        let mut context = X509StoreContext::new()?;
        context.init(&store.build(), &certificate, &intermediates, |context| {
            Ok(if context.verify_cert()? { Ok(()) } else { Err(Distrust::of(context.error())) })
        })?
    }
}

impl fmt::Debug for Anchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} anchors]", self.0.len())
    }
}

/// What a peer shows in the handshake.
pub(crate) struct Shown<'a> {
    pub(crate) certificate: &'a CertificateDer<'a>,
    pub(crate) intermediates: &'a [CertificateDer<'a>],
}

/// What it is checked for.
pub(crate) struct Asked<'a> {
    pub(crate) purpose: X509PurposeId,
    pub(crate) name: &'a ExpectedName,
    pub(crate) now: UnixTime,
}

impl Asked<'_> {
    fn param(&self) -> Result<X509VerifyParam, ErrorStack> {
        let mut param = X509VerifyParam::new()?;
        // Without it only self-signed certificates are anchors.
        param.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
        param.set_purpose(self.purpose)?;
        param.set_auth_level(SECURITY_LEVEL);
        param.set_depth(MAX_DEPTH);
        param.set_time(self.now.as_secs().try_into().unwrap_or_default());
        param.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS);
        match self.name {
            // OpenSSL looks at the common name only if there is no DNS name among the alternative names.
            ExpectedName::Dns(name) => param.set_host(name)?,
            ExpectedName::Ip(address) => param.set_ip(*address)?,
            ExpectedName::Any => {}
        }
        Ok(param)
    }
}
