//! [`ExternalAuthenticate`]: a signature with the key of C.AUT.

use bytes::Bytes;
use der::asn1::UintRef;
use der::{Decode, Reader, SliceReader};
use kim_types::{CardHandle, Context, Octets};
use yaserde::YaDeserialize;

use crate::Error;
use crate::document::{Document, one};
use crate::envelope::Envelope;
use crate::error::{Malformed, Unsupported};
use crate::namespace::{DSS, SIG_7_4};
use crate::request::{Operation, Patience, Request};
use crate::services::{Service, Services};
use crate::status::Status;
use crate::version::Version;

/// The first version of the AuthSignatureService that signs with elliptic curves.
const WITH_ECDSA: Version = Version::new(7, 4, 1);

/// Has a card sign the SHA-256 of something, to log its holder in elsewhere.
///
/// Spec: gemSpec_Kon 5.18.0, operation ExternalAuthenticate
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalAuthenticate {
    /// The card.
    pub card: CardHandle,
    /// The algorithm, which must be one the card has a key for.
    pub scheme: SignatureScheme,
    /// SHA-256 of what is to be signed.
    pub hash: [u8; 32],
}

/// The algorithm of an [`ExternalAuthenticate`].
///
/// Spec: gemSpec_Kon 5.18.0, operation ExternalAuthenticate; RFC 3447, BSI TR-03111
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureScheme {
    /// RSASSA-PSS, in JOSE PS256.
    RsaPss,
    /// ECDSA; the signature is given in the form of JOSE, r and s of 32 octets each.
    Ecdsa,
}

impl SignatureScheme {
    fn uri(self) -> &'static str {
        match self {
            Self::RsaPss => "urn:ietf:rfc:3447",
            Self::Ecdsa => "urn:bsi:tr:03111:ecdsa",
        }
    }
}

impl Operation for ExternalAuthenticate {
    type Response = Bytes;

    fn request(&self, services: &Services, context: &Context) -> Result<Request, Error> {
        let endpoint = services.endpoint(Service::AuthSignature)?;
        if self.scheme == SignatureScheme::Ecdsa && endpoint.version < WITH_ECDSA {
            return Err(Error::Unsupported(Unsupported::Service(Service::AuthSignature)));
        }
        let body = Envelope::write("SIG:ExternalAuthenticate", &[SIG_7_4, DSS], |xml| {
            xml.leaf("CONN:CardHandle", self.card.as_str())
                .context(context)
                .within("SIG:OptionalInputs", |xml| {
                    xml.leaf("dss:SignatureType", self.scheme.uri());
                    match self.scheme {
                        SignatureScheme::RsaPss => xml.leaf("SIG:SignatureSchemes", "RSASSA-PSS"),
                        SignatureScheme::Ecdsa => xml,
                    }
                })
                .within("SIG:BinaryString", |xml| {
                    let hash = Octets::from(self.hash.to_vec());
                    xml.base64("dss:Base64Data", &[("MimeType", "application/octet-stream")], hash)
                })
        });
        let action = format!("{}#ExternalAuthenticate", SIG_7_4.uri);
        Ok(Request { url: endpoint.url.clone(), action, body, patience: Patience::Normal })
    }

    /// The signature; a Konnektor's ECDSA in DER becomes r and s.
    fn response(&self, document: Document) -> Result<Bytes, Error> {
        let response: ExternalAuthenticateResponse =
            document.read(SIG_7_4, "ExternalAuthenticateResponse")?;
        one("Status", response.status)?.note(&document)?;
        let object = one("SignatureObject", response.signature)?;
        let signature = document.octets("Base64Signature", &one("Base64Signature", object.octets)?)?;
        match self.scheme {
            SignatureScheme::RsaPss => Ok(signature),
            SignatureScheme::Ecdsa => {
                raw(&signature).ok_or(Error::malformed(Malformed::Element("Base64Signature")))
            }
        }
    }
}

/// r and s of an ECDSA-Sig-Value, 32 octets each.
///
/// Spec: RFC 3279 2.2.3 (DER), RFC 7518 3.4 (JOSE)
fn raw(der: &[u8]) -> Option<Bytes> {
    let mut reader = SliceReader::new(der).ok()?;
    let numbers = reader
        .sequence(|values| -> der::Result<_> { Ok([UintRef::decode(values)?, UintRef::decode(values)?]) });
    let numbers = numbers.ok().filter(|_| reader.is_finished())?;
    let mut octets = Vec::with_capacity(64);
    for number in numbers {
        let missing = 32_usize.checked_sub(number.as_bytes().len())?;
        octets.extend(std::iter::repeat_n(0, missing));
        octets.extend_from_slice(number.as_bytes());
    }
    Some(octets.into())
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "SIG",
    namespaces = {
        "SIG" = "http://ws.gematik.de/conn/SignatureService/v7.4",
        "CONN" = "http://ws.gematik.de/conn/ConnectorCommon/v5.0",
        "dss" = "urn:oasis:names:tc:dss:1.0:core:schema",
    }
)]
struct ExternalAuthenticateResponse {
    #[yaserde(rename = "Status", prefix = "CONN")]
    status: Vec<Status>,
    #[yaserde(rename = "SignatureObject", prefix = "dss")]
    signature: Vec<SignatureObject>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "dss", namespaces = { "dss" = "urn:oasis:names:tc:dss:1.0:core:schema" })]
struct SignatureObject {
    #[yaserde(rename = "Base64Signature", prefix = "dss")]
    octets: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_padded_and_nothing_else_is_accepted() {
        let der = [0x30, 7, 2, 2, 0, 0x80, 2, 1, 5];
        let mut expected = [0; 64];
        (expected[31], expected[63]) = (0x80, 5);
        assert_eq!(raw(&der).unwrap(), &expected[..]);
        for bad in [&der[..8], &[&der[..], &[0]].concat(), &[0x30, 3, 2, 1, 0x80], &[]] {
            assert_eq!(raw(bad), None, "{bad:?}");
        }
        let too_long = [&[0x30, 38, 2, 33, 1][..], &[0; 32], &[2, 1, 5]].concat();
        assert_eq!(raw(&too_long), None);
    }
}
