//! One entry of the directory: [`Entry`].

use std::fmt;

use super::Directory;

/// An entry: a uid and attributes with values, flat as the LDAP view of the VZD shows them.
///
/// Names of attributes are compared without case and keep the spelling they were first given. `Debug` shows no value.
///
/// Spec: gemSpec_VZD 1.15.0, TIP1-A_5607-09 (attributes of a directory entry).
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    uid: String,
    attributes: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) values: Vec<Vec<u8>>,
}

impl Entry {
    /// The name under which certificates are stored, one DER certificate per value.
    pub const CERTIFICATE: &'static str = "userCertificate;binary";

    /// An entry without attributes but `uid` and `objectClass`.
    pub fn new(uid: impl Into<String>) -> Self {
        let uid = uid.into();
        let entry = Self { uid: uid.clone(), attributes: Vec::new() };
        entry.with("uid", uid).with("objectClass", "vzd-komleview").with("objectClass", "top")
    }

    /// The entry with one more value of an attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        match self.attributes.iter_mut().find(|attribute| attribute.name.eq_ignore_ascii_case(name)) {
            Some(attribute) => attribute.values.push(value.into()),
            None => {
                self.attributes.push(Attribute { name: name.to_owned(), values: vec![value.into()] });
            }
        }
        self
    }

    /// The entry without an attribute.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.attributes.retain(|attribute| !attribute.name.eq_ignore_ascii_case(name));
        self
    }

    /// The uid.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The distinguished name.
    pub fn dn(&self) -> String {
        format!("uid={},{}", self.uid, Directory::BASE)
    }

    /// The values of an attribute; none when it is absent.
    pub fn values(&self, name: &str) -> &[Vec<u8>] {
        self.attribute(name).map_or(&[], |attribute| &attribute.values)
    }

    /// The certificates, DER.
    pub fn certificates(&self) -> &[Vec<u8>] {
        self.values(Self::CERTIFICATE)
    }

    /// The attribute that a filter means: by its name, its name without options, or its alias of RFC 4524.
    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.is_named(name))
    }

    /// The attributes that a search selects: all without a selection or with `*`.
    pub(super) fn select(&self, selection: &[String]) -> impl Iterator<Item = &Attribute> {
        let all = selection.is_empty() || selection.iter().any(|name| name == "*");
        self.attributes
            .iter()
            .filter(move |attribute| all || selection.iter().any(|name| attribute.is_named(name)))
    }
}

impl Attribute {
    fn is_named(&self, name: &str) -> bool {
        let name = if name.eq_ignore_ascii_case("rfc822Mailbox") { "mail" } else { name };
        let base = self.name.split(';').next().unwrap_or_default();
        self.name.eq_ignore_ascii_case(name) || base.eq_ignore_ascii_case(name)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({})", self.uid)
    }
}
