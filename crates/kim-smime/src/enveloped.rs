//! The encrypted part of a KOM-LE message: for whom it is.

use std::collections::HashSet;

use bytes::Bytes;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_AES_256_GCM, ID_CT_AUTH_ENVELOPED_DATA, ID_DATA, ID_ENVELOPED_DATA};
use const_oid::db::rfc5912::ID_RSAES_OAEP;
use der::asn1::AnyRef;
use der::{Decode, Tag, TagNumber, Tagged};

use crate::asn1::{
    AuthEnvelopedData, ContentInfo, EncryptedContentInfo, GcmParameters, IssuerAndSerialNumber,
    KeyTransRecipientInfo, SetOf,
};
use crate::attributes::attribute;
use crate::ber::{BerLimits, normalize_without_content};
use crate::cms_error::{CmsError, ProfileViolation};
use crate::issuer::IssuerAndSerial;
use crate::recipient_emails::{RECIPIENT_EMAILS, RecipientEmails};

/// `oid_ti_ecies_transport_encryption`: how a Konnektor encrypts the key for an ECC certificate.
const TI_ECIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.276.0.76.4.222");
/// The length of the nonce of AES-GCM in octets.
const NONCE_OCTETS: usize = 12;
/// The length of the authentication tag of AES-GCM in octets; ciphers accept shorter ones, which anybody can guess.
const TAG_OCTETS: usize = 16;

/// An AuthEnvelopedData of the KOM-LE profile, checked without decrypting it.
///
/// Holds who can decrypt it, not the content: the Konnektor gets the octets that were received.
///
/// Strict are the rules a Konnektor always keeps: no originatorInfo, key transport to a certificate named by issuer
/// and serial number, AES-256-GCM with full tag, content present and of type id-data, and the attribute
/// recipient-emails naming the certificates of all recipients and no others. Left to the Konnektor are version
/// numbers, authenticated attributes, other unauthenticated attributes, and the parameters and lengths of the
/// encrypted keys.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104, KOM-LE-A_2106, KOM-LE-A_2107, KOM-LE-A_2108, KOM-LE-A_2109,
/// KOM-LE-A_2112, KOM-LE-A_2114-01, KOM-LE-A_2115-02, KOM-LE-A_2117; RFC 5083 §2.1.
#[derive(Debug, Clone)]
pub struct Enveloped {
    recipients: Vec<IssuerAndSerial>,
    recipient_emails: RecipientEmails,
}

impl Enveloped {
    /// Reads a ContentInfo with AuthEnvelopedData, in DER or BER.
    ///
    /// # Errors
    /// [`CmsError::NotAuthenticated`] for EnvelopedData, [`CmsError::Profile`] with the rule that is broken, other
    /// [`CmsError`]s when the structure cannot be read. None of them is a reason to try otherwise.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104 and those at [`Enveloped`].
    pub fn parse(cms: &Bytes, limits: &BerLimits) -> Result<Self, CmsError> {
        let der = normalize_without_content(cms, limits)?;
        let info = ContentInfo::from_der(&der)?;
        match info.content_type {
            ID_CT_AUTH_ENVELOPED_DATA => Self::read(&info.content.decode_as()?),
            ID_ENVELOPED_DATA => Err(CmsError::NotAuthenticated),
            _ => Err(CmsError::ContentType),
        }
    }

    fn read(data: &AuthEnvelopedData<'_>) -> Result<Self, CmsError> {
        if data.originator_info.is_some() {
            return Err(ProfileViolation::OriginatorInfo.into());
        }
        check_content(&data.encrypted)?;
        if data.mac.as_bytes().len() != TAG_OCTETS {
            return Err(ProfileViolation::MacLength.into());
        }
        let recipients = recipients(data.recipient_infos)?;
        let attributes = data.unauth_attrs.ok_or(ProfileViolation::NoUnauthAttrs)?;
        let values = attribute(attributes, RECIPIENT_EMAILS)?.ok_or(ProfileViolation::NoRecipientEmails)?;
        let recipient_emails = RecipientEmails::from_values(values)?;

        let named: HashSet<_> = recipient_emails.entries().iter().map(|entry| &entry.certificate).collect();
        if named != recipients.iter().collect() {
            return Err(ProfileViolation::RecipientEmailsMismatch.into());
        }
        Ok(Self { recipients, recipient_emails })
    }

    /// The certificates for which the content is encrypted, in the order of the message.
    pub fn recipients(&self) -> &[IssuerAndSerial] {
        &self.recipients
    }

    /// Which of them was chosen for which address. Not authenticated: compare it with that of the signature.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2107, KOM-LE-A_2114-01, KOM-LE-A_2127.
    pub fn recipient_emails(&self) -> &RecipientEmails {
        &self.recipient_emails
    }
}

fn check_content(encrypted: &EncryptedContentInfo<'_>) -> Result<(), CmsError> {
    if encrypted.content_type != ID_DATA {
        return Err(ProfileViolation::ContentType.into());
    }
    let parameters = match encrypted.algorithm.parameters {
        Some(parameters) if encrypted.algorithm.oid == ID_AES_256_GCM => parameters,
        _ => return Err(ProfileViolation::ContentEncryption.into()),
    };
    let gcm: GcmParameters<'_> = parameters.decode_as()?;
    if gcm.nonce.as_bytes().len() != NONCE_OCTETS || usize::from(gcm.tag_octets) != TAG_OCTETS {
        return Err(ProfileViolation::ContentEncryption.into());
    }
    encrypted.content.map(|_| ()).ok_or(ProfileViolation::NoEncryptedContent.into())
}

fn recipients(infos: SetOf<'_>) -> Result<Vec<IssuerAndSerial>, CmsError> {
    let mut recipients = Vec::new();
    for info in infos.elements::<AnyRef<'_>>()? {
        if recipients.len() == RecipientEmails::MAX_ENTRIES {
            return Err(CmsError::TooMany);
        }
        recipients.push(recipient(info?)?);
    }
    if recipients.is_empty() {
        return Err(ProfileViolation::NoRecipient.into());
    }
    Ok(recipients)
}

fn recipient(info: AnyRef<'_>) -> Result<IssuerAndSerial, CmsError> {
    match info.tag() {
        Tag::Sequence => {}
        Tag::ContextSpecific { number: TagNumber(1), .. } => {
            return Err(ProfileViolation::KeyAgreement.into());
        }
        _ => return Err(ProfileViolation::RecipientType.into()),
    }
    let transport: KeyTransRecipientInfo<'_> = info.decode_as()?;
    if transport.rid.tag() != Tag::Sequence {
        return Err(ProfileViolation::RecipientId.into());
    }
    if ![ID_RSAES_OAEP, TI_ECIES].contains(&transport.key_encryption.oid) {
        return Err(ProfileViolation::KeyEncryption.into());
    }
    let rid: IssuerAndSerialNumber<'_> = transport.rid.decode_as()?;
    Ok(IssuerAndSerial::new(rid.issuer, rid.serial)?)
}
