//! The POP3 side of a KIM Clientmodul as a state machine without I/O.
//!
//! A [`Proxy`] is one session between a mail program and its POP3 server. It knows the protocol and nothing else: no
//! sockets, no clock, no S/MIME. The driver feeds it octets and time, sends what it puts into [`Output`], reads whom
//! [`Wait`] names, and answers two questions:
//!
//! | question | the driver |
//! |---|---|
//! | [`Call::Login`] | checks the call context, connects to the POP3 server of the [user name](kim_username::UserName) |
//! | [`Call::Open`] | decrypts and checks the message that was fetched, and gives back what the client shall get |
//!
//! ```
//! use std::time::Instant;
//!
//! use kim_pop3::{Call, Config, Input, Output, Proxy, Wait};
//!
//! let now = Instant::now();
//! let mut out = Output::default();
//! let mut proxy = Proxy::new(Config::default(), now);
//!
//! proxy.handle(Input::Start, now, &mut out);
//! let login = b"USER a@elefant.kim.telematik#mail.elefant.kim.telematik:995#M#C#W\r\nPASS x\r\n";
//! proxy.handle(Input::Client(login), now, &mut out);
//! let Some(Call::Login(login)) = out.call.take() else { panic!("a login was asked for") };
//! assert_eq!(login.user().address.to_string(), "a@elefant.kim.telematik");
//!
//! // Connect to the server, then:
//! proxy.handle(Input::Answer(login.connected()), now, &mut out);
//! for reply in ["+OK ready\r\n", "-ERR no CAPA\r\n", "+OK\r\n", "+OK\r\n"] {
//!     proxy.handle(Input::Server(reply.as_bytes()), now, &mut out);
//! }
//! assert_eq!(out.server, b"CAPA\r\nUSER a@elefant.kim.telematik\r\nPASS x\r\n");
//!
//! out.client.clear();
//! proxy.handle(Input::Client(b"RETR 1\r\n"), now, &mut out);
//! proxy.handle(Input::Server(b"+OK\r\nSubject: KOM-LE-Nachricht\r\n..\r\n.\r\n"), now, &mut out);
//! assert_eq!(out.content, b"Subject: KOM-LE-Nachricht\r\n.\r\n");
//! let Some(Call::Open(open)) = out.call.take() else { panic!("a message was fetched") };
//!
//! // Decrypt and check it, then:
//! proxy.handle(Input::Answer(open.deliver()), now, &mut out);
//! proxy.handle(Input::Content(b"Subject: Befund\r\n\r\n"), now, &mut out);
//! let wait = proxy.handle(Input::ContentEnd, now, &mut out);
//! assert_eq!(out.client, b"+OK\r\nSubject: Befund\r\n\r\n.\r\n");
//! assert!(matches!(wait, Wait::For { client: true, content: false, .. }));
//! ```
//!
//! # The driver's loop
//!
//! 1. Call [`Proxy::handle`] with what happened; first of all with [`Input::Start`].
//! 2. Take everything out of [`Output`]: log the events, store the content, send the octets, close the server if told to.
//! 3. Start on the [`Call`], if there is one. Its methods consume it and make the [`Answer`]; a second answer does not
//!    compile, and one that was kept from an earlier call is ignored with [`Event::InputIgnored`].
//! 4. Wait as [`Wait`] says: read only the peers it names, and tick at its time. [`Wait::Closed`] ends the session.
//!
//! One invariant: how octets are cut into inputs makes no difference to anything that comes out.
//!
//! # States
//!
//! | state | the client's commands |
//! |---|---|
//! | CONNECT | CAPA, USER and PASS, AUTH PLAIN, QUIT; everything else gets -ERR |
//! | PROXY | passed on unchanged, except TOP, which asks for 0 lines and whose dots are stuffed anew, and those below |
//! | PROCESS | wait until the message of RETR was delivered; the server gets a NOOP now and then |
//!
//! After login the module answers these itself: CAPA as before login, because what the server offers (STLS, PIPELINING) is
//! not offered here; STLS, USER, PASS, AUTH, APOP with -ERR; RETR and TOP whose arguments are not numbers, and lines with
//! control characters, with -ERR, because a lenient server might understand them differently.
//!
//! A client may send commands ahead: they are carried out one at a time, and beyond [`MAX_BACKLOG_OCTETS`] it is not read.
//!
//! RETR is answered with the server's +OK at once, so that a client with a short timeout sees life while a Konnektor works.
//!
//! # When something breaks
//!
//! | what | what the client sees |
//! |---|---|
//! | login refused by anybody | -ERR, CONNECT again; after [`Config::max_errors`] refusals the session is closed |
//! | server silent | `-ERR timeout`, close |
//! | server gone or talking nonsense | what came so far, close; a message without its final dot is not complete |
//! | client silent or gone | the server is closed without QUIT, so it deletes nothing |
//!
//! Commands a client sent before it closed are still carried out, up to a RETR: what follows the loss of a message could
//! delete it.
//!
//! Octets and credentials appear in no `Debug`, events hold no personal data.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2030 to KOM-LE-A_2041, A_19367; RFC 1939, RFC 2449, RFC 5034.

mod call;
mod command;
mod config;
mod connect;
mod event;
mod interface;
mod login;
mod machine;
mod mime_version;
mod process;
mod proxy;
mod replies;
mod session;

pub use call::{Answer, Call, Login, Open};
pub use config::Config;
pub use event::{Event, LoginFailure};
pub use interface::{Input, Output, Wait};
pub use kim_username::LoginRefusal;
pub use machine::Proxy;
pub use session::{MAX_BACKLOG_OCTETS, MAX_COMMAND_OCTETS, MAX_REPLY_OCTETS};
