//! Software keys and the testbed understand each other, though they share no code: a mail goes from each to each.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use kim_smime::{
    BerLimits, Certificate, CmsError, DocumentCrypto, Draft, EncryptedKey, EnvelopeForm, Enveloped, Header,
    HeaderLimits, IntegrityId, IssuerAndSerial, KeyTransport, MessageVersion, OpenError, OuterFields,
    ReceiveLimits, Received, RecipientEmail, RecipientEmails, SignatureResult,
};
use kim_testbed::cms::{Form, SignatureRequest, decrypt, encrypt, sign, verify};
use kim_testbed::pki::{CertificateType, Holder, Identity, KeyType, Pkcs12Encryption, Pki};
use kim_tls::{Anchors, SoftwareKeyError, SoftwareKeys};
use kim_types::{Address, Octets, Secret};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, encrypt_aead};
use openssl::x509::X509;

const KEY_TYPES: [KeyType; 2] = [KeyType::Rsa, KeyType::Brainpool];

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn issue(pki: &Pki, kind: CertificateType, key_type: KeyType) -> Identity {
    pki.issue(kind, key_type, &Holder::institution("Praxis A", "9-TESTBED-1".parse().unwrap()))
}

fn certificate(identity: &Identity) -> Certificate {
    Certificate::from_der(identity.certificate_der().into()).unwrap()
}

fn identity(identity: &Identity) -> kim_tls::Identity {
    let file = identity.to_pkcs12("00", Pkcs12Encryption::Modern).unwrap();
    kim_tls::Identity::from_pkcs12(&file, &Secret::from("00")).unwrap()
}

fn anchors(pki: &Pki) -> Anchors {
    Anchors::from_pem(pki.trust_pem().as_bytes()).unwrap()
}

/// The keys of one practice, as files.
fn software(pki: &Pki, signer: KeyType, reader: KeyType) -> SoftwareKeys {
    SoftwareKeys::new(anchors(pki))
        .with_signer(identity(&issue(pki, CertificateType::HciOsig, signer)))
        .unwrap()
        .with_reader(identity(&issue(pki, CertificateType::HciEnc, reader)))
        .unwrap()
        .at(now())
}

/// The same keys, used by the testbed.
struct Testbed {
    signer: Identity,
    reader: Identity,
    form: Form,
}

impl Testbed {
    fn new(pki: &Pki, signer: KeyType, reader: KeyType, form: Form) -> Self {
        let (signer, reader) =
            (issue(pki, CertificateType::HciOsig, signer), issue(pki, CertificateType::HciEnc, reader));
        Self { signer, reader, form }
    }
}

impl DocumentCrypto for Testbed {
    type Error = String;

    fn sign(&self, document: &Octets, attribute: &Bytes) -> Result<Bytes, String> {
        let request = SignatureRequest {
            content: &document.to_bytes(),
            include_content: true,
            attributes: &[attribute.to_vec()],
            time: now().into(),
            form: self.form,
        };
        sign(&self.signer, &request).map(Bytes::from).map_err(|error| error.to_string())
    }

    fn encrypt(
        &self,
        document: &Octets,
        certificates: &[Certificate],
        attribute: &Bytes,
    ) -> Result<Bytes, String> {
        let certificates: Vec<X509> =
            certificates.iter().map(|certificate| X509::from_der(certificate.der()).unwrap()).collect();
        encrypt(&document.to_bytes(), &certificates, &[attribute.to_vec()], self.form)
            .map(Bytes::from)
            .map_err(|error| error.to_string())
    }

    fn decrypt(&self, document: &Octets, certificates: &[IssuerAndSerial]) -> Result<Bytes, String> {
        if !certificates.contains(certificate(&self.reader).issuer_and_serial()) {
            return Err("no key".to_owned());
        }
        decrypt(&document.to_bytes(), [&self.reader])
            .map(|opened| opened.content.into())
            .map_err(|error| error.to_string())
    }

