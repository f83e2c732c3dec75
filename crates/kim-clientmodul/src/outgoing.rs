//! What [`protect`](crate::Participant::protect) and [`open`](crate::Participant::open) come to: [`Outgoing`], [`Opened`].

use kim_flow::receive::{Delivered, Outcome};
use kim_flow::{Conclusion, Protected};
use kim_types::{Delivery, Envelope};

use crate::mail_data::MailData;
use crate::orphan::Orphan;
use crate::participant::Participant;
use crate::pieces::Pieces;
use crate::spool::Spooled;

/// A protected mail on its way to the MTA.
///
/// Dropped before an MTA has taken it over, it removes what was put on the attachment service for it.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019, A_19363-03.
pub struct Outgoing {
    participant: Box<Participant>,
    protected: Box<Protected>,
    kept: Option<Spooled>,
    uploads: Vec<Orphan>,
}

impl Outgoing {
    pub(crate) fn new(participant: Participant, protected: Box<Protected>, mail_data: MailData) -> Self {
        let (kept, uploads) = mail_data.into_parts();
        Self { participant: Box::new(participant), protected, kept, uploads }
    }

    /// The message with its envelope.
    pub fn protected(&self) -> &Protected {
        &self.protected
    }

    /// From whom to whom it goes.
    pub fn envelope(&self) -> &Envelope {
        &self.protected.envelope
    }

    /// The length of the message in octets: what to announce as SIZE.
    pub fn size(&self) -> u64 {
        self.protected.message.len()
    }

    /// The octets of the message. They can be had once.
    pub fn pieces(&mut self) -> Pieces {
        Pieces::of_message(&self.protected.message, self.kept.take())
    }

    /// The MTA answered: what the client is told, and what else is to be sent.
    ///
    /// What lies on the attachment service stays there if the MTA has the message or may have it, and is removed otherwise. A
    /// notice that went with no mail is due again.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019, KOM-LE-A_2176-01, A_19363-03; deltas Q8.
    pub fn delivered(self, delivery: Delivery) -> Conclusion {
        let kept = delivery.accepted || delivery.in_doubt;
        let conclusion = self.protected.delivered(delivery);
        if kept && conclusion.orphan.is_none() {
            self.uploads.into_iter().for_each(Orphan::adopted);
        }
        if let Some(notice) = conclusion.untold {
            let Participant { account, shared, .. } = &*self.participant;
            shared.notices.remove(&(account.address.to_key(), notice));
        }
        conclusion
    }
}

/// A message that was opened, or the mail that stands for it.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042 to KOM-LE-A_2050.
#[derive(Debug)]
pub struct Opened {
    /// How it came about.
    pub outcome: Outcome,
    /// What the user gets.
    pub mail: Pieces,
}

impl Opened {
    pub(crate) fn new(delivered: Delivered, mail_data: MailData) -> Self {
        let (kept, _) = mail_data.into_parts();
        Self { outcome: delivered.outcome, mail: Pieces::of_recipe(&delivered.mail, kept) }
    }
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing").field("protected", &self.protected).finish_non_exhaustive()
    }
}
