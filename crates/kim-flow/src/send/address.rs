//! Who gets the mail: what the directory says about the sender and the recipients (S8e to S11).
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022 to KOM-LE-A_2028, A_19356, A_21387, A_22340.

use kim_smime::{Certificate, RecipientEmail, RecipientEmails, RecipientEmailsError};
use kim_types::Address;
use kim_vzd::Listing;

use super::{Round, Sending, Step};
use crate::call::{LookUp, LookUpError};
use crate::recipients::{DropReason, Dropped, choose, owner};
use crate::refusal::Cause;
use crate::{Ask, Call};

/// What the directory says about an address.
pub(super) struct Found {
    listing: Listing,
    /// Whether it may have come from a cache.
    cached: bool,
}

impl Sending {
    /// S8e, S9: the sender and all recipients in one question.
    pub(super) fn ask_directory(self) -> Step {
        let recipients = self.envelope.recipients.iter().map(|recipient| &recipient.address);
        let recipients = recipients.filter(|address| **address != self.sender);
        let addresses = std::iter::once(&self.sender).chain(recipients).cloned().collect();
        self.look_up(addresses, true)
    }

    /// Asks about addresses, whose answers take the place of earlier ones.
    pub(super) fn look_up(mut self, addresses: Vec<Address>, cache: bool) -> Step {
        let question = LookUp { addresses: addresses.clone(), cache };
        Call::LookUp(Ask::new(question, move |listings: Vec<Result<Listing, LookUpError>>| {
            match listings.into_iter().collect::<Result<Vec<Listing>, _>>() {
                Ok(listings) if listings.len() == addresses.len() => {
                    let found = listings.into_iter().map(|listing| Found { listing, cached: cache });
                    self.listings.extend(addresses.into_iter().zip(found));
                    self.choose()
                }
                _ => self.refuse(Cause::Directory),
            }
        }))
        .into()
    }

    /// S8e to S11
    pub(super) fn choose(mut self) -> Step {
        let Ok(of_sender) = self.certificates(&self.sender) else {
            return self.refuse(Cause::SenderWithoutCertificate);
        };
        self.compare_versions();
        let mut findings = self.findings();
        let (mut recipients, mut certificates, mut doubtful) = (Vec::new(), Vec::new(), Vec::new());
        for recipient in &self.envelope.recipients {
            let address = &recipient.address;
            match self.certificates(address) {
                Err(reason) => findings.dropped.push(Dropped { recipient: recipient.clone(), reason }),
                // S10
                Ok(_) if self.large && !self.takes_large(address) => {
                    if self.listings.get(address).is_some_and(|found| found.cached) {
                        doubtful.push(address.clone());
                    }
                    let reason = DropReason::Version;
                    findings.dropped.push(Dropped { recipient: recipient.clone(), reason });
                }
                Ok(found) => {
                    certificates.extend(found.into_iter().map(|one| (address.clone(), one)));
                    recipients.push(recipient.clone());
                }
            }
        }
        if !doubtful.is_empty() {
            return self.look_up(doubtful, false);
        }
        if recipients.is_empty() {
            return self.refuse(Cause::NoRecipient(findings.dropped));
        }
        let signer = owner(&of_sender);
        certificates.extend(of_sender.into_iter().map(|one| (self.sender.clone(), one)));
        // Before the upload, which may take minutes.
        let entries = certificates.iter().map(|(address, certificate)| {
            RecipientEmail::new(address, certificate.issuer_and_serial().clone())
        });
        let emails = match RecipientEmails::new(entries) {
            Ok(emails) => emails,
            Err(RecipientEmailsError::TooMany) => return self.refuse(Cause::TooManyRecipients),
            Err(error) => return self.refuse(Cause::Chain(error.into())),
        };
        self.find_card(Round { recipients, findings, certificates, emails, signer })
    }

    fn certificates(&self, address: &Address) -> Result<Vec<Certificate>, DropReason> {
        let found = self.listings.get(address).ok_or(DropReason::NoCertificate)?;
        choose(&found.listing, self.run.now, self.run.rules.konnektor_ecc, &self.invalid)
    }

    fn takes_large(&self, address: &Address) -> bool {
        self.listings.get(address).is_some_and(|found| found.listing.version.accepts_large())
    }

    /// S8f: the version of the module and that which the directory has for the account. The `+` stays as the user chose it.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_21387.
    fn compare_versions(&mut self) {
        if self.sender != self.run.account {
            return;
        }
        let Some(entered) = self.listings.get(&self.sender).map(|found| found.listing.version) else {
            return;
        };
        let own = self.run.rules.kim_version.with_large(entered.accepts_large());
        self.outdated = own < entered;
        self.upgrade = (own > entered).then_some(own);
    }
}
