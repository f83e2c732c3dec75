//! Every rule of sending and receiving KIM mail, without I/O.
//!
//! A flow is a chain of steps. Each step is a question to the world ([`Call`]) or the end. The question carries the rest of
//! the flow inside ([`Ask`]): answering it gives the next step, dropping it ends the flow.
//!
//! ```text
//! send::start ─► Limits ─► LookUp ─► Cards ─► PinStatus ─► (Upload) ─► Sign ─► Encrypt ─► Protected ─► MTA ─► Conclusion
//!                                          └► Refused
//! receive::start ─► KnownCard ─► Cards ─► PinStatus ─► Decrypt ─► Verify ─► Delivered
//! ```
//!
//! Whoever runs a flow writes one loop and one `match`; `kim-clientmodul` does it with tokio, the example `protect_and_open`
//! in a single thread without sockets.
//!
//! ```
//! use kim_flow::{Call, Run, receive};
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
//!         receive::Step::Call(Call::Cards(ask)) => ask.answer(Ok(Vec::new())),
//!         receive::Step::Call(_) => unimplemented!("ask the Konnektor, the directory, the cache"),
//!         receive::Step::Done(delivered) => break delivered,
//!     }
//! };
//! assert_eq!(delivered.mail.whole(), Some(mail));
//! ```
//!
//! What a flow never does: read a clock, make up a random number, keep something after it ended. Time and uniqueness come with
//! the [`Run`]; caches belong to the driver.
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
pub use report::Report;
pub use rules::{Rules, Run, SignerCheck};
