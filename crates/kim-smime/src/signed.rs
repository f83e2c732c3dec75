//! The signed part of a KOM-LE message: what was signed, by whom, for whom.

use bytes::Bytes;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA};
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, Encode, Tag, Tagged};
use kim_types::Octets;

use crate::asn1::{ContentInfo, IssuerAndSerialNumber, SetOf, SignedData, SignerInfo};
use crate::attributes::{attribute, value};
use crate::ber::{BerLimits, SET, element, split_content};
use crate::certificate::Certificate;
use crate::cms_error::{CmsError, ProfileViolation};
use crate::issuer::IssuerAndSerial;
use crate::recipient_emails::{RECIPIENT_EMAILS, RecipientEmails};

/// A SignedData of the KOM-LE profile, its form checked and its signature not.
///
/// Neither the digest nor the signature nor the certificate is verified: that is VerifyDocument of the Konnektor,
/// which gets the octets that were received. Left to it are also version numbers, algorithms and other signed
/// attributes.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2118, KOM-LE-A_2119, KOM-LE-A_2121, KOM-LE-A_2122, KOM-LE-A_2123,
/// KOM-LE-A_2124, KOM-LE-A_2125, KOM-LE-A_2126, KOM-LE-A_2127.
#[derive(Clone)]
pub struct Signed {
    content: Octets,
    signer: Certificate,
    recipient_emails: RecipientEmails,
    digest_algorithm: ObjectIdentifier,
    signature_algorithm: ObjectIdentifier,
    message_digest: Bytes,
    /// The elements of the signed attributes, as received.
    attributes: Vec<Bytes>,
    signature: Bytes,
}

impl Signed {
    /// Reads a ContentInfo with SignedData, in DER or BER.
    ///
    /// The content is not copied: it is what it was in `cms`, in one piece or in as many as it has segments.
    ///
    /// # Errors
    /// [`CmsError::Profile`] with the rule that is broken, other [`CmsError`]s when the structure cannot be read.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2121 and those at [`Signed`].
    pub fn parse(cms: &Bytes, limits: &BerLimits) -> Result<Self, CmsError> {
        SignedContent::parse(cms, limits)?.signed
    }

    fn read(content: Octets, data: &SignedData<'_>) -> Result<Self, CmsError> {
        if data.encapsulated.content_type != ID_DATA {
            return Err(ProfileViolation::ContentType.into());
        }
        if data.crls.is_some() {
            return Err(ProfileViolation::Crls.into());
        }
        let signer_info = only_signer(data.signer_infos)?;
        let certificate = only_certificate(data.certificates)?;
        check_signer(&signer_info, &certificate)?;
        let attributes = signer_info.signed_attrs.ok_or(ProfileViolation::Attribute)?;
        if value::<ObjectIdentifier>(attributes, ID_CONTENT_TYPE)? != ID_DATA {
            return Err(ProfileViolation::ContentType.into());
        }
        let digest = value::<&OctetStringRef>(attributes, ID_MESSAGE_DIGEST)?;
        let values = attribute(attributes, RECIPIENT_EMAILS)?.ok_or(ProfileViolation::NoRecipientEmails)?;
        Ok(Self {
            content,
            signer: certificate,
            recipient_emails: RecipientEmails::from_values(values)?,
            digest_algorithm: signer_info.digest.oid,
            signature_algorithm: signer_info.signature_algorithm.oid,
            message_digest: Bytes::copy_from_slice(digest.as_bytes()),
            attributes: attributes
                .elements::<AnyRef<'_>>()?
                .map(|attribute| Ok(attribute?.to_der()?.into()))
                .collect::<Result<_, CmsError>>()?,
            signature: Bytes::copy_from_slice(signer_info.signature.as_bytes()),
        })
    }

    /// What was signed: the message/rfc822 entity, octet for octet.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2097, KOM-LE-A_2121.
    pub fn content(&self) -> &Octets {
        &self.content
    }

