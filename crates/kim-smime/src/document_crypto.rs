//! The chain at one go, with whoever signs, encrypts, decrypts and verifies.

use bytes::Bytes;
use kim_types::{Address, Octets};
use thiserror::Error;

use crate::certificate::Certificate;
use crate::draft::{ChainError, Draft};
use crate::entity::FormatError;
use crate::issuer::IssuerAndSerial;
use crate::opened::Opened;
use crate::outer::{OuterFields, OuterMessage};
use crate::received::Received;
use crate::recipient_emails::{RecipientEmail, RecipientEmails};
use crate::verdict::SignatureResult;

/// What a Konnektor does with documents; here, somebody else does it.
///
/// [`Draft::protect`] and [`Received::open`] run with it. A Konnektor is asked by the flows of kim-flow instead, because it is
/// far away and has cards and PINs besides.
///
/// Spec: gemSpec_Kon 5.18.0, SignDocument, EncryptDocument, DecryptDocument, VerifyDocument.
pub trait DocumentCrypto {
    /// Why something could not be done.
    type Error;

    /// Signs a document with the certificate of an organisation: the SignedData, the document in it, `attribute` among the
    /// signed attributes.
    ///
    /// # Errors
    /// Why there is no signature.
    fn sign(&self, document: &Octets, attribute: &Bytes) -> Result<Bytes, Self::Error>;

    /// Encrypts a document for the holders of certificates: the AuthEnvelopedData, `attribute` as its unauthenticated
    /// attribute.
    ///
    /// # Errors
    /// Why it could not be encrypted for all of them.
    fn encrypt(
        &self,
        document: &Octets,
        certificates: &[Certificate],
        attribute: &Bytes,
    ) -> Result<Bytes, Self::Error>;

    /// Decrypts an AuthEnvelopedData with the key of one of these certificates, and with no other.
    ///
    /// # Errors
    /// Why nothing came of it: above all, that there is no such key. Nothing that was not verified is given away.
    fn decrypt(&self, document: &Octets, certificates: &[IssuerAndSerial]) -> Result<Bytes, Self::Error>;

    /// Checks a SignedData: digest, signature and certificate of the signer.
    ///
    /// # Errors
    /// Why nothing can be said. A signature that is not good is a result, not an error.
    fn verify(&self, cms: &Octets) -> Result<SignatureResult, Self::Error>;
}

/// Why a mail was not protected.
///
/// Spec: none — what a [`DocumentCrypto`] said, or what its answer lacks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProtectError<E> {
    /// The answer cannot be used, or there is nobody to encrypt for.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// There is no answer.
    #[error("signing or encrypting failed")]
    Crypto(#[source] E),
}

/// Why a message was not opened.
///
/// Spec: none — what a [`DocumentCrypto`] said, or what is wrong with the message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError<E> {
    /// What was decrypted does not follow the profile.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// There is no answer.
    #[error("decrypting or verifying failed")]
    Crypto(#[source] E),
}

impl Draft {
    /// Signs the mail and encrypts it: for each address one certificate or several, those of the sender among them.
    ///
    /// # Errors
    /// [`ProtectError`]: the mail does not go out.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2095, KOM-LE-A_2111-01, KOM-LE-A_2116.
    pub fn protect<C: DocumentCrypto>(
        self,
        crypto: &C,
        recipients: &[(Address, Certificate)],
        fields: &OuterFields,
    ) -> Result<OuterMessage, ProtectError<C::Error>> {
        let entries = recipients.iter().map(|(address, certificate)| {
            RecipientEmail::new(address, certificate.issuer_and_serial().clone())
        });
        let request = self.sign_request(RecipientEmails::new(entries).map_err(ChainError::from)?);
        let cms = crypto.sign(request.document(), request.attribute()).map_err(ProtectError::Crypto)?;
        let request = request.signed(cms)?;
        // One certificate may be that of several addresses; it is encrypted for once.
        let mut certificates: Vec<Certificate> = Vec::with_capacity(recipients.len());
        for (_, certificate) in recipients {
            if !certificates.contains(certificate) {
                certificates.push(certificate.clone());
            }
        }
        let cms = crypto.encrypt(request.document(), &certificates, request.attribute());
        Ok(request.encrypted(cms.map_err(ProtectError::Crypto)?)?.message(fields))
    }
}

impl Received {
    /// Decrypts the message for a user and checks it.
    ///
    /// Only the certificates count that the message names for the user's address: what is for one address is nobody else's
    /// business, even if one of the keys could decrypt it.
    ///
    /// # Errors
    /// [`OpenError`]; a signature that is not good is no error but part of the [`Verdict`](crate::Verdict).
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2043, KOM-LE-A_2045, KOM-LE-A_2048-01.
    pub fn open<C: DocumentCrypto>(self, crypto: &C, user: &Address) -> Result<Opened, OpenError<C::Error>> {
        let certificates: Vec<IssuerAndSerial> = self.recipient_emails.for_address(user).cloned().collect();
        let request = self.decrypt_request();
        let plain = crypto.decrypt(request.document(), &certificates).map_err(OpenError::Crypto)?;
        let request = request.decrypted(plain)?;
        let signature = crypto.verify(request.cms()).map_err(OpenError::Crypto)?;
        Ok(request.verified(signature))
    }
}
