//! The attribute recipient-emails: which certificate belongs to which address.

use std::collections::HashSet;
use std::iter;

use bytes::Bytes;
use const_oid::ObjectIdentifier;
use der::asn1::AnyRef;
use der::{Decode, Tag, Tagged};
use kim_types::{Address, Pii};
use thiserror::Error;

use crate::asn1::{self, SetOf, offset};
use crate::ber;
use crate::issuer::{IssuerAndSerial, IssuerAndSerialError};

/// `1.2.276.0.76.4.173`.
pub(crate) const RECIPIENT_EMAILS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.276.0.76.4.173");

/// One certificate and the address it was chosen for.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2115-02, KOM-LE-A_2116.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientEmail {
    /// The address as the attribute has it: any ASCII text, compared without case.
    pub address: Pii<String>,
    /// The certificate.
    pub certificate: IssuerAndSerial,
}

impl RecipientEmail {
    /// Pairs an address with a certificate of its owner.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2116.
    pub fn new(address: &Address, certificate: IssuerAndSerial) -> Self {
        Self { address: Pii(address.as_str().to_owned()), certificate }
    }

    /// What two equal entries have in common.
    fn identity(&self) -> (String, &IssuerAndSerial) {
        (self.address.0.to_ascii_lowercase(), &self.certificate)
    }
}

/// The attribute recipient-emails: at least one entry, none twice.
///
/// It stands in the signature and beside the encrypted content, and both must say the same.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2114-01, KOM-LE-A_2127.
#[derive(Debug, Clone)]
pub struct RecipientEmails(Vec<RecipientEmail>);

/// Why there is no attribute recipient-emails.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2114-01, KOM-LE-A_2117.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecipientEmailsError {
    /// There is no entry.
    #[error("recipient-emails has no entry")]
    Empty,
    /// There are more entries than [`RecipientEmails::MAX_ENTRIES`].
    #[error("recipient-emails has too many entries")]
    TooMany,
    /// An address has an octet outside ASCII.
    #[error("an address in recipient-emails is not ASCII")]
    Address,
    /// The octets are not this attribute.
    #[error("recipient-emails is malformed at octet {at}")]
    Malformed {
        /// The offset of the fault in octets, within the part that has it.
        at: usize,
    },
    /// A certificate is named otherwise than by issuer and serial number.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2117.
    #[error("recipient-emails names a certificate otherwise than by issuer and serial number")]
    RecipientId,
    /// The issuer or serial number of a certificate is out of bounds.
    #[error(transparent)]
    IssuerAndSerial(#[from] IssuerAndSerialError),
}

impl RecipientEmails {
    /// The greatest number of entries, after removing what is there twice.
    ///
    /// Spec: none — bounds what is kept of hostile input; no mail has as many recipients.
    pub const MAX_ENTRIES: usize = 2_000;

    /// Collects entries; of equal ones (address without case, certificate) the first stays.
    ///
    /// # Errors
    /// [`RecipientEmailsError`] when there is none or too many, or an address is not ASCII.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2114-01.
    pub fn new(entries: impl IntoIterator<Item = RecipientEmail>) -> Result<Self, RecipientEmailsError> {
        let mut collected = Collected::default();
        entries.into_iter().try_for_each(|entry| collected.add(entry))?;
        collected.finish()
    }

    /// Reads the DER of the attribute, its values flat or in a set of their own.
    ///
    /// # Errors
    /// [`RecipientEmailsError`] when it is another attribute or malformed, and as [`RecipientEmails::new`].
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2114-01.
    pub fn from_attribute(der: &[u8]) -> Result<Self, RecipientEmailsError> {
        let attribute = asn1::Attribute::from_der(der)?;
        if attribute.oid != RECIPIENT_EMAILS {
            return Err(RecipientEmailsError::Malformed { at: 0 });
        }
        Self::from_values(attribute.values)
    }

