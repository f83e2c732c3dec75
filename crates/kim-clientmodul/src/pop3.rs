//! One POP3 session: the machine of kim-pop3, the wire, and the flow that opens its mails.

use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

use bytes::Bytes;
use kim_flow::receive::{Delivered, Outcome};
use kim_pop3::{Answer, Call, Event, Input, Login, LoginRefusal, Open, Output, Proxy, Wait};
use kim_types::Octets;
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
    Login(Box<Login>, Result<(Participant, Box<dyn Connection>), LoginError>),
    Open(Open, Delivered),
}

/// Runs a session until one side is gone, or until it is idle once `stop` is true.
pub(crate) async fn run(clientmodul: Clientmodul, client: Box<dyn Connection>, stop: watch::Receiver<bool>) {
    let config = clientmodul.shared().pop3.clone();
    let patience = Patience { client: config.timeout_client, server: config.timeout_server };
    let session = Session {
        machine: Proxy::new(config, Instant::now()),
        legs: Legs::new(client, patience, stop),
        clientmodul,
        participant: None,
        task: None,
        message: Octets::new(),
        to_show: None,
    };
    session.run().await;
}

struct Session {
    clientmodul: Clientmodul,
    machine: Proxy,
    legs: Legs,
    participant: Option<Participant>,
    task: Option<Task>,
    /// The message that is coming from the server.
    message: Octets,
    /// The mail that is going to the client.
    to_show: Option<Box<dyn Iterator<Item = Bytes> + Send>>,
}

impl Session {
    async fn run(mut self) {
        let mut out = Output::default();
        let mut wait = self.machine.handle(Input::Start, Instant::now(), &mut out);
        loop {
            self.legs.say_to_client(&mut out.client).await;
            if self.to_show.is_some() && self.legs.client_is_lost() {
                // What the client sent ahead must not delete the mail that did not arrive whole.
                info!("the client is gone inside a mail");
                break;
            }
            self.legs.say_to_server(&mut out.server).await;
            if std::mem::take(&mut out.close_server) {
                self.legs.close_server().await;
            }
            if !out.content.is_empty() {
                self.message.push(std::mem::take(&mut out.content));
            }
            for event in out.events.drain(..) {
                self.note(event);
            }
            if let Some(call) = out.call.take() {
                self.begin(call);
            }
            let Wait::For { client, server, content, until } = wait else { break };
            if content {
                let chunk = self.to_show.as_mut().and_then(Iterator::next);
                let input = chunk.as_deref().map_or(Input::ContentEnd, Input::Content);
                wait = self.machine.handle(input, Instant::now(), &mut out);
                continue;
            }
            self.to_show = None;
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
            Event::MessageDiscarded => self.message = Octets::new(),
            other => info!(event = ?other, "pop3"),
        }
    }

    /// Starts what the machine asks for.
    fn begin(&mut self, call: Call) {
        match call {
            Call::Login(login) => {
                let clientmodul = self.clientmodul.clone();
                self.task = Some(Box::pin(async move {
                    let connected = login::connect(&clientmodul, login.user()).await;
                    Finished::Login(Box::new(login), connected)
                }));
            }
            Call::Open(open) => {
                let message = std::mem::take(&mut self.message);
                // The machine fetches mails only after a login, which sets the participant.
                let Some(participant) = self.participant.clone() else { return };
                self.task = Some(Box::pin(async move {
                    Finished::Open(open, participant.open(message.to_bytes()).await)
                }));
            }
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
                warn!(%error, "pop3 login");
                login.refused(match error {
                    LoginError::UnknownKonnektor => LoginRefusal::UnknownKonnektor,
                    LoginError::UnknownContext(_) => LoginRefusal::UnknownContext,
                    _ => LoginRefusal::Unreachable,
                })
            }
            Finished::Open(open, delivered) => {
                match &delivered.outcome {
                    Outcome::Substituted(trouble) => warn!(?trouble, "mail not decrypted"),
                    other => info!(outcome = other.name(), "mail fetched"),
                }
                // Nothing is kept elsewhere as long as nothing is downloaded.
                let mail = delivered.mail.whole().unwrap_or_default();
                self.to_show = Some(Box::new(mail.blocks(BLOCK)));
                open.deliver()
            }
        }
    }
}

/// Waits for the task, for ever if there is none.
async fn pending(task: &mut Option<Task>) -> Finished {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}
