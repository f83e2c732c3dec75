//! Builds CMS structures element by element, right ones and wrong ones, without the code under test.

#![allow(dead_code, reason = "every test file uses its own part")]
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use bytes::Bytes;

pub(crate) const ID_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
pub(crate) const ID_SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
pub(crate) const ID_ENVELOPED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
pub(crate) const ID_AUTH_ENVELOPED_DATA: &[u8] =
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17];
pub(crate) const ID_CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
pub(crate) const ID_MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
pub(crate) const RECIPIENT_EMAILS: &[u8] = &[0x2a, 0x82, 0x14, 0x00, 0x4c, 0x04, 0x81, 0x2d];
pub(crate) const TI_ECIES: &[u8] = &[0x2a, 0x82, 0x14, 0x00, 0x4c, 0x04, 0x81, 0x5e];
pub(crate) const RSAES_OAEP: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x07];
pub(crate) const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
pub(crate) const AES_256_GCM: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e];
pub(crate) const AES_128_GCM: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x06];
pub(crate) const SHA_256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
pub(crate) const ECDSA_SHA_256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
pub(crate) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
pub(crate) const BRAINPOOL_P256R1: &[u8] = &[0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07];
pub(crate) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// An element with a definite length.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match content.len() {
        len @ 0..=0x7f => out.push(u8::try_from(len).unwrap()),
        len => {
            let digits: Vec<u8> = len.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
            out.push(0x80 | u8::try_from(digits.len()).unwrap());
            out.extend(digits);
        }
    }
    out.extend(content);
    out
}

/// An element with an indefinite length.
pub(crate) fn indefinite(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    [&[tag, 0x80], parts.concat().as_slice(), &[0, 0]].concat()
}

/// Octet strings with at most that many octets each.
pub(crate) fn segments(content: &[u8], octets: usize) -> Vec<u8> {
    content.chunks(octets).flat_map(|segment| tlv(0x04, &[segment])).collect()
}

pub(crate) fn seq(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

pub(crate) fn set(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x31, parts)
}

pub(crate) fn oid(octets: &[u8]) -> Vec<u8> {
    tlv(0x06, &[octets])
}

pub(crate) fn int(octets: &[u8]) -> Vec<u8> {
    tlv(0x02, &[octets])
}

pub(crate) fn octets(content: &[u8]) -> Vec<u8> {
    tlv(0x04, &[content])
}

/// A name with one common name, in UTF8String.
pub(crate) fn name(common_name: &str) -> Vec<u8> {
    seq(&[&set(&[&seq(&[&oid(COMMON_NAME), &tlv(0x0c, &[common_name.as_bytes()])])])])
}

pub(crate) fn issuer_and_serial(serial: u8) -> Vec<u8> {
    seq(&[&name("Test CA"), &int(&[serial])])
}

pub(crate) fn attribute(kind: &[u8], values: &[&[u8]]) -> Vec<u8> {
    seq(&[&oid(kind), &set(values)])
}

pub(crate) fn recipient_email(address: &str, serial: u8) -> Vec<u8> {
    seq(&[&tlv(0x16, &[address.as_bytes()]), &issuer_and_serial(serial)])
}

/// recipient-emails for the recipients of [`Envelope::default`].
pub(crate) fn recipient_emails() -> Vec<u8> {
    attribute(RECIPIENT_EMAILS, &[&recipient_email("a@x.de", 1), &recipient_email("b@x.de", 2)])
}

pub(crate) fn recipient(serial: u8, algorithm: &[u8]) -> Vec<u8> {
    seq(&[&int(&[0]), &issuer_and_serial(serial), &seq(&[&oid(algorithm)]), &octets(b"encrypted key")])
}

pub(crate) fn aes_gcm(algorithm: &[u8], nonce: usize, tag: u8) -> Vec<u8> {
    seq(&[&oid(algorithm), &seq(&[&octets(&vec![7; nonce]), &int(&[tag])])])
}

/// The parts of an AuthEnvelopedData; each but `recipients` is a whole element or nothing.
pub(crate) struct Envelope {
    pub(crate) kind: &'static [u8],
    pub(crate) originator_info: Vec<u8>,
    pub(crate) recipients: Vec<Vec<u8>>,
    pub(crate) content_type: &'static [u8],
    pub(crate) algorithm: Vec<u8>,
    pub(crate) content: Vec<u8>,
    pub(crate) auth_attrs: Vec<u8>,
    pub(crate) mac: Vec<u8>,
    pub(crate) unauth_attrs: Vec<u8>,
}

impl Default for Envelope {
    fn default() -> Self {
        Self {
            kind: ID_AUTH_ENVELOPED_DATA,
            originator_info: Vec::new(),
            recipients: vec![recipient(1, RSAES_OAEP), recipient(2, TI_ECIES)],
            content_type: ID_DATA,
            algorithm: aes_gcm(AES_256_GCM, 12, 16),
            content: tlv(0x80, &[b"ciphertext"]),
            auth_attrs: Vec::new(),
            mac: octets(&[9; 16]),
            unauth_attrs: tlv(0xa2, &[&recipient_emails()]),
        }
    }
}

impl Envelope {
    pub(crate) fn der(&self) -> Bytes {
        self.encode(tlv)
    }

