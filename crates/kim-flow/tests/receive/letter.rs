//! Messages as another Clientmodul and its Konnektor make them: [`Letter`].

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kim_smime::{Certificate, RecipientEmail, RecipientEmails};
use kim_testbed::cms::{Form, SignatureRequest, encrypt, sign};
use kim_testbed::pki::{CertificateType, Holder, Identity, KeyType, Pki};

use crate::desk::now;

/// Who writes.
pub(crate) const A: &str = "praxis.a@elefant.kim.telematik";
/// Who reads.
pub(crate) const B: &str = "praxis.b@elefant.kim.telematik";
/// Another reader of the same Mandant.
pub(crate) const C: &str = "praxis.c@elefant.kim.telematik";
/// Stands in every mail, and nowhere else.
pub(crate) const HIDDEN: &str = "Geheimer-Befund-4711";
/// What the outer header of every message begins with.
pub(crate) const RETURN_PATH: &str = "Return-Path: <praxis.a@elefant.kim.telematik>\r\n";
/// And what follows.
pub(crate) const RECEIVED: &str = "Received: from mx\r\n\tby pop; now\r\nReceived: from module by mx\r\n";

/// The card of an institution, all keys of which are ECC ones.
pub(crate) fn holder(name: &str) -> Holder {
    Holder::institution(&format!("Praxis {name}"), telematik_id(name).parse().unwrap())
}

pub(crate) fn telematik_id(name: &str) -> String {
    format!("9-TESTBED-{name}")
}

/// A key of an institution; made once, because that takes long.
pub(crate) fn key(name: &str, kind: CertificateType) -> Identity {
    static MADE: LazyLock<(Pki, Mutex<BTreeMap<String, Identity>>)> =
        LazyLock::new(|| (Pki::new(1), Mutex::default()));
    let (pki, made) = &*MADE;
    let mut made = made.lock().unwrap();
    let key = made.entry(format!("{name} {kind:?}"));
    key.or_insert_with(|| pki.issue(kind, KeyType::Brainpool, &holder(name))).clone()
}

pub(crate) fn certificate(identity: &Identity) -> Certificate {
    Certificate::from_der(identity.certificate_der().into()).unwrap()
}

/// A message in which everything is right, until a test changes it.
pub(crate) struct Letter {
    /// X-KOM-LE-Version.
    pub(crate) version: &'static str,
    /// Addresses, Date and Message-ID of the outer header.
    pub(crate) outer: String,
    /// Further fields of the outer header.
    pub(crate) more_outer: String,
    /// The same of the inner header.
    pub(crate) inner: String,
    /// Further fields of the inner header.
    pub(crate) more_inner: String,
    pub(crate) body: Vec<u8>,
    /// Whose card signs.
    pub(crate) signer: Identity,
    /// The owners of the keys that decrypt.
    pub(crate) readers: [&'static str; 2],
    /// The recipient-emails attribute beside the encrypted content, and the signed one.
    pub(crate) encrypted_for: Vec<u8>,
    pub(crate) signed_for: Vec<u8>,
}

impl Letter {
    pub(crate) fn new() -> Self {
        let addresses = format!(
            "From: \"Praxis A\" <{A}>\r\nReply-To: <{A}>\r\nTo: Praxis B <{B}>\r\nDate: Sat, 20 Jun 2020 12:58:26 +0200\r\n\
             Message-ID: <1@elefant.kim.telematik>\r\n"
        );
        let attribute = recipients(&[("A", A), ("B", B)]).to_attribute().to_vec();
        Self {
            version: "1.0",
            outer: addresses.clone(),
            more_outer: String::new(),
            inner: addresses,
            more_inner: "Subject: Befund\r\n".to_owned(),
            body: format!("{HIDDEN}\r\n").into_bytes(),
            signer: key("A", CertificateType::HciOsig),
            readers: ["A", "B"],
            encrypted_for: attribute.clone(),
            signed_for: attribute,
        }
    }

    /// A message that points to mail data.
    pub(crate) fn kas(structure: &str) -> Self {
        Self {
            version: "1.5",
            more_inner: "Subject: Befund\r\nContent-Type: text/plain; charset=utf-8\r\n\
                         Content-Disposition: x-kas\r\n"
                .to_owned(),
            body: structure.as_bytes().to_vec(),
            ..Self::new()
        }
    }

    /// What is signed.
    pub(crate) fn mail(&self) -> Vec<u8> {
        let head = format!("Content-Type: message/rfc822\r\n\r\n{}{}\r\n", self.inner, self.more_inner);
        [head.as_bytes(), &self.body].concat()
    }

    /// What is encrypted.
    pub(crate) fn signature(&self) -> Vec<u8> {
        let request = SignatureRequest {
            content: &self.mail(),
            include_content: true,
            attributes: std::slice::from_ref(&self.signed_for),
            time: now().into(),
            form: Form::Indefinite,
        };
        let head = "MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\
                    Content-Transfer-Encoding: binary\r\n\r\n";
        [head.as_bytes(), &sign(&self.signer, &request).unwrap()].concat()
    }

    /// The message as it lies on the server.
    pub(crate) fn message(&self) -> Bytes {
        self.with_content(&self.signature())
    }

    /// The message with something else in it.
    pub(crate) fn with_content(&self, content: &[u8]) -> Bytes {
        let certificates = self.readers.map(|name| key(name, CertificateType::HciEnc).certificate);
        let attributes = std::slice::from_ref(&self.encrypted_for);
        let cms = encrypt(content, &certificates, attributes, Form::Indefinite).unwrap();
        self.with_cms(&cms)
    }

    pub(crate) fn with_cms(&self, cms: &[u8]) -> Bytes {
        let head = format!(
            "{RETURN_PATH}{RECEIVED}{}X-KOM-LE-Version: {}\r\n{}Subject: KOM-LE-Nachricht\r\nMIME-Version: 1.0\r\n\
             Content-Type: application/pkcs7-mime; smime-type=authenticated-enveloped-data; name=smime.p7m\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n",
            self.outer, self.version, self.more_outer
        );
        let base64 = STANDARD.encode(cms);
        let lines = base64.as_bytes().chunks(76).flat_map(|line| [line, b"\r\n"].concat());
        head.into_bytes().into_iter().chain(lines).collect()
    }
}

/// The encryption certificates of these owners, each for an address.
pub(crate) fn recipients(entries: &[(&str, &str)]) -> RecipientEmails {
    let entries = entries.iter().map(|(owner, address)| {
        let certificate = certificate(&key(owner, CertificateType::HciEnc));
        RecipientEmail::new(&address.parse().unwrap(), certificate.issuer_and_serial().clone())
    });
    RecipientEmails::new(entries).unwrap()
}
