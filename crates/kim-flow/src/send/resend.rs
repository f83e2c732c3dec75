//! A message that could not be opened goes to its receiver once more (W1 to W3).
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2029; deltas Q9.

use kim_types::{Address, Envelope};

use crate::mail::Mail;
use crate::protected::{Message, Protected};
use crate::refusal::Cause;
use crate::report::Findings;
use crate::{Recipe, Run};

/// The KOM-LE message within a mail that a user sends to nobody but himself, octet for octet.
///
/// A mail to anybody else is an ordinary one, whatever it contains: it would reach somebody who was no recipient.
pub(super) fn message(run: &Run, envelope: &Envelope, mail: &Mail) -> Result<Option<Recipe>, Cause> {
    let own = |address: &Address| *address == run.account;
    let to_oneself = matches!(envelope.recipients.as_slice(), [only] if own(&only.address));
    if !(to_oneself && own(&envelope.sender)) {
        return Ok(None);
    }
    match mail.measure.kom_le_messages().as_slice() {
        [] => Ok(None),
        // What is sent as it came must not have what ends a mail in the eyes of some servers.
        [_] if mail.measure.stray_line_ends() > 0 => Err(Cause::LineEnds),
        [only] => Ok(Some(mail.part(only.clone()))),
        _ => Err(Cause::SeveralMessages),
    }
}

/// The message as it was, for the MTA: neither signed nor encrypted nor changed.
pub(super) fn protected(run: Run, envelope: Envelope, mail: &Mail, message: Recipe) -> Protected {
    Protected {
        findings: Findings::about(&mail.header, &envelope),
        envelope,
        message: Message::Resent(message),
        shared_keys: Vec::new(),
        upgrade: None,
        mail_data: None,
        run,
    }
}
