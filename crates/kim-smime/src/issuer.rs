//! The name of a certificate: its issuer and serial number.

use std::fmt;
use std::hash::{Hash, Hasher};

use bytes::Bytes;
use der::asn1::AnyRef;
use der::{Decode, Encode, Tag, Tagged};
use thiserror::Error;
use x509_cert::attr::AttributeTypeAndValue;

use crate::asn1::{self, SetOf, offset};
use crate::ber;

/// Issuer and serial number of a certificate, the octets kept as they were.
///
/// Two are equal when the serial numbers are the same integer and the issuers have the same relative names in the
/// same order, each compared as a set of type and text. Texts are compared without regard to string type, case and
/// the number of blanks, as RFC 5280 §7.1 asks in simpler words: the order and encoding of what others wrote is not
/// guaranteed.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2109, KOM-LE-A_2115-02, KOM-LE-A_2117, KOM-LE-A_2124.
#[derive(Clone)]
pub struct IssuerAndSerial {
    issuer: Bytes,
    serial: Bytes,
    /// What equality looks at.
    identity: Bytes,
}

/// Why octets are not an issuer and serial number.
///
/// Spec: RFC 5652 §10.2.4; the limits: none — they bound what is kept of hostile input.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IssuerAndSerialError {
    /// They are not the ASN.1 structure.
    #[error("the issuer and serial number are malformed at octet {at}")]
    Malformed {
        /// The offset of the fault in octets.
        at: usize,
    },
    /// The issuer is longer than [`IssuerAndSerial::MAX_ISSUER_OCTETS`].
    #[error("the issuer has {len} octets, which is too long")]
    IssuerLength {
        /// Its length in octets.
        len: usize,
    },
    /// The serial number is empty or longer than [`IssuerAndSerial::MAX_SERIAL_OCTETS`].
    #[error("the serial number has {len} octets")]
    SerialLength {
        /// Its length in octets.
        len: usize,
    },
}

impl IssuerAndSerial {
    /// The greatest length of an issuer in octets of DER.
    pub const MAX_ISSUER_OCTETS: usize = 4096;
    /// The greatest length of a serial number in octets; RFC 5280 allows certificate authorities 20.
    pub const MAX_SERIAL_OCTETS: usize = 64;

    /// Reads the DER of an `IssuerAndSerialNumber`.
    ///
    /// # Errors
    /// [`IssuerAndSerialError`] when it is not one, or too long.
    ///
    /// Spec: RFC 5652 §10.2.4.
    pub fn from_der(der: &[u8]) -> Result<Self, IssuerAndSerialError> {
        let read = asn1::IssuerAndSerialNumber::from_der(der)?;
        Self::new(read.issuer, read.serial)
    }

    pub(crate) fn new(issuer: AnyRef<'_>, serial: AnyRef<'_>) -> Result<Self, IssuerAndSerialError> {
        issuer.tag().assert_eq(Tag::Sequence)?;
        serial.tag().assert_eq(Tag::Integer)?;
        let (issuer_len, serial_len) = (issuer.value().len(), serial.value().len());
        if issuer_len > Self::MAX_ISSUER_OCTETS {
            return Err(IssuerAndSerialError::IssuerLength { len: issuer_len });
        }
        if !(1..=Self::MAX_SERIAL_OCTETS).contains(&serial_len) {
            return Err(IssuerAndSerialError::SerialLength { len: serial_len });
        }
        let mut identity = Vec::with_capacity(issuer_len);
        push_name(&mut identity, issuer.value())?;
        push_field(&mut identity, integer(serial.value()));
        Ok(Self {
            issuer: issuer.to_der()?.into(),
            serial: Bytes::copy_from_slice(serial.value()),
            identity: identity.into(),
        })
    }

    /// The issuer as DER `Name`, octet for octet as in the certificate.
    pub fn issuer_der(&self) -> &Bytes {
        &self.issuer
    }

    /// The content octets of the serial number: a signed integer, most significant octet first.
    pub fn serial(&self) -> &Bytes {
        &self.serial
    }

    /// The DER of an `IssuerAndSerialNumber`, with the octets that were read.
    ///
    /// Spec: RFC 5652 §10.2.4.
    pub fn to_der(&self) -> Bytes {
        let mut content = Vec::with_capacity(self.issuer.len().saturating_add(self.serial.len()));
        content.extend_from_slice(&self.issuer);
        ber::push_element(&mut content, ber::INTEGER, &self.serial);
        ber::element(ber::SEQUENCE, &content).into()
    }
}

impl PartialEq for IssuerAndSerial {
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

impl Eq for IssuerAndSerial {}

impl Hash for IssuerAndSerial {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity.hash(state);
    }
}

impl fmt::Debug for IssuerAndSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuerAndSerial(serial {:x})", self.serial)
    }
}

impl From<der::Error> for IssuerAndSerialError {
    fn from(error: der::Error) -> Self {
        Self::Malformed { at: offset(error) }
    }
}

/// Appends a name in a form in which equal names have equal octets.
fn push_name(out: &mut Vec<u8>, name: &[u8]) -> der::Result<()> {
    for relative in asn1::elements::<SetOf<'_>>(name)? {
        let mut fields = Vec::new();
        for attribute in relative?.elements::<AttributeTypeAndValue>()? {
            let attribute = attribute?;
            let mut field = Vec::new();
            push_field(&mut field, attribute.oid.as_bytes());
            push_field(&mut field, &folded(AnyRef::from(&attribute.value))?);
            fields.push(field);
        }
        fields.sort_unstable();
        fields.dedup();
        push_field(out, &fields.concat());
    }
    Ok(())
}

