//! Which card decrypts, and whether its PIN is verified (R8, R9).

use std::collections::VecDeque;

use bytes::Bytes;
use kim_konnektor::{Card, Class, Error, PinKind, PinStatus};
use kim_smime::Certificate;
use kim_types::Iccsn;

use super::Step;
use crate::call::{CardCertificates, CardMemory, CardPin, CardSearch, FromKonnektor, Purpose};
use crate::cards::{Next, type_pin};
use crate::{Ask, Call, CardError, PinTrouble};

/// Finds the card that holds the key of one of the certificates, ready to be used.
///
/// The card remembered for a certificate comes first, if it is still plugged in; then every other card is read. A card whose
/// PIN is verified is taken at once. Nobody is asked for the PIN of one card while another might do without; a card that
/// cannot be read or whose PIN is blocked does not keep another from being found. A Konnektor that does not answer ends the
/// search.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2058, KOM-LE-A_2059, KOM-LE-A_2061, KOM-LE-A_2062, KOM-LE-A_2063.
pub(super) fn card_with_key(wanted: CardSearch, next: Next<CardPin, Step>) -> Step {
    Call::KnownCard(Ask::new(wanted.clone(), move |known: Option<Iccsn>| {
        Call::Cards(Ask::new((), move |cards: FromKonnektor<Vec<Card>>| {
            let cards = match cards {
                Ok(cards) => cards,
                Err(error) => return next(Err(error.into())),
            };
            let is_known = |card: &Card| known.is_some() && card.iccsn == known;
            let usable = cards.into_iter().filter(|card| PinKind::of(card.kind).is_some());
            let (known, others): (VecDeque<Card>, VecDeque<Card>) = usable.partition(is_known);
            let search = Search { wanted, others, unverified: None, trouble: None, next };
            match known.into_iter().find_map(pin_of) {
                Some(card) => search.check_pin(card, true),
                None => search.next_card(),
            }
        }))
        .into()
    }))
    .into()
}

struct Search {
    wanted: CardSearch,
    /// The cards that were not looked at yet.
    others: VecDeque<Card>,
    /// The first card that has the key and waits for its PIN.
    unverified: Option<CardPin>,
    /// The first thing that went wrong.
    trouble: Option<CardError>,
    next: Next<CardPin, Step>,
}

impl Search {
    fn next_card(mut self) -> Step {
        match (self.others.pop_front(), self.unverified.take()) {
            (Some(card), unverified) => {
                self.unverified = unverified;
                self.read(card)
            }
            (None, Some(card)) => type_pin(card, self.next),
            (None, None) => (self.next)(Err(self.trouble.unwrap_or(CardError::Missing))),
        }
    }

    /// Reads the encryption certificates of a card and goes on with it if one is wanted.
    fn read(self, card: Card) -> Step {
        let question = CardCertificates { card: card.handle.clone(), purpose: Purpose::Encryption };
        Call::CardCertificates(Ask::new(question, move |certificates: FromKonnektor<Vec<Bytes>>| {
            let certificates = match certificates {
                Ok(certificates) => certificates,
                Err(error) => return self.after(error),
            };
            // Issuer and serial number come from the certificate, never from what the Konnektor prints.
            let names = certificates.into_iter().filter_map(|der| Certificate::from_der(der).ok());
            let mut names = names.map(|found| found.issuer_and_serial().clone());
            let Some(certificate) = names.find(|found| self.wanted.certificates.contains(found)) else {
                return self.next_card();
            };
            let (iccsn, Some(pin)) = (card.iccsn.clone(), pin_of(card)) else { return self.next_card() };
            match iccsn {
                Some(card) => {
                    let memory = CardMemory { address: self.wanted.address.clone(), certificate, card };
                    Call::RememberCard(Ask::new(memory, move |()| self.check_pin(pin, false))).into()
                }
                None => self.check_pin(pin, false),
            }
        }))
        .into()
    }

    /// `remembered`: no other card is known to have the key, so its PIN is asked for without looking further.
    fn check_pin(mut self, card: CardPin, remembered: bool) -> Step {
        Call::PinStatus(Ask::new(card.clone(), move |status: FromKonnektor<PinStatus>| match status {
            Ok(PinStatus::Verified | PinStatus::Disabled) => (self.next)(Ok(card)),
            Ok(PinStatus::Verifiable) if remembered => type_pin(card, self.next),
            Ok(PinStatus::Verifiable) => {
                self.unverified.get_or_insert(card);
                self.next_card()
            }
            Ok(other) => {
                self.trouble
                    .get_or_insert(CardError::Pin { pin: card.pin, trouble: PinTrouble::Status(other) });
                self.next_card()
            }
            Err(error) => self.after(error),
        }))
        .into()
    }

    fn after(mut self, error: Error) -> Step {
        if error.class() == Class::Unavailable {
            return (self.next)(Err(error.into()));
        }
        self.trouble.get_or_insert(error.into());
        self.next_card()
    }
}

fn pin_of(card: Card) -> Option<CardPin> {
    Some(CardPin { card: card.handle, pin: PinKind::of(card.kind)? })
}
