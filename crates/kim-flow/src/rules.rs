//! What may differ between practices and KIM versions: [`Rules`].

use std::sync::Arc;
use std::time::SystemTime;

use kim_fachdienst::LinkRules;
use kim_smime::IntegrityMode;
use kim_types::{Address, DomainSuffixes};
use kim_vzd::KimVersion;

use crate::Release;

/// The rules both flows follow, one value for a whole Clientmodul.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2004, A_21387, A_21388, A_23165, A_19372; gemSpec_Kon 5.18.0 (document limit).
#[derive(Debug, Clone)]
pub struct Rules {
    /// The release of KIM whose rules count where they differ. Default: the newest.
    pub release: Release,
    /// A mail with more decoded octets than this is large. Default: 15 MiB.
    pub large_threshold: u64,
    /// The largest document a Konnektor takes, in octets. Default: 25 MiB.
    pub konnektor_limit: u64,
    /// X-KIM-CMVersion: vendor and version of the module; [`kim_smime::is_cm_version`] says what is allowed.
    pub product_version: String,
    /// The KIM version of the module, as it is entered in the directory; the `+` does not count. Default: `1.5`.
    pub kim_version: KimVersion,
    /// X-KIM-PTVersion: the version of the product type; [`kim_smime::is_pt_version`] says what is allowed. Default: `1.5.5`.
    pub product_type_version: String,
    /// X-KIM-KONVersion: what the Konnektor says of itself, if it is known.
    pub konnektor_version: Option<String>,
    /// Whether the Konnektor can encrypt for ECC certificates (A_17464).
    pub konnektor_ecc: bool,
    /// What a reader gets when the integrity check failed. Default: the mail embedded in an error mail (deltas Q7).
    pub on_integrity_failure: IntegrityMode,
    /// The largest KOM-LE message that is opened, in octets. Default: 40 MiB, which holds a document of 25 MiB that a
    /// Konnektor encrypted for many recipients, in base64.
    pub message_limit: u64,
    /// What becomes of a mail whose signer is not whom its From says. Default: [`SignerCheck::Note`].
    pub signer_check: SignerCheck,
    /// Whether [`receive::early_header`](crate::receive::early_header) gives anything. Default: yes.
    pub early_header: bool,
    /// The domains of KIM: those of addresses, and those that links to mail data may lead to.
    pub suffixes: DomainSuffixes,
    /// Further hosts that links to mail data may lead to, each exactly as `host:port`, for test environments. Default: none.
    pub kas_link_hosts: Vec<String>,
    /// A text of the provider after the prescribed one about mail data with another hash. Default: empty (A_19372).
    pub kas_hash_text: String,
}

/// What becomes of a mail whose signer is not the owner of the address in From, or whose key somebody else has, too.
///
/// Every valid signature comes from KIM; only the directory says whether it comes from the owner of the address. Asked is
/// for the address in From of a mail that is intact otherwise; a cached answer will do, and a directory that does not answer
/// leaves the owner unknown. Addresses of persons have no owner to compare with: the institution signs for them. The default
/// changes no mail, because large institutions sign with whatever card is at hand, and programs warn about every result but
/// `01`.
///
/// Spec: none — own rule against forged senders; gemSpec_CM_KOMLE 1.16.0, A_20650 (codes of vendors begin with X).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignerCheck {
    /// Nobody looks: [`Ownership::Unknown`](kim_smime::Ownership::Unknown).
    Off,
    /// The verdict says what was found; the mail stays as it is.
    #[default]
    Note,
    /// The mail has a field `X-KIM-IntegrityCheckResult: X20` (another owner) or `X21` (shared key) after the one with `01`
    /// or `07`.
    Mark,
    /// As a failed integrity check, with `X20` or `X21` in place of `01` or `07`.
    Refuse,
}

impl Rules {
    /// Where links to mail data may lead.
    ///
    /// Spec: none — own rule (flows L2).
    pub fn links(&self) -> LinkRules {
        LinkRules { suffixes: self.suffixes.clone(), hosts: self.kas_link_hosts.clone() }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            release: Release::default(),
            large_threshold: 15 * 1024 * 1024,
            konnektor_limit: 25 * 1024 * 1024,
            product_version: "XXXXX_0.1.0".to_owned(),
            kim_version: KimVersion::V1_5,
            product_type_version: "1.5.5".to_owned(),
            konnektor_version: None,
            konnektor_ecc: true,
            on_integrity_failure: IntegrityMode::Embed,
            message_limit: 40 * 1024 * 1024,
            signer_check: SignerCheck::default(),
            early_header: true,
            suffixes: DomainSuffixes::default(),
            kas_link_hosts: Vec::new(),
            kas_hash_text: String::new(),
        }
    }
}

/// What a flow needs besides the mail: for whom it runs, when, and something unique.
///
/// Spec: none — what a pure flow cannot know by itself.
#[derive(Debug, Clone)]
pub struct Run {
    /// The rules.
    pub rules: Arc<Rules>,
    /// The account: login at the Fachdienst and owner of the mailbox.
    pub account: Address,
    /// The time of the run.
    pub now: SystemTime,
    /// 16 random octets, used once: Message-IDs and boundaries are made of them.
    pub unique: [u8; 16],
}
