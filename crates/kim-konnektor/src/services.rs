//! [`Services`]: where to call which version of which service.

use std::fmt;

use crate::error::{Error, Unsupported};
use crate::namespace::{Namespace, SIG_7_4, SIG_7_5};
use crate::version::Version;

/// A service of the Konnektor that a Clientmodul uses.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2077
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// Signing for the account manager.
    AuthSignature,
    /// Cards' PINs.
    Card,
    /// Certificates on cards and their checking.
    Certificate,
    /// Encrypting and decrypting.
    Encryption,
    /// Cards, terminals and events.
    Event,
    /// Signing and verifying.
    Signature,
}

impl Service {
    /// All services.
    pub const ALL: [Self; 6] =
        [Self::AuthSignature, Self::Card, Self::Certificate, Self::Encryption, Self::Event, Self::Signature];

    /// The name in the service directory.
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthSignature => "AuthSignatureService",
            Self::Card => "CardService",
            Self::Certificate => "CertificateService",
            Self::Encryption => "EncryptionService",
            Self::Event => "EventService",
            Self::Signature => "SignatureService",
        }
    }

    /// The versions (major, minor) we speak, best first; the revision is the newest offered.
    fn spoken(self) -> &'static [(u16, u16)] {
        match self {
            Self::AuthSignature => &[(7, 4)],
            Self::Card => &[(8, 1)],
            Self::Certificate => &[(6, 0)],
            Self::Encryption => &[(6, 1)],
            Self::Event => &[(7, 2)],
            Self::Signature => &[(7, 5), (7, 4)],
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where and how to call a service.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// An absolute https URL.
    pub url: String,
    /// The version to speak there.
    pub version: Version,
}

/// The chosen endpoint of every service a Konnektor offers.
///
/// Made by [`ServiceDirectory::services`](crate::ServiceDirectory::services); to be kept until the Konnektor
/// cannot be reached there.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076 and KOM-LE-A_2077
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Services {
    chosen: Vec<(Service, Endpoint)>,
}

impl Services {
    /// Chooses among the endpoints on offer.
    pub(crate) fn choose(offers: &[(Service, Endpoint)]) -> Self {
        let best = |service: Service| {
            service.spoken().iter().find_map(|spoken| {
                let offers = offers.iter().filter(|(offered, endpoint)| {
                    *offered == service && (endpoint.version.major, endpoint.version.minor) == *spoken
                });
                offers.max_by_key(|(_, endpoint)| endpoint.version).cloned()
            })
        };
        Self { chosen: Service::ALL.into_iter().filter_map(best).collect() }
    }

    /// The endpoint of a service.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] when the Konnektor offers no version we speak over TLS.
    pub fn endpoint(&self, service: Service) -> Result<&Endpoint, Error> {
        let found = self.chosen.iter().find(|(chosen, _)| *chosen == service);
        found.map(|(_, endpoint)| endpoint).ok_or(Error::Unsupported(Unsupported::Service(service)))
    }

    /// Whether the Konnektor signs and encrypts with elliptic curves.
    ///
    /// Without, certificates with such keys must not be used (A_17472).
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_17464
    pub fn supports_ecc(&self) -> bool {
        let at_least = |service, version| self.endpoint(service).is_ok_and(|found| found.version >= version);
        at_least(Service::Signature, Version::new(7, 4, 1))
            && at_least(Service::Encryption, Version::new(6, 1, 1))
    }

    /// The endpoint of the SignatureService with the namespace of its messages.
    pub(crate) fn signature(&self) -> Result<(&Endpoint, Namespace), Error> {
        let endpoint = self.endpoint(Service::Signature)?;
        let namespace = if endpoint.version.minor >= 5 { SIG_7_5 } else { SIG_7_4 };
        Ok((endpoint, namespace))
    }
}
