//! OpenSSL's own CMS, which nobody here wrote, verifies and decrypts what the chain produces.
//!
//! Many versions of OpenSSL look for unauthenticated attributes under the tag `[3]` and cannot read any AuthEnvelopedData that
//! has some under `[2]`, where RFC 5083 §2.1 puts them. For them this one octet is changed; everything else, the attributes
//! included, they read as it was made. Versions that follow the RFC get what was made unchanged.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may fail loudly"
)]

#[expect(dead_code, reason = "another test uses the rest")]
#[path = "broken_messages/tree.rs"]
mod tree;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use kim_examples::Blocking;
use kim_flow::Rules;
use kim_smime::{
    BerLimits, Certificate, DocumentCrypto as _, ReceiveLimits, Received, RecipientEmail, RecipientEmails,
    normalize,
};
use kim_testbed::World;
use kim_testbed::cms::Form;
use kim_testbed::pki::{CertificateType, Holder, Identity, KeyType, Pkcs12Encryption};
use kim_tls::{Anchors, SoftwareKeys};
use kim_types::{Envelope, Octets, Recipient};
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::x509::X509;
use openssl::x509::store::{X509Store, X509StoreBuilder};

/// The only reader whose key OpenSSL can use: it does not know the ECIES of the Telematikinfrastruktur.
const READER: &str = "R";

fn body() -> String {
    "Befund\r\n\r\nGrüße\r\n".repeat(1000)
}

/// The encrypted content of a message that the chain made.
fn protected(world: &World, sender: &str) -> Bytes {
    let (sender, reader) = (world.account(sender).unwrap(), world.account(READER).unwrap());
    let mail = format!(
        "From: <{}>\r\nTo: <{}>\r\nSubject: Befund\r\n\r\n{}",
        sender.address,
        reader.address,
        body()
    );
    let envelope = Envelope {
        sender: sender.address.clone(),
        ret: None,
        envid: None,
        recipients: vec![Recipient::new(reader.address.clone())],
    };
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let driver = Blocking::new(world, sender, Rules::default(), now).unwrap();
    let protected = driver.protect(envelope, Octets::from(mail.into_bytes()), [1; 16]).unwrap();
    let message = protected.message.whole().unwrap().to_bytes();
    let received = Received::parse(message, &ReceiveLimits::default()).unwrap();
    received.decrypt_request().document().to_bytes()
}

/// The same with the unauthenticated attributes where those versions look for them.
fn with_their_tag(cms: &Bytes) -> Bytes {
    let der = normalize(cms, &BerLimits::default()).unwrap();
    let changed = tree::changed(&der, &[1, 0, 4], |attributes| {
        assert_eq!(std::mem::replace(&mut attributes.tag, 0xa3), 0xa2);
    });
    let differences = changed.iter().zip(der.iter()).filter(|(one, other)| one != other).count();
    assert_eq!((changed.len(), differences), (der.len(), 1));
    changed.into()
}

/// What the library makes of an encrypted content.
fn decrypt(cms: &Bytes, reader: &Identity) -> Vec<u8> {
    let read = CmsContentInfo::from_der(cms).or_else(|_| {
        println!("{} looks for unauthenticated attributes under [3]", openssl::version::version());
        CmsContentInfo::from_der(&with_their_tag(cms))
    });
    read.unwrap().decrypt(&reader.key, &reader.certificate).unwrap()
}

fn reader(world: &World) -> Identity {
    let holder = Holder::institution("Praxis R", world.account(READER).unwrap().telematik_id.clone());
    world.pki().issue(CertificateType::HciEnc, KeyType::Rsa, &holder)
}

/// What is signed within a decrypted entity.
fn signature(entity: &[u8]) -> &[u8] {
    let end = entity.windows(4).position(|octets| octets == b"\r\n\r\n").unwrap();
    entity.get(end + 4..).unwrap()
}

fn trusted(world: &World) -> X509Store {
    let mut store = X509StoreBuilder::new().unwrap();
    let authorities: Vec<X509> = world.pki().roots().into_iter().chain(world.pki().intermediates()).collect();
    authorities.into_iter().for_each(|authority| store.add_cert(authority).unwrap());
    store.build()
}

