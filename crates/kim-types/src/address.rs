//! Mail addresses: any ([`Address`]) and those of KIM ([`KimAddress`]).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use thiserror::Error;

/// A mail address as it stands in an envelope or a header: `local@domain`.
///
/// Compared without regard to ASCII case, never rewritten: [`fmt::Display`] gives the octets back that were parsed.
/// `Debug` prints `[redacted]`, because an address names a person.
///
/// Accepted are 3 to 254 octets of printable ASCII without blanks, angle brackets, quotes, commas, colons, semicolons,
/// parentheses and backslashes, with exactly one `@`, a local part of at most 64 octets and a domain of dot-separated
/// non-empty labels of letters, digits and `-`. Quoted local parts and address literals do not exist in KIM.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2044, KOM-LE-A_2080; api-kim FAQ (compare without case, never rewrite); RFC 5321 §4.5.3.1.
#[derive(Clone)]
pub struct Address {
    text: String,
    at: usize,
}

/// Why a text is not a mail address.
///
/// Spec: none — the errors of parsing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Fewer than 3 or more than 254 octets.
    #[error("the address has {len} octets, 3 to 254 are allowed")]
    Length {
        /// Its length in octets.
        len: usize,
    },
    /// No `@`, or more than one.
    #[error("the address has no '@' or more than one")]
    At,
    /// The local part is empty, longer than 64 octets, or has a dot at either end or two in a row.
    #[error("the local part is malformed")]
    LocalPart,
    /// The domain has an empty or over-long label, or a character other than letters, digits and `-`.
    #[error("the domain is malformed at octet {at}")]
    Domain {
        /// The offset of the fault in octets, from the start of the address.
        at: usize,
    },
    /// A character that no address has.
    #[error("forbidden character at octet {at}")]
    Character {
        /// The offset of the character in octets.
        at: usize,
    },
}

impl Address {
    /// The greatest length in octets.
    pub const MAX_OCTETS: usize = 254;

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.text.get(self.at.saturating_add(1)..).unwrap_or_default()
    }

    /// The address as it was parsed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address in lower case, as a key.
    pub fn to_key(&self) -> String {
        self.text.to_ascii_lowercase()
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if !(3..=Self::MAX_OCTETS).contains(&text.len()) {
            return Err(AddressError::Length { len: text.len() });
        }
        let allowed = |c: char| c.is_ascii_graphic() && !r#"<>()[],;:\""#.contains(c);
        if let Some((at, _)) = text.char_indices().find(|(_, c)| !allowed(*c)) {
            return Err(AddressError::Character { at });
        }
        let (local, domain) = text.split_once('@').ok_or(AddressError::At)?;
        if domain.contains('@') {
            return Err(AddressError::At);
        }
        if local.len() > 64 || local.split('.').any(str::is_empty) {
            return Err(AddressError::LocalPart);
        }
        let at = local.len();
        check_domain(domain, at.saturating_add(1))?;
        Ok(Self { text: text.to_owned(), at })
    }
}

fn check_domain(domain: &str, start: usize) -> Result<(), AddressError> {
    let mut at = start;
    for label in domain.split('.') {
        let name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if label.is_empty() || label.len() > 63 || label.starts_with('-') || label.ends_with('-') {
            return Err(AddressError::Domain { at });
        }
        if let Some((offset, _)) = label.char_indices().find(|(_, c)| !name(*c)) {
            return Err(AddressError::Domain { at: at.saturating_add(offset) });
        }
        at = at.saturating_add(label.len()).saturating_add(1);
    }
    Ok(())
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(&other.text)
    }
}

impl Eq for Address {}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.bytes().for_each(|octet| state.write_u8(octet.to_ascii_lowercase()));
        state.write_u8(0xff);
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The ends of the domains that belong to KIM, compared without case.
///
/// The default is the production environment and the test environments: `.kim.telematik`, `.kim.telematik-test`.
///
/// Spec: api-kim FAQ (addresses end in .kim.telematik, in the test environment in .kim.telematik-test).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainSuffixes(Vec<String>);

impl DomainSuffixes {
    /// Suffixes of your own, with or without a leading dot. They are whole labels: `kim.telematik` is no suffix of
    /// `evilkim.telematik`. An empty one counts for nothing.
    pub fn new<S: Into<String>>(suffixes: impl IntoIterator<Item = S>) -> Self {
        let suffixes = suffixes.into_iter().map(|suffix| {
            let suffix: String = suffix.into();
            suffix.trim().trim_start_matches('.').to_ascii_lowercase()
        });
        Self(suffixes.filter(|suffix| !suffix.is_empty()).collect())
    }

    /// Whether `domain` ends in a dot and one of the suffixes and has something before them.
    pub fn contain(&self, domain: &str) -> bool {
        let domain = domain.to_ascii_lowercase();
        let mut before = self.0.iter().filter_map(|suffix| domain.strip_suffix(suffix.as_str()));
        before.any(|before| before.len() > 1 && before.ends_with('.'))
    }
}

impl Default for DomainSuffixes {
    fn default() -> Self {
        Self::new([".kim.telematik", ".kim.telematik-test"])
    }
}

