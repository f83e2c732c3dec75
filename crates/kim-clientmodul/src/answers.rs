//! [`Answers`]: carries out what a flow asks, through caches, the Konnektor and the directory.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use kim_flow::{Call, CardMemory, CardPin, CardSearch, FromKonnektor, LookUp, LookUpError, Purpose};
use kim_konnektor::{
    Card, CertRef, CertificateResult, CertificateVerdict, Class, Crypt, DecryptDocument, EncryptDocument,
    Error, GetCards, GetJobNumber, GetPinStatus, Operation, PinKind, PinResult, ReadCardCertificate, Reason,
    SignDocument, VerifyCertificate, VerifyDocument, VerifyPin,
};
use kim_smime::Certificate;
use kim_types::{Address, CardHandle, Iccsn};
use kim_vzd::Listing;

use crate::konnektor::{Turn, is_out};
use crate::limits;
use crate::mail_data::MailData;
use crate::operation::FLOW_LOG;
use crate::participant::Participant;
use crate::retry::Retries;

/// The used job number: a new one is worth another attempt (gemSpec_Kon, fault 4252).
const JOB_NUMBER_USED: u32 = 4252;

/// Answers the calls of one mail with one Konnektor: handles of cards are good for no other.
pub(crate) struct Answers<'a> {
    pub(crate) participant: &'a Participant,
    pub(crate) mail_data: &'a MailData,
    pub(crate) turn: Turn,
    /// Whose handles were given out for this mail, so that a card is found again when its handle has changed.
    cards: Mutex<HashMap<CardHandle, Iccsn>>,
    /// The Konnektor did not answer.
    lost: AtomicBool,
    /// A signature was made, or nobody knows whether one was or a person was asked.
    committed: AtomicBool,
}

impl<'a> Answers<'a> {
    pub(crate) fn new(participant: &'a Participant, mail_data: &'a MailData, turn: Turn) -> Self {
        let (lost, committed) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { participant, mail_data, turn, cards: Mutex::default(), lost, committed }
    }

    /// Answers for the same mail with the next Konnektor, if this one stopped to answer and nothing stands against it: a
    /// second signature beside one that may have been made, or a person who may be on the way to the terminal.
    pub(crate) fn start_over(self) -> Option<Self> {
        if !self.lost.load(Relaxed) || self.committed.load(Relaxed) {
            return None;
        }
        let turn = self.turn.next()?;
        tracing::info!("the mail starts over with another Konnektor");
        Some(Self::new(self.participant, self.mail_data, turn))
    }

    /// Carries out a call and gives the flow's next step; the flow log gets a record of it.
    pub(crate) async fn answer<S>(&self, call: Call<S>) -> S {
        let (step, began) = (call.name(), Instant::now());
        let next = self.carry_out(call).await;
        tracing::info!(target: FLOW_LOG, step, seconds = began.elapsed().as_secs_f64());
        next
    }

    async fn carry_out<S>(&self, call: Call<S>) -> S {
        match call {
            Call::LookUp(ask) => {
                let listings = self.look_up(ask.question()).await;
                ask.answer(listings)
            }
            Call::Limits(ask) => {
                let limits = limits::limits(self.participant).await;
                ask.answer(limits)
            }
            Call::Cards(ask) => {
                let cards = self.cards().await;
                ask.answer(cards)
            }
            Call::CardCertificates(ask) => {
                let question = ask.question();
                let certificates = self.certificates(&question.card, question.purpose).await;
                ask.answer(certificates)
            }
            Call::PinStatus(ask) => {
                let CardPin { card, pin } = ask.question();
                let status = self.with_card(card, |card| GetPinStatus { card, pin: *pin }).await;
                ask.answer(status)
            }
            Call::VerifyPin(ask) => {
                let CardPin { card, pin } = ask.question();
                let result = self.verify_pin(card, *pin).await;
                ask.answer(result)
            }
            Call::Sign(ask) => {
                let cms = self.sign(ask.question()).await;
                ask.answer(cms)
            }
            Call::Encrypt(ask) => {
                let question = ask.question();
                let operation = EncryptDocument {
                    document: question.document.clone(),
                    certificates: question.certificates.clone(),
                    attribute: question.attribute.clone(),
                };
                let cms = self.call_any(&operation).await;
                drop(operation);
                ask.answer(cms)
            }
            Call::CheckCertificates(ask) => {
                let mut verdicts = Vec::with_capacity(ask.question().0.len());
                for certificate in &ask.question().0 {
                    verdicts.push(self.check(certificate).await);
                }
                ask.answer(verdicts)
            }
            Call::KnownCard(ask) => {
                let card = self.known_card(ask.question());
                ask.answer(card)
            }
            Call::RememberCard(ask) => {
                self.remember_card(ask.question());
                ask.answer(())
            }
            Call::Decrypt(ask) => {
                let question = ask.question();
                let operation =
                    DecryptDocument { card: question.card.clone(), document: question.document.clone() };
                let plain = self.call(&operation).await;
                drop(operation);
                ask.answer(plain)
            }
            Call::Upload(ask) => {
                let uploaded = self.mail_data.upload(self.participant, ask.question()).await;
                ask.answer(uploaded)
            }
            Call::RemoveUpload(ask) => {
                self.mail_data.remove(&ask.question().0).await;
                ask.answer(())
            }
            Call::Download(ask) => {
                let downloaded = self.mail_data.download(self.participant, ask.question()).await;
                ask.answer(downloaded)
            }
            Call::NoticeDue(ask) => {
                let key = (self.participant.account.address.to_key(), *ask.question());
                ask.answer(self.participant.shared.notices.is_new(key, Instant::now()))
            }
            Call::Verify(ask) => {
                let verification = self.call_any(&VerifyDocument { cms: ask.question().clone() }).await;
                ask.answer(verification)
            }
        }
    }

