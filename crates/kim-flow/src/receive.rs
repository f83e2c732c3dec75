//! Receiving: from the message on the server to what the user reads.
//!
//! [`start`] gives the first [`Step`]; answering its calls always ends in [`Step::Done`]: whatever is wrong with a message,
//! the user gets something to read and can delete it. The step names of the flow description (R3 to R15) stand at the
//! functions that carry them out.

use bytes::Bytes;
use kim_konnektor::{Class, Integrity, Verification};
use kim_smime::{
    DecryptRequest, Opened, ReceiveLimits, Received, SignatureResult, Substitute, Verdict, VerifyRequest,
    outer_version,
};
use kim_types::Octets;

use crate::call::{CardPin, CardSearch, Decrypt, FromKonnektor};
use crate::cards::{decrypting_card, type_pin};
use crate::{Ask, Call, CardError, Content, Recipe, Run};

/// The card has a key, but not that of the message (gemSpec_Kon, fault 4106).
const WRONG_KEY: u32 = 4106;

/// What a receiving flow needs or has come to.
///
/// Spec: none — the shape of every flow.
#[derive(Debug)]
pub enum Step {
    /// A question to answer.
    Call(Call<Step>),
    /// What the user gets.
    Done(Box<Delivered>),
}

impl From<Call<Step>> for Step {
    fn from(call: Call<Step>) -> Self {
        Self::Call(call)
    }
}

/// What the user gets.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042 to KOM-LE-A_2050.
#[derive(Debug)]
pub struct Delivered {
    /// The mail.
    pub mail: Recipe,
    /// How it came about.
    pub outcome: Outcome,
}

/// How a delivered mail came about.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042 to KOM-LE-A_2050.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// No KOM-LE message; delivered octet for octet.
    Plain,
    /// Decrypted and checked. The verdict says whether to trust it.
    Opened(Box<Verdict>),
    /// Not decrypted: the mail explains why and contains what was received.
    Substituted(Trouble),
}

impl Outcome {
    /// One word for a log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Opened(verdict) if verdict.is_intact() => "opened",
            Self::Opened(_) => "broken",
            Self::Substituted(_) => "substituted",
        }
    }
}

/// Why a message was not decrypted.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047, A_20650, A_21391.
#[derive(Debug)]
#[non_exhaustive]
pub enum Trouble {
    /// X-KOM-LE-Version names a version this module does not know (4008).
    Version,
    /// It is not what the profile prescribes (02, 4010).
    Format,
    /// No key: nothing for this address, no card, no PIN (01, 4009).
    Key(Option<CardError>),
    /// The Konnektor does not answer (03, 4011).
    Konnektor(kim_konnektor::Error),
}

/// Starts to open a message.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042 to KOM-LE-A_2050, A_21391.
pub fn start(run: Run, message: Content) -> Step {
    let message = match message {
        Content::Whole(message) => message.to_bytes(),
        Content::Kept(kept) => {
            let mail = Recipe { kept: 0..kept.measure.octets(), ..Recipe::default() };
            return done(mail, Outcome::Plain);
        }
    };
    // R3, R4
    match outer_version(&message) {
        None => done(Octets::from(message), Outcome::Plain),
        Some(version) if version.is_supported() => {
            match Received::parse(message.clone(), &ReceiveLimits::default()) {
                Ok(received) => {
                    Receiving { run, message, retried: false }.find_card(received.decrypt_request())
                }
                Err(_) => Receiving { run, message, retried: false }.substitute(Trouble::Format),
            }
        }
        Some(_) => Receiving { run, message, retried: false }.substitute(Trouble::Version),
    }
}

fn done(mail: impl Into<Recipe>, outcome: Outcome) -> Step {
    Step::Done(Box::new(Delivered { mail: mail.into(), outcome }))
}

/// The message on its way; every step hands it to the next.
struct Receiving {
    run: Run,
    message: Bytes,
    /// Whether a fault already led to a second attempt.
    retried: bool,
}

impl Receiving {
    /// R7 to R9
    fn find_card(self, request: DecryptRequest) -> Step {
        let certificates: Vec<_> =
            request.recipient_emails().for_address(&self.run.account).cloned().collect();
        if certificates.is_empty() {
            return self.substitute(Trouble::Key(None));
        }
        let search = CardSearch { address: self.run.account.clone(), certificates };
        decrypting_card(
            search,
            Box::new(move |card| match card {
                Ok(card) => self.decrypt(request, card),
                Err(CardError::Konnektor(error)) => self.substitute(Trouble::Konnektor(error)),
                Err(error) => self.substitute(Trouble::Key(Some(error))),
            }),
        )
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

    /// R10: an unverified PIN and a stale card handle are worth one more attempt.
    fn after_fault(mut self, request: DecryptRequest, card: CardPin, error: kim_konnektor::Error) -> Step {
        match error.class() {
            Class::Pin if !self.retried => {
                self.retried = true;
                type_pin(
                    card,
                    Box::new(move |card| match card {
                        Ok(card) => self.decrypt(request, card),
                        Err(error) => self.substitute(Trouble::Key(Some(error))),
                    }),
                )
            }
            Class::Refresh if !self.retried => {
                self.retried = true;
                self.find_card(request)
            }
            Class::Pin | Class::Refresh | Class::Person => self.substitute(Trouble::Key(Some(error.into()))),
            Class::Data if error.fault().is_some_and(|fault| fault.has(WRONG_KEY)) => {
                self.substitute(Trouble::Key(Some(error.into())))
            }
            Class::Data => self.substitute(Trouble::Format),
            _ => self.substitute(Trouble::Konnektor(error)),
        }
    }

    /// R11
    fn verify(self, request: VerifyRequest) -> Step {
        let question = request.cms().clone();
        Call::Verify(Ask::new(
            question,
            move |verification: FromKonnektor<Verification>| match verification {
                Ok(verification) => self.deliver(request.verified(signature(&verification))),
                // Some Konnektors answer a bad signature with a fault instead of a result.
                Err(error) => match error.fault().and_then(Verification::from_fault) {
                    Some(verification) => self.deliver(request.verified(signature(&verification))),
                    None => self.substitute(Trouble::Konnektor(error)),
                },
            },
        ))
        .into()
    }

    /// R12 to R15
    fn deliver(self, opened: Opened) -> Step {
        let mail = opened.deliver(
            self.run.rules.on_integrity_failure,
            &self.run.account,
            self.run.unique,
            self.run.now,
        );
        done(mail, Outcome::Opened(Box::new(opened.verdict)))
    }

    /// Form E: the received message inside a mail that says what is wrong. Nothing is lost.
    fn substitute(self, trouble: Trouble) -> Step {
        let kind = match trouble {
            Trouble::Version => Substitute::Version,
            Trouble::Format => Substitute::Format,
            Trouble::Key(_) => Substitute::Key,
            Trouble::Konnektor(_) => Substitute::Konnektor,
        };
        let mail = kind.mail(&self.message, &self.run.account, self.run.unique, self.run.now);
        done(mail, Outcome::Substituted(trouble))
    }
}

fn signature(verification: &Verification) -> SignatureResult {
    match verification.integrity() {
        Integrity::Valid => SignatureResult::Valid,
        Integrity::StatusUnknown => SignatureResult::StatusUnknown,
        Integrity::Broken(id) => SignatureResult::Broken(id),
    }
}
