//! Certificates as the Telematikinfrastruktur has them, written as DER: [`certificate`].

use std::net::Ipv4Addr;

use const_oid::ObjectIdentifier;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{PKey, PKeyRef, Private};
use time::Date;

use super::KeyType;
use super::key::sign_certificate;
use super::profile::{CertificateType, Holder, Name, Role, Validity};
use super::sure::sure;
use crate::cms::der::{
    BIT_STRING, BOOLEAN, INTEGER, PRINTABLE_STRING, SET, UTC_TIME, UTF8_STRING, bit_string, context, null,
    octet_string, oid, sequence, set_of, tlv, unsigned,
};

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SURNAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.4");
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const ORGANIZATIONAL_UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");
const GIVEN_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.42");

/// A certificate without what its issuer adds.
pub(super) struct Draft {
    pub(super) serial_number: Vec<u8>,
    pub(super) subject: Vec<u8>,
    pub(super) validity: Validity,
    pub(super) extensions: Vec<Vec<u8>>,
}

/// Writes and signs a certificate.
pub(super) fn certificate(
    draft: &Draft,
    key: &PKeyRef<Private>,
    issuer: &[u8],
    issuer_key: &PKey<Private>,
) -> Vec<u8> {
    let algorithm = signature_algorithm(issuer_key);
    let identifiers = [
        extension("2.5.29.14", false, &octet_string(&key_identifier(key))),
        extension("2.5.29.35", false, &sequence(&[tlv(0x80, &[key_identifier(issuer_key)])])),
    ];
    let extensions: Vec<_> = identifiers.iter().chain(&draft.extensions).collect();
    let to_be_signed = sequence(&[
        tlv(context(0), &[unsigned(&[2])]),
        tlv(INTEGER, &[&draft.serial_number]),
        algorithm.clone(),
        issuer.to_vec(),
        sequence(&[time(draft.validity.first, "000000Z"), time(draft.validity.last, "235959Z")]),
        draft.subject.clone(),
        sure(key.public_key_to_der()),
        tlv(context(3), &[sequence(&extensions)]),
    ]);
    let signature = sign_certificate(issuer_key, &to_be_signed);
    sequence(&[to_be_signed, algorithm, bit_string(&signature)])
}

/// The extensions of a certificate authority.
pub(super) fn authority_extensions() -> Vec<Vec<u8>> {
    vec![
        extension("2.5.29.19", true, &sequence(&[tlv(BOOLEAN, &[[0xFF]])])),
        extension("2.5.29.15", true, &tlv(BIT_STRING, &[[1, 0x06]])),
        extension("2.5.29.32", false, &policies(&[ObjectIdentifier::new_unwrap("1.2.276.0.76.4.163")])),
    ]
}

/// The extensions of the certificate of a card, service or device.
pub(super) fn holder_extensions(
    certificate_type: CertificateType,
    key_type: KeyType,
    holder: &Holder,
) -> Vec<Vec<u8>> {
    let (usage, unused_bits) = certificate_type.key_usage(key_type);
    let mut extensions = vec![
        extension("2.5.29.15", true, &tlv(BIT_STRING, &[[unused_bits, usage]])),
        extension("2.5.29.19", true, &sequence::<&[u8]>(&[])),
        extension("2.5.29.32", false, &policies(&[certificate_type.policy(), certificate_type.oid()])),
        extension("1.3.6.1.5.5.7.1.1", false, &revocation_service()),
        extension("1.3.36.8.3.3", false, &admission(&holder.role, holder)),
    ];
    if let Name::Service(host_name) = &holder.name {
        let names =
            [tlv(0x82, &[host_name]), tlv(0x82, &["localhost"]), tlv(0x87, &[Ipv4Addr::LOCALHOST.octets()])];
        extensions.push(extension("2.5.29.17", false, &sequence(&names)));
    }
    let usages: Vec<_> = certificate_type.extended_key_usage().iter().map(oid).collect();
    if !usages.is_empty() {
        extensions.push(extension("2.5.29.37", false, &sequence(&usages)));
    }
    extensions
}

