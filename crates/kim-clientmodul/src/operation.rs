//! The numbers that bring the log records of one operation together (Vorgangsnummer).

use tracing::{Span, info_span};

/// The target of log records about the steps of an operation (Ablaufprotokoll): each question of a flow, and how long the
/// answer took.
///
/// Records of it are many; a log should leave them out unless it is asked for them.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2079-01, KOM-LE-A_2087.
pub const FLOW_LOG: &str = "kim_clientmodul::flow";

/// Numbers the operations of one session: `4f2a9c01` is the session, `4f2a9c01-2` its second operation.
///
/// Every log record of an operation is made within its span, whose field `operation` has the number. Numbers are random, so
/// that they say nothing about how much a practice sends.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2086.
pub(crate) struct Operations {
    session: String,
    count: u32,
}

impl Operations {
    pub(crate) fn new() -> Self {
        let random: [u8; 4] = kim_tls::random();
        Self { session: format!("{:08x}", u32::from_be_bytes(random)), count: 0 }
    }

    /// The span of the session: of everything that belongs to no operation.
    pub(crate) fn session(&self, protocol: &'static str) -> Span {
        info_span!(parent: None, "session", operation = %self.session, protocol)
    }

    /// The span of a new operation.
    pub(crate) fn next(&mut self, name: &'static str) -> Span {
        self.count = self.count.saturating_add(1);
        info_span!(parent: None, "operation", operation = %format_args!("{}-{}", self.session, self.count), name)
    }
}
