//! Protects a mail and opens it again with keys in files, without Konnektor and cards: `cargo run --example software_keys`.
//!
//! The chain of kim-smime does not care who signs and decrypts. Here it is OpenSSL, with keys from PKCS#12; the keys and their
//! authorities are those of the testbed.

use std::time::{Duration, UNIX_EPOCH};

use kim_smime::{
    Certificate, Draft, Header, HeaderLimits, MessageVersion, OuterFields, ReceiveLimits, Received,
};
use kim_testbed::pki::{CertificateType, Holder, KeyType, Pkcs12Encryption, Pki};
use kim_tls::{Anchors, Identity, SoftwareKeys};
use kim_types::{Address, Secret};

type Error = Box<dyn std::error::Error>;

/// The keys of a practice: one to sign and one to decrypt with, each as a file with a password.
fn practice(pki: &Pki, name: &str, key_type: KeyType) -> Result<(SoftwareKeys, Certificate), Error> {
    let holder = Holder::institution(name, format!("9-TESTBED-{name}").parse()?);
    let file = |kind| -> Result<Identity, Error> {
        let file = pki.issue(kind, key_type, &holder).to_pkcs12("00", Pkcs12Encryption::Modern)?;
        Ok(Identity::from_pkcs12(&file, &Secret::from("00"))?)
    };
    let reader = file(CertificateType::HciEnc)?;
    let certificate = Certificate::from_der(reader.certificate().to_vec().into())?;
    let keys = SoftwareKeys::new(Anchors::from_pem(pki.trust_pem().as_bytes())?)
        .with_signer(file(CertificateType::HciOsig)?)?
        .with_reader(reader)?;
    Ok((keys, certificate))
}

#[expect(clippy::print_stdout, reason = "the output of a program")]
fn main() -> Result<(), Error> {
    let pki = Pki::new(1);
    let (sender, sender_certificate) = practice(&pki, "A", KeyType::Brainpool)?;
    let (reader, reader_certificate) = practice(&pki, "B", KeyType::Rsa)?;
    let (from, to): (Address, Address) = ("a@praxis.example".parse()?, "b@praxis.example".parse()?);

    let mail = format!("From: <{from}>\r\nTo: <{to}>\r\nSubject: Befund\r\n\r\nSehr geehrte Kollegin,\r\n");
    let (mut header, body) = Header::split(&mail.into(), &HeaderLimits::default())?;
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    header.remove_reserved();
    header.complete(&from, kim_tls::random(), now)?;
    let fields = OuterFields {
        version: MessageVersion::V1_0,
        expires: now.checked_add(Duration::from_secs(90 * 86_400)),
        cm_version: "VEND_1.2.3".to_owned(),
        pt_version: "1.5.5".to_owned(),
        kon_version: None,
        kas_size: None,
        kas_enc_size: None,
    };
    let recipients = [(to.clone(), reader_certificate), (from, sender_certificate)];
    let draft = Draft::new(header, body.into()).in_utf8();
    let message = draft.protect(&sender, &recipients, &fields)?.to_octets().to_bytes();
    println!("for the mail server: {} octets\n", message.len());
    println!("{}", String::from_utf8_lossy(&message).lines().take(16).collect::<Vec<_>>().join("\n"));

    let opened = Received::parse(message, &ReceiveLimits::default())?.open(&reader, &to)?;
    println!("...\n\nfor the reader:\n\n{}", String::from_utf8_lossy(&opened.body().to_bytes()));
    println!("{:#?}", opened.verdict);
    Ok(())
}
