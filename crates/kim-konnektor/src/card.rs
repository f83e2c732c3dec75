//! [`Card`]: a card in a terminal.

use kim_types::{CardHandle, Iccsn, Pii};
use time::Date;

/// A card that the call context can reach.
///
/// Spec: gemSpec_Kon 5.18.0, operation GetCards
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What names the card until it is pulled or the Konnektor restarts.
    pub handle: CardHandle,
    /// What it is.
    pub kind: CardKind,
    /// What names the card for good; absent for cards that have none or an unusable one.
    pub iccsn: Option<Iccsn>,
    /// The name on the card.
    pub holder: Option<Pii<String>>,
    /// The last day its certificates are valid, if known.
    pub expires: Option<Date>,
}

/// The kind of a card, as far as KIM cares.
///
/// Spec: gemSpec_Kon 5.18.0, TAB_KON_500
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CardKind {
    /// An institution's card or module: SMC-B, HSM-B.
    Smb,
    /// A professional's card, including its predecessors.
    Hba,
    /// An insured person's card.
    Egk,
    /// Anything else, of no use for KIM.
    Other,
}

impl CardKind {
    /// The kind of the card type in a response, which is the concrete one.
    pub(crate) fn of(card_type: &str) -> Self {
        match card_type {
            "SMC-B" | "HSM-B" | "SM-B" => Self::Smb,
            "HBA" | "HBA-qSig" | "HBAx" | "ZOD_2.0" => Self::Hba,
            "EGK" => Self::Egk,
            _ => Self::Other,
        }
    }

    /// The card type for a request, which is the one for all variants of a kind.
    pub(crate) fn filter(self) -> Option<&'static str> {
        match self {
            Self::Smb => Some("SM-B"),
            Self::Hba => Some("HBAx"),
            Self::Egk => Some("EGK"),
            Self::Other => None,
        }
    }
}
