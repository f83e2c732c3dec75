//! Everybody and everything of a small Telematikinfrastruktur, in memory: [`World`].

mod people;

use std::sync::Arc;

use kim_types::Address;

use crate::Account;
use crate::directory::Directory;
use crate::fachdienst::{Kas, Mailbox, Mailboxes, Mta, MtaConfig, Pop3Config, Pop3Server};
use crate::konnektor::{Konnektor, KonnektorConfig, PinStatus};
use crate::pki::Pki;
use people::PEOPLE;

/// A PKI, a Konnektor with cards, directory entries and mailboxes that fit together and follow from a seed.
///
/// | account | card | KOM-LE version |
/// |---|---|---|
/// | `A`, `Praxis.A@testbed.kim.telematik-test` | SM-B with RSA and brainpool keys | 1.5+ |
/// | `B`, `Praxis.B@testbed.kim.telematik-test` | SM-B with RSA and brainpool keys | 1.5 |
/// | `R`, `Praxis.R@testbed.kim.telematik-test` | SM-B with RSA keys only | 1.0 |
/// | `E`, `Praxis.E@testbed.kim.telematik-test` | SM-B with brainpool keys only | 1.5+ |
/// | `H`, `Person.H@testbed.kim.telematik-test` | HBA with RSA and brainpool keys, usable with its UserId only | 1.5 |
///
/// Every practice has a Mandant and a workplace of its own; the person works in practice `A`. All use the Clientsystem `PVS`.
///
/// ```
/// use kim_testbed::World;
///
/// let world = World::new(1);
/// let practice = &world.accounts()[0];
/// assert_eq!(world.directory().find(&practice.address).len(), 1);
/// assert!(world.mailboxes().mailbox(&practice.address).is_some());
/// ```
///
/// Spec: none — a testbed of our own.
#[derive(Debug)]
pub struct World {
    pki: Pki,
    accounts: Vec<Account>,
    konnektor: Konnektor,
    directory: Directory,
    mailboxes: Mailboxes,
    mta: Mta,
    pop3_server: Pop3Server,
    kas: Kas,
}

impl World {
    /// The world with this seed; Konnektor and mail servers behave as their configurations do by default.
    pub fn new(seed: u64) -> Self {
        Self::with_servers(seed, KonnektorConfig::default(), MtaConfig::default(), Pop3Config::default())
    }

    /// The world with this seed, a Konnektor and mail servers that behave differently.
    pub fn with_servers(seed: u64, konnektor: KonnektorConfig, mta: MtaConfig, pop3: Pop3Config) -> Self {
        let (pki, directory, mailboxes) = (Pki::new(seed), Directory::default(), Mailboxes::default());
        let konnektor = Konnektor::new(pki.clone(), konnektor);
        let mut accounts = Vec::new();
        for person in PEOPLE {
            let (account, card) = (person.account(seed), person.card(&pki));
            mailboxes.open(&account.address, account.password.clone());
            directory.put(person.entry(&account, &card));
            konnektor.add_context(account.context.clone());
            let mandant = std::slice::from_ref(&account.context.mandant);
            konnektor.insert(Arc::new(card), mandant, PinStatus::Verifiable);
            accounts.push(account);
        }
        let mta = Mta::new(mta, mailboxes.clone());
        let pop3_server = Pop3Server::new(pop3, mailboxes.clone());
        let kas = Kas::new(mailboxes.clone());
        Self { pki, accounts, konnektor, directory, mailboxes, mta, pop3_server, kas }
    }

    /// The accounts, in the order of the table.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The account with this short name.
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == name)
    }

    /// The PKI that issued all certificates.
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// The Konnektor, in which every account's card is plugged in and its PIN is yet to be entered.
    pub fn konnektor(&self) -> &Konnektor {
        &self.konnektor
    }

    /// The directory.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The mailboxes.
    pub fn mailboxes(&self) -> &Mailboxes {
        &self.mailboxes
    }

    /// The mailbox of an address, whatever its case.
    pub fn mailbox(&self, address: &Address) -> Option<Mailbox> {
        self.mailboxes.mailbox(address)
    }

    /// The submission server.
    pub fn mta(&self) -> &Mta {
        &self.mta
    }

    /// The attachment service, with the account limits.
    pub fn kas(&self) -> &Kas {
        &self.kas
    }

    /// The POP3 server.
    pub fn pop3_server(&self) -> &Pop3Server {
        &self.pop3_server
    }
}
