//! The PIN of a card in a terminal: [`Pin`].

use std::collections::VecDeque;

use kim_types::Context;

use crate::pki::CardKind;

/// What a Konnektor says about a PIN.
///
/// Spec: gemSpec_Kon 5.18.0, CardService v8.1 (PinStatus).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinStatus {
    /// It was entered for this caller.
    Verified,
    /// It has to be entered.
    Verifiable,
    /// It was entered wrongly too often.
    Blocked,
    /// It is the one the card came with and has to be changed first.
    TransportPin,
    /// It is not asked for.
    Disabled,
}

/// What the user does when the terminal asks for the PIN.
///
/// Spec: gemSpec_Kon 5.18.0, VerifyPin (PinResult).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinEntry {
    /// Enters it.
    Correct,
    /// Enters another one.
    Wrong,
    /// Presses the key that aborts.
    Abort,
    /// Does nothing.
    Timeout,
}

/// Result, tries left, and the error within the status.
pub(super) struct PinOutcome {
    pub(super) result: &'static str,
    pub(super) left_tries: Option<u8>,
    pub(super) warning: Option<u16>,
}

/// For whom a PIN was entered: an SM-B for a Mandant, an HBA for a user of a Clientsystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session(Vec<String>);

impl Session {
    pub(super) fn of(kind: CardKind, context: &Context) -> Self {
        Self(match kind {
            CardKind::Smb => vec![context.mandant.to_string()],
            CardKind::Hba => context
                .user
                .iter()
                .map(ToString::to_string)
                .chain([context.client_system.to_string()])
                .collect(),
        })
    }
}

/// Entered wrongly this often, a PIN is blocked.
const MAX_TRIES: u8 = 3;

#[derive(Debug)]
pub(super) struct Pin {
    /// What holds for callers who did not enter it.
    status: PinStatus,
    left_tries: u8,
    verified: Vec<Session>,
    entries: VecDeque<PinEntry>,
}

impl Pin {
    /// A PIN in this status; [`PinStatus::Verified`] is read as [`PinStatus::Disabled`], which needs no entry either.
    pub(super) fn new(status: PinStatus) -> Self {
        let left_tries = if status == PinStatus::Blocked { 0 } else { MAX_TRIES };
        let status = if status == PinStatus::Verified { PinStatus::Disabled } else { status };
        Self { status, left_tries, verified: Vec::new(), entries: VecDeque::new() }
    }

    pub(super) fn plan(&mut self, entry: PinEntry) {
        self.entries.push_back(entry);
    }

    /// A card that was pulled knows no sessions; it does know its tries.
    pub(super) fn unplug(&mut self) {
        self.verified.clear();
    }

    pub(super) fn status(&self, session: &Session) -> PinStatus {
        if self.status == PinStatus::Verifiable && self.verified.contains(session) {
            PinStatus::Verified
        } else {
            self.status
        }
    }

    /// The tries left, where they are told.
    pub(super) fn left_tries(&self, session: &Session) -> Option<u8> {
        (self.status(session) == PinStatus::Verifiable).then_some(self.left_tries)
    }

    /// Whether the keys of the card can be used.
    pub(super) fn opens(&self, session: &Session) -> bool {
        matches!(self.status(session), PinStatus::Verified | PinStatus::Disabled)
    }

    /// Asks the user, who enters the right one unless planned otherwise.
    pub(super) fn verify(&mut self, session: Session) -> PinOutcome {
        let outcome = |result, left_tries, warning| PinOutcome { result, left_tries, warning };
        match self.status {
            PinStatus::Blocked => return outcome("WASBLOCKED", Some(0), None),
            PinStatus::TransportPin => return outcome("TRANSPORT_PIN", None, Some(4065)),
            PinStatus::Disabled => return outcome("OK", None, None),
            PinStatus::Verifiable | PinStatus::Verified => {}
        }
        match self.entries.pop_front().unwrap_or(PinEntry::Correct) {
            PinEntry::Correct => {
                self.left_tries = MAX_TRIES;
                if !self.verified.contains(&session) {
                    self.verified.push(session);
                }
                outcome("OK", None, None)
            }
            PinEntry::Wrong => {
                self.left_tries = self.left_tries.saturating_sub(1);
                self.verified.retain(|other| *other != session);
                if self.left_tries == 0 {
                    self.status = PinStatus::Blocked;
                    return outcome("NOWBLOCKED", Some(0), None);
                }
                outcome("REJECTED", Some(self.left_tries), None)
            }
            PinEntry::Abort => outcome("ERROR", None, Some(4049)),
            PinEntry::Timeout => outcome("ERROR", None, Some(4043)),
        }
    }
}

impl PinStatus {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Verified => "VERIFIED",
            Self::Verifiable => "VERIFIABLE",
            Self::Blocked => "BLOCKED",
            Self::TransportPin => "TRANSPORT_PIN",
            Self::Disabled => "DISABLED",
        }
    }
}
