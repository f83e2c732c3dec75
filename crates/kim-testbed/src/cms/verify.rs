//! Reading and checking SignedData: [`verify`].

use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Padding;
use openssl::sha::sha256;
use openssl::sign::{RsaPssSaltlen, Verifier};
use openssl::x509::X509;
use thiserror::Error;

use super::ber::{Element, Malformed};
use super::der::{INTEGER, OCTET_STRING, SEQUENCE, SET, context, set_of, tlv};
use super::oids::{
    CONTENT_TYPE, DATA, ECDSA_WITH_SHA_256, MESSAGE_DIGEST, RSASSA_PSS, SIGNED_DATA, SIGNING_CERTIFICATE_V2,
};
use super::sign::issuer_and_serial_number;
use const_oid::ObjectIdentifier;

/// A signature that holds, of a certificate nobody checked yet.
///
/// Spec: gemSpec_Kon 5.18.0, VerifyDocument.
pub struct Verified {
    /// What was signed.
    pub content: Vec<u8>,
    /// The certificate of the key that signed.
    pub signer: X509,
    /// The signed attributes, each a DER `Attribute`.
    pub attributes: Vec<Vec<u8>>,
}

/// Why a signature does not hold.
///
/// Spec: gemSpec_Kon 5.18.0, VerifyDocument (fault codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// This is no SignedData, or not one of the profile.
    #[error("not a signature of the profile")]
    Format,
    /// There is no signature in it.
    #[error("the structure holds no signature")]
    NoSignature,
    /// The certificate of the signer is not in it.
    #[error("the certificate of the signer is missing")]
    NoCertificate,
    /// Content, attributes, certificate and signature do not belong together.
    #[error("the signature does not fit the content")]
    Integrity,
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl From<Malformed> for VerifyError {
    fn from(_: Malformed) -> Self {
        Self::Format
    }
}

/// Checks the signature, the digest of the content and the reference to the certificate; not the certificate.
///
/// Takes BER in any form. `detached` is the document when it is not in the signature. RSASSA-PSS and ECDSA with
/// SHA-256 are known, and one signer.
///
/// # Errors
/// See [`VerifyError`].
///
/// Spec: RFC 5652, 5.4 and 5.6.
pub fn verify(cms: &[u8], detached: Option<&[u8]>) -> Result<Verified, VerifyError> {
    let mut info = Element::only(cms, SEQUENCE)?.fields()?;
    if info.next()?.oid()? != SIGNED_DATA {
        return Err(VerifyError::Format);
    }
    let [signed_data] = info.tagged(context(0))?.children()?[..] else { return Err(VerifyError::Format) };
    let mut fields = signed_data.fields()?;
    fields.tagged(INTEGER)?;
    fields.tagged(SET)?;
    let content = content(&fields.next()?, detached)?;
    let certificates = fields.optional(context(0));
    fields.optional(context(1));
    let signers = fields.tagged(SET)?.members()?;
    fields.end()?;
    let Some(signer) = signers.first() else { return Err(VerifyError::NoSignature) };

    let certificates = certificates.map(|set| set.children()).transpose()?.unwrap_or_default();
    let signer = Signer::read(signer)?;
    let certificate = certificates
        .iter()
        .filter_map(|certificate| X509::from_der(certificate.raw).ok())
        .find(|certificate| issuer_and_serial_number(certificate).is_ok_and(|id| id == signer.id))
        .ok_or(VerifyError::NoCertificate)?;
    signer.check(&content, &certificate)?;
    let attributes = signer.attributes.iter().map(|attribute| attribute.raw.to_vec()).collect();
    Ok(Verified { content, signer: certificate, attributes })
}

fn content(encapsulated: &Element<'_>, detached: Option<&[u8]>) -> Result<Vec<u8>, VerifyError> {
    let mut fields = encapsulated.fields()?;
    if fields.next()?.oid()? != DATA {
        return Err(VerifyError::Format);
    }
    match (fields.optional(context(0)), detached) {
        (Some(content), _) => match content.children()?[..] {
            [octets] => Ok(octets.octets()?),
            _ => Err(VerifyError::Format),
        },
        (None, Some(detached)) => Ok(detached.to_vec()),
        (None, None) => Err(VerifyError::Format),
    }
}

