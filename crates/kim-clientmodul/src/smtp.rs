//! One SMTP session: the machine of kim-smtp, the wire, and the flow that protects its mails.

use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt as _;
use kim_flow::{Advice, Refused, Report};
use kim_smtp::{Answer, Call, Event, Input, Login, Output, Process, Proxy, Wait};
use kim_types::Reply;
use tokio::sync::watch;
use tracing::{Instrument, Span, error, info, warn};

use crate::clientmodul::Clientmodul;
use crate::incoming::Incoming;
use crate::isolation;
use crate::legs::{Connection, Happened, Legs, Patience};
use crate::login::{self, LoginError};
use crate::operation::Operations;
use crate::outgoing::Outgoing;
use crate::participant::Participant;
use crate::pieces::Pieces;
use crate::spool::SpoolError;

/// A task that runs while the machine waits for its answer; dropped, it is cancelled.
type Task = Pin<Box<dyn Future<Output = Finished> + Send>>;

/// What a task came to.
enum Finished {
    Login(Box<Login>, Result<(Participant, Box<dyn Connection>), LoginError>),
    /// The mail is protected or refused; `None` if it broke the module.
    Protect(Process, Option<Result<Outgoing, Refused>>),
    /// The mail could not be kept while it came in.
    NotKept(Process, SpoolError),
}

/// Where the processing of a mail stands between two calls of the machine.
enum Stage {
    /// Nothing is being processed.
    Idle,
    /// The MTA was reset; the client still has to be told.
    Refusing(Reply),
    /// The MTA is being given the mail.
    Delivering(Outgoing),
    /// The client was told; a report may remain to be sent.
    Concluding(Option<Report>),
    /// Nothing remains.
    Over,
}

/// Runs a session until one side is gone, or until it is idle once `stop` is true.
pub(crate) async fn run(clientmodul: Clientmodul, client: Box<dyn Connection>, stop: watch::Receiver<bool>) {
    let config = clientmodul.shared().smtp.clone();
    let patience = Patience { client: config.timeout_client, server: config.timeout_server };
    let operations = Operations::new();
    let span = operations.session("smtp");
    let session = Session {
        machine: Proxy::new(config, Instant::now()),
        legs: Legs::new(client, patience, stop),
        clientmodul,
        participant: None,
        task: None,
        operations,
        operation: Span::none(),
        stage: Stage::Idle,
        mail: None,
        to_send: None,
    };
    session.run().instrument(span).await;
}

struct Session {
    clientmodul: Clientmodul,
    machine: Proxy,
    legs: Legs,
    participant: Option<Participant>,
    task: Option<Task>,
    operations: Operations,
    /// The last operation that was begun: what follows of it is logged under its number.
    operation: Span,
    stage: Stage,
    /// The mail that is coming in.
    mail: Option<Incoming>,
    /// The message that is going out.
    to_send: Option<Pieces>,
}

impl Session {
    async fn run(mut self) {
        let mut out = Output::default();
        let mut wait = self.machine.handle(Input::Start, Instant::now(), &mut out);
        loop {
            self.legs.say(&mut out.client, &mut out.server).await;
            if std::mem::take(&mut out.close_server) {
                self.legs.close_server().await;
            }
            if !out.content.is_empty() {
                let mail = self.mail.get_or_insert_with(|| self.clientmodul.incoming_mail());
                mail.take(std::mem::take(&mut out.content)).await;
            }
            for event in out.events.drain(..) {
                self.note(event);
            }
            if let Some(answer) =
                out.call.take().and_then(|call| self.operation.clone().in_scope(|| self.begin(call)))
            {
                wait = self.machine.handle(Input::Answer(answer), Instant::now(), &mut out);
                continue;
            }
            let Wait::For { client, server, content, until } = wait else { break };
            if content {
                // A client that leaves, or an MTA that refuses, ends the message before it is sent.
                if let Some(happened) = self.legs.next(client, server, until).now_or_never() {
                    wait = self.hear(happened, &mut out);
                    continue;
                }
                let chunk = self.next_piece().await;
                let input = chunk.as_deref().map_or(Input::ContentEnd, Input::Content);
                wait = self.machine.handle(input, Instant::now(), &mut out);
                continue;
            }
            wait = tokio::select! {
                finished = pending(&mut self.task) => {
                    self.task = None;
                    let answer = self.operation.clone().in_scope(|| self.finish(finished));
                    self.machine.handle(Input::Answer(answer), Instant::now(), &mut out)
                }
                happened = self.legs.next(client, server, until) => self.hear(happened, &mut out),
            };
        }
        self.legs.close().await;
    }

