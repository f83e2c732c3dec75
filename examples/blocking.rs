//! A Clientmodul with plain threads inside practice software: `cargo run --example blocking`.
//!
//! Two practices, each with its own Mandant, send a mail to the same reader, at the same time and with the same rules. The main
//! thread shows what each mail waits for. Then the reader fetches them: one as usual, one with a deadline that is too short, one
//! that is cancelled while the Konnektor is asked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use kim_examples::Blocking;
use kim_flow::receive::{self, Delivered};
use kim_flow::{Call, Rules, send};
use kim_testbed::{Account, World};
use kim_types::{Envelope, Octets, Recipient};

/// How far a mail may get, and who is told.
struct Watch {
    deadline: Instant,
    cancelled: AtomicBool,
    progress: Sender<String>,
}

impl Watch {
    fn new(patience: Duration) -> (Self, Receiver<String>) {
        let (progress, shown) = channel();
        (Self { deadline: Instant::now() + patience, cancelled: AtomicBool::new(false), progress }, shown)
    }

    /// Answers one call, or `None` if nobody wants the answer any more. A driver with sockets passes what is left of the time on
    /// to them.
    fn answer<S>(&self, driver: &Blocking<'_>, name: &str, call: Call<S>) -> Option<S> {
        // Nobody listens any more: that is no reason to stop.
        let _ = self.progress.send(format!("{name}: {}", call.name()));
        if self.cancelled.load(Ordering::Relaxed) {
            // The call is dropped here, and with it the flow.
            return None;
        }
        Some(if Instant::now() < self.deadline { driver.answer(call) } else { call.timed_out() })
    }
}

/// Protects a mail; `None` if it was cancelled.
fn protect(
    driver: &Blocking<'_>,
    watch: &Watch,
    envelope: Envelope,
    mail: Octets,
) -> Option<Result<Bytes, String>> {
    let mut step = send::start(driver.run(unique()), envelope.clone(), mail.into());
    loop {
        step = match step {
            send::Step::Call(call) => watch.answer(driver, envelope.sender.local_part(), call)?,
            send::Step::Refused(refused) => return Some(Err(refused.cause.to_string())),
            send::Step::Protected(protected) => {
                return Some(Ok(protected.message.whole().unwrap_or_default().to_bytes()));
            }
        }
    }
}

/// Opens a message; `None` if that was cancelled.
fn open(driver: &Blocking<'_>, watch: &Watch, message: Bytes) -> Option<Delivered> {
    let mut step = receive::start(driver.run(unique()), Octets::from(message).into());
    loop {
        step = match step {
            receive::Step::Call(call) => watch.answer(driver, "reader", call)?,
            receive::Step::Done(delivered) => return Some(*delivered),
        }
    }
}

#[expect(clippy::print_stdout, reason = "the output of a program")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = World::new(1);
    let account = |name: &str| world.account(name).ok_or("no such account");
    let (first, second, reader) = (account("A")?, account("E")?, account("B")?);
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let (watch, progress) = Watch::new(Duration::from_secs(60));

    let sent: Result<Vec<Bytes>, String> = thread::scope(|scope| {
        let senders = [first, second].map(|sender| {
            let (world, watch) = (&world, &watch);
            scope.spawn(move || send_mail(world, watch, sender, reader, now))
        });
        senders.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked".to_owned())?).collect()
    });
    let messages = sent?;
    progress.try_iter().for_each(|line| println!("{line}"));

    let driver = Blocking::new(&world, reader, Rules::default(), now)?;
    let open_within = |patience, message: &Bytes| {
        let (watch, progress) = Watch::new(patience);
        let delivered = open(&driver, &watch, message.clone());
        println!("\n{}", progress.try_iter().collect::<Vec<_>>().join("\n"));
        delivered
    };
    let [one, other] = messages.as_slice() else { return Err("two mails were sent".into()) };
    let delivered = open_within(Duration::from_secs(60), one).ok_or("nobody cancelled it")?;
    println!("with time: {}", delivered.outcome.name());
    let delivered = open_within(Duration::ZERO, other).ok_or("nobody cancelled it")?;
    println!("without time: {:?}", delivered.outcome);

    let (watch, _) = Watch::new(Duration::from_secs(60));
    watch.cancelled.store(true, Ordering::Relaxed);
    println!("\ncancelled: {}", open(&driver, &watch, other.clone()).is_none());
    Ok(())
}

/// What the thread of one practice does.
fn send_mail(
    world: &World,
    watch: &Watch,
    sender: &Account,
    reader: &Account,
    now: SystemTime,
) -> Result<Bytes, String> {
    let driver = Blocking::new(world, sender, Rules::default(), now).map_err(|error| error.to_string())?;
    let mail = format!("From: <{}>\r\nTo: <{}>\r\n\r\nBefund\r\n", sender.address, reader.address);
    let envelope = Envelope {
        sender: sender.address.clone(),
        ret: None,
        envid: None,
        recipients: vec![Recipient::new(reader.address.clone())],
    };
    protect(&driver, watch, envelope, Octets::from(mail.into_bytes())).ok_or("cancelled")?
}

/// Octets that are used once, from the random numbers of the system.
fn unique() -> [u8; 16] {
    kim_tls::random()
}
