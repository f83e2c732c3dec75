//! Every rule of sending and receiving KIM mail, without I/O: a Clientmodul inside your own software.
//!
//! Two functions start everything: [`send::start`] takes a client's mail and gives the message for the mail server,
//! [`receive::start`] takes a message and gives the mail for the user. In between they ask. A flow is a chain of steps, and
//! each step is a question to the world ([`Call`]) or the end. The question carries the rest of the flow inside ([`Ask`]):
//! answering it gives the next step, dropping it ends the flow.
//!
//! ```text
//! send::start ─► Limits ─► LookUp ─► Cards ─► PinStatus ─► (Upload) ─► Sign ─► Encrypt ─► Protected ─► MTA ─► Conclusion
//!                                          └► Refused
//! receive::start ─► KnownCard ─► Cards ─► PinStatus ─► Decrypt ─► Verify ─► LookUp ─► (Download) ─► Delivered
//! ```
//!
//! Whoever runs a flow writes one loop and one `match`. There are three to copy from:
//!
//! | driver | I/O | shows |
//! |---|---|---|
//! | example `protect_and_open` | none: one thread, functions instead of sockets | the whole `match` |
//! | example `blocking` | plain threads | several Mandanten, progress, deadline, cancellation |
//! | `kim-clientmodul` | tokio | caches, retries, connections, content on disk |
//!
//! ```
//! use kim_flow::{Run, receive};
//! use kim_types::Octets;
//!
//! # fn run() -> Run {
//! #     Run {
//! #         rules: Default::default(),
//! #         account: "a@elefant.kim.telematik".parse().unwrap(),
//! #         now: std::time::UNIX_EPOCH,
//! #         unique: [7; 16],
//! #     }
//! # }
//! let mail = Octets::from("Subject: no KIM mail\r\n\r\nText\r\n");
//! let mut step = receive::start(run(), mail.clone().into());
//! let delivered = loop {
//!     step = match step {
//!         // Ask the Konnektor, the directory, the cache; here nobody answers.
//!         receive::Step::Call(call) => call.timed_out(),
//!         receive::Step::Done(delivered) => break delivered,
//!     }
//! };
//! assert_eq!(delivered.mail.whole(), Some(mail));
//! ```
//!
//! # What a driver decides
//!
//! - **Time and chance.** A flow reads no clock and makes up no random number: both come with the [`Run`], one for each mail.
//! - **Deadlines.** Each call has the deadline its driver gives it; one that has passed is answered with [`Call::timed_out`],
//!   and the flow draws the conclusion: the client is told to try again, or the user gets a mail that says what to do.
//! - **Cancellation.** Dropping a step ends its flow. Nothing of the mail is left; the one thing to clean up is what was
//!   uploaded ([`Call::Upload`]).
//! - **Progress.** [`Call::name`] says what a mail waits for. How far an upload or a download is, its driver knows itself.
//! - **Caches.** [`Call::LookUp`], [`Call::Limits`] and [`Call::KnownCard`] may be answered from memory;
//!   [`Call::RememberCard`] says what to keep.
//! - **Accounts.** There are no globals. Each [`Run`] names its account and shares its [`Rules`] with others or does not; any
//!   number of flows for any number of Mandanten run side by side, in one thread or in many.
//! - **Threads.** A step and its call are `Send`: they may be answered by another thread. What goes in and comes out is `Send`
//!   and `Sync`.
//! - **Memory.** A mail or message that is too large for memory goes in as [`Content::Kept`] and comes out as a [`Recipe`]: what
//!   to write before and after octets that the driver keeps. Decrypted mail belongs into no file that is not encrypted itself.
//!
//! Whatever is wrong with a received message, there is something to read: [`receive::Outcome`] says which, and its
//! [`Verdict`](kim_smime::Verdict) whom to believe.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, chapters 3.2 and 3.3; KIM 1.5.5 as far as it is known.

mod advice;
mod ask;
mod call;
mod cards;
mod content;
mod mail;
mod mail_data;
mod protected;
pub mod receive;
mod recipients;
mod refusal;
mod release;
mod report;
mod rules;
pub mod send;

pub use advice::Advice;
pub use ask::Ask;
pub use call::{
    Call, CardCertificates, CardMemory, CardPin, CardSearch, Decrypt, Encrypt, FromKonnektor, LookUp,
    LookUpError, Notice, Purpose, Sign,
};
pub use cards::{CardError, PinTrouble};
pub use content::{Content, Kept, Recipe};
pub use mail_data::{Download, DownloadError, Downloaded, Upload, UploadError, Uploaded};
pub use protected::{Conclusion, Message, Protected};
pub use recipients::{DropReason, Dropped};
pub use refusal::{Cause, Refused};
pub use release::Release;
pub use report::Report;
pub use rules::{Rules, Run, SignerCheck};

/// Steps go from thread to thread; what goes in and comes out may be shared, too.
const _: () = {
    const fn sent<T: Send>() {}
    const fn shared<T: Send + Sync>() {}
    sent::<send::Step>();
    sent::<receive::Step>();
    shared::<Run>();
    shared::<Content>();
    shared::<Protected>();
    shared::<Refused>();
    shared::<Conclusion>();
    shared::<receive::Delivered>();
};
