//! Signing, encrypting and the outer message (S14 to S17).
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019 to KOM-LE-A_2027, KOM-LE-A_2299.

use std::mem;

use bytes::Bytes;
use kim_konnektor::{CertificateResult, CertificateVerdict, Class, Error, PinKind};
use kim_smime::{Certificate, EncryptRequest, MessageVersion, OuterFields, SignRequest, shared_keys};
use kim_types::{Address, CardHandle, Envelope, Octets, Pii};

use super::{Round, Sending, Step};
use crate::call::{CardPin, Encrypt, FromKonnektor, Notice, Sign};
use crate::cards::{signing_card, with_verified_pin};
use crate::protected::{Message, Protected};
use crate::refusal::Cause;
use crate::{Ask, Call, CardError};

/// How often a mail is signed anew because a certificate turned out to be invalid.
const MAX_ROUNDS: u8 = 3;

/// What was done, once for a mail, after a fault that says that nothing was signed.
#[derive(Default)]
pub(super) struct Tried {
    cards: bool,
    pin: bool,
}

impl Sending {
    /// S15: the card first; it is needed whatever comes.
    pub(super) fn find_card(self, round: Round) -> Step {
        signing_card(
            round.signer.clone(),
            Box::new(move |card| match card {
                Ok(card) => self.store(round, card),
                Err(error) => self.refuse(Cause::Card(error)),
            }),
        )
    }

    /// S14, S15
    pub(super) fn sign(mut self, round: Round, card: CardHandle) -> Step {
        let request = match self.sign_request(&round) {
            Ok(request) => request,
            // Not above 15 MiB, but above what the Konnektor takes: again from S10.
            Err(Cause::Large) if !self.large => {
                self.large = true;
                return self.choose();
            }
            Err(cause) => return self.refuse(cause),
        };
        let question = Sign {
            card: card.clone(),
            document: request.document().clone(),
            attribute: request.attribute().clone(),
        };
        Call::Sign(Ask::new(question, move |cms: FromKonnektor<Bytes>| match cms {
            Ok(cms) => match request.signed(cms) {
                Ok(request) => {
                    self.mail.share(&request);
                    self.encrypt(round, request)
                }
                Err(error) => self.refuse(Cause::Chain(error)),
            },
            Err(error) => self.not_signed(round, card, error),
        }))
        .into()
    }

    fn sign_request(&self, round: &Round) -> Result<SignRequest, Cause> {
        let request = self.draft(round)?.in_utf8().sign_request(round.emails.clone());
        let signature = signed_octets(request.document(), request.attribute());
        if signature > self.run.rules.konnektor_limit { Err(Cause::Large) } else { Ok(request) }
    }

    /// Signs once more where the fault says that no signature was made and what is to be done about it.
    fn not_signed(mut self, round: Round, card: CardHandle, error: Error) -> Step {
        match error.class() {
            // The handle is stale: the card was pulled, or the Konnektor restarted.
            Class::Refresh if !mem::replace(&mut self.tried.cards, true) => self.find_card(round),
            Class::Pin if !mem::replace(&mut self.tried.pin, true) => with_verified_pin(
                CardPin { card, pin: PinKind::Smc },
                Box::new(move |card: Result<CardPin, CardError>| match card {
                    Ok(card) => self.sign(round, card.card),
                    Err(error) => self.refuse(Cause::Card(error)),
                }),
            ),
            _ => self.refuse(Cause::Konnektor(error)),
        }
    }

    /// S16
    fn encrypt(self, round: Round, request: EncryptRequest) -> Step {
        if request.document().len() as u64 > self.run.rules.konnektor_limit {
            return self.refuse(Cause::Large);
        }
        let mut certificates: Vec<Bytes> = Vec::with_capacity(round.certificates.len());
        for (_, certificate) in &round.certificates {
            if !certificates.contains(certificate.der()) {
                certificates.push(certificate.der().clone());
            }
        }
        let question = Encrypt {
            document: request.document().clone(),
            certificates,
            attribute: request.attribute().clone(),
        };
        Call::Encrypt(Ask::new(question, move |cms: FromKonnektor<Bytes>| match cms {
            Ok(cms) => match request.encrypted(cms) {
                Ok(protected) => self.finish(round, protected),
                Err(error) => self.refuse(Cause::Chain(error)),
            },
            // 4105 and its like: one bad certificate fails the whole call.
            Err(error) if error.class() == Class::Recipient && self.round < MAX_ROUNDS => {
                self.find_invalid(round, error)
            }
            Err(error) => self.refuse(Cause::Konnektor(error)),
        }))
        .into()
    }