    fn verify(&self, cms: &Octets) -> Result<SignatureResult, String> {
        match verify(&cms.to_bytes(), None) {
            Ok(_) => Ok(SignatureResult::Valid),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn fields() -> OuterFields {
    OuterFields {
        version: MessageVersion::V1_0,
        expires: None,
        cm_version: "VEND_1.2.3".to_owned(),
        pt_version: "1.5.5".to_owned(),
        kon_version: None,
        kas_size: None,
        kas_enc_size: None,
    }
}

/// The address with a key of that type.
fn address(key_type: KeyType) -> Address {
    if key_type == KeyType::Rsa { "a@x.de" } else { "b@x.de" }.parse().unwrap()
}

/// A message for both addresses.
fn message<S: DocumentCrypto<Error: std::fmt::Debug>>(pki: &Pki, sender: &S, body: &str) -> Received {
    let mail = "From: a@x.de\r\nTo: b@x.de\r\nSubject: Befund\r\n\r\n";
    let (header, _) = Header::split(&mail.into(), &HeaderLimits::default()).unwrap();
    let recipients = KEY_TYPES
        .map(|key_type| (address(key_type), certificate(&issue(pki, CertificateType::HciEnc, key_type))));
    let draft = Draft::new(header, body.to_owned().into_bytes().into());
    let message = draft.protect(sender, &recipients, &fields()).unwrap().to_octets().to_bytes();
    Received::parse(message, &ReceiveLimits::default()).unwrap()
}

/// The message one makes and what the other gets of it; the sender reads too.
fn goes<S, R>(pki: &Pki, sender: &S, (reader, user): (&R, &Address)) -> IntegrityId
where
    S: DocumentCrypto<Error: std::fmt::Debug>,
    R: DocumentCrypto<Error: std::fmt::Debug>,
{
    let body = "Grüße\r\n".repeat(1000);
    let opened = message(pki, sender, &body).open(reader, user).unwrap();
    assert_eq!(opened.body().to_bytes(), body);
    let [id] = opened.verdict.integrity[..] else { panic!("{:?}", opened.verdict) };
    id
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2095, KOM-LE-A_2096, KOM-LE-A_2108
#[test]
fn a_mail_goes_from_each_to_each() {
    let pki = Pki::new(71);
    for signer in KEY_TYPES {
        for reader in KEY_TYPES {
            let (local, user) = (software(&pki, signer, reader), address(reader));
            assert_eq!(
                goes(&pki, &local, (&local, &user)),
                IntegrityId::StatusUnknown,
                "nobody asked for revocation"
            );
            for form in [Form::Indefinite, Form::Definite] {
                let testbed = Testbed::new(&pki, signer, reader, form);
                assert_eq!(goes(&pki, &local, (&testbed, &user)), IntegrityId::Valid);
                assert_eq!(goes(&pki, &testbed, (&local, &user)), IntegrityId::StatusUnknown);
            }
        }
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2043
#[test]
fn a_key_that_is_not_of_the_users_address_is_not_used_though_it_could_decrypt() {
    let pki = Pki::new(79);
    let keys = software(&pki, KeyType::Rsa, KeyType::Rsa);
    let open = |user: Address| message(&pki, &keys, "Befund").open(&keys, &user);
    assert!(open(address(KeyType::Rsa)).is_ok());
    for other in [address(KeyType::Brainpool), "c@x.de".parse().unwrap()] {
        assert_eq!(open(other).unwrap_err(), OpenError::Crypto(SoftwareKeyError::NoKey));
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2191
#[test]
fn nothing_is_encrypted_for_a_certificate_that_is_not_valid_or_issued_by_somebody_else() {
    let pki = Pki::new(80);
    let keys = software(&pki, KeyType::Rsa, KeyType::Rsa);
    let [own, foreign] = [&pki, &Pki::new(81)]
        .map(|pki| certificate(&issue(pki, CertificateType::HciEnc, KeyType::Brainpool)));
    let encrypt = |keys: &SoftwareKeys, certificates: &[Certificate]| {
        keys.encrypt(&"x".into(), certificates, &attribute(certificates)).map(|_| ())
    };
    assert_eq!(encrypt(&keys, std::slice::from_ref(&own)), Ok(()));
    assert_eq!(encrypt(&keys, &[own.clone(), foreign]), Err(SoftwareKeyError::Certificate));
    let later = keys.at(now() + Duration::from_secs(3_000_000_000));
    assert_eq!(encrypt(&later, &[own]), Err(SoftwareKeyError::Certificate), "the certificate is over");
}

/// The names of both readers.
fn readers(pki: &Pki) -> [IssuerAndSerial; 2] {
    KEY_TYPES.map(|key_type| {
        certificate(&issue(pki, CertificateType::HciEnc, key_type)).issuer_and_serial().clone()
    })
}

fn attribute(certificates: &[Certificate]) -> Bytes {
    let address: Address = "a@x.de".parse().unwrap();
    let entries =
        certificates.iter().map(|one| RecipientEmail::new(&address, one.issuer_and_serial().clone()));
    RecipientEmails::new(entries).unwrap().to_attribute()
}

/// A document that both recipients can read.
fn sealed(pki: &Pki, keys: &SoftwareKeys) -> (Bytes, Bytes) {
    let certificates = KEY_TYPES.map(|key_type| certificate(&issue(pki, CertificateType::HciEnc, key_type)));
    let attribute = attribute(&certificates);
    let cms = keys.encrypt(&"a document".into(), &certificates, &attribute).unwrap();
    (cms, attribute)
}

#[test]
fn no_changed_octet_yields_another_document() {
    let pki = Pki::new(72);
    for reader in KEY_TYPES {
        let keys = software(&pki, KeyType::Brainpool, reader);
        let ((cms, _), names) = (sealed(&pki, &keys), readers(&pki));
        assert_eq!(keys.decrypt(&cms.clone().into(), &names).unwrap(), "a document");
        for at in 0..cms.len() {
            let mut changed = cms.to_vec();
            changed[at] ^= 0x10;
            if let Ok(plain) = keys.decrypt(&changed.into(), &names) {
                assert_eq!(plain, "a document", "octet {at}");
            }
            assert!(at % 7 > 0 || keys.decrypt(&cms.slice(..at).into(), &names).is_err());
        }
    }
}

#[test]
fn who_has_no_key_gets_nothing() {
    let pki = Pki::new(73);
    let keys = software(&pki, KeyType::Rsa, KeyType::Rsa);
    let (cms, attribute) = sealed(&pki, &keys);
    let nobody = SoftwareKeys::new(anchors(&pki));
    assert_eq!(nobody.decrypt(&cms.into(), &readers(&pki)), Err(SoftwareKeyError::NoKey));
    assert_eq!(nobody.sign(&"x".into(), &attribute), Err(SoftwareKeyError::NoSigner));
    let nist = certificate(&issue(&pki, CertificateType::HciEnc, KeyType::NistP256));
    assert_eq!(keys.encrypt(&"x".into(), &[nist], &attribute), Err(SoftwareKeyError::Certificate));
    let signature = keys.sign(&"x".into(), &attribute).unwrap();
    assert_eq!(
        keys.decrypt(&signature.into(), &readers(&pki)),
        Err(SoftwareKeyError::Format(CmsError::ContentType))
    );
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050-06
#[test]
fn every_flaw_of_a_signature_is_a_result() {
    let pki = Pki::new(74);
    let certificates = [certificate(&issue(&pki, CertificateType::HciEnc, KeyType::Rsa))];
    for signer in KEY_TYPES {
        let keys = software(&pki, signer, KeyType::Rsa);
        let cms = keys.sign(&"a document".into(), &attribute(&certificates)).unwrap();
        let result = |keys: &SoftwareKeys, cms: Bytes| keys.verify(&cms.into()).unwrap();
        assert_eq!(result(&keys, cms.clone()), SignatureResult::StatusUnknown);

        let changed = |text: &[u8], at: usize| {
            let start = cms.windows(text.len()).position(|octets| octets == text).unwrap();
            let mut changed = cms.to_vec();
            changed[start + at] ^= 1;
            Bytes::from(changed)
        };
        assert_eq!(result(&keys, changed(b"a document", 3)), SignatureResult::Broken(2), "content");
        assert_eq!(result(&keys, changed(b"a@x.de", 0)), SignatureResult::Broken(2), "attribute");
        let mut signature = cms.to_vec();
        *signature.last_mut().unwrap() ^= 1;
        assert_eq!(result(&keys, signature.into()), SignatureResult::Broken(2), "value");
        assert_eq!(result(&keys, cms.slice(..100)), SignatureResult::Broken(4));
        let later = keys.clone().at(now() + Duration::from_secs(3_000_000_000));
        assert_eq!(result(&later, cms.clone()), SignatureResult::Broken(5), "the certificate is over");
        let others = SoftwareKeys::new(anchors(&Pki::new(75))).at(now());
        assert_eq!(result(&others, cms.clone()), SignatureResult::Broken(5), "issued by somebody else");
    }
}

/// Some write RSAES-OAEP with its defaults, which are those of 1998.
#[test]
fn the_default_parameters_of_oaep_are_understood() {
    let pki = Pki::new(76);
    let identity = issue(&pki, CertificateType::HciEnc, KeyType::Rsa);
    let own = certificate(&identity);
    let (key, nonce, mut tag, mut octets) = ([7; 32], [8; 12], [0; 16], Vec::new());
    let public = identity.certificate.public_key().unwrap();
    let mut context = PkeyCtx::new(&public).unwrap();
    context.encrypt_init().unwrap();
    context.set_rsa_padding(Padding::PKCS1_OAEP).unwrap();
    context.encrypt_to_vec(&key, &mut octets).unwrap();
    let plain = b"a document";
    let ciphertext = encrypt_aead(Cipher::aes_256_gcm(), &key, Some(&nonce), &[], plain, &mut tag).unwrap();
    let encrypted = EncryptedKey {
        recipient: own.issuer_and_serial().clone(),
        transport: KeyTransport::RsaOaepSha1,
        octets: octets.into(),
    };
    let form = EnvelopeForm::new(plain.len(), &nonce, &[encrypted], &attribute(&[own]));
    let cms = Bytes::from([form.before(), &ciphertext, &form.after(&tag)].concat());
    assert_eq!(cms.len(), form.len());
    let names = [certificate(&identity).issuer_and_serial().clone()];
    let envelope = Enveloped::parse(&cms, &BerLimits::default()).unwrap();
    assert_eq!(envelope.recipients()[0].transport, KeyTransport::RsaOaepSha1);
    assert_eq!(
        software(&pki, KeyType::Rsa, KeyType::Rsa).decrypt(&cms.into(), &names).unwrap(),
        plain.as_slice()
    );
}

#[test]
fn keys_print_nothing_secret() {
    let keys = software(&Pki::new(77), KeyType::Rsa, KeyType::Brainpool);
    let printed = format!("{keys:?}");
    assert!(!printed.contains("BEGIN") && printed.len() < 1000, "{printed}");
}

/// A file of gematik's worked example, if it is there.
fn vector(name: &str) -> Option<Bytes> {
    kim_vectors::octets(&format!("gematik-smime/{name}")).map(Bytes::from)
}

/// Nobody here made the message or the keys.
#[test]
fn the_worked_example_of_gematik_is_decrypted_and_its_signature_holds() {
    let anchors = || anchors(&Pki::new(78));
    for (folder, number) in [("keysA", "2"), ("keysB", "3")] {
        let Some(message) = vector("inputEmail.txt.05.encryptedwrap") else { return };
        let file = vector(&format!("{folder}/hci-enc-{number}-kim-bsp.p12")).unwrap();
        let password = vector(&format!("{folder}/password.txt")).unwrap();
        let password = Secret::new(password.trim_ascii().to_vec());
        let reader = kim_tls::Identity::from_pkcs12(&file, &password).unwrap();
        let keys = SoftwareKeys::new(anchors()).with_reader(reader).unwrap();
        let request = Received::parse(message, &ReceiveLimits::default()).unwrap().decrypt_request();
        let names: Vec<_> =
            request.recipient_emails().entries().iter().map(|entry| entry.certificate.clone()).collect();
        let plain = keys.decrypt(request.document(), &names).unwrap();
        assert!(plain == vector("inputEmail.txt.03.signedwrap").unwrap());
    }
    let signed = vector("inputEmail.txt.02.signedcms").unwrap();
    let keys = SoftwareKeys::new(anchors());
    let result = keys.verify(&signed.clone().into()).unwrap();
    assert_eq!(result, SignatureResult::Broken(5), "right, but the authority is not in the example");
    let mut changed = signed.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(keys.verify(&changed.into()).unwrap(), SignatureResult::Broken(2));
}
