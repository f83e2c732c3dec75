//! Signing, encrypting, decrypting and verifying without a Konnektor: [`SoftwareKeys`].

mod content;
mod content_key;
mod ecies;
mod signing;

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use kim_smime::{
    BerLimits, Certificate, CmsError, DocumentCrypto, EncryptedKey, EnvelopeForm, Enveloped, IssuerAndSerial,
    ProfileViolation, SignatureForm, SignatureResult, Signed,
};
use kim_types::{Octets, Secret};
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::sha::sha256;
use openssl::x509::X509PurposeId;
use rustls::pki_types::{CertificateDer, UnixTime};
use thiserror::Error;

use crate::anchors::{Anchors, Asked, Shown};
use crate::identity::Identity;
use crate::random::random;
use crate::trust::ExpectedName;

/// Keys in files instead of cards: does what a Konnektor does with documents.
///
/// Signs with RSASSA-PSS or ECDSA and SHA-256, encrypts with AES-256-GCM and, for each certificate, RSAES-OAEP with SHA-256 or
/// the ECIES of the Telematikinfrastruktur (brainpoolP256r1). What it decrypts is released only when the tag of 16 octets is
/// right.
///
/// Like a Konnektor, it encrypts for no certificate that is not valid or does not lead to an anchor: one such fails the whole
/// mail. It has no way to ask for revocation, so a signature that is good in all other respects is
/// [`SignatureResult::StatusUnknown`]. For tests, for development without cards, and for keys that an operator keeps himself;
/// participants of KIM have theirs on cards.
///
/// ```
/// use kim_smime::{Certificate, Draft, Header, OuterFields, OuterMessage, ReceiveLimits, Received, Verdict};
/// use kim_tls::{Anchors, Identity, SoftwareKeys};
/// use kim_types::{Address, Octets};
///
/// type Error = Box<dyn std::error::Error>;
///
/// fn keys(trusted: Anchors, signer: Identity, reader: Identity) -> Result<SoftwareKeys, Error> {
///     Ok(SoftwareKeys::new(trusted).with_signer(signer)?.with_reader(reader)?)
/// }
///
/// fn send(
///     keys: &SoftwareKeys,
///     mail: (Header, Octets),
///     recipients: &[(Address, Certificate)],
///     fields: &OuterFields,
/// ) -> Result<OuterMessage, Error> {
///     Ok(Draft::new(mail.0, mail.1).protect(keys, recipients, fields)?)
/// }
///
/// fn receive(keys: &SoftwareKeys, message: bytes::Bytes, user: &Address) -> Result<Verdict, Error> {
///     Ok(Received::parse(message, &ReceiveLimits::default())?.open(keys, user)?.verdict)
/// }
/// ```
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2095 to KOM-LE-A_2127; gemSpec_Kon 5.18.0, SignDocument, EncryptDocument,
/// DecryptDocument, VerifyDocument; gemSpec_Krypt, ECIES.
#[derive(Debug, Clone)]
pub struct SoftwareKeys {
    anchors: Anchors,
    signer: Option<SoftwareKey>,
    readers: Vec<SoftwareKey>,
    now: Option<SystemTime>,
}

/// A key and its certificate.
#[derive(Debug, Clone)]
struct SoftwareKey {
    certificate: Certificate,
    key: PKey<Private>,
}

/// Why software keys cannot do what was asked.
///
/// Spec: gemSpec_Kon 5.18.0 (what a Konnektor answers with a fault).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SoftwareKeyError {
    /// There is no key to sign with.
    #[error("there is no key to sign with")]
    NoSigner,
    /// The document is encrypted for none of the keys that may be used.
    #[error("the document is encrypted for none of the keys")]
    NoKey,
    /// A certificate cannot be read, has a key that is neither RSA nor on brainpoolP256r1, or is one to encrypt for that is
    /// not valid or does not lead to an anchor.
    #[error("a certificate cannot be used")]
    Certificate,
    /// What is to be decrypted is not an encrypted document of the profile.
    #[error(transparent)]
    Format(#[from] CmsError),
    /// The document was changed, or encrypted wrongly.
    #[error("the document cannot be decrypted")]
    Decryption,
    /// OpenSSL refuses to work.
    #[error("the cryptographic library fails")]
    Library,
}

impl From<ErrorStack> for SoftwareKeyError {
    fn from(_: ErrorStack) -> Self {
        Self::Library
    }
}

impl SoftwareKeys {
    /// No keys yet. Signers are believed, and recipients encrypted for, whose certificates are valid and lead to one of the
    /// anchors.
    pub fn new(anchors: Anchors) -> Self {
        Self { anchors, signer: None, readers: Vec::new(), now: None }
    }

