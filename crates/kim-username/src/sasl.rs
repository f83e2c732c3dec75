//! The SASL mechanism PLAIN: user name and password in one message.
//!
//! The message is what base64 carries on the wire; coding and decoding base64 is left to the protocol.
//!
//! ```
//! use kim_types::Secret;
//! use kim_username::sasl;
//!
//! let message = sasl::plain_message("a@elefant.kim.telematik", &Secret::from("p#ss"));
//! assert_eq!(message.expose(), b"\0a@elefant.kim.telematik\0p#ss");
//! assert_eq!(sasl::plain(message.expose())?, ("a@elefant.kim.telematik".to_owned(), Secret::from("p#ss")));
//! # Ok::<(), sasl::SaslError>(())
//! ```
//!
//! Spec: RFC 4616; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2031.

use kim_types::Secret;
use thiserror::Error;

/// The greatest length of a PLAIN message in octets.
///
/// Spec: none — a bound of our own; RFC 4954 allows longer lines.
pub const MAX_OCTETS: usize = 3072;

/// Why a PLAIN message cannot be used.
///
/// Spec: RFC 4616 §2.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SaslError {
    /// The message is longer than [`MAX_OCTETS`].
    #[error("the message has {len} octets, at most {MAX_OCTETS} are allowed")]
    TooLong {
        /// Its length in octets.
        len: usize,
    },
    /// There are not exactly two NUL octets.
    #[error("the message has {count} NUL octets instead of two")]
    Nul {
        /// How many there are.
        count: usize,
    },
    /// The user wants to act as somebody else.
    #[error("authorization as somebody else is not supported")]
    OtherIdentity,
    /// The user or the password is empty.
    #[error("the user or the password is empty")]
    Empty,
    /// The user is not UTF-8.
    #[error("the user is not UTF-8 at octet {at}")]
    Utf8 {
        /// The offset in octets, from the start of the message.
        at: usize,
    },
}

/// Takes the user and the password out of a decoded PLAIN message.
///
/// The authorization identity must be empty or equal to the user. The password is kept octet for octet.
///
/// # Errors
/// [`SaslError`]: the mechanism was used, but not by its rules. Say so to the client and let it try again.
///
/// Spec: RFC 4616 §2.
pub fn plain(message: &[u8]) -> Result<(String, Secret), SaslError> {
    if message.len() > MAX_OCTETS {
        return Err(SaslError::TooLong { len: message.len() });
    }
    let fields: Vec<&[u8]> = message.split(|&octet| octet == 0).collect();
    let &[identity, user, password] = fields.as_slice() else {
        return Err(SaslError::Nul { count: fields.len().saturating_sub(1) });
    };
    if user.is_empty() || password.is_empty() {
        return Err(SaslError::Empty);
    }
    if !identity.is_empty() && identity != user {
        return Err(SaslError::OtherIdentity);
    }
    let start = identity.len().saturating_add(1);
    let user = std::str::from_utf8(user)
        .map_err(|error| SaslError::Utf8 { at: start.saturating_add(error.valid_up_to()) })?;
    Ok((user.to_owned(), Secret::new(password.to_vec())))
}

/// Makes the PLAIN message for `user` and `password`, without authorization identity.
///
/// Neither may contain a NUL octet: PLAIN cannot carry it, and a server refuses the message.
///
/// Spec: RFC 4616 §2; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2035.
pub fn plain_message(user: &str, password: &Secret) -> Secret {
    let password = password.expose();
    // Enough from the start: growing would leave a copy of the password behind.
    let mut message = Vec::with_capacity(user.len().saturating_add(password.len()).saturating_add(2));
    message.push(0);
    message.extend_from_slice(user.as_bytes());
    message.push(0);
    message.extend_from_slice(password);
    Secret::new(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_may_be_repeated_but_not_changed() {
        assert_eq!(plain(b"u\0u\0p"), Ok(("u".into(), "p".into())));
        assert_eq!(plain(b"v\0u\0p"), Err(SaslError::OtherIdentity));
    }

    #[test]
    fn the_password_is_kept_octet_for_octet() {
        assert_eq!(plain(b"\0u\0 p#\xff \r\n"), Ok(("u".into(), Secret::new(b" p#\xff \r\n".to_vec()))));
        assert_eq!(plain("\0ü#ß\0ö".as_bytes()), Ok(("ü#ß".into(), "ö".into())));
    }

    #[test]
    fn what_breaks_the_rules_is_refused() {
        assert_eq!(plain(b""), Err(SaslError::Nul { count: 0 }));
        assert_eq!(plain(b"\0u"), Err(SaslError::Nul { count: 1 }));
        assert_eq!(plain(b"\0u\0p\0"), Err(SaslError::Nul { count: 3 }));
        assert_eq!(plain(b"\0\0p"), Err(SaslError::Empty));
        assert_eq!(plain(b"\0u\0"), Err(SaslError::Empty));
        assert_eq!(plain(b"\0ab\xff\0p"), Err(SaslError::Utf8 { at: 3 }));
        assert_eq!(plain(&[0; MAX_OCTETS + 1]), Err(SaslError::TooLong { len: MAX_OCTETS + 1 }));
    }
}
