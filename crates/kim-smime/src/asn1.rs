//! ASN.1 structures read where they lie: nothing is sorted, re-encoded or copied.
//!
//! The types of `cms` and `x509-cert` own their fields, sort every `SET OF`, build names anew and, as `Any`, forget
//! that an octet string came in segments. The KOM-LE profile needs issuers as the octets of the certificate and
//! content without a copy, so the structures in between are declared here and lean on those crates for everything
//! below them.

use cms::content_info::CmsVersion;
use der::asn1::{AnyRef, BitStringRef, Ia5StringRef, ObjectIdentifier, OctetStringRef, SequenceRef};
use der::{Decode, DecodeValue, FixedTag, Header, Reader, Sequence, SliceReader, Tag};
use spki::AlgorithmIdentifierRef;
use x509_cert::certificate::Version;
use x509_cert::ext::Extensions;
use x509_cert::time::Validity;

/// A `SET OF`, unread and in the order received.
#[derive(Clone, Copy)]
pub(crate) struct SetOf<'a>(&'a [u8]);

impl<'a> SetOf<'a> {
    /// Its content.
    pub(crate) fn octets(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn elements<T: Decode<'a, Error = der::Error>>(
        self,
    ) -> der::Result<impl Iterator<Item = der::Result<T>>> {
        elements(self.0)
    }
}

impl FixedTag for SetOf<'_> {
    const TAG: Tag = Tag::Set;
}

impl<'a> DecodeValue<'a> for SetOf<'a> {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        reader.read_slice(header.length()).map(Self)
    }
}

/// The elements of a `SEQUENCE OF` or `SET OF` given by its content, each read when it is asked for.
pub(crate) fn elements<'a, T: Decode<'a, Error = der::Error>>(
    content: &'a [u8],
) -> der::Result<impl Iterator<Item = der::Result<T>>> {
    let mut reader = SliceReader::new(content)?;
    Ok(std::iter::from_fn(move || {
        (!reader.is_finished() && !reader.is_failed()).then(|| reader.decode::<T>())
    }))
}

/// Where a fault lies, in octets from the start of the structure that was read; 0 when `der` does not say.
pub(crate) fn offset(error: der::Error) -> usize {
    error.position().and_then(|at| usize::try_from(at).ok()).unwrap_or_default()
}

macro_rules! sequence {
    ($($name:ident),+) => { $( impl<'a> Sequence<'a> for $name<'a> {} )+ };
}

sequence!(ContentInfo, AuthEnvelopedData, EncryptedContentInfo, GcmParameters, KeyTransRecipientInfo);
sequence!(OaepParameters);
sequence!(SignedData, EncapsulatedContentInfo, SignerInfo, Attribute);
sequence!(IssuerAndSerialNumber, RecipientEmail, Certificate, TbsCertificate);

/// RFC 5652 §3.
#[derive(DecodeValue)]
pub(crate) struct ContentInfo<'a> {
    pub(crate) content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub(crate) content: AnyRef<'a>,
}

/// RFC 5083 §2.1.
#[derive(DecodeValue)]
pub(crate) struct AuthEnvelopedData<'a> {
    _version: CmsVersion,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(crate) originator_info: Option<&'a SequenceRef>,
    pub(crate) recipient_infos: SetOf<'a>,
    pub(crate) encrypted: EncryptedContentInfo<'a>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(crate) auth_attrs: Option<SetOf<'a>>,
    pub(crate) mac: &'a OctetStringRef,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(crate) unauth_attrs: Option<SetOf<'a>>,
}

/// RFC 5652 §6.1.
#[derive(DecodeValue)]
pub(crate) struct EncryptedContentInfo<'a> {
    pub(crate) content_type: ObjectIdentifier,
    pub(crate) algorithm: AlgorithmIdentifierRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub(crate) content: Option<&'a OctetStringRef>,
}

/// RFC 5084 §3.2.
#[derive(DecodeValue)]
pub(crate) struct GcmParameters<'a> {
    pub(crate) nonce: &'a OctetStringRef,
    #[asn1(default = "default_tag_octets")]
    pub(crate) tag_octets: u8,
}

fn default_tag_octets() -> u8 {
    12
}

/// RFC 5652 §6.2.1.
#[derive(DecodeValue)]
pub(crate) struct KeyTransRecipientInfo<'a> {
    _version: CmsVersion,
    pub(crate) rid: AnyRef<'a>,
    pub(crate) key_encryption: AlgorithmIdentifierRef<'a>,
    pub(crate) encrypted_key: &'a OctetStringRef,
}

/// RFC 4055 §4.1.
#[derive(DecodeValue)]
pub(crate) struct OaepParameters<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) hash: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) mask: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) label: Option<AnyRef<'a>>,
}

/// RFC 5652 §5.1.
#[derive(DecodeValue)]
pub(crate) struct SignedData<'a> {
    _version: CmsVersion,
    _digest_algorithms: SetOf<'a>,
    pub(crate) encapsulated: EncapsulatedContentInfo<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(crate) certificates: Option<SetOf<'a>>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(crate) crls: Option<SetOf<'a>>,
    pub(crate) signer_infos: SetOf<'a>,
}

/// RFC 5652 §5.2, with the content as the octet string it is and not as `Any`.
#[derive(DecodeValue)]
pub(crate) struct EncapsulatedContentInfo<'a> {
    pub(crate) content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) content: Option<&'a OctetStringRef>,
}

/// RFC 5652 §5.3.
#[derive(DecodeValue)]
pub(crate) struct SignerInfo<'a> {
    _version: CmsVersion,
    pub(crate) sid: AnyRef<'a>,
    pub(crate) digest: AlgorithmIdentifierRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(crate) signed_attrs: Option<SetOf<'a>>,
    pub(crate) signature_algorithm: AlgorithmIdentifierRef<'a>,
    pub(crate) signature: &'a OctetStringRef,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(crate) unsigned_attrs: Option<SetOf<'a>>,
}

/// RFC 5652 §5.3.
#[derive(DecodeValue)]
pub(crate) struct Attribute<'a> {
    pub(crate) oid: ObjectIdentifier,
    pub(crate) values: SetOf<'a>,
}

/// RFC 5652 §10.2.4.
#[derive(DecodeValue)]
pub(crate) struct IssuerAndSerialNumber<'a> {
    pub(crate) issuer: AnyRef<'a>,
    pub(crate) serial: AnyRef<'a>,
}

/// gemSMIME_KOMLE, KOM-LE-A_2114.
#[derive(DecodeValue)]
pub(crate) struct RecipientEmail<'a> {
    pub(crate) address: Ia5StringRef<'a>,
    pub(crate) rid: AnyRef<'a>,
}

/// RFC 5280 §4.1.
#[derive(DecodeValue)]
pub(crate) struct Certificate<'a> {
    pub(crate) tbs: TbsCertificate<'a>,
    _signature_algorithm: AlgorithmIdentifierRef<'a>,
    _signature: BitStringRef<'a>,
}

/// RFC 5280 §4.1.2.
#[derive(DecodeValue)]
pub(crate) struct TbsCertificate<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", default = "Default::default")]
    _version: Version,
    pub(crate) serial: AnyRef<'a>,
    _signature: AlgorithmIdentifierRef<'a>,
    pub(crate) issuer: AnyRef<'a>,
    pub(crate) validity: Validity,
    _subject: AnyRef<'a>,
    pub(crate) public_key_info: AnyRef<'a>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    _issuer_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    _subject_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) extensions: Option<Extensions>,
}