/// A mail address that obeys the KIM rules.
///
/// Local part: 1 to 64 letters, digits, `.`, `-`, `_`. Domain: at most 189 octets, in one of the [`DomainSuffixes`].
///
/// Spec: api-kim FAQ (A_21455-01, character set and lengths).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KimAddress(Address);

/// Why an address is not a KIM address.
///
/// Spec: none — the errors of parsing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KimAddressError {
    /// It is not a mail address at all.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The local part has a character other than letters, digits, `.`, `-`, `_`.
    #[error("the local part has a character that KIM does not allow at octet {at}")]
    LocalPart {
        /// The offset of the character in octets.
        at: usize,
    },
    /// The domain is longer than 189 octets.
    #[error("the domain has {len} octets, at most 189 are allowed")]
    DomainLength {
        /// Its length in octets.
        len: usize,
    },
    /// The domain does not belong to KIM.
    #[error("the domain does not end in a KIM suffix")]
    Suffix,
}

impl KimAddress {
    /// Parses an address and checks the KIM rules.
    ///
    /// # Errors
    /// [`KimAddressError`] says which rule is broken and where.
    pub fn parse(text: &str, suffixes: &DomainSuffixes) -> Result<Self, KimAddressError> {
        let address: Address = text.parse()?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if let Some((at, _)) = address.local_part().char_indices().find(|(_, c)| !allowed(*c)) {
            return Err(KimAddressError::LocalPart { at });
        }
        if address.domain().len() > 189 {
            return Err(KimAddressError::DomainLength { len: address.domain().len() });
        }
        if !suffixes.contain(address.domain()) {
            return Err(KimAddressError::Suffix);
        }
        Ok(Self(address))
    }

    /// The address without the promise that it is one of KIM.
    pub fn address(&self) -> &Address {
        &self.0
    }
}

impl From<KimAddress> for Address {
    fn from(kim: KimAddress) -> Self {
        kim.0
    }
}

impl fmt::Display for KimAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for KimAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kim(text: &str) -> Result<KimAddress, KimAddressError> {
        KimAddress::parse(text, &DomainSuffixes::default())
    }

    #[test]
    fn an_address_is_compared_without_case_and_given_back_as_it_was() {
        let one: Address = "Praxis.Name@Elefant.kim.telematik".parse().unwrap();
        assert_eq!(one, "praxis.name@elefant.KIM.telematik".parse().unwrap());
        assert_eq!(one.to_string(), "Praxis.Name@Elefant.kim.telematik");
        assert_eq!((one.local_part(), one.domain()), ("Praxis.Name", "Elefant.kim.telematik"));
    }

    #[test]
    fn what_is_not_an_address_is_refused_with_the_place() {
        let error = |text: &str| text.parse::<Address>().unwrap_err();
        assert_eq!(error("a@"), AddressError::Length { len: 2 });
        assert_eq!(error("abc"), AddressError::At);
        assert_eq!(error("a@b@c"), AddressError::At);
        assert_eq!(error("a b@c.de"), AddressError::Character { at: 1 });
        assert_eq!(error("a@c.de\r\nRCPT"), AddressError::Character { at: 6 });
        assert_eq!(error("ä@c.de"), AddressError::Character { at: 0 });
        assert_eq!(error(".a@c.de"), AddressError::LocalPart);
        assert_eq!(error("a@c..de"), AddressError::Domain { at: 4 });
        assert_eq!(error("a@c_d.de"), AddressError::Domain { at: 3 });
        assert_eq!(error("a@-c.de"), AddressError::Domain { at: 2 });
        assert_eq!(error(&format!("{}@c.de", "a".repeat(65))), AddressError::LocalPart);
    }

    #[test]
    fn a_suffix_is_whole_labels_however_it_is_written() {
        for suffix in ["kim.telematik", ".kim.telematik", "..KIM.telematik", " kim.telematik "] {
            let suffixes = DomainSuffixes::new([suffix]);
            assert!(suffixes.contain("elefant.KIM.telematik"), "{suffix}");
            for domain in ["evilkim.telematik", "kim.telematik", ".kim.telematik", "kim.telematik.de", ""] {
                assert!(!suffixes.contain(domain), "{suffix}: {domain}");
            }
        }
        for suffix in ["", ".", " "] {
            assert!(!DomainSuffixes::new([suffix]).contain("elefant.kim.telematik"), "{suffix:?}");
        }
    }

    #[test]
    fn kim_addresses_have_a_narrower_alphabet_and_a_known_suffix() {
        assert!(kim("Praxis_1.Name-x@elefant.kim.telematik").is_ok());
        assert!(kim("a@elefant.KIM.telematik-test").is_ok());
        assert_eq!(kim("a+b@elefant.kim.telematik"), Err(KimAddressError::LocalPart { at: 1 }));
        assert_eq!(kim("*@praxis.kim.telematik"), Err(KimAddressError::LocalPart { at: 0 }));
        assert_eq!(kim("a@example.de"), Err(KimAddressError::Suffix));
        assert_eq!(kim("a@evilkim.telematik"), Err(KimAddressError::Suffix));
        assert_eq!(kim("a@kim.telematik"), Err(KimAddressError::Suffix));
        let long = format!("a@{}kim.telematik", "abcdefgh.".repeat(20));
        assert_eq!(kim(&long), Err(KimAddressError::DomainLength { len: 193 }));
    }
}
