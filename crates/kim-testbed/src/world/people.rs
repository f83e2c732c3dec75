//! Who lives in the world of the testbed.

use kim_types::{Address, Context, Iccsn, Secret, TelematikId, UserId};
use openssl::sha::sha256;

use crate::Account;
use crate::directory::Entry;
use crate::pki::{Card, CardKind, Holder, KeyType, Pki, Purpose};

/// What is fixed about somebody; everything else follows from the seed.
pub(super) struct Person {
    name: &'static str,
    kind: CardKind,
    key_types: &'static [KeyType],
    version: &'static str,
    /// The practice whose Mandant and workplace the person uses.
    practice: &'static str,
}

const BOTH: &[KeyType] = &[KeyType::Rsa, KeyType::Brainpool];

pub(super) const PEOPLE: [Person; 5] = [
    Person { name: "A", kind: CardKind::Smb, key_types: BOTH, version: "1.5+", practice: "A" },
    Person { name: "B", kind: CardKind::Smb, key_types: BOTH, version: "1.5", practice: "B" },
    Person { name: "R", kind: CardKind::Smb, key_types: &[KeyType::Rsa], version: "1.0", practice: "R" },
    Person {
        name: "E",
        kind: CardKind::Smb,
        key_types: &[KeyType::Brainpool],
        version: "1.5+",
        practice: "E",
    },
    Person { name: "H", kind: CardKind::Hba, key_types: BOTH, version: "1.5", practice: "A" },
];

impl Person {
    pub(super) fn account(&self, seed: u64) -> Account {
        let Self { name, version, practice, .. } = self;
        let id = |kind: &str| format!("{kind}_{name}");
        Account {
            name,
            address: ours::<Address>(&match self.kind {
                CardKind::Smb => format!("Praxis.{name}@testbed.kim.telematik-test"),
                CardKind::Hba => format!("Person.{name}@testbed.kim.telematik-test"),
            }),
            password: Secret::from(hex(seed, &id("password")).get(..16).unwrap_or_default()),
            context: Context {
                mandant: ours(&format!("Mandant_{practice}")),
                client_system: ours("PVS"),
                workplace: ours(&format!("Workplace_{practice}")),
                user: (self.kind == CardKind::Hba).then(|| ours::<UserId>(&id("User"))),
            },
            telematik_id: self.telematik_id(),
            iccsn: self.iccsn(),
            uid: uuid(&hex(seed, &id("uid"))),
            version,
        }
    }

    pub(super) fn card(&self, pki: &Pki) -> Card {
        match self.kind {
            CardKind::Smb => Card::smb(pki, self.iccsn(), &self.holder(), self.key_types),
            CardKind::Hba => Card::hba(pki, self.iccsn(), &self.holder(), self.key_types),
        }
    }

    /// The entry in the directory, with the certificates for encryption that are on the card.
    pub(super) fn entry(&self, account: &Account, card: &Card) -> Entry {
        let Account { address, version, .. } = account;
        let holder = self.holder();
        let (entry_type, personal) = match self.kind {
            CardKind::Smb => ("3", "FALSE"),
            CardKind::Hba => ("1", "TRUE"),
        };
        let entry = Entry::new(account.uid.as_str())
            .with("mail", address.as_str())
            .with("komLeData", format!("{version},{address}"))
            .with("kimData", format!("{address},{version}"))
            .with("cn", card.holder_name())
            .with("displayName", card.holder_name())
            .with("telematikID", account.telematik_id.as_str())
            .with("professionOID", holder.role.oid.to_string())
            .with("entryType", entry_type)
            .with("personalEntry", personal)
            .with("countryCode", "DE");
        let certificates = card.identities(Purpose::Enc);
        certificates.fold(entry, |entry, enc| entry.with(Entry::CERTIFICATE, enc.certificate_der()))
    }

    fn holder(&self) -> Holder {
        match self.kind {
            CardKind::Smb => Holder::institution(&format!("Praxis {}", self.name), self.telematik_id()),
            CardKind::Hba => {
                Holder::person("Erika", &format!("Testperson-{}", self.name), self.telematik_id())
            }
        }
    }

    fn telematik_id(&self) -> TelematikId {
        ours(&format!("9-TESTBED-{}", self.name))
    }

    /// The number of the industry, the country and the issuer, then the short name as a number.
    fn iccsn(&self) -> Iccsn {
        let number = self.name.bytes().next().unwrap_or_default();
        ours(&format!("80276009990{number:09}"))
    }
}

/// Parses a text of this file.
#[expect(clippy::panic, reason = "the texts are constants of this file and covered by a test")]
fn ours<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} is malformed"))
}

fn hex(seed: u64, label: &str) -> String {
    sha256(format!("{seed}/{label}").as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The first 32 digits in the groups of a UUID.
fn uuid(hex: &str) -> String {
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32];
    groups.map(|group| hex.get(group).unwrap_or_default()).join("-")
}
