//! Sending: from the client's mail to the KOM-LE message, and from the MTA's answer to the reports.
//!
//! [`start`] gives the first [`Step`]; answering its calls leads to [`Step::Protected`] or [`Step::Refused`]. The step names
//! of the flow description (S8 to S20, K1 to K6, W1 to W3) stand at the functions that carry them out.
//!
//! | part | steps |
//! |---|---|
//! | this file | S8: what is to be done with the mail |
//! | `send/resend.rs` | W1 to W3: a received message goes to its receiver once more |
//! | `send/address.rs` | S8e to S11: directory, certificates, who is left |
//! | `send/store.rs` | S13, K1 to K6: large mails on the attachment service |
//! | `send/seal.rs` | S14 to S17: card, signature, encryption, message |

mod address;
mod resend;
mod seal;
mod store;

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use kim_fachdienst::Limits;
use kim_smime::IssuerAndSerial;
use kim_types::{Address, Envelope, Recipient};
use kim_vzd::KimVersion;

use crate::mail::{Body, Mail};
use crate::protected::Protected;
use crate::refusal::{Cause, Refused};
use crate::report::Findings;
use crate::{Ask, Call, Content, Run};
use address::Found;
use store::Stored;

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

impl From<Cause> for Step {
    fn from(cause: Cause) -> Self {
        Self::Refused(cause.into())
    }
}

/// Starts to protect a mail.
///
/// The reply of a refusal belongs to the end of DATA, and the MTA gets RSET. An address given twice counts once, with the
/// wishes that came first.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019 to KOM-LE-A_2029, A_22341, A_19355.
pub fn start(run: Run, mut envelope: Envelope, mail: Content) -> Step {
    let mut seen = HashSet::new();
    envelope.recipients.retain(|recipient| seen.insert(recipient.address.clone()));
    let mail = match Mail::read(mail) {
        Ok(mail) => mail,
        Err(error) => return Cause::Malformed(error).into(),
    };
    // S8a
    match resend::message(&run, &envelope, &mail) {
        Ok(Some(message)) => {
            return Step::Protected(Box::new(resend::protected(run, envelope, &mail, message)));
        }
        Ok(None) => {}
        Err(cause) => return cause.into(),
    }
    // S8b
    if mail.measure.x_kas_parts() > 0 {
        return Cause::KasPart.into();
    }
    limits(run, envelope, mail)
}

/// S8c, S8d
fn limits(run: Run, envelope: Envelope, mut mail: Mail) -> Step {
    Call::Limits(Ask::new((), move |limits: Option<Limits>| {
        let limits = limits.unwrap_or_default();
        if mail.measure.octets() > limits.max_mail_size {
            return Cause::AboveMailSize.into();
        }
        match mail.normalise(&run) {
            Ok(sender) => {
                let expires = run.now.checked_add(limits.data_time_to_live.as_duration()).unwrap_or(run.now);
                Sending::new(run, envelope, mail, sender, expires).ask_directory()
            }
            Err(cause) => cause.into(),
        }
    }))
    .into()
}

/// The mail on its way; every step hands it to the next.
struct Sending {
    run: Run,
    envelope: Envelope,
    /// With the normalised header (S8d).
    mail: Mail,
    sender: Address,
    /// When the message and its mail data are to be removed.
    expires: SystemTime,
    /// Whether the mail goes to the attachment service.
    large: bool,
    listings: HashMap<Address, Found>,
    /// The version the directory should have for the account.
    upgrade: Option<KimVersion>,
    /// Whether the directory has a newer version for the account than this module has.
    outdated: bool,
    /// Certificates the Konnektor called invalid.
    invalid: Vec<IssuerAndSerial>,
    round: u8,
    /// What was tried once to have the card sign after all.
    tried: seal::Tried,
    stored: Option<Stored>,
}

impl Sending {
    fn new(run: Run, envelope: Envelope, mail: Mail, sender: Address, expires: SystemTime) -> Self {
        Self {
            large: is_large(&run, &mail),
            run,
            envelope,
            mail,
            sender,
            expires,
            listings: HashMap::new(),
            upgrade: None,
            outdated: false,
            invalid: Vec::new(),
            round: 0,
            tried: seal::Tried::default(),
            stored: None,
        }
    }

    /// Ends the flow; nothing is left on the attachment service (K6).
    fn refuse(self, cause: Cause) -> Step {
        match self.stored {
            Some(stored) => Call::RemoveUpload(Ask::new(stored.link(), move |()| cause.into())).into(),
            None => cause.into(),
        }
    }

    /// What is to be reported about the mail so far.
    fn findings(&self) -> Findings {
        Findings::about(&self.mail.header, &self.envelope)
    }
}

/// Whether a mail is above 15 MiB when decoded (S10); what the driver keeps is never signed itself either.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2004, A_19357; deltas Q4.
fn is_large(run: &Run, mail: &Mail) -> bool {
    matches!(mail.body, Body::Kept(_)) || mail.measure.decoded_octets() > run.rules.large_threshold
}

/// For whom one round encrypts.
struct Round {
    recipients: Vec<Recipient>,
    findings: Findings,
    /// Address and certificate, recipients first, then the sender.
    certificates: Vec<(Address, kim_smime::Certificate)>,
    /// The same, as the message names them.
    emails: kim_smime::RecipientEmails,
    /// Who is to sign.
    signer: Option<kim_types::TelematikId>,
}
