//! One POP3 session: the machine of kim-pop3, the wire, and the flow that opens its mails.

use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt as _;
use kim_flow::Advice;
use kim_flow::receive::Outcome;
use kim_pop3::{Answer, Call, Event, Input, Login, Open, Output, Proxy, Wait};
use kim_types::Octets;
use tokio::sync::watch;
use tracing::{Instrument, Span, error, info, warn};

use crate::clientmodul::Clientmodul;
use crate::early::EarlyAnswer;
use crate::incoming::{Incoming, Stored};
use crate::isolation;
use crate::legs::{Connection, Happened, Legs, Patience};
use crate::login::{self, LoginError};
use crate::operation::Operations;
use crate::outgoing::Opened;
use crate::participant::Participant;
use crate::pieces::Pieces;
use crate::spool::SpoolError;

/// A task that runs while the machine waits for its answer; dropped, it is cancelled.
type Task = Pin<Box<dyn Future<Output = Finished> + Send>>;

/// What a task came to.
enum Finished {
    Login(Box<Login>, Result<(Participant, Box<dyn Connection>), LoginError>),
    /// The message is complete, or could not be kept while it came in.
    Arrived(Open, Result<Stored, (SpoolError, Octets)>),
    Open(Open, Opened),
}

/// Runs a session until one side is gone, or until it is idle once `stop` is true.
pub(crate) async fn run(clientmodul: Clientmodul, client: Box<dyn Connection>, stop: watch::Receiver<bool>) {
    let config = clientmodul.shared().pop3.clone();
    let patience = Patience { client: config.timeout_client, server: config.timeout_server };
    let operations = Operations::new();
    let span = operations.session("pop3");
    let session = Session {
        machine: Proxy::new(config, Instant::now()),
        legs: Legs::new(client, patience, stop),
        clientmodul,
        participant: None,
        task: None,
        operations,
        operation: Span::none(),
        message: None,
        to_show: None,
        early: EarlyAnswer::default(),
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
    /// The message that is coming from the server.
    message: Option<Incoming>,
    /// The mail that is going to the client.
    to_show: Option<Pieces>,
    /// What the client gets before.
    early: EarlyAnswer,
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
                let message = self.message.get_or_insert_with(|| self.clientmodul.incoming_message());
                message.take(std::mem::take(&mut out.content)).await;
            }
            for event in out.events.drain(..) {
                self.note(event);
            }
            if let Some(call) = out.call.take() {
                self.begin(call);
            }
            let Wait::For { client, server, content, until } = wait else { break };
            if content {
                // A client may leave meanwhile, and the server wants to be kept alive.
                if let Some(happened) = self.legs.next(client, server, until).now_or_never() {
                    wait = self.hear(happened, &mut out);
                    continue;
                }
                // Without the final dot nobody takes a part for the whole: the client fetches it again.
                let Some(chunk) = self.next_piece().await else { break };
                let input = chunk.as_deref().map_or(Input::ContentEnd, Input::Content);
                wait = self.machine.handle(input, Instant::now(), &mut out);
                continue;
            }
            self.to_show = None;
            wait = tokio::select! {
                () = at(self.early.due()), if self.task.is_some() => {
                    let octet = self.early.take(Instant::now());
                    self.machine.handle(Input::Content(&octet), Instant::now(), &mut out)
                }
                finished = pending(&mut self.task) => {
                    self.task = None;
                    let next = self.operation.clone().in_scope(|| self.finish(finished));
                    match next {
                        Next::Answer(answer) => {
                            self.machine.handle(Input::Answer(answer), Instant::now(), &mut out)
                        }
                        Next::Wait => wait,
                        Next::End => break,
                    }
                }
                happened = self.legs.next(client, server, until) => self.hear(happened, &mut out),
            };
        }
        self.legs.close().await;
    }

    /// What comes next of the mail that is shown, `Some(None)` at its end; `None` if it cannot be shown.
    async fn next_piece(&mut self) -> Option<Option<Bytes>> {
        let piece = match &mut self.to_show {
            Some(mail) => {
                mail.next().await.map_err(|error| warn!(%error, "the mail cannot be read again")).ok()?
            }
            None => None,
        };
        let Some(piece) = piece else { return Some(None) };
        let rest = self.early.rest_of(piece);
        if rest.is_none() {
            error!(
                "a mail does not begin as was said before: this is a mistake of the module, please report it"
            );
        }
        rest.map(Some)
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
            Event::MessageDiscarded => self.message = None,
            other => info!(event = ?other, "pop3"),
        }
    }

    /// Starts what the machine asks for.
    fn begin(&mut self, call: Call) {
        match call {
            Call::Login(login) => {
                let clientmodul = self.clientmodul.clone();
                self.operation = self.operations.next("login");
                let connected = async move {
                    let connected = login::connect(&clientmodul, login.user(), login.password()).await;
                    Finished::Login(Box::new(login), connected)
                };
                self.task = Some(Box::pin(connected.instrument(self.operation.clone())));
            }
            Call::Open(open) => {
                let message = self.message.take().unwrap_or_else(|| self.clientmodul.incoming_message());
                self.operation = self.operations.next("fetch");
                let arrived = async move { Finished::Arrived(open, message.finish_or_head().await) };
                self.task = Some(Box::pin(arrived.instrument(self.operation.clone())));
            }
        }
    }

    /// Opens a message that is complete; meanwhile the client gets what is known of the mail.
    fn open(&mut self, open: Open, message: Stored) {
        // The machine fetches mails only after a login, which sets the participant.
        let Some(participant) = self.participant.clone() else { return };
        let shared = self.clientmodul.shared();
        self.early = isolation::early(&message, &shared.rules, shared.early_interval);
        let opened = async move { Finished::Open(open, participant.open(message).await) };
        self.task = Some(Box::pin(opened.instrument(self.operation.clone())));
    }

    /// What follows: an answer, another task, or the end of the session.
    fn finish(&mut self, finished: Finished) -> Next {
        Next::Answer(match finished {
            Finished::Login(login, Ok((participant, connection))) => {
                self.participant = Some(participant);
                self.legs.connect_server(connection);
                login.connected()
            }
            Finished::Login(login, Err(error)) => {
                let Advice { code, text: advice } = error.advice();
                warn!(%error, code, advice, "pop3 login");
                login.refused(error.refusal())
            }
            Finished::Arrived(open, Ok(message)) => {
                self.open(open, message);
                return Next::Wait;
            }
            Finished::Arrived(open, Err((error, head))) => {
                let Advice { code, text: advice } = error.advice();
                let too_large = matches!(error, SpoolError::TooLarge { .. });
                let Some(participant) = self.participant.as_ref().filter(|_| too_large) else {
                    warn!(%error, code, advice, "mail not fetched");
                    return Next::End;
                };
                // Another attempt would end in the same way, and nobody could fetch the mails behind it.
                warn!(%error, code, advice, "mail not fetched: its header stands for it");
                self.early = EarlyAnswer::default();
                self.to_show = Some(isolation::header_only(participant, head).mail);
                open.deliver()
            }
            Finished::Open(open, opened) => {
                match &opened.outcome {
                    Outcome::Substituted(trouble) => {
                        let Advice { code, text: advice } = trouble.advice();
                        warn!(?trouble, code, advice, "mail not decrypted");
                    }
                    other => info!(outcome = other.name(), "mail fetched"),
                }
                self.to_show = Some(opened.mail);
                open.deliver()
            }
        })
    }
}

/// What follows from a task that ended.
enum Next {
    Answer(Answer),
    Wait,
    /// Without the final dot nobody takes the mail for fetched, and nothing is lost.
    End,
}

/// Waits until then, for ever if that is never.
async fn at(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// Waits for the task, for ever if there is none.
async fn pending(task: &mut Option<Task>) -> Finished {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}
