//! Which card signs, and whether a PIN is verified.
//!
//! Flows continue through these functions: each takes what happens next as a closure and gives the first call.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2020, KOM-LE-A_2057, KOM-LE-A_2058.

use std::collections::VecDeque;

use bytes::Bytes;
use kim_konnektor::{Card, CardKind, Class, PinKind, PinResult, PinStatus};
use kim_smime::Certificate;
use kim_types::{CardHandle, TelematikId};
use thiserror::Error;

use crate::call::{CardCertificates, CardPin, FromKonnektor, Purpose};
use crate::{Ask, Call};

/// Why no card can be used.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2057, KOM-LE-A_2058.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CardError {
    /// No card of the needed kind is in reach of the workplace, or none has the key.
    #[error("no card with the key is available")]
    Missing,
    /// The PIN is not verified and could not be.
    #[error("the PIN of the card is not verified: {pin:?}, {trouble:?}")]
    Pin {
        /// Which PIN.
        pin: PinKind,
        /// What is wrong with it.
        trouble: PinTrouble,
    },
    /// The Konnektor gave no answer, or a fault.
    #[error(transparent)]
    Konnektor(#[from] kim_konnektor::Error),
}

/// What is wrong with a PIN; each needs another hand at the terminal.
///
/// Spec: gemSpec_Kon 5.18.0, operations GetPinStatus and VerifyPin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinTrouble {
    /// GetPinStatus gave a state in which the PIN cannot be typed.
    Status(PinStatus),
    /// VerifyPin ended without success.
    Result(PinResult),
}

/// What happens once a card is found, or not.
pub(crate) type Next<T, S> = Box<dyn FnOnce(Result<T, CardError>) -> S + Send>;

/// Finds the SM-B that signs: the one with the sender's Telematik-ID, else the first (flows §2.1).
///
/// The first signs only if every card was read: one that cannot be read just now may be the sender's, and another institution
/// must not sign in its place. A Konnektor that does not answer ends the search.
pub(crate) fn signing_card<S: From<Call<S>> + 'static>(
    sender: Option<TelematikId>,
    next: Next<CardHandle, S>,
) -> S {
    Call::Cards(Ask::new((), move |cards: FromKonnektor<Vec<Card>>| {
        let mut cards: VecDeque<Card> = match cards {
            Ok(cards) => cards.into_iter().filter(|card| card.kind == CardKind::Smb).collect(),
            Err(error) => return next(Err(error.into())),
        };
        let Some(first) = cards.pop_front() else { return next(Err(CardError::Missing)) };
        match sender {
            Some(sender) if !cards.is_empty() => {
                let otherwise = Ok(first.handle.clone());
                cards.push_front(first);
                card_of(sender, cards, otherwise, next)
            }
            _ => verified(CardPin { card: first.handle, pin: PinKind::Smc }, next),
        }
    }))
    .into()
}

/// Reads the signature certificates one card after the other until one has the Telematik-ID; `otherwise` is what is left if
/// none has it: a card, or why there is none.
fn card_of<S: From<Call<S>> + 'static>(
    owner: TelematikId,
    mut cards: VecDeque<Card>,
    otherwise: Result<CardHandle, CardError>,
    next: Next<CardHandle, S>,
) -> S {
    let Some(card) = cards.pop_front() else {
        return match otherwise {
            Ok(card) => verified(CardPin { card, pin: PinKind::Smc }, next),
            Err(error) => next(Err(error)),
        };
    };
    let question = CardCertificates { card: card.handle.clone(), purpose: Purpose::Signature };
    Call::CardCertificates(Ask::new(question, move |certificates: FromKonnektor<Vec<Bytes>>| {
        let otherwise = match certificates {
            Ok(certificates) => {
                if parsed(certificates).any(|found| found.telematik_id() == Some(&owner)) {
                    return verified(CardPin { card: card.handle, pin: PinKind::Smc }, next);
                }
                otherwise
            }
            Err(error) if error.class() == Class::Unavailable => return next(Err(error.into())),
            Err(error) => otherwise.and(Err(error.into())),
        };
        card_of(owner, cards, otherwise, next)
    }))
    .into()
}

fn verified<S: From<Call<S>> + 'static>(card: CardPin, next: Next<CardHandle, S>) -> S {
    with_verified_pin(card, Box::new(move |card| next(card.map(|card| card.card))))
}

/// Asks for the PIN status and, where that helps, for the PIN.
pub(crate) fn with_verified_pin<S: From<Call<S>> + 'static>(card: CardPin, next: Next<CardPin, S>) -> S {
    Call::PinStatus(Ask::new(card.clone(), move |status: FromKonnektor<PinStatus>| match status {
        Ok(PinStatus::Verified | PinStatus::Disabled) => next(Ok(card)),
        Ok(PinStatus::Verifiable) => type_pin(card, next),
        Ok(other) => next(Err(CardError::Pin { pin: card.pin, trouble: PinTrouble::Status(other) })),
        Err(error) => next(Err(error.into())),
    }))
    .into()
}

/// Has the PIN typed at the terminal, once.
pub(crate) fn type_pin<S: From<Call<S>> + 'static>(card: CardPin, next: Next<CardPin, S>) -> S {
    Call::VerifyPin(Ask::new(card.clone(), move |result: FromKonnektor<PinResult>| match result {
        Ok(PinResult::Ok) => next(Ok(card)),
        Ok(other) => next(Err(CardError::Pin { pin: card.pin, trouble: PinTrouble::Result(other) })),
        Err(error) => next(Err(error.into())),
    }))
    .into()
}

fn parsed(certificates: Vec<Bytes>) -> impl Iterator<Item = Certificate> {
    certificates.into_iter().filter_map(|der| Certificate::from_der(der).ok())
}
