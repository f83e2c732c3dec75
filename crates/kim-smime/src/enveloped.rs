//! The encrypted part of a KOM-LE message: for whom it is.

use std::collections::HashSet;
use std::fmt;

use bytes::Bytes;
use const_oid::db::rfc5911::{ID_AES_256_GCM, ID_CT_AUTH_ENVELOPED_DATA, ID_DATA, ID_ENVELOPED_DATA};
use der::asn1::AnyRef;
use der::{Decode, Tag, TagNumber, Tagged};
use kim_types::Octets;

use crate::algorithm::KeyTransport;
use crate::asn1::{
    AuthEnvelopedData, ContentInfo, EncryptedContentInfo, GcmParameters, IssuerAndSerialNumber,
    KeyTransRecipientInfo, SetOf,
};
use crate::attributes::attribute;
use crate::ber::{BerLimits, SET, element, split_content};
use crate::cms_error::{CmsError, ProfileViolation};
use crate::issuer::IssuerAndSerial;
use crate::recipient_emails::{RECIPIENT_EMAILS, RecipientEmails};

/// The length of the nonce of AES-GCM in octets.
pub(crate) const NONCE_OCTETS: usize = 12;
/// The length of the authentication tag of AES-GCM in octets; ciphers accept shorter ones, which anybody can guess.
pub(crate) const TAG_OCTETS: usize = 16;

/// An AuthEnvelopedData of the KOM-LE profile, checked without decrypting it.
///
/// A Konnektor gets the octets that were received and needs nothing of this but who can decrypt it. The rest is for whoever
/// decrypts without one.
///
/// Strict are the rules a Konnektor always keeps: no originatorInfo, key transport to a certificate named by issuer
/// and serial number, AES-256-GCM with full tag, content present and of type id-data, and the attribute
/// recipient-emails naming the certificates of all recipients and no others. Left to the Konnektor are version
/// numbers, authenticated attributes, other unauthenticated attributes, and the parameters and lengths of the
/// encrypted keys.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104, KOM-LE-A_2106, KOM-LE-A_2107, KOM-LE-A_2108, KOM-LE-A_2109,
/// KOM-LE-A_2112, KOM-LE-A_2114-01, KOM-LE-A_2115-02, KOM-LE-A_2117; RFC 5083 §2.1.
#[derive(Clone)]
pub struct Enveloped {
    recipients: Vec<EncryptedKey>,
    recipient_emails: RecipientEmails,
    nonce: [u8; NONCE_OCTETS],
    ciphertext: Octets,
    authenticated: Bytes,
    tag: [u8; TAG_OCTETS],
}

/// The key of the content, encrypted for one recipient.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2108, KOM-LE-A_2109; RFC 5652 §6.2.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedKey {
    /// The certificate of the recipient.
    pub recipient: IssuerAndSerial,
    /// How the key is encrypted.
    pub transport: KeyTransport,
    /// The encrypted key: for RSA as long as the modulus, for ECIES the structure that a card takes.
    pub octets: Bytes,
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
        let (der, ciphertext) = split_content(cms, limits)?;
        let info = ContentInfo::from_der(&der)?;
        match info.content_type {
            ID_CT_AUTH_ENVELOPED_DATA => Self::read(&info.content.decode_as()?, ciphertext),
            ID_ENVELOPED_DATA => Err(CmsError::NotAuthenticated),
            _ => Err(CmsError::ContentType),
        }
    }

    fn read(data: &AuthEnvelopedData<'_>, ciphertext: Octets) -> Result<Self, CmsError> {
        if data.originator_info.is_some() {
            return Err(ProfileViolation::OriginatorInfo.into());
        }
        let nonce = nonce(&data.encrypted)?;
        let tag = data.mac.as_bytes().try_into().map_err(|_| ProfileViolation::MacLength)?;
        let recipients = recipients(data.recipient_infos)?;
        let attributes = data.unauth_attrs.ok_or(ProfileViolation::NoUnauthAttrs)?;
        let values = attribute(attributes, RECIPIENT_EMAILS)?.ok_or(ProfileViolation::NoRecipientEmails)?;
        let recipient_emails = RecipientEmails::from_values(values)?;

        let named: HashSet<_> = recipient_emails.entries().iter().map(|entry| &entry.certificate).collect();
        if named != recipients.iter().map(|key| &key.recipient).collect() {
            return Err(ProfileViolation::RecipientEmailsMismatch.into());
        }
        // GCM authenticates the attributes as a set, not under the tag they have in the structure.
        let authenticated = data.auth_attrs.map_or(Vec::new(), |set| element(SET, set.octets())).into();
        Ok(Self { recipients, recipient_emails, nonce, ciphertext, authenticated, tag })
    }

    /// For which certificates the content is encrypted, in the order of the message.
    pub fn recipients(&self) -> &[EncryptedKey] {
        &self.recipients
    }

    /// Which of them was chosen for which address. Not authenticated: compare it with that of the signature.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2107, KOM-LE-A_2114-01, KOM-LE-A_2127.
    pub fn recipient_emails(&self) -> &RecipientEmails {
        &self.recipient_emails
    }

    /// The nonce of AES-256-GCM.
    pub fn nonce(&self) -> &[u8; NONCE_OCTETS] {
        &self.nonce
    }

    /// The encrypted content, not copied: in as many pieces as it has segments.
    pub fn ciphertext(&self) -> &Octets {
        &self.ciphertext
    }

    /// What else the tag authenticates, none in messages of Konnektors.
    ///
    /// Spec: RFC 5083 §2.2.
    pub fn authenticated(&self) -> &Bytes {
        &self.authenticated
    }

    /// The tag: nothing decrypted may be released before it is checked in full length.
    pub fn tag(&self) -> &[u8; TAG_OCTETS] {
        &self.tag
    }
}

impl fmt::Debug for Enveloped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enveloped")
            .field("recipient_emails", &self.recipient_emails)
            .field("ciphertext", &self.ciphertext)
            .finish_non_exhaustive()
    }
}

/// Checks how the content is encrypted.
fn nonce(encrypted: &EncryptedContentInfo<'_>) -> Result<[u8; NONCE_OCTETS], CmsError> {
    if encrypted.content_type != ID_DATA {
        return Err(ProfileViolation::ContentType.into());
    }
    let parameters = match encrypted.algorithm.parameters {
        Some(parameters) if encrypted.algorithm.oid == ID_AES_256_GCM => parameters,
        _ => return Err(ProfileViolation::ContentEncryption.into()),
    };
    let gcm: GcmParameters<'_> = parameters.decode_as()?;
    let nonce = gcm.nonce.as_bytes().try_into().map_err(|_| ProfileViolation::ContentEncryption)?;
    if usize::from(gcm.tag_octets) != TAG_OCTETS {
        return Err(ProfileViolation::ContentEncryption.into());
    }
    encrypted.content.map(|_| nonce).ok_or(ProfileViolation::NoEncryptedContent.into())
}

fn recipients(infos: SetOf<'_>) -> Result<Vec<EncryptedKey>, CmsError> {
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

fn recipient(info: AnyRef<'_>) -> Result<EncryptedKey, CmsError> {
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
    let rid: IssuerAndSerialNumber<'_> = transport.rid.decode_as()?;
    Ok(EncryptedKey {
        recipient: IssuerAndSerial::new(rid.issuer, rid.serial)?,
        transport: KeyTransport::of(&transport.key_encryption).ok_or(ProfileViolation::KeyEncryption)?,
        octets: Bytes::copy_from_slice(transport.encrypted_key.as_bytes()),
    })
}