    /// Signs with this key from now on.
    ///
    /// # Errors
    /// [`SoftwareKeyError::Certificate`].
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2129 (for the caller to keep: the certificate is a C.HCI.OSIG).
    pub fn with_signer(mut self, identity: Identity) -> Result<Self, SoftwareKeyError> {
        self.signer = Some(SoftwareKey::new(identity)?);
        Ok(self)
    }

    /// Decrypts with this key too; of several that fit, the first one given.
    ///
    /// # Errors
    /// [`SoftwareKeyError::Certificate`].
    pub fn with_reader(mut self, identity: Identity) -> Result<Self, SoftwareKeyError> {
        self.readers.push(SoftwareKey::new(identity)?);
        Ok(self)
    }

    /// Takes this for the time of signing and checking instead of the system's.
    #[must_use]
    pub fn at(self, now: SystemTime) -> Self {
        Self { now: Some(now), ..self }
    }

    fn now(&self) -> SystemTime {
        self.now.unwrap_or_else(SystemTime::now)
    }

    /// Whether the certificate is valid now and leads to an anchor.
    fn trusts(&self, certificate: &Certificate) -> bool {
        let since = self.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let shown =
            Shown { certificate: &CertificateDer::from(certificate.der().as_ref()), intermediates: &[] };
        let asked = Asked {
            purpose: X509PurposeId::ANY,
            name: &ExpectedName::Any,
            now: UnixTime::since_unix_epoch(since),
        };
        self.anchors.check(&shown, &asked).is_ok()
    }
}

impl SoftwareKey {
    fn new(identity: Identity) -> Result<Self, SoftwareKeyError> {
        let certificate = Bytes::copy_from_slice(identity.certificate());
        let certificate = Certificate::from_der(certificate).map_err(|_| SoftwareKeyError::Certificate)?;
        Ok(Self { certificate, key: identity.key().clone() })
    }
}

impl DocumentCrypto for SoftwareKeys {
    type Error = SoftwareKeyError;

    fn sign(&self, document: &Octets, attribute: &Bytes) -> Result<Bytes, SoftwareKeyError> {
        let SoftwareKey { certificate, key } = self.signer.as_ref().ok_or(SoftwareKeyError::NoSigner)?;
        let digest = signing::digest(document);
        let form =
            SignatureForm::new(certificate, &digest, &sha256(certificate.der()), self.now(), attribute);
        Ok(form.signed_data(document, &signing::sign(key, form.to_be_signed())?))
    }

    fn encrypt(
        &self,
        document: &Octets,
        certificates: &[Certificate],
        attribute: &Bytes,
    ) -> Result<Bytes, SoftwareKeyError> {
        if !certificates.iter().all(|certificate| self.trusts(certificate)) {
            return Err(SoftwareKeyError::Certificate);
        }
        let (key, nonce) = (Secret::new(random::<32>().to_vec()), random());
        let keys = certificates.iter().map(|certificate| content_key::encrypt(certificate, &key));
        let keys = keys.collect::<Result<Vec<EncryptedKey>, _>>()?;
        let form = EnvelopeForm::new(document.len(), &nonce, &keys, attribute);
        Ok(content::encrypt(document, &key, &nonce, &form)?.into())
    }

    fn decrypt(
        &self,
        document: &Octets,
        certificates: &[IssuerAndSerial],
    ) -> Result<Bytes, SoftwareKeyError> {
        let envelope = Enveloped::parse(&document.to_bytes(), &BerLimits::default())?;
        let (encrypted, reader) = self
            .readers
            .iter()
            .filter(|reader| certificates.contains(reader.certificate.issuer_and_serial()))
            .find_map(|reader| {
                let mut keys = envelope.recipients().iter();
                let found = keys.find(|key| key.recipient == *reader.certificate.issuer_and_serial())?;
                Some((found, reader))
            })
            .ok_or(SoftwareKeyError::NoKey)?;
        // Whatever fails from here on is one failure: nobody learns which.
        let key = content_key::decrypt(encrypted, &reader.key).ok_or(SoftwareKeyError::Decryption)?;
        content::decrypt(&envelope, &key).map(Bytes::from).map_err(|_| SoftwareKeyError::Decryption)
    }

    fn verify(&self, cms: &Octets) -> Result<SignatureResult, SoftwareKeyError> {
        let signed = match Signed::parse(&cms.to_bytes(), &BerLimits::default()) {
            Ok(signed) => signed,
            Err(CmsError::Profile(ProfileViolation::NoSigner)) => return Ok(SignatureResult::Broken(3)),
            Err(_) => return Ok(SignatureResult::Broken(4)),
        };
        let Some(holds) = signing::holds(&signed)? else { return Ok(SignatureResult::Broken(4)) };
        Ok(match () {
            () if !holds => SignatureResult::Broken(2),
            () if !self.trusts(signed.signer()) => SignatureResult::Broken(5),
            () => SignatureResult::StatusUnknown,
        })
    }
}
