//! The namespaces of the messages: [`Ns`].

/// A namespace, by the prefix gematik's documents use for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ns {
    /// SOAP 1.1.
    Soap,
    Conn,
    Cctx,
    Ccmn,
    Card,
    Evt,
    Cert,
    CertCmn,
    Sig74,
    Sig75,
    Crypt,
    Gerror,
    Dss,
    /// No namespace, or one that no message of a Konnektor needs.
    Other,
}

impl Ns {
    /// Those that a response declares, in the order of their numbers.
    pub(super) const DECLARED: [Self; 12] = [
        Self::Conn,
        Self::Cctx,
        Self::Ccmn,
        Self::Card,
        Self::Evt,
        Self::Cert,
        Self::CertCmn,
        Self::Crypt,
        Self::Dss,
        Self::Gerror,
        Self::Sig74,
        Self::Sig75,
    ];

    pub(super) fn from_uri(uri: &str) -> Self {
        let known = Self::DECLARED.into_iter().chain([Self::Soap]);
        known.into_iter().find(|namespace| namespace.uri() == uri).unwrap_or(Self::Other)
    }

    pub(super) fn uri(self) -> &'static str {
        match self {
            Self::Soap => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::Conn => "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
            Self::Cctx => "http://ws.gematik.de/conn/ConnectorContext/v2.0",
            Self::Ccmn => "http://ws.gematik.de/conn/CardServiceCommon/v2.0",
            Self::Card => "http://ws.gematik.de/conn/CardService/v8.1",
            Self::Evt => "http://ws.gematik.de/conn/EventService/v7.2",
            Self::Cert => "http://ws.gematik.de/conn/CertificateService/v6.0",
            Self::CertCmn => "http://ws.gematik.de/conn/CertificateServiceCommon/v2.0",
            Self::Sig74 => "http://ws.gematik.de/conn/SignatureService/v7.4",
            Self::Sig75 => "http://ws.gematik.de/conn/SignatureService/v7.5",
            Self::Crypt => "http://ws.gematik.de/conn/EncryptionService/v6.1",
            Self::Gerror => "http://ws.gematik.de/tel/error/v2.0",
            Self::Dss => "urn:oasis:names:tc:dss:1.0:core:schema",
            Self::Other => "",
        }
    }
}
