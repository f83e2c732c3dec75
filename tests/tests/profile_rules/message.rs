//! A mail that went out, taken apart by others than those who made it: [`Message`].

use std::time::{Duration, UNIX_EPOCH};

use kim_examples::Blocking;
use kim_flow::Rules;
use kim_testbed::World;
use kim_testbed::cms::{Form, decrypt};
use kim_testbed::pki::{CertificateType, Holder, Identity, KeyType};
use kim_types::{Envelope, Octets, Recipient};

use crate::tree::Tree;

/// The mail of the client; it writes in German, has its own field and no Message-ID.
pub(crate) const FIELDS: &str =
    "Date: Sat, 20 Jun 2020 12:58:26 +0200\r\nSubject: Grüße\r\nX-KIM-Support: Tel\r\n";
pub(crate) const BODY: &str = "Befund\r\n\r\nGrüße\r\n";

pub(crate) struct Message {
    /// The outer header: name and value, unfolded.
    pub(crate) header: Vec<(String, String)>,
    /// AuthEnvelopedData.
    pub(crate) envelope: Tree,
    /// What was encrypted.
    pub(crate) entity: Vec<u8>,
    /// SignedData.
    pub(crate) signed: Tree,
    /// What was signed.
    pub(crate) mail: String,
}

impl Message {
    /// What practice A sends to practice B.
    pub(crate) fn new(world: &World) -> Self {
        world.konnektor().configure(|config| {
            (config.signature_form, config.encryption_form) = (Form::Definite, Form::Definite);
        });
        let (sender, reader) = (world.account("A").unwrap(), world.account("B").unwrap());
        let mail = format!(
            "From: Praxis A\r\n <{}>\r\nTo: <{}>\r\n{FIELDS}\r\n{BODY}",
            sender.address, reader.address
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
        let message = String::from_utf8(message.to_vec()).unwrap();
        let (header, base64) = message.split_once("\r\n\r\n").unwrap();
        let cms = openssl::base64::decode_block(&base64.replace("\r\n", "")).unwrap();

        let entity = decrypt(&cms, [&key(world, "B", CertificateType::HciEnc)]).unwrap().content;
        let end = entity.windows(4).position(|octets| octets == b"\r\n\r\n").unwrap() + 4;
        let mut signed = Tree::parse(&entity[end..]);
        let mail = signed.at(&[1, 0, 2, 1, 0]).octets().clone();
        let header = header.replace("\r\n ", " ").replace("\r\n\t", " ");
        let fields = header.lines().map(|line| line.split_once(": ").unwrap());
        Self {
            header: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            envelope: Tree::parse(&cms),
            entity,
            signed,
            mail: String::from_utf8(mail).unwrap(),
        }
    }

    /// The values of a field of the outer header.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        self.header.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// A key on the card of a practice, on brainpool.
pub(crate) fn key(world: &World, name: &str, kind: CertificateType) -> Identity {
    let telematik_id = world.account(name).unwrap().telematik_id.clone();
    let holder = Holder::institution(&format!("Praxis {name}"), telematik_id);
    world.pki().issue(kind, KeyType::Brainpool, &holder)
}