    /// As Konnektors write it: the outer elements with indefinite length.
    pub(crate) fn ber(&self) -> Bytes {
        self.encode(indefinite)
    }

    fn encode(&self, outer: fn(u8, &[&[u8]]) -> Vec<u8>) -> Bytes {
        let recipients: Vec<&[u8]> = self.recipients.iter().map(Vec::as_slice).collect();
        let encrypted = outer(0x30, &[&oid(self.content_type), &self.algorithm, &self.content]);
        let data = outer(
            0x30,
            &[
                &int(&[0]),
                &self.originator_info,
                &set(&recipients),
                &encrypted,
                &self.auth_attrs,
                &self.mac,
                &self.unauth_attrs,
            ],
        );
        outer(0x30, &[&oid(self.kind), &outer(0xa0, &[&data])]).into()
    }
}

/// A certificate with the extensions given; its signature is none.
pub(crate) fn certificate(serial: u8, extensions: &[&[u8]]) -> Vec<u8> {
    let algorithm = seq(&[&oid(ECDSA_SHA_256)]);
    let validity = seq(&[&tlv(0x17, &[b"240101000000Z"]), &tlv(0x17, &[b"281231235959Z"])]);
    let key = seq(&[&seq(&[&oid(EC_PUBLIC_KEY), &oid(BRAINPOOL_P256R1)]), &tlv(0x03, &[&[0], &[4; 65]])]);
    let version = tlv(0xa0, &[&int(&[2])]);
    let extensions = if extensions.is_empty() { Vec::new() } else { tlv(0xa3, &[&seq(extensions)]) };
    let tbs = seq(&[
        &version,
        &int(&[serial]),
        &algorithm,
        &name("Test CA"),
        &validity,
        &name("Praxis"),
        &key,
        &extensions,
    ]);
    seq(&[&tbs, &algorithm, &tlv(0x03, &[&[0], b"signature"])])
}

/// The extension Admission of an owner, who is a doctor's practice (1.2.276.0.76.4.50).
pub(crate) fn admission(telematik_id: &str) -> Vec<u8> {
    let roles = seq(&[&oid(&[0x2a, 0x82, 0x14, 0x00, 0x4c, 0x04, 0x32])]);
    let profession = seq(&[&seq(&[]), &roles, &tlv(0x13, &[telematik_id.as_bytes()])]);
    let admissions = seq(&[&seq(&[&seq(&[&seq(&[&profession])])])]);
    seq(&[&oid(&[0x2b, 0x24, 0x08, 0x03, 0x03]), &octets(&admissions)])
}

/// The parts of a SignedData; each is a whole element or nothing.
pub(crate) struct Signature {
    pub(crate) content_type: &'static [u8],
    pub(crate) content: Vec<u8>,
    pub(crate) certificates: Vec<u8>,
    pub(crate) crls: Vec<u8>,
    pub(crate) signers: Vec<Vec<u8>>,
}

impl Default for Signature {
    fn default() -> Self {
        Self {
            content_type: ID_DATA,
            content: tlv(0xa0, &[&octets(b"content")]),
            certificates: tlv(0xa0, &[&certificate(5, &[])]),
            crls: Vec::new(),
            signers: vec![Signer::default().der()],
        }
    }
}

impl Signature {
    pub(crate) fn der(&self) -> Bytes {
        self.encode(tlv)
    }

    pub(crate) fn ber(&self) -> Bytes {
        self.encode(indefinite)
    }

    fn encode(&self, outer: fn(u8, &[&[u8]]) -> Vec<u8>) -> Bytes {
        let signers: Vec<&[u8]> = self.signers.iter().map(Vec::as_slice).collect();
        let data = outer(
            0x30,
            &[
                &int(&[1]),
                &set(&[&seq(&[&oid(SHA_256)])]),
                &outer(0x30, &[&oid(self.content_type), &self.content]),
                &self.certificates,
                &self.crls,
                &set(&signers),
            ],
        );
        outer(0x30, &[&oid(ID_SIGNED_DATA), &outer(0xa0, &[&data])]).into()
    }
}

/// The parts of a SignerInfo.
pub(crate) struct Signer {
    pub(crate) sid: Vec<u8>,
    pub(crate) attributes: Vec<Vec<u8>>,
    pub(crate) unsigned_attrs: Vec<u8>,
}

impl Default for Signer {
    fn default() -> Self {
        Self {
            sid: issuer_and_serial(5),
            attributes: vec![
                attribute(ID_CONTENT_TYPE, &[&oid(ID_DATA)]),
                attribute(ID_MESSAGE_DIGEST, &[&octets(&[3; 32])]),
                recipient_emails(),
            ],
            unsigned_attrs: Vec::new(),
        }
    }
}

impl Signer {
    pub(crate) fn der(&self) -> Vec<u8> {
        let attributes: Vec<&[u8]> = self.attributes.iter().map(Vec::as_slice).collect();
        seq(&[
            &int(&[1]),
            &self.sid,
            &seq(&[&oid(SHA_256)]),
            &tlv(0xa0, &attributes),
            &seq(&[&oid(ECDSA_SHA_256)]),
            &octets(b"signature"),
            &self.unsigned_attrs,
        ])
    }
}
