//! How the Konnektors of the manufacturers differ: [`Vendor`].

use super::namespace::Ns;

/// A Konnektor of the market, with its paths, versions and habits.
///
/// Spec: none — facts of published service directories and recorded messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Vendor {
    /// secunet konnektor 2.0.0, PTV5: one address for all versions of a service.
    #[default]
    Secunet,
    /// KoCoBox MED+, PTV5: versions ascending, the event service under another name, 7.5 with an address of its own.
    KocoBox,
    /// KoCoBox MED+, PTV3: old versions, which know nothing of ECC.
    KocoBoxPtv3,
    /// RISE Konnektor, PTV5: signature services with their version in the address.
    Rise,
    /// eHEX infinity konnektor, PTV6.
    Ehex,
}

/// A service in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Card,
    Certificate,
    Event,
    Signature,
    AuthSignature,
    Encryption,
}

/// A version of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u8, pub(super) u8, pub(super) u8);

/// One line of a service directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Endpoint {
    pub(super) service: Service,
    pub(super) version: Version,
    pub(super) path: &'static str,
}

/// What the service directory says about the product.
pub(super) struct Product {
    pub(super) product_type_version: &'static str,
    pub(super) vendor_id: &'static str,
    pub(super) code: &'static str,
    pub(super) hardware: &'static str,
    pub(super) firmware: &'static str,
    pub(super) vendor_name: &'static str,
    pub(super) name: &'static str,
}

impl Service {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Card => "CardService",
            Self::Certificate => "CertificateService",
            Self::Event => "EventService",
            Self::Signature => "SignatureService",
            Self::AuthSignature => "AuthSignatureService",
            Self::Encryption => "EncryptionService",
        }
    }
}

impl Endpoint {
    const fn new(service: Service, version: (u8, u8, u8), path: &'static str) -> Self {
        Self { service, version: Version(version.0, version.1, version.2), path }
    }

    /// The namespace of its messages.
    pub(super) fn namespace(&self) -> Ns {
        match (self.service, self.version) {
            (Service::Card, Version(8, 1, _)) => Ns::Card,
            (Service::Certificate, _) => Ns::Cert,
            (Service::Event, _) => Ns::Evt,
            (Service::Signature, Version(7, 5, _)) => Ns::Sig75,
            (Service::Signature | Service::AuthSignature, _) => Ns::Sig74,
            (Service::Encryption, _) => Ns::Crypt,
            (Service::Card, _) => Ns::Other,
        }
    }
}

impl Vendor {
    pub(super) fn soap_prefix(self) -> &'static str {
        match self {
            Self::Secunet | Self::Ehex => "SOAP-ENV",
            Self::KocoBox | Self::KocoBoxPtv3 => "S",
            Self::Rise => "soap",
        }
    }

    pub(super) fn writes_header(self) -> bool {
        matches!(self, Self::Secunet | Self::Ehex)
    }

    pub(super) fn product(self) -> Product {
        match self {
            Self::Secunet => Product {
                product_type_version: "5.54.1",
                vendor_id: "SECUN",
                code: "secu_kon",
                hardware: "2.0.0",
                firmware: "5.50.4",
                vendor_name: "secunet Security Networks AG",
                name: "secunet konnektor 2.0.0",
            },
            Self::KocoBox | Self::KocoBoxPtv3 => Product {
                product_type_version: if self == Self::KocoBox { "5.54.1" } else { "3.6.0" },
                vendor_id: "KOCOC",
                code: "kocobox",
                hardware: "2.0.0",
                firmware: if self == Self::KocoBox { "5.5.15" } else { "2.3.24" },
                vendor_name: "KoCo Connector GmbH",
                name: "KoCoBox MED+",
            },
            Self::Rise => Product {
                product_type_version: "5.53.0",
                vendor_id: "RISEG",
                code: "RKONN",
                hardware: "1.0.0",
                firmware: "5.1.5",
                vendor_name: "Research Industrial Systems Engineering (RISE)",
                name: "RISE Konnektor",
            },
            Self::Ehex => Product {
                product_type_version: "6.0.2",
                vendor_id: "EHEXP",
                code: "IK",
                hardware: "1.2.0",
                firmware: "2.0.1",
                vendor_name: "eHEX",
                name: "infinity konnektor",
            },
        }
    }

    /// The lines of the service directory, in the order of the manufacturer.
    pub(super) fn endpoints(self) -> &'static [Endpoint] {
        match self {
            Self::Secunet => SECUNET,
            Self::KocoBox => KOCOBOX,
            Self::KocoBoxPtv3 => KOCOBOX_PTV3,
            Self::Rise => RISE,
            Self::Ehex => EHEX,
        }
    }

    /// The newest version that a message of this service and namespace reaches at this path.
    pub(super) fn version_at(self, path: &str, service: Service, namespace: Ns) -> Option<Version> {
        let endpoints = self.endpoints().iter();
        endpoints
            .filter(|endpoint| endpoint.path == path && endpoint.service == service)
            .filter(|endpoint| endpoint.namespace() == namespace)
            .map(|endpoint| endpoint.version)
            .max()
    }

    /// Whether anything is offered at this path.
    pub(super) fn offers(self, path: &str) -> bool {
        self.endpoints().iter().any(|endpoint| endpoint.path == path)
    }
}

