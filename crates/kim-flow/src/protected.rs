//! The mail ready for the MTA, and what follows from the MTA's answer (S18 to S20).

use kim_smime::{OuterMessage, SharedKey};
use kim_types::{Delivery, Envelope, Octets, Pii, Reply};

use crate::recipients::{DropReason, Dropped};
use crate::report::{Report, report};
use crate::{Recipe, Run};

/// A KOM-LE message with the envelope it is to be sent with.
///
/// Hand `message` to the MTA with `envelope`, MAIL FROM with SIZE = length of the message, then tell
/// [`Protected::delivered`] what the MTA said.
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
    dropped: Vec<Dropped>,
    run: Run,
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
}

impl Protected {
    pub(crate) fn new(
        run: Run,
        envelope: Envelope,
        message: Message,
        shared_keys: Vec<SharedKey>,
        dropped: Vec<Dropped>,
    ) -> Self {
        Self { envelope, message, shared_keys, dropped, run }
    }

    /// The recipients that were left out before the MTA was asked.
    pub fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }

    /// Draws the conclusion from what the MTA said.
    ///
    /// If the MTA took the message for nobody, its reply is all the client gets: it knows then that nobody got the mail
    /// (deltas Q8). Otherwise everybody who was left out, here or by the MTA, is named in one report.
    pub fn delivered(self, delivery: Delivery) -> Conclusion {
        let Delivery { reply, accepted, refused } = delivery;
        if !accepted {
            return Conclusion { reply, report: None, orphan: None };
        }
        let mut dropped = self.dropped;
        dropped
            .extend(refused.into_iter().map(|(address, _)| Dropped { address, reason: DropReason::Refused }));
        let report = (!dropped.is_empty()).then(|| report(&self.run, self.envelope.envid.as_ref(), dropped));
        Conclusion { reply, report, orphan: None }
    }
}
