//! The algorithms of the profile, as CMS names them.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::ID_AES_256_GCM;
use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ID_MGF_1, ID_RSAES_OAEP, ID_RSASSA_PSS, ID_SHA_1, ID_SHA_256,
};
use der::asn1::AnyRef;
use spki::AlgorithmIdentifierRef;

use crate::asn1::OaepParameters;
use crate::ber::{INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, element};
use crate::certificate::KeyKind;
use crate::enveloped::NONCE_OCTETS;

/// `oid_ti_ecies_transport_encryption`: how a Konnektor encrypts the key for an ECC certificate.
const TI_ECIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.276.0.76.4.222");

/// How the key of the content is encrypted for a recipient.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2108; gemSpec_Krypt, ECIES.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyTransport {
    /// RSAES-OAEP with SHA-256, which is what is written.
    RsaOaepSha256,
    /// RSAES-OAEP with its default parameters, SHA-1.
    RsaOaepSha1,
    /// RSAES-OAEP with other parameters.
    RsaOaepOther,
    /// The ECIES of the Telematikinfrastruktur.
    Ecies,
}

impl KeyTransport {
    /// `None` for what is no key transport of the profile.
    pub(crate) fn of(algorithm: &AlgorithmIdentifierRef<'_>) -> Option<Self> {
        match algorithm.oid {
            TI_ECIES => Some(Self::Ecies),
            ID_RSAES_OAEP => Some(algorithm.parameters.map_or(Self::RsaOaepSha1, Self::of_oaep)),
            _ => None,
        }
    }

    fn of_oaep(parameters: AnyRef<'_>) -> Self {
        let Ok(OaepParameters { hash, mask, label: None }) = parameters.decode_as() else {
            return Self::RsaOaepOther;
        };
        let hash = hash.map_or(ID_SHA_1, |hash| hash.oid);
        let mask = mask.map_or(Some(ID_SHA_1), |mask| {
            let hash: AlgorithmIdentifierRef<'_> = mask.parameters?.decode_as().ok()?;
            (mask.oid == ID_MGF_1).then_some(hash.oid)
        });
        match (hash, mask) {
            (ID_SHA_256, Some(ID_SHA_256)) => Self::RsaOaepSha256,
            (ID_SHA_1, Some(ID_SHA_1)) => Self::RsaOaepSha1,
            _ => Self::RsaOaepOther,
        }
    }

    /// The AlgorithmIdentifier; what other parameters were is not known, so there are none then.
    pub(crate) fn identifier(self) -> Vec<u8> {
        match self {
            Self::Ecies => sequence(&[&oid(TI_ECIES)]),
            Self::RsaOaepSha1 | Self::RsaOaepOther => sequence(&[&oid(ID_RSAES_OAEP), &sequence(&[])]),
            Self::RsaOaepSha256 => {
                let (hash, mask) = (element(0xa0, &sha_256_with_null()), element(0xa1, &mask()));
                sequence(&[&oid(ID_RSAES_OAEP), &sequence(&[&hash, &mask])])
            }
        }
    }
}

/// SHA-256 as CMS names it.
pub(crate) fn sha_256() -> Vec<u8> {
    sequence(&[&oid(ID_SHA_256)])
}

/// The signature a key of that kind makes: RSASSA-PSS or ECDSA, with SHA-256.
///
/// Spec: gemSpec_Kon 5.18.0, SignDocument (Crypt).
pub(crate) fn signature(key: KeyKind) -> Vec<u8> {
    if key != KeyKind::Rsa {
        return sequence(&[&oid(ECDSA_WITH_SHA_256)]);
    }
    let (hash, mask) = (element(0xa0, &sha_256_with_null()), element(0xa1, &mask()));
    let salt = element(0xa2, &element(INTEGER, &[32]));
    sequence(&[&oid(ID_RSASSA_PSS), &sequence(&[&hash, &mask, &salt])])
}

/// AES-256-GCM with a tag of 16 octets.
pub(crate) fn aes_256_gcm(nonce: &[u8; NONCE_OCTETS]) -> Vec<u8> {
    let parameters = sequence(&[&element(OCTET_STRING, nonce), &element(INTEGER, &[16])]);
    sequence(&[&oid(ID_AES_256_GCM), &parameters])
}

/// In the parameters of RSA algorithms, hashes have parameters.
fn sha_256_with_null() -> Vec<u8> {
    sequence(&[&oid(ID_SHA_256), &element(NULL, &[])])
}

fn mask() -> Vec<u8> {
    sequence(&[&oid(ID_MGF_1), &sha_256_with_null()])
}

pub(crate) fn oid(oid: ObjectIdentifier) -> Vec<u8> {
    element(OBJECT_IDENTIFIER, oid.as_bytes())
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}