const SECUNET: &[Endpoint] = &[
    Endpoint::new(Service::Encryption, (6, 1, 1), "/ws/EncryptionService"),
    Endpoint::new(Service::Encryption, (6, 1, 0), "/ws/EncryptionService"),
    Endpoint::new(Service::Signature, (7, 4, 2), "/ws/SignatureService"),
    Endpoint::new(Service::Signature, (7, 5, 5), "/ws/SignatureService"),
    Endpoint::new(Service::Signature, (7, 4, 0), "/ws/SignatureService"),
    Endpoint::new(Service::AuthSignature, (7, 4, 1), "/ws/AuthSignatureService"),
    Endpoint::new(Service::AuthSignature, (7, 4, 0), "/ws/AuthSignatureService"),
    Endpoint::new(Service::Card, (8, 1, 2), "/ws/CardService"),
    Endpoint::new(Service::Card, (8, 1, 1), "/ws/CardService"),
    Endpoint::new(Service::Card, (8, 1, 0), "/ws/CardService"),
    Endpoint::new(Service::Event, (7, 2, 0), "/ws/EventService"),
    Endpoint::new(Service::Certificate, (6, 0, 1), "/ws/CertificateService"),
    Endpoint::new(Service::Certificate, (6, 0, 0), "/ws/CertificateService"),
];

const KOCOBOX: &[Endpoint] = &[
    Endpoint::new(Service::Certificate, (6, 0, 0), "/service/certificateservice"),
    Endpoint::new(Service::Certificate, (6, 0, 1), "/service/certificateservice"),
    Endpoint::new(Service::Card, (8, 1, 0), "/service/cardservice"),
    Endpoint::new(Service::Card, (8, 1, 1), "/service/cardservice"),
    Endpoint::new(Service::Card, (8, 1, 2), "/service/cardservice"),
    Endpoint::new(Service::Event, (7, 2, 0), "/service/systeminformationservice"),
    Endpoint::new(Service::Signature, (7, 4, 0), "/service/signservice"),
    Endpoint::new(Service::Signature, (7, 4, 2), "/service/signservice"),
    Endpoint::new(Service::Signature, (7, 5, 5), "/service/v75/signservice"),
    Endpoint::new(Service::Encryption, (6, 1, 0), "/service/encryptionservice"),
    Endpoint::new(Service::Encryption, (6, 1, 1), "/service/encryptionservice"),
    Endpoint::new(Service::AuthSignature, (7, 4, 0), "/service/authsignatureservice"),
    Endpoint::new(Service::AuthSignature, (7, 4, 1), "/service/authsignatureservice"),
];

const KOCOBOX_PTV3: &[Endpoint] = &[
    Endpoint::new(Service::Certificate, (6, 0, 0), "/service/certificateservice"),
    Endpoint::new(Service::Card, (8, 1, 0), "/service/cardservice"),
    Endpoint::new(Service::Card, (8, 1, 1), "/service/cardservice"),
    Endpoint::new(Service::Card, (8, 1, 2), "/service/cardservice"),
    Endpoint::new(Service::Event, (7, 2, 0), "/service/systeminformationservice"),
    Endpoint::new(Service::Signature, (7, 4, 0), "/service/signservice"),
    Endpoint::new(Service::Encryption, (6, 1, 0), "/service/encryptionservice"),
    Endpoint::new(Service::AuthSignature, (7, 4, 0), "/service/authsignatureservice"),
];

const RISE: &[Endpoint] = &[
    Endpoint::new(Service::Card, (8, 1, 2), "/webservices/cardservice"),
    Endpoint::new(Service::Card, (8, 1, 1), "/webservices/cardservice"),
    Endpoint::new(Service::Card, (8, 1, 0), "/webservices/cardservice"),
    Endpoint::new(Service::Certificate, (6, 0, 0), "/webservices/certificateservice"),
    Endpoint::new(Service::Certificate, (6, 0, 1), "/webservices/certificateservice"),
    Endpoint::new(Service::Event, (7, 2, 0), "/webservices/eventservice"),
    Endpoint::new(Service::Encryption, (6, 1, 1), "/webservices/encryptionservice"),
    Endpoint::new(Service::Encryption, (6, 1, 0), "/webservices/encryptionservice"),
    Endpoint::new(Service::AuthSignature, (7, 4, 1), "/webservices/authsignatureservice"),
    Endpoint::new(Service::Signature, (7, 4, 2), "/webservices/signatureservice/v7.4"),
    Endpoint::new(Service::Signature, (7, 4, 0), "/webservices/signatureservice/v7.4"),
    Endpoint::new(Service::Signature, (7, 5, 5), "/webservices/signatureservice/v7.5"),
];

const EHEX: &[Endpoint] = &[
    Endpoint::new(Service::Signature, (7, 5, 5), "/ws/SignatureService"),
    Endpoint::new(Service::Signature, (7, 4, 2), "/ws/SignatureService"),
    Endpoint::new(Service::Signature, (7, 4, 0), "/ws/SignatureService"),
    Endpoint::new(Service::AuthSignature, (7, 4, 1), "/ws/AuthSignatureService"),
    Endpoint::new(Service::AuthSignature, (7, 4, 0), "/ws/AuthSignatureService"),
    Endpoint::new(Service::Encryption, (6, 1, 1), "/ws/EncryptionService"),
    Endpoint::new(Service::Encryption, (6, 1, 0), "/ws/EncryptionService"),
    Endpoint::new(Service::Certificate, (6, 0, 1), "/ws/CertificateService"),
    Endpoint::new(Service::Certificate, (6, 0, 0), "/ws/CertificateService"),
    Endpoint::new(Service::Card, (8, 1, 2), "/ws/CardService"),
    Endpoint::new(Service::Card, (8, 1, 1), "/ws/CardService"),
    Endpoint::new(Service::Card, (8, 1, 0), "/ws/CardService"),
    Endpoint::new(Service::Card, (8, 2, 1), "/ws/CardService"),
    Endpoint::new(Service::Event, (7, 2, 0), "/ws/EventService"),
];
