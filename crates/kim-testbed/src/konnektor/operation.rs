//! What a Konnektor can be asked: [`Operation`].

use super::namespace::Ns;
use super::vendor::Service;

/// An operation of a Konnektor.
///
/// Spec: gemSpec_Kon 5.18.0, operations of the basic services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// GET of the service directory.
    ServiceDirectory,
    /// EventService: which cards are there.
    GetCards,
    /// EventService: how the Konnektor is.
    GetResourceInformation,
    /// EventService: has events of a topic sent.
    Subscribe,
    /// EventService: makes subscriptions last longer.
    RenewSubscriptions,
    /// EventService: ends subscriptions.
    Unsubscribe,
    /// EventService: which subscriptions there are.
    GetSubscription,
    /// CardService: whether a PIN was entered.
    GetPinStatus,
    /// CardService: asks for a PIN at the terminal.
    VerifyPin,
    /// CertificateService: reads certificates of a card.
    ReadCardCertificate,
    /// CertificateService: checks a certificate.
    VerifyCertificate,
    /// CertificateService: when certificates of cards end.
    CheckCertificateExpiration,
    /// AuthSignatureService: signs a hash with C.AUT.
    ExternalAuthenticate,
    /// SignatureService: reserves a job number.
    GetJobNumber,
    /// SignatureService: signs.
    SignDocument,
    /// SignatureService: checks a signature.
    VerifyDocument,
    /// EncryptionService: encrypts.
    EncryptDocument,
    /// EncryptionService: decrypts.
    DecryptDocument,
}

impl Operation {
    const SOAP: [Self; 17] = [
        Self::GetCards,
        Self::GetResourceInformation,
        Self::Subscribe,
        Self::RenewSubscriptions,
        Self::Unsubscribe,
        Self::GetSubscription,
        Self::CheckCertificateExpiration,
        Self::ExternalAuthenticate,
        Self::GetPinStatus,
        Self::VerifyPin,
        Self::ReadCardCertificate,
        Self::VerifyCertificate,
        Self::GetJobNumber,
        Self::SignDocument,
        Self::VerifyDocument,
        Self::EncryptDocument,
        Self::DecryptDocument,
    ];

    /// The operation with this SOAPAction, and the namespace its message must have.
    pub(super) fn from_action(action: &str) -> Option<(Self, Ns)> {
        let (prefix, name) = action.rsplit_once('#')?;
        let operation = Self::SOAP.into_iter().find(|operation| operation.name() == name)?;
        let namespace = operation.namespaces().iter().find(|namespace| {
            // The action of DecryptDocument has a path of its own.
            let uri = namespace.uri();
            match operation {
                Self::DecryptDocument => uri.replace("/conn/", "/conn/crypt/") == prefix,
                _ => uri == prefix,
            }
        })?;
        Some((operation, *namespace))
    }

    /// The name of the element that asks for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ServiceDirectory => "connector.sds",
            Self::GetCards => "GetCards",
            Self::GetResourceInformation => "GetResourceInformation",
            Self::Subscribe => "Subscribe",
            Self::RenewSubscriptions => "RenewSubscriptions",
            Self::Unsubscribe => "Unsubscribe",
            Self::GetSubscription => "GetSubscription",
            Self::CheckCertificateExpiration => "CheckCertificateExpiration",
            Self::ExternalAuthenticate => "ExternalAuthenticate",
            Self::GetPinStatus => "GetPinStatus",
            Self::VerifyPin => "VerifyPin",
            Self::ReadCardCertificate => "ReadCardCertificate",
            Self::VerifyCertificate => "VerifyCertificate",
            Self::GetJobNumber => "GetJobNumber",
            Self::SignDocument => "SignDocument",
            Self::VerifyDocument => "VerifyDocument",
            Self::EncryptDocument => "EncryptDocument",
            Self::DecryptDocument => "DecryptDocument",
        }
    }

    pub(super) fn service(self) -> Service {
        match self {
            Self::ServiceDirectory | Self::GetCards | Self::GetResourceInformation => Service::Event,
            Self::Subscribe | Self::RenewSubscriptions | Self::Unsubscribe | Self::GetSubscription => {
                Service::Event
            }
            Self::ExternalAuthenticate => Service::AuthSignature,
            Self::GetPinStatus | Self::VerifyPin => Service::Card,
            Self::ReadCardCertificate | Self::VerifyCertificate | Self::CheckCertificateExpiration => {
                Service::Certificate
            }
            Self::GetJobNumber | Self::SignDocument | Self::VerifyDocument => Service::Signature,
            Self::EncryptDocument | Self::DecryptDocument => Service::Encryption,
        }
    }

    fn namespaces(self) -> &'static [Ns] {
        match self.service() {
            Service::Event => &[Ns::Evt],
            Service::Card => &[Ns::Card],
            Service::Certificate => &[Ns::Cert],
            Service::Signature => &[Ns::Sig74, Ns::Sig75],
            Service::AuthSignature => &[Ns::Sig74],
            Service::Encryption => &[Ns::Crypt],
        }
    }
}
