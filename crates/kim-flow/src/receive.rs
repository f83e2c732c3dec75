//! Receiving: from the message on the server to what the user reads.
//!
//! [`start`] gives the first [`Step`]; answering its calls always ends in [`Step::Done`]: whatever is wrong with a message,
//! the user gets something to read and can delete it. The step names of the flow description (R3 to R15, L1 to L7) stand at
//! the functions that carry them out.
//!
//! ```text
//! start ─► plain mail ────────────────────────────────────────────────────────────────► Done
//!     └──► LookUp (R5, if large) ─► KnownCard ─► Cards ─► CardCertificates ─► PinStatus ─┐
//!     ┌───────────────────────────────────────────────────────────────────────── Decrypt ┘
//!     └──► Verify ─► LookUp (signer) ─► LookUp (R5, if not yet) ─► Download ───────────► Done
//! ```

mod card;
mod decrypt;
mod kas;
mod show;
mod signer;

use bytes::Bytes;
use kim_fachdienst::{KasReferenceError, LinkError};
use kim_smime::{Header, HeaderLimits, ReceiveLimits, Received, Verdict, outer_version};
use kim_types::Octets;

use crate::{Call, CardError, Content, DownloadError, Recipe, Rules, Run};
use kas::KasFields;

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
    /// The mail. Its kept octets are those of the mail data if some was downloaded, else those of the message.
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
    /// Not opened, or without its mail data: the mail explains why.
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

/// Why a message was not opened.
///
/// The mail contains what was received, so that nothing is lost. Where the decrypted message is at fault itself
/// ([`Trouble::Ambiguous`], [`DownloadError::Decryption`], [`DownloadError::Hash`]) it is the decrypted message with a text
/// in the place of its body.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2047-02, A_20650, A_21391, A_23512, A_19369 to A_19372; deltas Q15.
#[derive(Debug)]
#[non_exhaustive]
pub enum Trouble {
    /// X-KOM-LE-Version names a version this module does not know (4008).
    Version,
    /// It is not what the profile prescribes, or its header cannot be read (02, 4010).
    Format,
    /// It is larger than [`Rules::message_limit`], so no Konnektor can decrypt it (02, 4010).
    TooLarge,
    /// No key: nothing for this address, no card, no PIN (01, 4009).
    Key(Option<CardError>),
    /// The Konnektor does not answer (03, 4011).
    Konnektor(kim_konnektor::Error),
    /// It is large, and the user did not ask for large ones (4018).
    NotWelcome,
    /// It is large, and the directory does not say whether the user asked for large ones (4006: later, it may).
    Directory,
    /// Its mail data is described more than once (X69).
    Ambiguous,
    /// The description of its mail data cannot be read (4006).
    Reference(KasReferenceError),
    /// The link to its mail data leads out of KIM or is none (4006).
    Link(LinkError),
    /// Its mail data could not be fetched (4006, 4013), decrypted (4007), or is not what was sent (4012).
    Download(DownloadError),
}

/// Starts to open a message.
///
/// A message of more than [`Rules::message_limit`] octets need not be in memory: give it as [`Content::Kept`]. A smaller one
/// that is kept elsewhere nevertheless is treated as too large, because no Konnektor can be given what is not at hand.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042 to KOM-LE-A_2050, A_21390, A_21391.
pub fn start(run: Run, message: Content) -> Step {
    let head = match &message {
        Content::Whole(message) => message.to_bytes(),
        Content::Kept(kept) => kept.head.to_bytes(),
    };
    // R3, R4
    let version = match outer_version(&head) {
        Ok(Some(version)) => version,
        Ok(None) => return show::plain(message),
        Err(_) => return show::substitute(&run, &head, &message, Trouble::Format),
    };
    if !version.is_supported() {
        return show::substitute(&run, &head, &message, Trouble::Version);
    }
    let fits = match &message {
        Content::Whole(message) => message.len() as u64 <= run.rules.message_limit,
        Content::Kept(_) => false,
    };
    if !fits {
        return show::substitute(&run, &head, &message, Trouble::TooLarge);
    }
    // R6, before R5: nobody is asked about a message that cannot be opened anyway.
    match Received::parse(head.clone(), &ReceiveLimits::default()) {
        Ok(received) => {
            let kas = KasFields::read(&version, received.header());
            let receiving =
                Receiving { run, message: head, kas, welcome: false, refreshed: false, prompted: false };
            receiving.begin(received.decrypt_request())
        }
        Err(_) => show::substitute(&run, &head, &message, Trouble::Format),
    }
}

/// The octets with which the mail made of a KOM-LE message begins, whatever becomes of it: its fields Received.
///
/// They are known as soon as the header of the message is. A driver may send them while a slow download runs, so that a
/// client which waits for 20 seconds only sees progress, and leaves them out of the mail that follows: every
/// [`Delivered::mail`] of a KOM-LE message begins with exactly these octets. They are harmless in any case, because they
/// name nobody an answer could go to.
///
/// `head` are the first octets of the message, its header at least. Nothing is given for what is no KOM-LE message, which is
/// delivered without delay anyway, or if [`Rules::early_header`] is off.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_20628; flows R2.
pub fn early_header(rules: &Rules, head: &Bytes) -> Octets {
    if !rules.early_header || !matches!(outer_version(head), Ok(Some(_))) {
        return Octets::new();
    }
    let (header, _) = Header::split(head, &HeaderLimits::default()).unwrap_or_default();
    header.all("Received").filter_map(|field| field.canonical()).map(Octets::from).collect()
}

/// The message on its way; every step hands it to the next.
struct Receiving {
    run: Run,
    message: Bytes,
    kas: KasFields,
    /// Whether it is known that the user asked for large messages.
    welcome: bool,
    /// Whether a stale card handle already led to a second search.
    refreshed: bool,
    /// Whether an unverified PIN already led to a second attempt to decrypt.
    prompted: bool,
}
