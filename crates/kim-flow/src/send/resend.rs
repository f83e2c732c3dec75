//! A message that could not be opened goes to its receiver once more (W1 to W3).
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2029; deltas Q9.

use kim_smime::{Measure, forwarded};
use kim_types::{Address, Envelope, Octets};

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
    let measure = &mail.measure;
    let plain =
        measure.kom_le_messages().into_iter().map(|range| (mail.part(range), measure.stray_line_ends()));
    // In base64 they are found in a mail that is at hand; a kept one is larger than any that can be opened.
    let encoded = measure.encoded_messages().into_iter().filter_map(|range| mail.part(range).whole());
    let decoded = encoded.flat_map(|part| forwarded(&part.to_bytes())).map(|message| {
        let mut measure = Measure::new();
        measure.push(&message);
        (Recipe::from(Octets::from(message)), measure.stray_line_ends())
    });
    let mut messages = plain.chain(decoded);
    match (messages.next(), messages.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(Cause::SeveralMessages),
        // What is sent as it came must not have what ends a mail in the eyes of some servers.
        (Some((_, stray)), None) if stray > 0 => Err(Cause::LineEnds),
        (Some((message, _)), None) => Ok(Some(message)),
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
