//! The mail ready for the MTA, and what follows from the MTA's answer (S18 to S20).

use kim_smime::{OuterMessage, SharedKey};
use kim_types::{Delivery, Envelope, Octets, Pii, Recipient, Reply};
use kim_vzd::KimVersion;

use crate::recipients::{DropReason, Dropped};
use crate::report::{Findings, Report};
use crate::{Notice, Recipe, Run};

/// A KOM-LE message with the envelope it is to be sent with.
///
/// Hand `message` to the MTA with `envelope`, MAIL FROM with SIZE = length of the message, then tell
/// [`Protected::delivered`] what the MTA said, or [`Protected::abandoned`] that it was not asked.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019, KOM-LE-A_2176-01, A_23554.
#[derive(Debug)]
pub struct Protected {
    /// The sender as given, and the recipients that are left.
    pub envelope: Envelope,
    /// The message.
    pub message: Message,
    /// Recipients whose certificates have the key of somebody else: a warning, they get the message nevertheless.
    pub shared_keys: Vec<SharedKey>,
    /// The version the directory should have for the account and has not: to be set with the Account Manager (setAccount). A
    /// failure changes nothing.
    pub upgrade: Option<KimVersion>,
    pub(crate) findings: Findings,
    /// Mail data on the attachment service that belongs to the message.
    pub(crate) mail_data: Option<Pii<String>>,
    pub(crate) run: Run,
}

/// What the MTA is given.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019, KOM-LE-A_2029.
#[derive(Debug, Clone)]
pub enum Message {
    /// The client's mail, signed and encrypted.
    Protected(OuterMessage),
    /// A message that the client had received and sends to himself to have it opened again, as it was (W2).
    Resent(Recipe),
}

impl Message {
    /// The exact length in octets: what to announce as SIZE.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_23554.
    pub fn len(&self) -> u64 {
        match self {
            Self::Protected(message) => message.len(),
            Self::Resent(recipe) => recipe.len(),
        }
    }

    /// Whether there is nothing; there never is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All octets, if none of them is kept by the driver; for small messages and tests.
    pub fn whole(self) -> Option<Octets> {
        match self {
            Self::Protected(message) => Some(message.to_octets()),
            Self::Resent(recipe) => recipe.whole(),
        }
    }
}

/// What the client is told, and what else is to be sent.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019, KOM-LE-A_2176-01; deltas Q8, Q24.
#[derive(Debug)]
pub struct Conclusion {
    /// The reply to the end of DATA: that of the MTA.
    pub reply: Reply,
    /// A mail to the sender about the recipients that did not get the message; sent as a transaction of its own, after
    /// the reply. A failure changes nothing.
    pub report: Option<Report>,
    /// Mail data on the attachment service that nobody will fetch: to be removed (deleteMailData). A failure changes
    /// nothing.
    pub orphan: Option<Pii<String>>,
    /// A notice that was due and is not told now: it is due again.
    pub untold: Option<Notice>,
}

impl Protected {
    /// The recipients that were left out before the MTA was asked.
    pub fn dropped(&self) -> &[Dropped] {
        &self.findings.dropped
    }

    /// Draws the conclusion from what the MTA said.
    ///
    /// If the MTA took the message for nobody, its reply is all the client gets: it knows then that nobody got the mail (deltas
    /// Q8), and no report says that anything went on its way. Otherwise everybody who was left out, here or by the MTA, is named
    /// in one report. While it is in doubt whether the MTA has the message, mail data stays: somebody may come for it, and it
    /// expires by itself.
    pub fn delivered(mut self, delivery: Delivery) -> Conclusion {
        let Delivery { reply, accepted, in_doubt, refused } = delivery;
        let (mut orphan, mut untold) = (None, None);
        if accepted {
            for (address, reply) in refused {
                let recipient =
                    self.envelope.recipients.iter().find(|recipient| recipient.address == address);
                let recipient = recipient.cloned().unwrap_or_else(|| Recipient::new(address));
                self.findings.dropped.push(Dropped { recipient, reason: DropReason::Refused(reply) });
            }
        } else {
            self.findings.dropped.clear();
            untold = self.findings.notice.take();
            orphan = self.mail_data.filter(|_| !in_doubt);
        }
        Conclusion { reply, report: self.findings.report(&self.run), orphan, untold }
    }

    /// Gives up before the MTA was asked: what is left is mail data on the attachment service, to be removed.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19365; flows K6.
    pub fn abandoned(self) -> Option<Pii<String>> {
        self.mail_data
    }
}
