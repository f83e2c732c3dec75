//! [`Participant`]: protect and open, the Clientmodul without ports.

use std::sync::Arc;
use std::time::Instant;

use kim_flow::receive::Delivered;
use kim_flow::{Content, Refused, Run, receive, send};
use kim_types::{Address, Envelope};
use tokio::sync::SemaphorePermit;

use crate::answers::{Answers, listing};
use crate::clientmodul::{Account, Shared};
use crate::incoming::Stored;
use crate::isolation;
use crate::konnektor::{Konnektor, Konnektors};
use crate::mail_data::MailData;
use crate::outgoing::{Opened, Outgoing};
use crate::progress::{Observer, Progress};

/// One account with its way to cards and directory.
///
/// Cheap to clone. Dropping a future of it ends the work at once; nothing is left behind. Every call to the Konnektor and
/// the directory has the deadline of their settings.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019, KOM-LE-A_2042.
#[derive(Clone)]
pub struct Participant {
    pub(crate) shared: Arc<Shared>,
    pub(crate) konnektors: Arc<Konnektors>,
    pub(crate) account: Account,
    pub(crate) observer: Option<Observer>,
}

impl Participant {
    /// The account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The same participant, with somebody who is told how far uploads and downloads of large mails have come.
    ///
    /// `observer` is called on the thread of the transfer, at most four times a second and at the end: it must not block.
    /// Clones of the participant share it; give every mail a participant of its own to tell transfers apart.
    ///
    /// Spec: none — see [`Progress`].
    pub fn observed(&self, observer: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self { observer: Some(Arc::new(observer)), ..self.clone() }
    }

    /// Signs and encrypts a mail for the recipients of its envelope; a large one goes to the attachment service.
    ///
    /// The pieces and the envelope of [`Outgoing`] go to the MTA; [`Outgoing::delivered`] then says what the client is told
    /// and whether a report is due. A mail is given as octets or, if it is not known to be small, as what
    /// [`Clientmodul::incoming_mail`] came to.
    ///
    /// All of it is done with one Konnektor. If that one stops to answer before a signature was asked for, the mail starts
    /// over with another one that serves the account.
    ///
    /// # Errors
    /// [`Refused`] has the reply for the client and the cause. The mail must not be sent.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019.
    ///
    /// [`Clientmodul::incoming_mail`]: crate::Clientmodul::incoming_mail
    pub async fn protect(&self, envelope: Envelope, mail: impl Into<Stored>) -> Result<Outgoing, Refused> {
        let Stored { mut content, kept } = mail.into();
        let _place = self.place(&content).await;
        let mail_data = MailData::new(kept);
        let mut answers = self.answers(&mail_data);
        loop {
            let run = self.run(&answers.turn.konnektor).await;
            let spare = answers.turn.spare(&content);
            let mut step = send::start(run, envelope.clone(), content);
            let refused = loop {
                step = match step {
                    send::Step::Call(call) => answers.answer(call).await,
                    send::Step::Protected(protected) => {
                        return Ok(Outgoing::new(self.clone(), protected, mail_data));
                    }
                    send::Step::Refused(refused) => break refused,
                }
            };
            (answers, content) = answers.start_over().zip(spare).ok_or(refused)?;
        }
    }

    /// Decrypts and checks a received message. Whatever is wrong with it, there is something to read, even if it makes the
    /// module panic: then a mail stands for it, at once if the account fetches it again within a day.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042 to KOM-LE-A_2050.
    pub async fn open(&self, message: impl Into<Stored>) -> Opened {
        isolation::open(self, message.into()).await
    }

    /// What the user gets for a message; what it leaves to the driver is in `mail_data`.
    pub(crate) async fn deliver(&self, mut content: Content, mail_data: &MailData) -> Delivered {
        let _place = self.place(&content).await;
        let mut answers = self.answers(mail_data);
        loop {
            let run = self.run(&answers.turn.konnektor).await;
            let spare = answers.turn.spare(&content);
            let mut step = receive::start(run, content);
            let delivered = loop {
                step = match step {
                    receive::Step::Call(call) => answers.answer(call).await,
                    receive::Step::Done(delivered) => break delivered,
                }
            };
            match answers.start_over().zip(spare) {
                Some(next) => (answers, content) = next,
                None => return *delivered,
            }
        }
    }

    /// Looks an address up so that the answer waits in the cache.
    pub(crate) async fn prefetch(&self, address: &Address) {
        // A failure shows when the answer is needed.
        let _ = listing(self, address, true).await;
    }

    /// Room for a mail that is whole in memory; one in the spool takes little.
    async fn place(&self, content: &Content) -> Option<SemaphorePermit<'_>> {
        match content {
            Content::Whole(mail) => self.shared.workload.enter(mail.len()).await,
            Content::Kept(_) => None,
        }
    }

    /// Who answers for the next mail.
    fn answers<'a>(&'a self, mail_data: &'a MailData) -> Answers<'a> {
        Answers::new(self, mail_data, self.konnektors.in_turn(Instant::now()))
    }

    /// The rules as this Konnektor allows them, and the moment.
    async fn run(&self, konnektor: &Konnektor) -> Run {
        let mut rules = self.shared.rules.clone();
        if let Ok(directory) = konnektor.directory().await {
            rules.konnektor_version = Some(directory.kim_version.clone());
            rules.konnektor_ecc = directory.services.supports_ecc();
        }
        Run {
            rules: Arc::new(rules),
            account: self.account.address.clone(),
            now: self.shared.clock.now(),
            unique: kim_tls::random(),
        }
    }
}
