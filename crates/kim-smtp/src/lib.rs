//! The SMTP side of a KIM Clientmodul as a state machine without I/O.
//!
//! A mail program talks SMTP to the module, the module talks SMTP to the mail server of the KIM Fachdienst (the MTA). In
//! between, every mail is signed and encrypted. [`Proxy`] is one such session: octets of both sides go in, octets for both
//! sides come out, and what is not SMTP it asks its driver. It knows no socket, no clock, no Konnektor and no S/MIME.
//!
//! ```
//! use std::time::Instant;
//! use kim_smtp::{Call, Config, Input, LoginRefusal, Output, Proxy, Wait};
//!
//! let (now, mut out) = (Instant::now(), Output::default());
//! let mut proxy = Proxy::new(Config::default(), now);
//! proxy.handle(Input::Start, now, &mut out);
//! assert_eq!(out.client, b"220 KOM-LE-Clientmodul ESMTP\r\n");
//!
//! // AUTH LOGIN with a user name of KIM in base64, then the password.
//! proxy.handle(Input::Client(b"AUTH LOGIN YUBiLmtpbS50ZWxlbWF0aWsjI00jQyNX\r\n"), now, &mut out);
//! let wait = proxy.handle(Input::Client(b"cGFzcw==\r\n"), now, &mut out);
//! assert!(matches!(wait, Wait::For { client: false, .. })); // nothing is read until the call is answered
//!
//! let Some(Call::Login(login)) = out.call.take() else { panic!("no login") };
//! assert_eq!(login.user().context.mandant.as_str(), "M");
//! // A real driver now checks the context, connects to the MTA, and answers `login.connected()`.
//! let answer = login.refused(LoginRefusal::Unreachable);
//! proxy.handle(Input::Answer(answer), now, &mut out);
//! assert!(out.client.ends_with(b"454 4.7.0 Mailserver nicht erreichbar\r\n"));
//! ```
//!
//! # The driver
//!
//! 1. Pass [`Input::Start`] in; after that whatever [`Wait`] asks for, one input at a time.
//! 2. After each call of [`Proxy::handle`] take out of [`Output`] what is in it: collect `content`, look at `events`, send
//!    `client` and `server`, close the connection to the MTA if `close_server` says so, start on `call`.
//! 3. Read a peer only while [`Wait::For`] names it. Its timer is the only timer.
//! 4. On [`Wait::Closed`] send what is left, close both connections, drop the work on an open call.
//!
//! Everything may arrive in pieces of any size. [`Event::MessageDiscarded`] says that the content collected so far is void.
//!
//! # The course of a session
//!
//! | state | what happens |
//! |---|---|
//! | CONNECT | the initial dialogue; AUTH PLAIN or LOGIN; [`Call::Login`]; login at the MTA with the address and the password |
//! | PROXY | MAIL, RCPT and DATA are held back and answered here, all else goes to the MTA and its replies come back; while a mail comes in, the MTA gets a NOOP now and then |
//! | PROCESS | one [`Call::Process`] after the other until [`Process::done`]; the client waits, the MTA gets a NOOP now and then |
//!
//! EHLO is answered with our own keywords; STARTTLS, BDAT, BURL and their like are refused, because they would carry a mail
//! past the module. Only printable ASCII is passed on in a command line, and only CRLF ends a line or a mail.
//!
//! # When something is lost
//!
//! | what | then |
//! |---|---|
//! | the client, before the MTA was given the end of a message | the mail is not sent; a message is never ended early |
//! | the client, later | the delivery is finished, reports included |
//! | the MTA, before the login | 454 4.7.0, and the client may try again |
//! | the MTA, between mails | 421, closed |
//! | the MTA, while a mail is processed or delivered | the driver gets a [`Delivery`](kim_types::Delivery) that was not accepted, with 451 4.4.2, the 421 of the MTA or its 5xx inside the message; closed when it is done |
//! | the connection, after the end of a message | the same, `in_doubt`; the MTA may have the mail, so the client may send it twice |
//!
//! # Limits
//!
//! [`MAX_COMMAND_OCTETS`], [`MAX_REPLY_LINE_OCTETS`], [`MAX_REPLY_LINES`], and in [`Config`] the size of a mail, the number of
//! recipients and of errors. The machine holds a partial line, and what came in one input beyond what could be used.
//!
//! Passwords are wiped when they were used; in what is said to the MTA, and in what the client said, by the driver. `Debug` of
//! every type shows neither passwords nor addresses nor content.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2007 to KOM-LE-A_2018, KOM-LE-A_2015-01, KOM-LE-A_2019, KOM-LE-A_2176-01;
//! KIM 1.5.3, A_23554; RFC 5321, RFC 1870, RFC 2034, RFC 3461, RFC 4954.

mod auth;
mod call;
mod capabilities;
mod command;
mod config;
mod connect;
mod deliver;
mod envelope;
mod event;
mod input;
mod login;
mod machine;
mod output;
mod process;
mod proxy;
mod receive;
mod replies;
mod server;
mod session;

pub use call::{Answer, Call, Login, Process};
pub use config::{Config, MIN_SIZE};
pub use event::{Event, LoginFailure};
pub use input::Input;
pub use kim_username::LoginRefusal;
pub use machine::Proxy;
pub use output::{Output, Wait};
pub use server::{MAX_REPLY_LINE_OCTETS, MAX_REPLY_LINES};
pub use session::MAX_COMMAND_OCTETS;