    /// S16: which certificates the Konnektor does not accept; their owners are looked up anew, and everything follows again.
    /// If it is none, the trouble is the Konnektor's and passes: the mail waits.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2026.
    fn find_invalid(mut self, round: Round, error: Error) -> Step {
        let asked: Vec<(Address, Certificate)> = round.certificates;
        let question = Pii(asked.iter().map(|(_, certificate)| certificate.der().clone()).collect());
        Call::CheckCertificates(Ask::new(
            question,
            move |verdicts: Vec<FromKonnektor<CertificateVerdict>>| {
                let works = verdicts.iter().any(Result::is_ok);
                let mut owners: Vec<Address> = Vec::new();
                for ((address, certificate), verdict) in asked.into_iter().zip(&verdicts) {
                    if is_refused(verdict, works) {
                        self.invalid.push(certificate.issuer_and_serial().clone());
                        if !owners.contains(&address) {
                            owners.push(address);
                        }
                    }
                }
                if owners.is_empty() {
                    return self.refuse(Cause::Konnektor(error));
                }
                self.round = self.round.saturating_add(1);
                self.look_up(owners, false)
            },
        ))
        .into()
    }

    /// S17, and whether the user is to be told of his old module (S8f).
    fn finish(self, round: Round, sealed: kim_smime::Protected) -> Step {
        if !self.outdated {
            return self.protected(round, sealed);
        }
        Call::NoticeDue(Ask::new(Notice::Outdated, move |due: bool| {
            let mut round = round;
            round.findings.notice = due.then_some(Notice::Outdated);
            self.protected(round, sealed)
        }))
        .into()
    }

    fn protected(self, round: Round, sealed: kim_smime::Protected) -> Step {
        let rules = &self.run.rules;
        let uploaded = self.stored.as_ref().map(|stored| &stored.uploaded);
        let message = sealed.message(&OuterFields {
            version: if uploaded.is_some() { MessageVersion::V1_5 } else { MessageVersion::V1_0 },
            expires: Some(self.expires),
            cm_version: rules.product_version.clone(),
            pt_version: rules.product_type_version.clone(),
            kon_version: rules.konnektor_version.clone(),
            kas_size: uploaded.map(|uploaded| uploaded.reference.size),
            kas_enc_size: uploaded.map(|uploaded| uploaded.enc_size),
        });
        Step::Protected(Box::new(Protected {
            envelope: Envelope { recipients: round.recipients, ..self.envelope },
            message: Message::Protected(message),
            shared_keys: shared_keys(round.certificates.iter().map(|(_, certificate)| certificate)),
            upgrade: self.upgrade,
            findings: round.findings,
            mail_data: self.stored.as_ref().map(super::Stored::link),
            run: self.run,
        }))
    }
}

/// Whether what the Konnektor says of a certificate stands against that certificate, and not against the Konnektor itself;
/// `works` if it had a verdict about another one.
///
/// Revocation that cannot be asked about just now is no reason to leave anybody out: it passes.
///
/// Spec: gemSpec_Kon 5.18.0, operation VerifyCertificate, TUC_KON_037 (4260: the issuer is not trusted).
fn is_refused(verdict: &FromKonnektor<CertificateVerdict>, works: bool) -> bool {
    match verdict {
        Ok(verdict) => verdict.result == CertificateResult::Invalid,
        Err(Error::Fault(fault)) => match fault.class() {
            Class::Recipient | Class::Data => true,
            // 4000: it cannot be read. Or the Konnektor understands no such question at all.
            Class::Configuration | Class::Unknown => works,
            _ => false,
        },
        Err(_) => false,
    }
}

/// The greatest length of what is encrypted, the signature with the document in it: some Konnektors cut the document into
/// small segments, each with a head of its own.
///
/// Spec: gemSpec_Kon 5.18.0 (document limit); deltas Q4.
fn signed_octets(document: &Octets, attribute: &Bytes) -> u64 {
    const CERTIFICATE_AND_REST: usize = 16 * 1024;
    let document = document.len();
    let parts = [document, document / 128, attribute.len(), CERTIFICATE_AND_REST];
    parts.into_iter().fold(0, |octets, part| octets.saturating_add(part as u64))
}
