//! [`Participant`]: protect and open, the Clientmodul without ports.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use kim_flow::receive::{self, Delivered};
use kim_flow::{Protected, Refused, Run, send};
use kim_types::{Address, Envelope, Octets};

use crate::answers::{Answers, listing};
use crate::clientmodul::{Account, Shared};
use crate::konnektor::{Konnektor, Konnektors};

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
}

impl Participant {
    /// The account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Signs and encrypts a mail for the recipients of its envelope.
    ///
    /// The message and the envelope of [`Protected`] go to the MTA; [`Protected::delivered`] then says what the client is
    /// told and whether a report is due.
    ///
    /// All of it is done with one Konnektor. If that one stops to answer before a signature was asked for, the mail starts
    /// over with another one that serves the account.
    ///
    /// # Errors
    /// [`Refused`] has the reply for the client and the cause. The mail must not be sent.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019.
    pub async fn protect(&self, envelope: Envelope, mail: Octets) -> Result<Box<Protected>, Refused> {
        let mut answers = self.answers();
        loop {
            let mut step =
                send::start(self.run(&answers.turn.konnektor).await, envelope.clone(), mail.clone().into());
            let refused = loop {
                step = match step {
                    send::Step::Call(call) => answers.answer(call).await,
                    send::Step::Protected(protected) => return Ok(protected),
                    send::Step::Refused(refused) => break refused,
                }
            };
            answers = answers.start_over().ok_or(refused)?;
        }
    }

    /// Decrypts and checks a received message. Whatever is wrong with it, there is something to read.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042 to KOM-LE-A_2050.
    pub async fn open(&self, message: Bytes) -> Delivered {
        let message = Octets::from(message);
        let mut answers = self.answers();
        loop {
            let mut step = receive::start(self.run(&answers.turn.konnektor).await, message.clone().into());
            let delivered = loop {
                step = match step {
                    receive::Step::Call(call) => answers.answer(call).await,
                    receive::Step::Done(delivered) => break delivered,
                }
            };
            match answers.start_over() {
                Some(next) => answers = next,
                None => return *delivered,
            }
        }
    }

    /// Looks an address up so that the answer waits in the cache.
    pub(crate) async fn prefetch(&self, address: &Address) {
        // A failure shows when the answer is needed.
        let _ = listing(self, address, true).await;
    }

    /// Who answers for the next mail.
    fn answers(&self) -> Answers<'_> {
        Answers::new(self, self.konnektors.in_turn(Instant::now()))
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