    /// Tells the machine what happened, and wipes it.
    fn hear(&mut self, happened: Happened, out: &mut Output) -> Wait {
        let input = match &happened {
            Happened::ClientSaid(octets) => Input::Client(octets),
            Happened::ClientClosed => Input::ClientClosed,
            Happened::ServerSaid(octets) => Input::Server(octets),
            Happened::ServerClosed => Input::ServerClosed,
            Happened::Tick => Input::Tick,
            Happened::Stop => Input::Stop,
        };
        let wait = self.machine.handle(input, Instant::now(), out);
        happened.wipe();
        wait
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Recipient(address) => self.prefetch(address),
            Event::MessageDiscarded => self.mail = None,
            other => info!(event = ?other, "smtp"),
        }
    }

    /// What comes next of the message that is going out. One that ends too early is not sent: the machine notices.
    async fn next_piece(&mut self) -> Option<Bytes> {
        match self.to_send.as_mut()?.next().await {
            Ok(piece) => piece,
            Err(error) => {
                warn!(%error, "the message cannot be read again");
                None
            }
        }
    }

    /// The directory takes its time: it is asked while the mail still arrives, and the answer waits in the cache.
    fn prefetch(&self, address: kim_types::Address) {
        let Some(participant) = self.participant.clone() else { return };
        tokio::spawn(async move { participant.prefetch(&address).await }.in_current_span());
    }

    /// Starts what the machine asks for, or answers at once.
    fn begin(&mut self, call: Call) -> Option<Answer> {
        match call {
            Call::Login(login) => {
                let clientmodul = self.clientmodul.clone();
                self.operation = self.operations.next("login");
                let connected = async move {
                    let connected = login::connect(&clientmodul, login.user(), login.password()).await;
                    Finished::Login(Box::new(login), connected)
                };
                self.task = Some(Box::pin(connected.instrument(self.operation.clone())));
                None
            }
            Call::Process(process) => self.process(process),
        }
    }

    fn finish(&mut self, finished: Finished) -> Answer {
        match finished {
            Finished::Login(login, Ok((participant, connection))) => {
                self.participant = Some(participant);
                self.legs.connect_server(connection);
                login.connected()
            }
            Finished::Login(login, Err(error)) => {
                let Advice { code, text: advice } = error.advice();
                warn!(%error, code, advice, "smtp login");
                login.refused(error.refusal())
            }
            Finished::Protect(process, Some(Ok(mut outgoing))) => {
                // The Account Manager, which the administration talks to, has to be told (setAccount).
                if let Some(version) = outgoing.protected().upgrade {
                    info!(%version, "the directory has an older version for the account: setAccount is due");
                }
                self.to_send = Some(outgoing.pieces());
                let (envelope, size) = (outgoing.envelope().clone(), outgoing.size());
                self.stage = Stage::Delivering(outgoing);
                process.deliver(envelope, size)
            }
            Finished::Protect(process, Some(Err(Refused { reply, cause }))) => {
                let Advice { code, text: advice } = cause.advice();
                warn!(error = %Chain(&cause), reply = reply.code(), code, advice, "mail refused");
                self.stage = Stage::Refusing(reply);
                process.reset()
            }
            Finished::Protect(process, None) => {
                let reply = Reply::new(451, "4.3.0 Nachricht konnte nicht verarbeitet werden");
                let advice = "Bitte melden Sie den Fehler dem Hersteller des Clientmoduls.";
                error!(reply = reply.code(), code = "send-panic", advice, "mail refused");
                self.stage = Stage::Refusing(reply);
                process.reset()
            }
            Finished::NotKept(process, error) => {
                let (reply, Advice { code, text: advice }) = (not_kept(error), error.advice());
                warn!(%error, reply = reply.code(), code, advice, "mail refused");
                self.stage = Stage::Refusing(reply);
                process.reset()
            }
        }
    }

    /// S8 to S20: one call of the machine after the other until the mail is done.
    fn process(&mut self, process: Process) -> Option<Answer> {
        if let Some(envelope) = process.envelope().cloned() {
            let mail = self.mail.take().unwrap_or_else(|| self.clientmodul.incoming_mail());
            // The machine processes mails only after a login, which sets the participant.
            let participant = self.participant.clone()?;
            self.operation = self.operations.next("send");
            let protected = async move {
                match mail.finish().await {
                    Ok(mail) => {
                        let protected = isolation::protect(&participant, envelope, mail).await;
                        Finished::Protect(process, protected)
                    }
                    Err(error) => Finished::NotKept(process, error),
                }
            };
            self.task = Some(Box::pin(protected.instrument(self.operation.clone())));
            return None;
        }
        self.to_send = None;
        let (stage, answer) =
            match (std::mem::replace(&mut self.stage, Stage::Over), process.delivery().cloned()) {
                (Stage::Refusing(reply), _) => (Stage::Over, process.reply(reply)),
                (Stage::Delivering(outgoing), Some(delivery)) => {
                    let conclusion = outgoing.delivered(delivery);
                    info!(code = conclusion.reply.code(), report = conclusion.report.is_some(), "mail sent");
                    (Stage::Concluding(conclusion.report), process.reply(conclusion.reply))
                }
                (Stage::Concluding(Some(report)), _) => {
                    let mail = Pieces::from(report.mail);
                    let size = mail.len();
                    self.to_send = Some(mail);
                    (Stage::Over, process.deliver(report.envelope, size))
                }
                (_, report) => {
                    if report.is_some_and(|report| !report.accepted) {
                        warn!("the report about left-out recipients could not be sent");
                    }
                    (Stage::Idle, process.done())
                }
            };
        self.stage = stage;
        Some(answer)
    }
}

/// The reply for a mail there is no room for: another attempt may find some, unless the mail is what is too large.
///
/// Spec: none — own rule, RFC 3463 (X.3.1 mail system full, X.3.4 message too big, X.3.0 other).
fn not_kept(error: SpoolError) -> Reply {
    match error {
        SpoolError::Full => Reply::new(451, "4.3.1 Es ist kein Platz fuer die Nachricht"),
        SpoolError::TooLarge { .. } => Reply::new(552, "5.3.4 Die Nachricht ist zu gross"),
        _ => Reply::new(451, "4.3.0 Die Nachricht konnte nicht zwischengespeichert werden"),
    }
}

/// Waits for the task, for ever if there is none.
async fn pending(task: &mut Option<Task>) -> Finished {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}

/// An error with all its causes on one line.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