    /// Reads the values of the attribute.
    ///
    /// By the letter of the ASN.1 the one value is a set of entries; gematik's example and what is in the field has
    /// the entries as values.
    pub(crate) fn from_values(values: SetOf<'_>) -> Result<Self, RecipientEmailsError> {
        let mut values = values.elements::<AnyRef<'_>>()?;
        let first = values.next().ok_or(RecipientEmailsError::Empty)??;
        if first.tag() != Tag::Set {
            return Self::read(iter::once(Ok(first)).chain(values));
        }
        match values.next() {
            None => Self::read(asn1::elements(first.value())?),
            Some(_) => Err(RecipientEmailsError::Malformed { at: 0 }),
        }
    }

    fn read<'a>(values: impl Iterator<Item = der::Result<AnyRef<'a>>>) -> Result<Self, RecipientEmailsError> {
        let mut collected = Collected::default();
        for value in values {
            collected.add(RecipientEmail::from_value(value?)?)?;
        }
        collected.finish()
    }

    /// The entries, in the order given or received.
    pub fn entries(&self) -> &[RecipientEmail] {
        &self.0
    }

    /// The certificates of an address, compared without case.
    pub fn for_address(&self, address: &Address) -> impl Iterator<Item = &IssuerAndSerial> {
        self.0
            .iter()
            .filter(|entry| entry.address.0.eq_ignore_ascii_case(address.as_str()))
            .map(|entry| &entry.certificate)
    }

    /// Whether both have the same entries: addresses without case, certificates by issuer and serial number, in any
    /// order.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2127.
    pub fn same_as(&self, other: &Self) -> bool {
        let ours: HashSet<_> = self.0.iter().map(RecipientEmail::identity).collect();
        let theirs: HashSet<_> = other.0.iter().map(RecipientEmail::identity).collect();
        ours == theirs
    }

    /// The attribute in DER: entries as values, in DER order, issuers octet for octet as in the certificates.
    ///
    /// A verifier encodes the signed attributes again before it checks them, so the order matters.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2114-01, KOM-LE-A_2115-02.
    pub fn to_attribute(&self) -> Bytes {
        let mut values: Vec<Vec<u8>> = self.0.iter().map(RecipientEmail::to_value).collect();
        values.sort_unstable();
        let mut content = ber::element(ber::OBJECT_IDENTIFIER, RECIPIENT_EMAILS.as_bytes());
        ber::push_element(&mut content, ber::SET, &values.concat());
        ber::element(ber::SEQUENCE, &content).into()
    }
}

impl RecipientEmail {
    fn from_value(value: AnyRef<'_>) -> Result<Self, RecipientEmailsError> {
        let read: asn1::RecipientEmail<'_> = value.decode_as()?;
        if read.rid.tag() != Tag::Sequence {
            return Err(RecipientEmailsError::RecipientId);
        }
        let rid: asn1::IssuerAndSerialNumber<'_> = read.rid.decode_as()?;
        Ok(Self {
            address: Pii(read.address.as_str().to_owned()),
            certificate: IssuerAndSerial::new(rid.issuer, rid.serial)?,
        })
    }

    fn to_value(&self) -> Vec<u8> {
        let mut content = ber::element(ber::IA5_STRING, self.address.0.as_bytes());
        content.extend_from_slice(&self.certificate.to_der());
        ber::element(ber::SEQUENCE, &content)
    }
}

/// Entries on their way to become [`RecipientEmails`].
#[derive(Default)]
struct Collected {
    kept: Vec<RecipientEmail>,
    seen: HashSet<(String, IssuerAndSerial)>,
}

impl Collected {
    fn add(&mut self, entry: RecipientEmail) -> Result<(), RecipientEmailsError> {
        if !entry.address.0.is_ascii() {
            return Err(RecipientEmailsError::Address);
        }
        if self.seen.insert((entry.address.0.to_ascii_lowercase(), entry.certificate.clone())) {
            if self.kept.len() == RecipientEmails::MAX_ENTRIES {
                return Err(RecipientEmailsError::TooMany);
            }
            self.kept.push(entry);
        }
        Ok(())
    }

    fn finish(self) -> Result<RecipientEmails, RecipientEmailsError> {
        if self.kept.is_empty() { Err(RecipientEmailsError::Empty) } else { Ok(RecipientEmails(self.kept)) }
    }
}

impl From<der::Error> for RecipientEmailsError {
    fn from(error: der::Error) -> Self {
        Self::Malformed { at: offset(error) }
    }
}