/// The name of a certificate authority.
pub(super) fn authority_name(unit: &str, common_name: &str) -> Vec<u8> {
    sequence(&[
        rdn(COUNTRY, "DE"),
        rdn(ORGANIZATION, "kim-testbed NOT-VALID"),
        rdn(ORGANIZATIONAL_UNIT, unit),
        rdn(COMMON_NAME, common_name),
    ])
}

/// The name of a holder; that of a person is one RDN of several values, as on an HBA.
pub(super) fn holder_name(holder: &Holder) -> Vec<u8> {
    let id = holder.telematik_id.as_ref().map(ToString::to_string).unwrap_or_default();
    let common_name = holder.common_name();
    match &holder.name {
        Name::Institution(_) => sequence(&[
            rdn(COUNTRY, "DE"),
            rdn(ORGANIZATION, &format!("{id} NOT-VALID")),
            rdn(SERIAL_NUMBER, &format!("10.{:020}", holder.edition)),
            rdn(COMMON_NAME, &common_name),
        ]),
        Name::Person { given, family } => sequence(&[
            rdn(COUNTRY, "DE"),
            set_of(vec![
                attribute(COMMON_NAME, &common_name),
                attribute(SURNAME, family),
                attribute(GIVEN_NAME, given),
                attribute(SERIAL_NUMBER, &format!("11.{:020}", holder.edition)),
            ]),
        ]),
        Name::Service(_) => sequence(&[
            rdn(COUNTRY, "DE"),
            rdn(ORGANIZATION, "kim-testbed NOT-VALID"),
            rdn(COMMON_NAME, &common_name),
        ]),
    }
}

fn rdn(kind: ObjectIdentifier, value: &str) -> Vec<u8> {
    tlv(SET, &[attribute(kind, value)])
}

fn attribute(kind: ObjectIdentifier, value: &str) -> Vec<u8> {
    let string = if kind == COUNTRY || kind == SERIAL_NUMBER { PRINTABLE_STRING } else { UTF8_STRING };
    sequence(&[oid(&kind), tlv(string, &[value])])
}

fn time(date: Date, clock: &str) -> Vec<u8> {
    let year = date.year().rem_euclid(100);
    tlv(UTC_TIME, &[format!("{year:02}{:02}{:02}{clock}", u8::from(date.month()), date.day())])
}

fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let id = oid(&ObjectIdentifier::new_unwrap(id));
    let value = octet_string(value);
    if critical { sequence(&[id, tlv(BOOLEAN, &[[0xFF]]), value]) } else { sequence(&[id, value]) }
}

fn policies(ids: &[ObjectIdentifier]) -> Vec<u8> {
    let ids: Vec<_> = ids.iter().map(|id| sequence(&[oid(id)])).collect();
    sequence(&ids)
}

/// Every real certificate says where its status is told; this one names a host that does not exist.
fn revocation_service() -> Vec<u8> {
    const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
    sequence(&[sequence(&[oid(&OCSP), tlv(0x86, &["http://ocsp.kim-testbed.invalid/"])])])
}

/// The role of the holder and, for the owner of a card, the Telematik-ID.
fn admission(role: &Role, holder: &Holder) -> Vec<u8> {
    let mut profession = vec![sequence(&[tlv(UTF8_STRING, &[role.name])]), sequence(&[oid(&role.oid)])];
    let mut parts = Vec::new();
    if let Some(id) = &holder.telematik_id {
        profession.push(tlv(PRINTABLE_STRING, &[id.as_str()]));
        let authority = sequence(&[rdn(COUNTRY, "DE"), rdn(ORGANIZATION, "Ärztekammer kim-testbed")]);
        parts.push(tlv(context(4), &[authority]));
    }
    let professions = sequence(&[sequence(&profession)]);
    parts.push(sequence(&[sequence(&[professions])]));
    sequence(&parts)
}

fn key_identifier(key: &PKeyRef<Private>) -> Vec<u8> {
    sure(hash(MessageDigest::sha1(), &sure(key.public_key_to_der()))).to_vec()
}

fn signature_algorithm(key: &PKeyRef<Private>) -> Vec<u8> {
    match key.ec_key() {
        Ok(_) => sequence(&[oid(&ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"))]),
        Err(_) => sequence(&[oid(&ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11")), null()]),
    }
}
