//! Sending: from the client's mail to the KOM-LE message, and from the MTA's answer to the reports.
//!
//! [`start`] gives the first [`Step`]; answering its calls leads to [`Step::Protected`] or [`Step::Refused`]. The step names
//! of the flow description (S8 to S20) stand at the functions that carry them out.

use bytes::Bytes;
use kim_konnektor::{CertificateResult, CertificateVerdict, Class};
use kim_smime::{
    Certificate, Draft, IssuerAndSerial, OuterFields, RecipientEmail, RecipientEmails, shared_keys,
};
use kim_types::{Address, Envelope, Recipient};
use kim_vzd::Listing;

use crate::call::{CardPin, Encrypt, FromKonnektor, LookUp, LookUpError, Sign};
use crate::cards::signing_card;
use crate::mail::Mail;
use crate::protected::Protected;
use crate::recipients::{DropReason, Dropped, choose, owner};
use crate::refusal::{Cause, Refused};
use crate::{Ask, Call, Content, Message, Run};

/// How often a mail is signed anew because a certificate turned out to be invalid.
const MAX_ROUNDS: u8 = 3;

/// What a sending flow needs or has come to.
///
/// Spec: none — the shape of every flow.
#[derive(Debug)]
pub enum Step {
    /// A question to answer.
    Call(Call<Step>),
    /// The mail must not go out; the client gets the reply.
    Refused(Refused),
    /// The mail is ready for the MTA.
    Protected(Box<Protected>),
}

impl From<Call<Step>> for Step {
    fn from(call: Call<Step>) -> Self {
        Self::Call(call)
    }
}

/// Starts to protect a mail.
///
/// The reply of a refusal belongs to the end of DATA, and the MTA gets RSET.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019 to KOM-LE-A_2029, A_22341, A_19355.
pub fn start(run: Run, envelope: Envelope, mail: Content) -> Step {
    let Content::Whole(mail) = mail else { return Step::Refused(Cause::Large.into()) };
    let mail = match Mail::read(mail) {
        Ok(mail) => mail,
        Err(error) => return Step::Refused(Cause::Malformed(error).into()),
    };
    // S8b
    if mail.measure.x_kas_parts() > 0 {
        return Step::Refused(Cause::KasPart.into());
    }
    let mut mail = mail;
    let sender = match mail.normalise(&run) {
        Ok(sender) => sender,
        Err(cause) => return Step::Refused(cause.into()),
    };
    let ttl = kim_fachdienst::Limits::default().data_time_to_live;
    Sending { run, envelope, mail, sender, ttl, invalid: Vec::new(), round: 0 }.limits()
}

/// The mail on its way; every step hands it to the next.
struct Sending {
    run: Run,
    envelope: Envelope,
    /// With the normalised header (S8d).
    mail: Mail,
    sender: Address,
    ttl: kim_fachdienst::Days,
    /// Certificates the Konnektor called invalid.
    invalid: Vec<IssuerAndSerial>,
    round: u8,
}

/// For whom one round encrypts.
struct Round {
    recipients: Vec<Recipient>,
    dropped: Vec<Dropped>,
    /// Address and certificate, recipients first, then the sender.
    certificates: Vec<(Address, Certificate)>,
}

impl Sending {
    /// S8c
    fn limits(mut self) -> Step {
        Call::Limits(Ask::new((), move |limits: Option<kim_fachdienst::Limits>| {
            let limits = limits.unwrap_or_default();
            if self.mail.measure.octets() > limits.max_mail_size {
                return Step::Refused(Cause::AboveMailSize.into());
            }
            self.ttl = limits.data_time_to_live;
            self.look_up(true)
        }))
        .into()
    }

    /// S8e, S9: the sender and all recipients in one question.
    fn look_up(self, cache: bool) -> Step {
        let mut addresses = vec![self.sender.clone()];
        for recipient in &self.envelope.recipients {
            if !addresses.contains(&recipient.address) {
                addresses.push(recipient.address.clone());
            }
        }
        let question = LookUp { addresses: addresses.clone(), cache };
        Call::LookUp(Ask::new(question, move |listings: Vec<Result<Listing, LookUpError>>| {
            match listings.into_iter().collect::<Result<Vec<Listing>, _>>() {
                Ok(listings) if listings.len() == addresses.len() => {
                    self.choose(addresses.into_iter().zip(listings).collect())
                }
                _ => Step::Refused(Cause::Directory.into()),
            }
        }))
        .into()
    }