/// A SignerInfo.
struct Signer<'a> {
    /// IssuerAndSerialNumber.
    id: Vec<u8>,
    attributes: Vec<Element<'a>>,
    algorithm: ObjectIdentifier,
    signature: Vec<u8>,
}

impl<'a> Signer<'a> {
    fn read(element: &Element<'a>) -> Result<Self, VerifyError> {
        let mut fields = element.fields()?;
        fields.tagged(INTEGER)?;
        let id = fields.tagged(SEQUENCE)?.raw.to_vec();
        fields.tagged(SEQUENCE)?;
        let attributes = fields.tagged(context(0))?.children()?;
        let algorithm = fields.tagged(SEQUENCE)?.fields()?.next()?.oid()?;
        let signature = fields.tagged(OCTET_STRING)?.octets()?;
        Ok(Self { id, attributes, algorithm, signature })
    }

    fn check(&self, content: &[u8], certificate: &X509) -> Result<(), VerifyError> {
        let digest = self.value(&MESSAGE_DIGEST)?.ok_or(VerifyError::Format)?;
        let content_type = self.value(&CONTENT_TYPE)?.ok_or(VerifyError::Format)?;
        let der = certificate.to_der().map_err(|_| VerifyError::NoCertificate)?;
        let fits = digest.octets()? == sha256(content)
            && content_type.oid()? == DATA
            && self.certificate_digest()?.is_none_or(|expected| expected == sha256(&der))
            && self.signature_holds(certificate)?;
        if fits { Ok(()) } else { Err(VerifyError::Integrity) }
    }

    /// The value of an attribute that has one.
    fn value(&self, kind: &ObjectIdentifier) -> Result<Option<Element<'a>>, Malformed> {
        for attribute in &self.attributes {
            let mut fields = attribute.fields()?;
            if fields.next()?.oid()? == *kind {
                return Ok(fields.tagged(SET)?.members()?.first().copied());
            }
        }
        Ok(None)
    }

    fn certificate_digest(&self) -> Result<Option<Vec<u8>>, Malformed> {
        let Some(value) = self.value(&SIGNING_CERTIFICATE_V2)? else { return Ok(None) };
        let mut id = value.fields()?.next()?.fields()?.next()?.fields()?;
        id.optional(SEQUENCE);
        id.tagged(OCTET_STRING)?.octets().map(Some)
    }

    /// Tries the attributes in the order they came in, then in that of DER: both kinds of signers exist.
    fn signature_holds(&self, certificate: &X509) -> Result<bool, VerifyError> {
        let key = certificate.public_key().map_err(|_| VerifyError::NoCertificate)?;
        let attributes = || self.attributes.iter().map(|attribute| attribute.raw.to_vec());
        let as_received = tlv(SET, &attributes().collect::<Vec<_>>());
        let sorted = set_of(attributes().collect());
        Ok(self.signs(&as_received, &key)? || self.signs(&sorted, &key)?)
    }

    fn signs(&self, octets: &[u8], key: &PKey<Public>) -> Result<bool, VerifyError> {
        let verifier = Verifier::new(MessageDigest::sha256(), key).and_then(|mut verifier| {
            if self.algorithm == RSASSA_PSS {
                verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
                verifier.set_rsa_mgf1_md(MessageDigest::sha256())?;
                verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
            }
            Ok(verifier)
        });
        if self.algorithm != RSASSA_PSS && self.algorithm != ECDSA_WITH_SHA_256 {
            return Err(VerifyError::Format);
        }
        let holds = verifier.and_then(|mut verifier| verifier.verify_oneshot(&self.signature, octets));
        Ok(holds.unwrap_or(false))
    }
}