/// Whether the entity is the mail that was sent.
fn assert_is_mail(entity: &[u8]) {
    assert!(entity.starts_with(b"Content-Type: message/rfc822\r\n\r\n"));
    assert!(entity.ends_with(body().as_bytes()));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2096 (sent)
#[test]
fn the_library_decrypts_and_verifies_messages_of_all_senders_in_every_form() {
    let world = World::new(1);
    let reader = reader(&world);
    for form in [Form::Indefinite, Form::Definite] {
        world.konnektor().configure(|config| {
            (config.signature_form, config.encryption_form) = (form, form);
        });
        for sender in ["A", "R", "E"] {
            let entity = decrypt(&protected(&world, sender), &reader);
            let mut signed = CmsContentInfo::from_der(signature(&entity)).unwrap();
            let mut content = Vec::new();
            signed
                .verify(None, Some(&trusted(&world)), None, Some(&mut content), CMSOptions::BINARY)
                .unwrap_or_else(|error| panic!("{sender}, {form:?}: {error}"));
            assert_is_mail(&content);
        }
    }
}

/// What software keys make, it accepts as well.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2096 (sent)
#[test]
fn the_library_decrypts_and_verifies_what_software_keys_make() {
    let world = World::new(1);
    let holder = Holder::institution("Praxis R", world.account(READER).unwrap().telematik_id.clone());
    let reader = reader(&world);
    let certificate = Certificate::from_der(reader.certificate_der().into()).unwrap();
    let entry = RecipientEmail::new(&"a@x.de".parse().unwrap(), certificate.issuer_and_serial().clone());
    let attribute = RecipientEmails::new([entry]).unwrap().to_attribute();
    let document = Octets::from(body().into_bytes());
    for key_type in [KeyType::Rsa, KeyType::Brainpool] {
        let signer = world.pki().issue(CertificateType::HciOsig, key_type, &holder);
        let signer = signer.to_pkcs12("00", Pkcs12Encryption::Modern).unwrap();
        let signer = kim_tls::Identity::from_pkcs12(&signer, &"00".into()).unwrap();
        let anchors = Anchors::from_pem(world.pki().trust_pem().as_bytes()).unwrap();
        let keys = SoftwareKeys::new(anchors).with_signer(signer).unwrap();
        let cms = keys.encrypt(&document, std::slice::from_ref(&certificate), &attribute).unwrap();
        assert!(decrypt(&cms, &reader) == document.to_bytes());
        let cms = keys.sign(&document, &attribute).unwrap();
        let (mut signed, mut content) = (CmsContentInfo::from_der(&cms).unwrap(), Vec::new());
        let trusted = trusted(&world);
        signed.verify(None, Some(&trusted), None, Some(&mut content), CMSOptions::BINARY).unwrap();
        assert!(content == document.to_bytes());
    }
}

/// The same with a change: OpenSSL says no.
#[test]
fn the_library_refuses_what_was_changed() {
    let world = World::new(1);
    let entity = decrypt(&protected(&world, "A"), &reader(&world));
    let mut changed = signature(&entity).to_vec();
    let at = changed.windows(6).position(|octets| octets == b"Befund").unwrap();
    *changed.get_mut(at).unwrap() = b'X';
    let mut signed = CmsContentInfo::from_der(&changed).unwrap();
    let verified = signed.verify(None, Some(&trusted(&world)), None, None, CMSOptions::BINARY);
    assert!(verified.is_err());
}

/// Files for a program, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("kim-tests-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The version of the program `openssl`, if there is one.
fn program() -> Option<(u32, u32, u32)> {
    let output = Command::new("openssl").arg("version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.split(' ').nth(1)?.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}

/// Whether that version reads unauthenticated attributes, as far as it is known.
fn reads_attributes((major, minor, patch): (u32, u32, u32)) -> bool {
    (major, minor) == (3, 0) && patch >= 22
}

fn run(arguments: &[&str], files: &[(&str, &Path)], out: &Path) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command.arg("cms").args(arguments).args(["-inform", "DER", "-binary", "-out"]).arg(out);
    files.iter().for_each(|(name, file)| {
        command.arg(name).arg(file);
    });
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(out).unwrap()
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2096 (sent)
#[test]
fn the_program_decrypts_and_verifies() {
    let Some(version) = program() else {
        let required = std::env::var_os("KIM_PEERS").is_some_and(|value| value == "required");
        assert!(!required, "KIM_PEERS=required, but openssl is not installed");
        return kim_vectors::skipped("there is no program openssl");
    };
    let (world, folder) = (World::new(1), Folder::new("openssl"));
    let reader = reader(&world);
    let authorities = folder.file("authorities.pem", world.pki().trust_pem().as_bytes());
    let key = folder.file("key.pem", &reader.key.private_key_to_pem_pkcs8().unwrap());
    let certificate = folder.file("certificate.pem", reader.certificate_pem().as_bytes());
    for sender in ["A", "R", "E"] {
        let cms = protected(&world, sender);
        let cms = if reads_attributes(version) {
            cms
        } else {
            println!("openssl {version:?} may look for unauthenticated attributes under [3]");
            with_their_tag(&cms)
        };
        let message = folder.file("message.der", &cms);
        let files = [("-in", message.as_path()), ("-inkey", &key), ("-recip", &certificate)];
        let entity = run(&["-decrypt"], &files, &folder.0.join("entity"));
        let signed = folder.file("signed.der", signature(&entity));
        let files = [("-in", signed.as_path()), ("-CAfile", &authorities)];
        assert_is_mail(&run(&["-verify"], &files, &folder.0.join("mail")));
    }
}
