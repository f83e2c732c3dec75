//! What stands at which position of a user name.

use std::fmt;

/// The order of the parts of a user name: one table per protocol.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010 (SMTP), KOM-LE-A_2032 (POP3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    parts: [Part; 7],
}

impl Layout {
    /// The order for SMTP.
    ///
    /// The position of the UserId is our reading: it is needed for an HBA on SMTP too, and no source says where it stands.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010; KIM 1.5.5 (UserId for HBA accounts on SMTP).
    pub const SMTP: Self = Self {
        parts: [
            Part::Address,
            Part::Server,
            Part::Mandant,
            Part::ClientSystem,
            Part::Workplace,
            Part::Konnektor,
            Part::User,
        ],
    };

    /// The order for POP3.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2032.
    pub const POP3: Self = Self {
        parts: [
            Part::Address,
            Part::Server,
            Part::Mandant,
            Part::ClientSystem,
            Part::Workplace,
            Part::User,
            Part::Konnektor,
        ],
    };

    /// The parts from left to right, each once.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

/// A part of a user name, by what it means.
///
/// `Display` is the name the specification gives it.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010, KOM-LE-A_2032.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The KIM address of the user, which is also the login at the mail server.
    Address,
    /// Host and port of the mail server.
    Server,
    /// The id of the Mandant.
    Mandant,
    /// The id of the Clientsystem.
    ClientSystem,
    /// The id of the workplace.
    Workplace,
    /// The id of the user of a personal card.
    User,
    /// The name of a configured Konnektor.
    Konnektor,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "address",
            Self::Server => "server",
            Self::Mandant => "MandantId",
            Self::ClientSystem => "ClientSystemId",
            Self::Workplace => "WorkplaceId",
            Self::User => "UserId",
            Self::Konnektor => "KonnektorId",
        })
    }
}
