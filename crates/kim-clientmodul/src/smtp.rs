//! One SMTP session: the machine of kim-smtp, the wire, and the flow that protects its mails.

use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

use bytes::Bytes;
use kim_flow::{Message, Protected, Refused, Report};
use kim_smtp::{Answer, Call, Event, Input, Login, LoginRefusal, Output, Process, Proxy, Wait};
use kim_types::{Octets, Reply};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::clientmodul::Clientmodul;
use crate::legs::{BLOCK, Connection, Happened, Legs, Patience};
use crate::login::{self, LoginError};
use crate::participant::Participant;

/// A task that runs while the machine waits for its answer; dropped, it is cancelled.
type Task = Pin<Box<dyn Future<Output = Finished> + Send>>;

/// What a task came to.
enum Finished {
    Login(Login, Result<(Participant, Box<dyn Connection>), LoginError>),
    Protect(Process, Result<Box<Protected>, Refused>),
}

/// Where the processing of a mail stands between two calls of the machine.
enum Stage {
    /// Nothing is being processed.
    Idle,
    /// The MTA was reset; the client still has to be told.
    Refusing(Reply),
    /// The MTA is being given the mail.
    Delivering(Box<Protected>),
    /// The client was told; a report may remain to be sent.
    Concluding(Option<Report>),
    /// Nothing remains.
    Over,
}

/// Runs a session until one side is gone, or until it is idle once `stop` is true.
pub(crate) async fn run(clientmodul: Clientmodul, client: Box<dyn Connection>, stop: watch::Receiver<bool>) {
    let config = clientmodul.shared().smtp.clone();
    let patience = Patience { client: config.timeout_client, server: config.timeout_server };
    let session = Session {
        machine: Proxy::new(config, Instant::now()),
        legs: Legs::new(client, patience, stop),
        clientmodul,
        participant: None,
        task: None,
        stage: Stage::Idle,
        mail: Octets::new(),
        to_send: None,
    };
    session.run().await;
}

struct Session {
    clientmodul: Clientmodul,
    machine: Proxy,
    legs: Legs,
    participant: Option<Participant>,
    task: Option<Task>,
    stage: Stage,
    /// The mail that is coming in.
    mail: Octets,
    /// The message that is going out.
    to_send: Option<Box<dyn Iterator<Item = Bytes> + Send>>,
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
                self.mail.push(std::mem::take(&mut out.content));
            }
            for event in out.events.drain(..) {
                self.note(event);
            }
            if let Some(answer) = out.call.take().and_then(|call| self.begin(call)) {
                wait = self.machine.handle(Input::Answer(answer), Instant::now(), &mut out);
                continue;
            }
            let Wait::For { client, server, content, until } = wait else { break };
            if content {
                let chunk = self.to_send.as_mut().and_then(Iterator::next);
                let input = chunk.as_deref().map_or(Input::ContentEnd, Input::Content);
                wait = self.machine.handle(input, Instant::now(), &mut out);
                continue;
            }
            wait = tokio::select! {
                finished = pending(&mut self.task) => {
                    self.task = None;
                    let answer = self.finish(finished);
                    self.machine.handle(Input::Answer(answer), Instant::now(), &mut out)
                }
                happened = self.legs.next(client, server, until) => {
                    let input = match &happened {
                        Happened::ClientSaid(octets) => Input::Client(octets),
                        Happened::ClientClosed => Input::ClientClosed,
                        Happened::ServerSaid(octets) => Input::Server(octets),
                        Happened::ServerClosed => Input::ServerClosed,
                        Happened::Tick => Input::Tick,
                        Happened::Stop => Input::Stop,
                    };
                    self.machine.handle(input, Instant::now(), &mut out)
                }
            };
        }
        self.legs.close().await;
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Recipient(address) => self.prefetch(address),
            Event::MessageDiscarded => self.mail = Octets::new(),
            other => info!(event = ?other, "smtp"),
        }
    }

    /// The directory takes its time: it is asked while the mail still arrives, and the answer waits in the cache.
    fn prefetch(&self, address: kim_types::Address) {
        let Some(participant) = self.participant.clone() else { return };
        tokio::spawn(async move { participant.prefetch(&address).await });
    }

    /// Starts what the machine asks for, or answers at once.
    fn begin(&mut self, call: Call) -> Option<Answer> {
        match call {
            Call::Login(login) => {
                let clientmodul = self.clientmodul.clone();
                self.task = Some(Box::pin(async move {
                    let connected = login::connect(&clientmodul, login.user()).await;
                    Finished::Login(login, connected)
                }));
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
                warn!(%error, "smtp login");
                login.refused(match error {
                    LoginError::UnknownKonnektor => LoginRefusal::UnknownKonnektor,
                    LoginError::UnknownContext(_) => LoginRefusal::UnknownContext,
                    _ => LoginRefusal::Unreachable,
                })
            }
            Finished::Protect(process, Ok(protected)) => {
                let (envelope, size) = (protected.envelope.clone(), protected.message.len());
                self.to_send = Some(match &protected.message {
                    Message::Protected(message) => Box::new(message.chunks()),
                    Message::Resent(message) => {
                        let message = message.clone().whole().unwrap_or_default();
                        Box::new(message.pieces().to_vec().into_iter())
                    }
                });
                self.stage = Stage::Delivering(protected);
                process.deliver(envelope, size)
            }
            Finished::Protect(process, Err(Refused { reply, cause })) => {
                warn!(error = %Chain(&cause), code = reply.code(), "mail refused");
                self.stage = Stage::Refusing(reply);
                process.reset()
            }
        }
    }

    /// S8 to S20: one call of the machine after the other until the mail is done.
    fn process(&mut self, process: Process) -> Option<Answer> {
        if let Some(envelope) = process.envelope().cloned() {
            let mail = std::mem::take(&mut self.mail);
            // The machine processes mails only after a login, which sets the participant.
            let participant = self.participant.clone()?;
            self.task = Some(Box::pin(async move {
                Finished::Protect(process, participant.protect(envelope, mail).await)
            }));
            return None;
        }
        self.to_send = None;
        let (stage, answer) =
            match (std::mem::replace(&mut self.stage, Stage::Over), process.delivery().cloned()) {
                (Stage::Refusing(reply), _) => (Stage::Over, process.reply(reply)),
                (Stage::Delivering(protected), Some(delivery)) => {
                    let conclusion = protected.delivered(delivery);
                    info!(code = conclusion.reply.code(), report = conclusion.report.is_some(), "mail sent");
                    (Stage::Concluding(conclusion.report), process.reply(conclusion.reply))
                }
                (Stage::Concluding(Some(report)), _) => {
                    let size = report.mail.len() as u64;
                    self.to_send = Some(Box::new(report.mail.blocks(BLOCK)));
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
