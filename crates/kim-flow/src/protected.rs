//! The mail ready for the MTA, and what follows from the MTA's answer (S18 to S20).

use kim_smime::{OuterMessage, SharedKey};
use kim_types::{Delivery, Envelope, Reply};

use crate::Run;
use crate::recipients::{DropReason, Dropped};
use crate::report::{Report, report};

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
    pub message: OuterMessage,
    /// Recipients whose certificates have the key of somebody else: a warning, they get the message nevertheless.
    pub shared_keys: Vec<SharedKey>,
    dropped: Vec<Dropped>,
    run: Run,
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
}

impl Protected {
    pub(crate) fn new(
        run: Run,
        envelope: Envelope,
        message: OuterMessage,
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
            return Conclusion { reply, report: None };
        }
        let mut dropped = self.dropped;
        dropped
            .extend(refused.into_iter().map(|(address, _)| Dropped { address, reason: DropReason::Refused }));
        let report = (!dropped.is_empty()).then(|| report(&self.run, self.envelope.envid.as_ref(), dropped));
        Conclusion { reply, report }
    }
}