    /// S8e, S9 to S11
    fn choose(self, listings: Vec<(Address, Listing)>) -> Step {
        let certificates_of = |address: &Address| {
            let listing = listings.iter().find(|(found, _)| found == address).map(|(_, listing)| listing);
            let listing = listing.ok_or(DropReason::NoCertificate)?;
            choose(listing, self.run.now, self.run.rules.konnektor_ecc, &self.invalid)
        };
        let Ok(of_sender) = certificates_of(&self.sender) else {
            return Step::Refused(Cause::SenderWithoutCertificate.into());
        };
        if self.mail.measure.decoded_octets() > self.run.rules.large_threshold {
            return Step::Refused(Cause::Large.into());
        }
        let mut round = Round { recipients: Vec::new(), dropped: Vec::new(), certificates: Vec::new() };
        for recipient in &self.envelope.recipients {
            match certificates_of(&recipient.address) {
                Ok(found) => {
                    round.certificates.extend(found.into_iter().map(|one| (recipient.address.clone(), one)));
                    round.recipients.push(recipient.clone());
                }
                Err(reason) => round.dropped.push(Dropped { address: recipient.address.clone(), reason }),
            }
        }
        if round.recipients.is_empty() {
            return Step::Refused(Cause::NoRecipient(round.dropped).into());
        }
        let signer = owner(&of_sender);
        round.certificates.extend(of_sender.into_iter().map(|one| (self.sender.clone(), one)));
        signing_card(
            signer,
            Box::new(move |card| match card {
                Ok(card) => self.sign(round, CardPin { card, pin: kim_konnektor::PinKind::Smc }),
                Err(error) => Step::Refused(Cause::Card(error).into()),
            }),
        )
    }

    /// S12, S14, S15
    fn sign(self, round: Round, card: CardPin) -> Step {
        let header = self.mail.header_for(&round.recipients);
        let entries = round.certificates.iter().map(|(address, certificate)| {
            RecipientEmail::new(address, certificate.issuer_and_serial().clone())
        });
        let emails = match RecipientEmails::new(entries) {
            Ok(emails) => emails,
            Err(error) => return Step::Refused(Cause::Chain(error.into()).into()),
        };
        let request = Draft::new(header, self.mail.body.clone()).sign_request(emails);
        if request.document().len() as u64 > self.run.rules.konnektor_limit {
            return Step::Refused(Cause::Large.into());
        }
        let question = Sign {
            card: card.card,
            document: request.document().clone(),
            attribute: request.attribute().clone(),
        };
        Call::Sign(Ask::new(question, move |cms: FromKonnektor<Bytes>| {
            match cms.map(|cms| request.signed(cms)) {
                Ok(Ok(request)) => self.encrypt(round, request),
                Ok(Err(error)) => Step::Refused(Cause::Chain(error).into()),
                Err(error) => Step::Refused(Cause::Konnektor(error).into()),
            }
        }))
        .into()
    }

    /// S16
    fn encrypt(self, round: Round, request: kim_smime::EncryptRequest) -> Step {
        let mut certificates: Vec<_> = Vec::with_capacity(round.certificates.len());
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
                Err(error) => Step::Refused(Cause::Chain(error).into()),
            },
            // 4105 and its like: one bad certificate fails the whole call.
            Err(error) if error.class() == Class::Recipient && self.round < MAX_ROUNDS => {
                self.find_invalid(round, error)
            }
            Err(error) => Step::Refused(Cause::Konnektor(error).into()),
        }))
        .into()
    }

    /// S16: which certificates the Konnektor does not accept; then everything again from the look-up on.
    fn find_invalid(mut self, round: Round, error: kim_konnektor::Error) -> Step {
        let asked: Vec<Certificate> =
            round.certificates.into_iter().map(|(_, certificate)| certificate).collect();
        let question = asked.iter().map(|certificate| certificate.der().clone()).collect();
        Call::CheckCertificates(Ask::new(
            question,
            move |verdicts: Vec<FromKonnektor<CertificateVerdict>>| {
                let before = self.invalid.len();
                for (certificate, verdict) in asked.iter().zip(verdicts) {
                    let known = self.invalid.contains(certificate.issuer_and_serial());
                    if !known && verdict.is_ok_and(|verdict| verdict.result == CertificateResult::Invalid) {
                        self.invalid.push(certificate.issuer_and_serial().clone());
                    }
                }
                if self.invalid.len() == before {
                    return Step::Refused(Cause::Konnektor(error).into());
                }
                self.round = self.round.saturating_add(1);
                self.look_up(false)
            },
        ))
        .into()
    }

    /// S17
    fn finish(self, round: Round, protected: kim_smime::Protected) -> Step {
        let rules = &self.run.rules;
        let message = protected.message(&OuterFields {
            version: kim_smime::MessageVersion::V1_0,
            expires: self.run.now.checked_add(self.ttl.as_duration()),
            cm_version: rules.product_version.clone(),
            pt_version: rules.product_type_version.clone(),
            kon_version: rules.konnektor_version.clone(),
            kas_size: None,
            kas_enc_size: None,
        });
        let envelope = Envelope { recipients: round.recipients, ..self.envelope };
        let shared_keys = shared_keys(round.certificates.iter().map(|(_, certificate)| certificate));
        let message = Message::Protected(message);
        Step::Protected(Box::new(Protected::new(self.run, envelope, message, shared_keys, round.dropped)))
    }
}
