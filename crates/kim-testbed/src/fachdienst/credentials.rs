//! Credentials of SASL PLAIN and LOGIN.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kim_types::Secret;

/// Decodes one base64 line of an AUTH dialogue to text.
pub(super) fn text(line: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(line).ok()?).ok()
}

/// Decodes one base64 line of an AUTH dialogue to a password.
pub(super) fn secret(line: &str) -> Option<Secret> {
    STANDARD.decode(line).ok().map(Secret::new)
}

/// User name and password of a PLAIN response; the authorisation identity must be empty or the user name.
pub(super) fn plain(line: &str) -> Option<(String, Secret)> {
    let message = text(line)?;
    let mut parts = message.split('\0');
    let (authorisation, user, password) = (parts.next()?, parts.next()?, parts.next()?);
    let complete = parts.next().is_none() && (authorisation.is_empty() || authorisation == user);
    complete.then(|| (user.to_owned(), Secret::from(password)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_has_three_parts() {
        let encode = |message: &str| STANDARD.encode(message);
        assert_eq!(plain(&encode("\0a\0b")), Some(("a".into(), "b".into())));
        assert_eq!(plain(&encode("a\0a\0b")), Some(("a".into(), "b".into())));
        for wrong in ["\0a", "x\0a\0b", "\0a\0b\0c", ""] {
            assert_eq!(plain(&encode(wrong)), None, "{wrong:?}");
        }
        assert_eq!(plain("%%%"), None);
    }
}
