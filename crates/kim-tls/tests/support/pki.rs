//! Authorities and certificates for tests, made with OpenSSL alone.

#![allow(dead_code, reason = "each test uses a part of it")]

use openssl::asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Extension, X509Name};

const DAY: i64 = 24 * 60 * 60;

/// Kinds of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Rsa,
    P256,
    P384,
    BrainpoolP256,
    BrainpoolP384,
    BrainpoolP512,
}

/// A certificate and its key.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: X509,
    pub(crate) key: PKey<Private>,
}

/// What a certificate says.
#[derive(Clone)]
pub(crate) struct Says<'a> {
    pub(crate) kind: Kind,
    pub(crate) common_name: &'a str,
    pub(crate) dns: Option<&'a str>,
    pub(crate) ip: Option<&'a str>,
    /// From and to, in days from now.
    pub(crate) days: (i64, i64),
    pub(crate) server: bool,
    pub(crate) client: bool,
    pub(crate) certificate_type: Option<&'a str>,
    pub(crate) role: Option<&'a str>,
}

impl<'a> Says<'a> {
    pub(crate) fn server(kind: Kind, name: &'a str) -> Self {
        let (common_name, dns) = ("server", Some(name));
        Self {
            kind,
            common_name,
            dns,
            ip: None,
            days: (-1, 30),
            server: true,
            client: false,
            certificate_type: None,
            role: None,
        }
    }

    pub(crate) fn client(kind: Kind) -> Self {
        Self { dns: None, server: false, client: true, common_name: "client", ..Self::server(kind, "") }
    }
}

pub(crate) fn key(kind: Kind) -> PKey<Private> {
    let curve = match kind {
        Kind::Rsa => return PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(),
        Kind::P256 => Nid::X9_62_PRIME256V1,
        Kind::P384 => Nid::SECP384R1,
        Kind::BrainpoolP256 => Nid::BRAINPOOL_P256R1,
        Kind::BrainpoolP384 => Nid::BRAINPOOL_P384R1,
        Kind::BrainpoolP512 => Nid::BRAINPOOL_P512R1,
    };
    PKey::from_ec_key(EcKey::generate(&EcGroup::from_curve_name(curve).unwrap()).unwrap()).unwrap()
}

/// An authority below none.
pub(crate) fn authority(kind: Kind) -> Pair {
    let key = key(kind);
    let mut builder = builder(&key, &name("authority"), &name("authority"), (-10, 1000));
    builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
    builder.append_extension(KeyUsage::new().critical().key_cert_sign().build().unwrap()).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    Pair { certificate: builder.build(), key }
}

impl Pair {
    pub(crate) fn issue(&self, says: &Says<'_>) -> Pair {
        let key = key(says.kind);
        let (subject, issuer) = (name(says.common_name), self.certificate.subject_name().to_owned().unwrap());
        let mut builder = builder(&key, &subject, &issuer, says.days);
        let mut usage = ExtendedKeyUsage::new();
        if says.server {
            usage.server_auth();
        }
        if says.client {
            usage.client_auth();
        }
        builder.append_extension(usage.build().unwrap()).unwrap();
        if says.dns.is_some() || says.ip.is_some() {
            let mut names = SubjectAlternativeName::new();
            says.dns.map(|dns| names.dns(dns));
            says.ip.map(|ip| names.ip(ip));
            let names = names.build(&builder.x509v3_context(Some(&self.certificate), None)).unwrap();
            builder.append_extension(names).unwrap();
        }
        if let Some(certificate_type) = says.certificate_type {
            let policies = sequence(&[sequence(&[oid(certificate_type)])]);
            builder.append_extension(extension("2.5.29.32", &policies)).unwrap();
        }
        if let Some(role) = says.role {
            let profession = sequence(&[sequence(&[tlv(0x0c, "KOM-LE".as_bytes())]), sequence(&[oid(role)])]);
            let admission = sequence(&[sequence(&[sequence(&[sequence(&[profession])])])]);
            builder.append_extension(extension("1.3.36.8.3.3", &admission)).unwrap();
        }
        builder.sign(&self.key, MessageDigest::sha256()).unwrap();
        Pair { certificate: builder.build(), key }
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.certificate.to_pem().unwrap()
    }

    pub(crate) fn key_pem(&self) -> Vec<u8> {
        self.key.private_key_to_pem_pkcs8().unwrap()
    }
}

fn builder(key: &PKey<Private>, subject: &X509Name, issuer: &X509Name, days: (i64, i64)) -> X509Builder {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let time = |days: i64| Asn1Time::from_unix(i64::try_from(now.as_secs()).unwrap() + days * DAY).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial.rand(64, openssl::bn::MsbOption::ONE, false).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&Asn1Integer::from_bn(&serial).unwrap()).unwrap();
    builder.set_subject_name(subject).unwrap();
    builder.set_issuer_name(issuer).unwrap();
    builder.set_not_before(&time(days.0)).unwrap();
    builder.set_not_after(&time(days.1)).unwrap();
    builder.set_pubkey(key).unwrap();
    builder
}

fn name(common_name: &str) -> X509Name {
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, common_name).unwrap();
    name.build()
}

fn extension(id: &str, value: &[u8]) -> X509Extension {
    let value = Asn1OctetString::new_from_bytes(value).unwrap();
    X509Extension::new_from_der(&Asn1Object::from_str(id).unwrap(), false, &value).unwrap()
}

fn oid(text: &str) -> Vec<u8> {
    tlv(0x06, Asn1Object::from_str(text).unwrap().as_slice())
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(value.len()).unwrap()], value].concat()
}
