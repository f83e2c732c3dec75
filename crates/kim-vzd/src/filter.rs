//! The question to the directory.

use std::fmt::Write as _;

use kim_types::Address;

/// The attributes to ask for; whatever else an entry has is of no use for mail.
///
/// Spec: gemSpec_VZD 1.15.0 (VZD data model); deltas Q11.
pub const ATTRIBUTES: [&str; 5] = ["mail", "telematikID", "komLeData", "kimData", "userCertificate;binary"];

/// The filter that finds the entries of an address.
///
/// Every octet with a meaning in a filter is escaped: an address is a value, never a pattern.
///
/// ```
/// let address = "*(a)@praxis.kim.telematik".parse::<kim_types::Address>();
/// assert!(address.is_err()); // parentheses are no part of an address to begin with
/// let address = "*@praxis.kim.telematik".parse::<kim_types::Address>()?;
/// assert_eq!(kim_vzd::filter(&address), r"(mail=\2a@praxis.kim.telematik)");
/// # Ok::<(), kim_types::AddressError>(())
/// ```
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022; RFC 4515 §3.
pub fn filter(address: &Address) -> String {
    format!("(mail={})", escaped(address.as_str()))
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for octet in value.bytes() {
        match octet {
            b'*' | b'(' | b')' | b'\\' | 0 | 0x80.. => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\{octet:02x}");
            }
            _ => text.push(char::from(octet)),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_octet_keeps_a_meaning_in_the_filter() {
        assert_eq!(escaped("a*b(c)d\\e\0fä"), r"a\2ab\28c\29d\5ce\00f\c3\a4");
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022
    #[test]
    fn an_address_with_a_star_is_not_a_wildcard() {
        let address = "*@praxis.kim.telematik".parse().unwrap();
        assert_eq!(filter(&address), r"(mail=\2a@praxis.kim.telematik)");
    }
}
