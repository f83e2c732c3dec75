//! Writing SignedData: [`sign`].

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::rsa::Padding;
use openssl::sha::sha256;
use openssl::sign::{RsaPssSaltlen, Signer};
use openssl::x509::X509Ref;
use time::OffsetDateTime;
use time::macros::format_description;

use super::Form;
use super::der::{
    OCTET_STRING, SEQUENCE, SET, UTC_TIME, context, null, octet_string, oid, sequence, set_of, tlv, unsigned,
};
use super::oids::{
    ALGORITHM_PROTECTION, CONTENT_TYPE, DATA, ECDSA_WITH_SHA_256, MESSAGE_DIGEST, MGF1, RSASSA_PSS, SHA_256,
    SIGNED_DATA, SIGNING_CERTIFICATE_V2, SIGNING_TIME,
};
use crate::pki::{Identity, KeyType};

/// What is signed, and how the result looks.
///
/// Spec: gemSpec_Kon 5.18.0, SignDocument.
#[derive(Clone)]
pub struct SignatureRequest<'a> {
    /// The document.
    pub content: &'a [u8],
    /// Whether the document is put into the signature.
    pub include_content: bool,
    /// Further signed attributes, each a DER `Attribute` that is taken over octet by octet.
    pub attributes: &'a [Vec<u8>],
    /// The time the signature states.
    pub time: OffsetDateTime,
    /// The encoding.
    pub form: Form,
}

impl std::fmt::Debug for SignatureRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignatureRequest").field("octets", &self.content.len()).finish_non_exhaustive()
    }
}

/// Signs a document: CAdES-BES with RSASSA-PSS or ECDSA, as the key is, and with one certificate.
///
/// # Errors
/// OpenSSL cannot use the key.
///
/// Spec: gemSMIME_KOMLE 1.7.0, signed-data; RFC 5652, 5; RFC 5035; RFC 6211.
pub fn sign(identity: &Identity, request: &SignatureRequest<'_>) -> Result<Vec<u8>, ErrorStack> {
    let digest_algorithm = digest_algorithm(identity.key_type());
    let signature_algorithm = signature_algorithm(identity.key_type());
    let mut attributes = vec![
        attribute(&oid(&CONTENT_TYPE), &oid(&DATA)),
        attribute(&oid(&SIGNING_TIME), &utc_time(request.time)),
        attribute(&oid(&MESSAGE_DIGEST), &octet_string(&sha256(request.content))),
        attribute(
            &oid(&ALGORITHM_PROTECTION),
            &sequence(&[digest_algorithm.clone(), retagged(context(1), &signature_algorithm)]),
        ),
        attribute(&oid(&SIGNING_CERTIFICATE_V2), &signing_certificate(&identity.certificate)?),
    ];
    attributes.extend_from_slice(request.attributes);
    let attributes = set_of(attributes);
    let signature = sign_octets(identity, &attributes)?;

    let signer = sequence(&[
        unsigned(&[1]),
        issuer_and_serial_number(&identity.certificate)?,
        digest_algorithm.clone(),
        retagged(context(0), &attributes),
        signature_algorithm,
        octet_string(&signature),
    ]);
    let form = request.form;
    let content = if request.include_content {
        form.wrap(context(0), &[form.content(OCTET_STRING, request.content)])
    } else {
        Vec::new()
    };
    let signed_data = form.wrap(
        SEQUENCE,
        &[
            unsigned(&[1]),
            tlv(SET, &[digest_algorithm]),
            form.wrap(SEQUENCE, &[oid(&DATA), content]),
            tlv(context(0), &[identity.certificate.to_der()?]),
            tlv(SET, &[signer]),
        ],
    );
    Ok(form.wrap(SEQUENCE, &[oid(&SIGNED_DATA), form.wrap(context(0), &[signed_data])]))
}

/// Names a certificate as recipients and signers are named.
pub(super) fn issuer_and_serial_number(certificate: &X509Ref) -> Result<Vec<u8>, ErrorStack> {
    let serial_number = certificate.serial_number().to_bn()?.to_vec();
    Ok(sequence(&[certificate.issuer_name().to_der()?, unsigned(&serial_number)]))
}

/// SHA-256 with its parameter NULL, for RSA in every place.
pub(super) fn sha_256_for_rsa() -> Vec<u8> {
    sequence(&[oid(&SHA_256), null()])
}

/// MGF1 with SHA-256.
pub(super) fn mgf1() -> Vec<u8> {
    sequence(&[oid(&MGF1), sha_256_for_rsa()])
}

fn sign_octets(identity: &Identity, octets: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut signer = Signer::new(MessageDigest::sha256(), &identity.key)?;
    if identity.key_type() == KeyType::Rsa {
        signer.set_rsa_padding(Padding::PKCS1_PSS)?;
        signer.set_rsa_mgf1_md(MessageDigest::sha256())?;
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
    }
    signer.sign_oneshot_to_vec(octets)
}

fn digest_algorithm(key_type: KeyType) -> Vec<u8> {
    match key_type {
        KeyType::Rsa => sha_256_for_rsa(),
        KeyType::Brainpool | KeyType::NistP256 => sequence(&[oid(&SHA_256)]),
    }
}

fn signature_algorithm(key_type: KeyType) -> Vec<u8> {
    match key_type {
        KeyType::Brainpool | KeyType::NistP256 => sequence(&[oid(&ECDSA_WITH_SHA_256)]),
        KeyType::Rsa => {
            let parameters = sequence(&[
                tlv(context(0), &[sha_256_for_rsa()]),
                tlv(context(1), &[mgf1()]),
                tlv(context(2), &[unsigned(&[32])]),
            ]);
            sequence(&[oid(&RSASSA_PSS), parameters])
        }
    }
}

/// ESSCertIDv2 with the default hash algorithm, and who issued the certificate.
fn signing_certificate(certificate: &X509Ref) -> Result<Vec<u8>, ErrorStack> {
    let issuer = sequence(&[tlv(context(4), &[certificate.issuer_name().to_der()?])]);
    let serial_number = unsigned(&certificate.serial_number().to_bn()?.to_vec());
    let id = sequence(&[octet_string(&sha256(&certificate.to_der()?)), sequence(&[issuer, serial_number])]);
    Ok(sequence(&[sequence(&[id])]))
}

fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[kind, &tlv(SET, &[value])])
}

fn utc_time(time: OffsetDateTime) -> Vec<u8> {
    let format = format_description!("[year repr:last_two][month][day][hour][minute][second]Z");
    let text = time.to_offset(time::UtcOffset::UTC).format(&format).unwrap_or_default();
    tlv(UTC_TIME, &[text])
}

/// The same content under another tag, as IMPLICIT asks for.
fn retagged(tag: u8, element: &[u8]) -> Vec<u8> {
    std::iter::once(tag).chain(element.iter().skip(1).copied()).collect()
}
