//! What a test plans for and sees of a mail server.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Exchange, MailFault, Transcript};
use crate::FaultPlan;
use crate::session::Step;

#[derive(Debug)]
pub(super) struct Control<C> {
    pub(super) faults: FaultPlan<C, MailFault>,
    pub(super) transcript: Transcript<C>,
    connections: AtomicU64,
}

impl<C> Default for Control<C> {
    fn default() -> Self {
        Self {
            faults: FaultPlan::default(),
            transcript: Transcript::default(),
            connections: AtomicU64::default(),
        }
    }
}

impl<C: Copy + PartialEq> Control<C> {
    /// The number of a new connection.
    pub(super) fn connect(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Carries a command out by `run`, or has the fault that is planned for it, and records it.
    pub(super) fn carry_out(
        &self,
        connection: u64,
        command: C,
        line: String,
        out: &mut Vec<u8>,
        run: impl FnOnce(&mut Vec<u8>) -> Step,
    ) -> Step {
        let start = out.len();
        let step = match self.faults.next(command) {
            None => run(out),
            Some(MailFault::Delay(delay)) => Step { delay: Some(delay), ..run(out) },
            Some(MailFault::Cut(octets)) => {
                run(out);
                out.truncate(start.saturating_add(octets));
                Step::CLOSE
            }
            Some(MailFault::Reply(reply)) => {
                out.extend_from_slice(reply.as_bytes());
                out.extend_from_slice(b"\r\n");
                Step::CONTINUE
            }
            Some(MailFault::Close) => Step::CLOSE,
            Some(MailFault::Silence) => Step::SILENCE,
        };
        let answer = out.get(start..).unwrap_or_default();
        let first = answer.split(|octet| *octet == b'\r').next().unwrap_or_default();
        let reply = String::from_utf8_lossy(first).into_owned();
        self.transcript.push(Exchange { connection, command, line, reply });
        step
    }
}
