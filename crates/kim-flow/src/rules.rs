//! What may differ between practices and KIM versions: [`Rules`].

use std::sync::Arc;
use std::time::SystemTime;

use kim_smime::IntegrityMode;
use kim_types::{Address, DomainSuffixes};
use kim_vzd::KimVersion;

/// The rules both flows follow, one value for a whole Clientmodul.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2004, A_21387, A_21388, A_23165; gemSpec_Kon 5.18.0 (document limit).
#[derive(Debug, Clone)]
pub struct Rules {
    /// A mail with more decoded octets than this is large. Default: 15 MiB.
    pub large_threshold: u64,
    /// The largest document a Konnektor takes, in octets. Default: 25 MiB.
    pub konnektor_limit: u64,
    /// X-KIM-CMVersion: vendor and version of the module.
    pub product_version: String,
    /// The KIM version of the module, as it is entered in the directory; the `+` does not count. Default: `1.5`.
    pub kim_version: KimVersion,
    /// X-KIM-PTVersion: the version of the product type. Default: `1.5.5`.
    pub product_type_version: String,
    /// X-KIM-KONVersion: what the Konnektor says of itself, if it is known.
    pub konnektor_version: Option<String>,
    /// Whether the Konnektor can encrypt for ECC certificates (A_17464).
    pub konnektor_ecc: bool,
    /// What a reader gets when the integrity check failed. Default: the mail embedded in an error mail (deltas Q7).
    pub on_integrity_failure: IntegrityMode,
    /// The domains of KIM.
    pub suffixes: DomainSuffixes,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            large_threshold: 15 * 1024 * 1024,
            konnektor_limit: 25 * 1024 * 1024,
            product_version: "XXXXX_0.1.0".to_owned(),
            kim_version: KimVersion::V1_5,
            product_type_version: "1.5.5".to_owned(),
            konnektor_version: None,
            konnektor_ecc: true,
            on_integrity_failure: IntegrityMode::Embed,
            suffixes: DomainSuffixes::default(),
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
