//! Ids that look alike and must not be swapped.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Why a text is not an id.
///
/// Spec: none — the errors of parsing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdError {
    /// The text is empty.
    #[error("the id is empty")]
    Empty,
    /// The text is longer than the type allows.
    #[error("the id has {len} octets, at most {max} are allowed")]
    TooLong {
        /// Its length in octets.
        len: usize,
        /// The greatest length in octets.
        max: usize,
    },
    /// The text is `*`, which stands for no id in a user name.
    #[error("the id is '*'")]
    Placeholder,
    /// A character that the type does not allow.
    #[error("the id has a forbidden character at octet {at}")]
    Character {
        /// The offset of the character in octets.
        at: usize,
    },
}

fn check_length(text: &str, max: usize) -> Result<(), IdError> {
    match text.len() {
        0 => Err(IdError::Empty),
        len if len > max => Err(IdError::TooLong { len, max }),
        _ => Ok(()),
    }
}

fn check_characters(text: &str, allowed: impl Fn(char) -> bool) -> Result<(), IdError> {
    match text.char_indices().find(|(_, c)| !allowed(*c)) {
        Some((at, _)) => Err(IdError::Character { at }),
        None => Ok(()),
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $max:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The greatest length in octets.
            pub const MAX_OCTETS: usize = $max;

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                check_length(text, $max)?;
                $check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Printable, and neither the placeholder of a user name nor with its separator inside.
fn in_user_name(text: &str) -> Result<(), IdError> {
    match text {
        "*" => Err(IdError::Placeholder),
        _ => check_characters(text, |c| !c.is_control() && c != '#'),
    }
}

fn printable(text: &str) -> Result<(), IdError> {
    check_characters(text, |c| !c.is_control())
}

fn digits(text: &str) -> Result<(), IdError> {
    check_characters(text, |c| c.is_ascii_digit())
}

id!(
    /// The id of a Mandant: 1 to 64 octets, no control character, no `#`, not `*`.
    ///
    /// Spec: gemSpec_Kon 5.18.0, ConnectorContext v2.0 (MandantId, at most 64 characters).
    MandantId, 64, in_user_name
);
id!(
    /// The id of a Clientsystem: 1 to 64 octets, no control character, no `#`, not `*`.
    ///
    /// Spec: gemSpec_Kon 5.18.0, ConnectorContext v2.0 (ClientSystemId).
    ClientSystemId, 64, in_user_name
);
id!(
    /// The id of a workplace: 1 to 64 octets, no control character, no `#`, not `*`.
    ///
    /// Spec: gemSpec_Kon 5.18.0, ConnectorContext v2.0 (WorkplaceId).
    WorkplaceId, 64, in_user_name
);
id!(
    /// The id of a user of a personal card: 1 to 64 octets, no control character, no `#`, not `*`.
    ///
    /// Spec: gemSpec_Kon 5.18.0, ConnectorContext v2.0 (UserId).
    UserId, 64, in_user_name
);
id!(
    /// The name of a configured Konnektor: 1 to 64 octets, no control character, no `#`, not `*`.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_21457, A_21517.
    KonnektorId, 64, in_user_name
);
id!(
    /// The serial number of a card, the stable key of a card across plug cycles: 1 to 20 digits.
    ///
    /// Spec: gemSpec_Kon 5.18.0, CardServiceCommon v2.0 (Iccsn).
    Iccsn, 20, digits
);
id!(
    /// What a Konnektor calls a card for one plug cycle: opaque, 1 to 256 octets, no control character.
    ///
    /// Spec: gemSpec_Kon 5.18.0, ConnectorCommon v5.0 (CardHandle).
    CardHandle, 256, printable
);
id!(
    /// The owner of a card or certificate: opaque, 1 to 128 octets, no control character.
    ///
    /// Spec: gemSpec_PKI 2.14.1, extension Admission (registrationNumber).
    TelematikId, 128, printable
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_up_to_the_limit_and_gives_the_text_back() {
        let longest = "x".repeat(64);
        assert_eq!(longest.parse::<MandantId>().unwrap().to_string(), longest);
        assert_eq!("80276001011699910102".parse::<Iccsn>().unwrap().as_str(), "80276001011699910102");
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        assert_eq!("".parse::<MandantId>(), Err(IdError::Empty));
        assert_eq!("x".repeat(65).parse::<WorkplaceId>(), Err(IdError::TooLong { len: 65, max: 64 }));
        assert_eq!("Pr#x".parse::<ClientSystemId>(), Err(IdError::Character { at: 2 }));
        assert_eq!("ä\n".parse::<UserId>(), Err(IdError::Character { at: 2 }));
        assert_eq!("*".parse::<MandantId>(), Err(IdError::Placeholder));
        assert_eq!("*".parse::<KonnektorId>(), Err(IdError::Placeholder));
        assert!("a*".parse::<WorkplaceId>().is_ok() && "*".parse::<CardHandle>().is_ok());
        assert_eq!("12a".parse::<Iccsn>(), Err(IdError::Character { at: 2 }));
    }

    #[test]
    fn the_limit_counts_octets_not_characters() {
        assert!("ä".repeat(32).parse::<UserId>().is_ok());
        assert_eq!("ä".repeat(33).parse::<UserId>(), Err(IdError::TooLong { len: 66, max: 64 }));
    }
}
