//! [`Answers`]: carries out what a flow asks, through caches, the Konnektor and the directory.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use kim_flow::{
    Call, CardMemory, CardSearch, DownloadError, FromKonnektor, LookUp, LookUpError, Purpose, UploadError,
};
use kim_konnektor::{
    CertRef, Crypt, DecryptDocument, EncryptDocument, Error, GetCards, GetJobNumber, GetPinStatus, Operation,
    ReadCardCertificate, SignDocument, VerifyCertificate, VerifyDocument, VerifyPin,
};
use kim_smime::Certificate;
use kim_types::{Address, CardHandle, Iccsn};
use kim_vzd::Listing;

use crate::participant::Participant;

/// The used job number: a new one is worth another attempt (gemSpec_Kon, fault 4252).
const JOB_NUMBER_USED: u32 = 4252;

/// Answers the calls of one participant.
pub(crate) struct Answers<'a> {
    pub(crate) participant: &'a Participant,
}

impl Answers<'_> {
    /// Carries out a call and gives the flow's next step.
    pub(crate) async fn answer<S>(&self, call: Call<S>) -> S {
        match call {
            Call::LookUp(ask) => {
                let listings = self.look_up(ask.question()).await;
                ask.answer(listings)
            }
            Call::Limits(ask) => ask.answer(None),
            Call::Cards(ask) => {
                let cards = self.call(&GetCards::default()).await;
                ask.answer(cards)
            }
            Call::CardCertificates(ask) => {
                let question = ask.question();
                let certificates = self.certificates(&question.card, question.purpose).await;
                ask.answer(certificates)
            }
            Call::PinStatus(ask) => {
                let question = ask.question();
                let status =
                    self.call(&GetPinStatus { card: question.card.clone(), pin: question.pin }).await;
                ask.answer(status)
            }
            Call::VerifyPin(ask) => {
                let question = ask.question();
                let Participant { konnektor, account, .. } = self.participant;
                let operation = VerifyPin { card: question.card.clone(), pin: question.pin };
                let result = konnektor.soap.verify_pin(&account.context, &operation).await;
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
                let cms = self.call(&operation).await;
                ask.answer(cms)
            }
            Call::CheckCertificates(ask) => {
                let mut verdicts = Vec::with_capacity(ask.question().len());
                for certificate in ask.question() {
                    verdicts.push(
                        self.call(&VerifyCertificate { certificate: certificate.clone(), at: None }).await,
                    );
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
                ask.answer(plain)
            }
            // No attachment service is configured.
            Call::Upload(ask) => ask.answer(Err(UploadError::Failed)),
            Call::RemoveUpload(ask) => ask.answer(()),
            Call::Download(ask) => ask.answer(Err(DownloadError::Failed)),
            // Nothing remembers yet who was told, and nobody is to be told with every mail.
            Call::NoticeDue(ask) => ask.answer(false),
            Call::Verify(ask) => {
                let verification = self.call(&VerifyDocument { cms: ask.question().clone() }).await;
                ask.answer(verification)
            }
        }
    }

    async fn call<O: Operation>(&self, operation: &O) -> FromKonnektor<O::Response> {
        let Participant { konnektor, account, .. } = self.participant;
        konnektor.soap.call(&account.context, operation).await
    }

    /// A job number is used up by a signature; if the Konnektor thinks it was used before, a new one is fetched once.
    /// Nothing else makes a signature be asked for twice.
    async fn sign(&self, question: &kim_flow::Sign) -> FromKonnektor<Bytes> {
        let mut second = false;
        loop {
            let job = self.call(&GetJobNumber).await?;
            let operation = SignDocument {
                card: question.card.clone(),
                crypt: self.participant.konnektor.signature,
                job,
                document: question.document.clone(),
                attribute: question.attribute.clone(),
            };
            match self.call(&operation).await {
                Err(Error::Fault(fault)) if fault.has(JOB_NUMBER_USED) && !second => second = true,
                signed => return signed.map(|signed| signed.cms),
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
            match self.call(&ReadCardCertificate { card: card.clone(), reference, crypt: Some(crypt) }).await
            {
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
        let answers = question.addresses.iter().map(|address| self.listing(address, question.cache));
        futures_util::future::join_all(answers).await
    }

    pub(crate) async fn listing(&self, address: &Address, cache: bool) -> Result<Listing, LookUpError> {
        let key = (self.participant.konnektor.id.clone(), address.to_key());
        if cache && let Some(listing) = self.participant.shared.listings.find(&key, Instant::now()) {
            return Ok(listing);
        }
        match self.participant.konnektor.directory.look_up(address).await {
            Ok(listing) => {
                let lifetime = lifetime(&listing, SystemTime::now());
                self.participant.shared.listings.keep(key, listing.clone(), Instant::now(), lifetime);
                Ok(listing)
            }
            Err(error) => {
                tracing::warn!(%error, "the directory did not answer");
                Err(LookUpError::Unavailable)
            }
        }
    }
}

/// How long a listing may be kept: not beyond the end of a certificate, and not at all without one, so that an address
/// that was just registered is found at the next attempt.
fn lifetime(listing: &Listing, now: SystemTime) -> Option<Duration> {
    let ends = listing.certificates.iter().filter_map(|der| Certificate::from_der(der.clone()).ok());
    let first = ends.map(|certificate| certificate.not_after().duration_since(now).unwrap_or_default()).min();
    Some(first.unwrap_or_default())
}
