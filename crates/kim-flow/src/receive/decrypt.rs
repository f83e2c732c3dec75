//! From the encrypted message to the checked mail (R7 to R12).

use bytes::Bytes;
use kim_konnektor::{Class, Integrity, Verification};
use kim_smime::{DecryptRequest, IntegrityMode, Opened, SignatureResult, VerifyRequest};

use super::card::card_with_key;
use super::{Receiving, Step, Trouble};
use crate::call::{CardPin, CardSearch, Decrypt, FromKonnektor};
use crate::cards::with_verified_pin;
use crate::{Ask, Call, CardError};

/// The card has a key, but not that of the message (gemSpec_Kon, fault 4106).
const WRONG_KEY: u32 = 4106;

impl Receiving {
    /// R5, R7: who may read the message, and whether he wants to.
    pub(super) fn begin(self, request: DecryptRequest) -> Step {
        if request.recipient_emails().for_address(&self.run.account).next().is_none() {
            return self.substitute(Trouble::Key(None));
        }
        if self.is_large() {
            return self.if_welcome(move |receiving| receiving.find_card(request));
        }
        self.find_card(request)
    }

    /// R8, R9: only certificates of the own address count.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2043, KOM-LE-A_2045, KOM-LE-A_2059, KOM-LE-A_2062.
    fn find_card(self, request: DecryptRequest) -> Step {
        let address = self.run.account.clone();
        let certificates = request.recipient_emails().for_address(&address).cloned().collect();
        card_with_key(
            CardSearch { address, certificates },
            Box::new(move |card| match card {
                Ok(card) => self.decrypt(request, card),
                Err(error) => self.without_card(request, error),
            }),
        )
    }

    /// R8, R9: a stale card handle is worth one more search; a silent Konnektor says nothing about the cards.
    fn without_card(mut self, request: DecryptRequest, error: CardError) -> Step {
        match error {
            CardError::Konnektor(error) if error.class() == Class::Refresh && !self.refreshed => {
                self.refreshed = true;
                self.find_card(request)
            }
            CardError::Konnektor(error) if !is_about_card(error.class()) => {
                self.substitute(Trouble::Konnektor(error))
            }
            error => self.substitute(Trouble::Key(Some(error))),
        }
    }

    /// R10
    fn decrypt(self, request: DecryptRequest, card: CardPin) -> Step {
        let question = Decrypt { card: card.card.clone(), document: request.document().clone() };
        Call::Decrypt(Ask::new(question, move |plain: FromKonnektor<Bytes>| match plain {
            Ok(plain) => match request.decrypted(plain) {
                Ok(request) => self.verify(request),
                Err(_) => self.substitute(Trouble::Format),
            },
            Err(error) => self.after_fault(request, card, error),
        }))
        .into()
    }

    /// R10: an unverified PIN and a stale card handle are worth one more attempt each.
    fn after_fault(mut self, request: DecryptRequest, card: CardPin, error: kim_konnektor::Error) -> Step {
        match error.class() {
            Class::Pin if !self.prompted => {
                self.prompted = true;
                with_verified_pin(
                    card,
                    Box::new(move |card| match card {
                        Ok(card) => self.decrypt(request, card),
                        Err(error) => self.without_card(request, error),
                    }),
                )
            }
            Class::Refresh if !self.refreshed => {
                self.refreshed = true;
                self.find_card(request)
            }
            Class::Data if error.fault().is_some_and(|fault| fault.has(WRONG_KEY)) => {
                self.substitute(Trouble::Key(Some(error.into())))
            }
            Class::Data => self.substitute(Trouble::Format),
            class if is_about_card(class) => self.substitute(Trouble::Key(Some(error.into()))),
            _ => self.substitute(Trouble::Konnektor(error)),
        }
    }

    /// R11
    fn verify(self, request: VerifyRequest) -> Step {
        let question = request.cms().clone();
        Call::Verify(Ask::new(
            question,
            move |verification: FromKonnektor<Verification>| match verification {
                Ok(verification) => self.check_signer(request.verified(signature(&verification))),
                // Some Konnektors answer a bad signature with a fault instead of a result.
                Err(error) => match error.fault().and_then(Verification::from_fault) {
                    Some(verification) => self.check_signer(request.verified(signature(&verification))),
                    None => self.substitute(Trouble::Konnektor(error)),
                },
            },
        ))
        .into()
    }

    /// R12, R13: integrity is judged before mail data is fetched, which nobody would get to see otherwise.
    pub(super) fn checked(self, opened: Opened) -> Step {
        let shown =
            opened.verdict.is_intact() || self.run.rules.on_integrity_failure == IntegrityMode::Deliver;
        if shown && self.kas.known { self.unpack(opened) } else { self.deliver(opened) }
    }
}

/// Whether a fault says that a card cannot be used, rather than that the Konnektor cannot.
fn is_about_card(class: Class) -> bool {
    matches!(class, Class::Pin | Class::Person | Class::Refresh | Class::Data | Class::Recipient)
}

fn signature(verification: &Verification) -> SignatureResult {
    match verification.integrity() {
        Integrity::Valid => SignatureResult::Valid,
        Integrity::StatusUnknown => SignatureResult::StatusUnknown,
        Integrity::Broken(id) => SignatureResult::Broken(id),
    }
}