    /// The certificate that came with the signature and that it names.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2122, KOM-LE-A_2125, KOM-LE-A_2129 (its kind is for the caller to check).
    pub fn signer(&self) -> &Certificate {
        &self.signer
    }

    /// For whom the sender encrypted, as signed.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2127.
    pub fn recipient_emails(&self) -> &RecipientEmails {
        &self.recipient_emails
    }

    /// The algorithm of the message digest.
    pub fn digest_algorithm(&self) -> ObjectIdentifier {
        self.digest_algorithm
    }

    /// The algorithm of the signature.
    pub fn signature_algorithm(&self) -> ObjectIdentifier {
        self.signature_algorithm
    }

    /// The digest of the content, as signed: for whoever verifies without a Konnektor.
    ///
    /// Spec: RFC 5652 §11.2.
    pub fn message_digest(&self) -> &Bytes {
        &self.message_digest
    }

    /// The octets that may have been signed: the attributes in DER order, as they should be, and in the order received,
    /// because some signers do not sort them.
    ///
    /// Spec: RFC 5652 §5.4.
    pub fn signed_octets(&self) -> [Vec<u8>; 2] {
        let mut sorted = self.attributes.clone();
        sorted.sort_unstable();
        [sorted, self.attributes.clone()].map(|attributes| element(SET, &attributes.concat()))
    }

    /// The value of the signature.
    pub fn signature(&self) -> &Bytes {
        &self.signature
    }
}

/// What a SignedData contains, also when its signature breaks a rule of the profile.
///
/// A mail whose signature is no good is still a mail: its reader learns what is wrong with it.
pub(crate) struct SignedContent {
    pub(crate) content: Octets,
    pub(crate) signed: Result<Signed, CmsError>,
}

impl SignedContent {
    /// Fails when there is no content to be had.
    pub(crate) fn parse(cms: &Bytes, limits: &BerLimits) -> Result<Self, CmsError> {
        let (der, content) = split_content(cms, limits)?;
        let info = ContentInfo::from_der(&der)?;
        if info.content_type != ID_SIGNED_DATA {
            return Err(CmsError::ContentType);
        }
        let data: SignedData<'_> = info.content.decode_as()?;
        data.encapsulated.content.ok_or(ProfileViolation::NoContent)?;
        Ok(Self { signed: Signed::read(content.clone(), &data), content })
    }
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed")
            .field("content_octets", &self.content.len())
            .field("signer", &self.signer)
            .finish_non_exhaustive()
    }
}

fn only_certificate(certificates: Option<SetOf<'_>>) -> Result<Certificate, CmsError> {
    let mut certificates = certificates.ok_or(ProfileViolation::NoCertificate)?.elements::<AnyRef<'_>>()?;
    let certificate = certificates.next().ok_or(ProfileViolation::NoCertificate)??;
    if certificates.next().is_some() {
        return Err(ProfileViolation::OtherCertificate.into());
    }
    // A copy, so that whoever keeps the certificate does not keep the message.
    Ok(Certificate::from_der(certificate.to_der()?.into())?)
}

fn only_signer(infos: SetOf<'_>) -> Result<SignerInfo<'_>, CmsError> {
    let mut infos = infos.elements::<SignerInfo<'_>>()?;
    let signer = infos.next().ok_or(ProfileViolation::NoSigner)??;
    match infos.next() {
        None => Ok(signer),
        Some(_) => Err(ProfileViolation::SignerCount.into()),
    }
}

fn check_signer(signer: &SignerInfo<'_>, certificate: &Certificate) -> Result<(), CmsError> {
    if signer.unsigned_attrs.is_some() {
        return Err(ProfileViolation::UnsignedAttrs.into());
    }
    if signer.sid.tag() != Tag::Sequence {
        return Err(ProfileViolation::SignerId.into());
    }
    let sid: IssuerAndSerialNumber<'_> = signer.sid.decode_as()?;
    if IssuerAndSerial::new(sid.issuer, sid.serial)? != *certificate.issuer_and_serial() {
        return Err(ProfileViolation::SignerMismatch.into());
    }
    Ok(())
}
