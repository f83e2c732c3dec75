//! How a Konnektor behaves: [`KonnektorConfig`].

use std::time::Duration;

use kim_types::Secret;

use super::vendor::Vendor;
use crate::cms::Form;

/// How a Konnektor behaves; may be changed while it runs.
///
/// Spec: none — the choices real Konnektors leave open.
#[derive(Debug, Clone)]
pub struct KonnektorConfig {
    /// Whose Konnektor is played; default [`Vendor::Secunet`].
    pub vendor: Vendor,
    /// Host and port in the addresses of the service directory; default: those of the request.
    pub published_authority: Option<String>,
    /// What a reverse proxy in front takes away from the start of all paths, as in `/kon7`; the service directory knows
    /// nothing of it. Default: nothing.
    pub proxy_prefix: String,
    /// How clients show who they are; default [`ClientLogin::None`].
    pub client_login: ClientLogin,
    /// The encoding of signatures; default [`Form::Indefinite`].
    pub signature_form: Form,
    /// The encoding of encrypted documents; default [`Form::Indefinite`].
    pub encryption_form: Form,
    /// Whether unknown callers are told 4021 only, as PTV6 has it, instead of 4004, 4005 or 4006; default `false`.
    pub hides_unknown_context: bool,
    /// Whether no revocation service answers, so that certificates are at best inconclusive; default `false`.
    pub offline: bool,
    /// What VerifyDocument says about signers of another PKI; default [`Refusal::Fault`].
    pub unknown_signer: Refusal,
    /// What VerifyDocument says about signatures that do not fit; default [`Refusal::Fault`].
    pub broken_signature: Refusal,
    /// Whether text declared as UTF-8 has to be UTF-8, else 4024; default `true`.
    pub validates_text: bool,
    /// The greatest document in octets, above which the answer is 4283; default 26,214,400 (25 MiB).
    pub max_document_octets: usize,
    /// The greatest number of recipients, above which the answer is 4282; default 1,000.
    pub max_recipients: usize,
    /// How long a subscription to events lasts; default 25 hours.
    pub subscription_lifetime: Duration,
    /// Whether events are sent over TLS; default `false`.
    pub events_over_tls: bool,
}

/// How clients show who they are.
///
/// Spec: gemSpec_Kon 5.18.0, TIP1-A_4516 (authentication of Clientsystems); gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2071.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ClientLogin {
    /// Not at all.
    #[default]
    None,
    /// With a certificate in TLS, else 403.
    Certificate,
    /// With HTTP Basic, else 401.
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: Secret,
    },
}

impl ClientLogin {
    pub(super) fn is_mandatory(&self) -> bool {
        *self != Self::None
    }
}

/// In which way VerifyDocument says that a signature is no good.
///
/// Spec: gemSpec_Kon 5.18.0, VerifyDocument; all three ways occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refusal {
    /// As SOAP fault.
    #[default]
    Fault,
    /// As response with INVALID and the error in its status.
    Status,
    /// As response with INVALID and nothing else.
    Invalid,
    /// As response with INCONCLUSIVE and 4264 in its status.
    Inconclusive,
}

impl Default for KonnektorConfig {
    fn default() -> Self {
        Self {
            vendor: Vendor::default(),
            published_authority: None,
            proxy_prefix: String::new(),
            client_login: ClientLogin::default(),
            signature_form: Form::default(),
            encryption_form: Form::default(),
            hides_unknown_context: false,
            offline: false,
            unknown_signer: Refusal::default(),
            broken_signature: Refusal::default(),
            validates_text: true,
            max_document_octets: 26_214_400,
            max_recipients: 1000,
            subscription_lifetime: Duration::from_secs(25 * 3600),
            events_over_tls: false,
        }
    }
}