/// Appends octets behind their number, so that no two lists of fields run together alike.
fn push_field(out: &mut Vec<u8>, field: &[u8]) {
    ber::push_element(out, ber::OCTET_STRING, field);
}

/// The text of a value, folded for comparison; what is no text is compared by its octets.
fn folded(value: AnyRef<'_>) -> der::Result<Vec<u8>> {
    let octets = value.value();
    let text = match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::VisibleString | Tag::NumericString => {
            std::str::from_utf8(octets).ok().map(str::to_owned)
        }
        Tag::TeletexString => Some(octets.iter().copied().map(char::from).collect()),
        Tag::BmpString => utf16(octets),
        _ => None,
    };
    let Some(text) = text else { return value.to_der() };
    let words: Vec<&str> = text.split_whitespace().collect();
    // No DER starts with a zero octet, so a text is never taken for another value.
    Ok(format!("\0{}", words.join(" ").to_lowercase()).into_bytes())
}

fn utf16(octets: &[u8]) -> Option<String> {
    let (pairs, rest) = octets.as_chunks::<2>();
    let units = pairs.iter().copied().map(u16::from_be_bytes);
    rest.is_empty().then(|| char::decode_utf16(units).collect::<Result<String, _>>().ok()).flatten()
}

/// An integer without the sign octets it does not need.
fn integer(octets: &[u8]) -> &[u8] {
    let needless = |pair: &&[u8]| matches!(pair, [0x00, 0x00..=0x7f] | [0xff, 0x80..=0xff]);
    let needless = octets.windows(2).take_while(needless).count();
    octets.get(needless..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

    fn field(kind: &[u8], tag: u8, text: &[u8]) -> Vec<u8> {
        let mut content = ber::element(ber::OBJECT_IDENTIFIER, kind);
        ber::push_element(&mut content, tag, text);
        ber::element(ber::SEQUENCE, &content)
    }

    fn named(relative: &[&[Vec<u8>]], serial: &[u8]) -> IssuerAndSerial {
        let sets: Vec<Vec<u8>> =
            relative.iter().map(|fields| ber::element(ber::SET, &fields.concat())).collect();
        let mut content = ber::element(ber::SEQUENCE, &sets.concat());
        ber::push_element(&mut content, ber::INTEGER, serial);
        IssuerAndSerial::from_der(&ber::element(ber::SEQUENCE, &content)).unwrap()
    }

    fn common_name(tag: u8, text: &[u8]) -> IssuerAndSerial {
        named(&[&[field(COMMON_NAME, tag, text)]], &[1])
    }

    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2124
    #[test]
    fn texts_are_equal_in_every_encoding() {
        let utf8 = common_name(0x0c, "Größe CA".as_bytes());
        assert_eq!(utf8, common_name(0x14, b"Gr\xf6\xdfe CA"));
        assert_eq!(utf8, common_name(0x1e, b"\0G\0r\0\xf6\0\xdf\0e\0 \0C\0A"));
        assert_eq!(utf8, common_name(0x0c, "  GRÖßE \t ca ".as_bytes()));
        assert_eq!(common_name(0x13, b"Test CA"), common_name(0x16, b"test  ca"));
        assert_ne!(utf8, common_name(0x0c, "GrößeCA".as_bytes()));
    }

    #[test]
    fn what_is_no_text_is_compared_by_its_octets() {
        assert_eq!(common_name(0x0c, b"\xff"), common_name(0x0c, b"\xff"));
        assert_ne!(common_name(0x0c, b"\xff"), common_name(0x16, b"\xff"));
        assert_ne!(common_name(0x04, b"CA"), common_name(0x0c, b"\x04\x02CA"));
    }

    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2115-02
    #[test]
    fn fields_of_a_relative_name_are_a_set_and_relative_names_a_list() {
        let one = field(COMMON_NAME, 0x0c, b"CA");
        let two = field(ORGANIZATION, 0x0c, b"gematik");
        let joined = named(&[&[one.clone(), two.clone()]], &[1]);
        assert_eq!(joined, named(&[&[two.clone(), one.clone()]], &[1]));
        let listed = named(&[std::slice::from_ref(&one), std::slice::from_ref(&two)], &[1]);
        assert_ne!(joined, listed);
        assert_ne!(listed, named(&[&[two], &[one]], &[1]));
    }

    #[test]
    fn serial_numbers_are_integers() {
        let serial = |octets: &[u8]| named(&[], octets);
        assert_eq!(serial(&[0x12]), serial(&[0, 0, 0x12]));
        assert_eq!(serial(&[0x80]), serial(&[0xff, 0x80]));
        assert_eq!(serial(&[0]), serial(&[0, 0]));
        assert_ne!(serial(&[0xff]), serial(&[0x00, 0xff]));
        assert_ne!(serial(&[0x12]), serial(&[0x12, 0x00]));
    }

    #[test]
    fn the_octets_stay_as_they_were() {
        let name = named(&[&[field(COMMON_NAME, 0x0c, b" Test  CA ")]], &[0, 0x12]);
        let again = IssuerAndSerial::from_der(&name.to_der()).unwrap();
        assert_eq!(again.to_der(), name.to_der());
        assert_eq!(again.serial().as_ref(), [0, 0x12]);
        assert_eq!(format!("{again:?}"), "IssuerAndSerial(serial 0012)");
    }
}