    /// Calls an operation of the Konnektor of this mail, again if the trouble passes.
    async fn call<O: Operation>(&self, operation: &O) -> FromKonnektor<O::Response> {
        let (context, mut retries) = (&self.participant.account.context, Retries::default());
        loop {
            let result = self.turn.konnektor.call(context, operation).await;
            match retries.pause_after(&result) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return self.noted(result),
            }
        }
    }

    /// Calls an operation of the Konnektor of this mail that it must not get twice.
    async fn call_once<O: Operation>(&self, operation: &O) -> FromKonnektor<O::Response> {
        self.noted(self.turn.konnektor.call(&self.participant.account.context, operation).await)
    }

    /// Calls an operation that needs no card, of another Konnektor if this one does not answer, again if the trouble passes.
    async fn call_any<O: Operation>(&self, operation: &O) -> FromKonnektor<O::Response> {
        let (context, mut retries) = (&self.participant.account.context, Retries::default());
        loop {
            let result = self.turn.call(context, operation).await;
            match retries.pause_after(&result) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return result,
            }
        }
    }

    /// Calls an operation with a card; if its handle has just become invalid, once more with the new one.
    async fn with_card<O: Operation>(
        &self,
        card: &CardHandle,
        operation: impl Fn(CardHandle) -> O,
    ) -> FromKonnektor<O::Response> {
        match self.call(&operation(card.clone())).await {
            Err(error) if error.class() == Class::Refresh => match self.found_again(card).await {
                Some(card) => self.call(&operation(card)).await,
                None => Err(error),
            },
            result => result,
        }
    }

    fn noted<T>(&self, result: FromKonnektor<T>) -> FromKonnektor<T> {
        match &result {
            Err(error) if is_out(error) => self.lost.store(true, Relaxed),
            Err(Error::Fault(fault)) => {
                let class = fault.class();
                tracing::warn!(%fault, code = class.code(), advice = class.advice(), "the Konnektor refuses");
            }
            _ => {}
        }
        result
    }

    /// Notes that nobody knows what became of a call that must not be repeated.
    fn once<T>(&self, result: FromKonnektor<T>) -> FromKonnektor<T> {
        let unknown = match &result {
            Err(Error::Unavailable { reason }) => !matches!(reason, Reason::Connect | Reason::Tls),
            Err(Error::Response(_) | Error::TooLarge) => true,
            _ => false,
        };
        if unknown {
            self.committed.store(true, Relaxed);
        }
        result
    }

    async fn cards(&self) -> FromKonnektor<Vec<Card>> {
        let cards = self.call(&GetCards::default()).await?;
        let mut known = self.cards.lock().unwrap_or_else(PoisonError::into_inner);
        for card in &cards {
            if let Some(iccsn) = &card.iccsn {
                known.entry(card.handle.clone()).or_insert_with(|| iccsn.clone());
            }
        }
        drop(known);
        Ok(cards)
    }

    /// The handle that a card has now.
    async fn found_again(&self, card: &CardHandle) -> Option<CardHandle> {
        let iccsn = self.cards.lock().unwrap_or_else(PoisonError::into_inner).get(card).cloned()?;
        let cards = self.cards().await.ok()?;
        cards.into_iter().find(|card| card.iccsn.as_ref() == Some(&iccsn)).map(|card| card.handle)
    }

    async fn verify_pin(&self, card: &CardHandle, pin: PinKind) -> FromKonnektor<PinResult> {
        let verify = async |card: CardHandle| {
            let operation = VerifyPin { card, pin };
            let result = self.turn.konnektor.verify_pin(&self.participant.account.context, &operation).await;
            self.once(self.noted(result))
        };
        match verify(card.clone()).await {
            Err(error) if error.class() == Class::Refresh => match self.found_again(card).await {
                Some(card) => verify(card).await,
                None => Err(error),
            },
            result => result,
        }
    }

    /// What the Konnektor says about a certificate. Directory entries with one that it calls invalid are forgotten.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2026 (cached certificates).
    async fn check(&self, certificate: &Bytes) -> FromKonnektor<CertificateVerdict> {
        let verdict =
            self.call_any(&VerifyCertificate { certificate: certificate.clone(), at: None }).await?;
        if verdict.result == CertificateResult::Invalid {
            self.participant.shared.listings.forget(|listing| listing.certificates.contains(certificate));
        }
        Ok(verdict)
    }

    /// A job number is used up by a signature; if the Konnektor thinks it was used before, a new one is fetched once.
    /// What else says that nothing was signed, and what is to be done about it, the flow knows.
    async fn sign(&self, question: &kim_flow::Sign) -> FromKonnektor<Bytes> {
        let mut second = false;
        loop {
            let operation = SignDocument {
                card: question.card.clone(),
                crypt: self.turn.konnektor.signature,
                job: self.call(&GetJobNumber).await?,
                document: question.document.clone(),
                attribute: question.attribute.clone(),
            };
            match self.once(self.call_once(&operation).await) {
                Err(Error::Fault(fault)) if fault.has(JOB_NUMBER_USED) && !second => second = true,
                Err(error) if error.fault().is_none_or(|fault| fault.class() != Class::Warning) => {
                    return Err(error);
                }
                // A note comes with a signature, even one that is of no use.
                signed => {
                    self.committed.store(true, Relaxed);
                    return signed.map(|signed| signed.cms);
                }
            }
        }
    }

    /// RSA and ECC, as far as the card has them; an error only if neither could be read.
    async fn certificates(&self, card: &CardHandle, purpose: Purpose) -> FromKonnektor<Vec<Bytes>> {
        let reference = match purpose {
            Purpose::Encryption => CertRef::Enc,
            Purpose::Signature => CertRef::Sig,
        };
        let mut found = Vec::new();
        let mut trouble = None;
        for crypt in [Crypt::Ecc, Crypt::Rsa] {
            let read = |card| ReadCardCertificate { card, reference, crypt: Some(crypt) };
            match self.with_card(card, read).await {
                Ok(certificate) => found.extend(certificate),
                Err(error) => trouble = Some(error),
            }
        }
        match trouble {
            Some(error) if found.is_empty() => Err(error),
            _ => Ok(found),
        }
    }

    fn known_card(&self, search: &CardSearch) -> Option<Iccsn> {
        let (address, now) = (search.address.to_key(), Instant::now());
        search
            .certificates
            .iter()
            .find_map(|one| self.participant.shared.cards.find(&(address.clone(), one.clone()), now))
    }

    fn remember_card(&self, memory: &CardMemory) {
        let key = (memory.address.to_key(), memory.certificate.clone());
        self.participant.shared.cards.keep(key, memory.card.clone(), Instant::now(), None);
    }

    /// All addresses at once: the directory takes its time for each.
    async fn look_up(&self, question: &LookUp) -> Vec<Result<Listing, LookUpError>> {
        let answers =
            question.addresses.iter().map(|address| listing(self.participant, address, question.cache));
        futures_util::future::join_all(answers).await
    }
}

/// What the cache or the directory has for an address.
pub(crate) async fn listing(
    participant: &Participant,
    address: &Address,
    cache: bool,
) -> Result<Listing, LookUpError> {
    let Participant { shared, konnektors, .. } = participant;
    let key = (konnektors.id.clone(), address.to_key());
    if cache && let Some(listing) = shared.listings.find(&key, Instant::now()) {
        return Ok(listing);
    }
    let listing = konnektors.look_up(address).await.map_err(|_| LookUpError::Unavailable)?;
    let lifetime = lifetime(&listing, shared.clock.now());
    shared.listings.keep(key, listing.clone(), Instant::now(), lifetime);
    Ok(listing)
}

/// How long a listing may be kept: not beyond the end of a certificate, and not at all without one, so that an address
/// that was just registered is found at the next attempt.
fn lifetime(listing: &Listing, now: SystemTime) -> Option<Duration> {
    let ends = listing.certificates.iter().filter_map(|der| Certificate::from_der(der.clone()).ok());
    let first = ends.map(|certificate| certificate.not_after().duration_since(now).unwrap_or_default()).min();
    Some(first.unwrap_or_default())
}
