//! Writing SignedData: what a key has to sign, and the structure around its signature.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{
    ID_AA_SIGNING_CERTIFICATE_V_2, ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA,
    ID_SIGNING_TIME,
};
use der::Encode;
use kim_types::Octets;
use x509_cert::time::Time;

use crate::algorithm::{oid, sequence, sha_256, signature};
use crate::ber::{INTEGER, OCTET_STRING, SEQUENCE, SET, element};
use crate::certificate::Certificate;
use crate::frame::Frame;

/// A document on its way to become a SignedData of the profile, for keys that are not in a Konnektor.
///
/// The signature is RSASSA-PSS or ECDSA with SHA-256, as the key of the certificate is. The signed attributes are
/// content-type, signing-time, message-digest, signing-certificate-v2 and the one given (recipient-emails).
///
/// ```
/// use std::time::SystemTime;
///
/// use bytes::Bytes;
/// use kim_smime::{Certificate, SignatureForm};
/// use kim_types::Octets;
///
/// fn sign_document(
///     document: &Octets,
///     attribute: &Bytes,
///     certificate: &Certificate,
///     sha_256: impl Fn(&Octets) -> [u8; 32],
///     sign: impl Fn(&[u8]) -> Vec<u8>,
/// ) -> Bytes {
///     let digest = sha_256(document);
///     let certificate_digest = sha_256(&certificate.der().clone().into());
///     let form = SignatureForm::new(certificate, &digest, &certificate_digest, SystemTime::UNIX_EPOCH, attribute);
///     form.signed_data(document, &sign(form.to_be_signed()))
/// }
/// ```
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2118 to KOM-LE-A_2127; RFC 5652 §5; RFC 5035.
#[derive(Clone)]
pub struct SignatureForm {
    certificate: Certificate,
    /// The signed attributes as SET OF.
    attributes: Vec<u8>,
}

impl SignatureForm {
    /// The attributes for the digest of a document; both digests are SHA-256, `attribute` is one in DER.
    ///
    /// A time before 1970 or after 9999, which ASN.1 cannot express, is left out: the signature has no signing-time then.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2127; RFC 5652 §11; RFC 5035 §3.
    pub fn new(
        certificate: &Certificate,
        digest: &[u8; 32],
        certificate_digest: &[u8; 32],
        now: SystemTime,
        attribute: &[u8],
    ) -> Self {
        // A list of ESSCertIDv2 whose hash is SHA-256, the default.
        let certificate_id =
            sequence(&[&sequence(&[&sequence(&[&element(OCTET_STRING, certificate_digest)])])]);
        let time = Time::try_from(now).and_then(|time| time.to_der());
        let mut attributes = vec![
            one(ID_CONTENT_TYPE, &oid(ID_DATA)),
            one(ID_MESSAGE_DIGEST, &element(OCTET_STRING, digest)),
            one(ID_AA_SIGNING_CERTIFICATE_V_2, &certificate_id),
            attribute.to_vec(),
        ];
        attributes.extend(time.map(|time| one(ID_SIGNING_TIME, &time)));
        attributes.sort_unstable();
        Self { certificate: certificate.clone(), attributes: element(SET, &attributes.concat()) }
    }

    /// The octets to sign.
    ///
    /// Spec: RFC 5652 §5.4.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.attributes
    }

    /// The SignedData in DER, with the document in it.
    ///
    /// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2118 to KOM-LE-A_2126.
    pub fn signed_data(&self, document: &Octets, value: &[u8]) -> Bytes {
        let mut attributes = self.attributes.clone();
        if let Some(tag) = attributes.first_mut() {
            *tag = 0xa0;
        }
        let version = element(INTEGER, &[1]);
        let signer = sequence(&[
            &version,
            &self.certificate.issuer_and_serial().to_der(),
            &sha_256(),
            &attributes,
            &signature(self.certificate.key()),
            &element(OCTET_STRING, value),
        ]);
        let certificates = element(0xa0, self.certificate.der());
        let frame = Frame::new(document.len())
            .within(OCTET_STRING, &[], &[])
            .within(0xa0, &[], &[])
            .within(SEQUENCE, &[&oid(ID_DATA)], &[])
            .within(
                SEQUENCE,
                &[&version, &element(SET, &sha_256())],
                &[&certificates, &element(SET, &signer)],
            )
            .within(0xa0, &[], &[])
            .within(SEQUENCE, &[&oid(ID_SIGNED_DATA)], &[]);
        let mut cms = Vec::with_capacity(frame.len());
        cms.extend_from_slice(&frame.before);
        document.pieces().iter().for_each(|piece| cms.extend_from_slice(piece));
        cms.extend_from_slice(&frame.after);
        cms.into()
    }
}

impl fmt::Debug for SignatureForm {
    /// Without the attributes, which have mail addresses in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureForm").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// An attribute with one value.
fn one(kind: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(kind), &element(SET, value)])
}
