//! Whether a mail comes from whom it says it does.
//!
//! Spec: api-kim FAQ, A_23422.

use kim_types::{Address, DomainSuffixes};

use super::transaction::Transaction;

/// The rule of A_23422 that a mail breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forged {
    /// There is no address in From.
    NoFrom,
    /// An address in From is not the envelope sender.
    From,
    /// Sender is not the envelope sender.
    Sender,
    /// An address in Reply-To is not one of KIM.
    ReplyTo,
}

/// Compares the originator fields of `message` with the envelope; a mail to oneself may say what it likes.
pub(super) fn check(transaction: &Transaction, message: &[u8]) -> Result<(), Forged> {
    if let [only] = transaction.recipients.as_slice()
        && *only == transaction.sender
    {
        return Ok(());
    }
    let header = header_of(message);
    let is_sender = |found: &String| found.parse::<Address>().is_ok_and(|found| found == transaction.sender);
    let from = addresses(&header, "from");
    if from.is_empty() {
        return Err(Forged::NoFrom);
    }
    if !from.iter().all(is_sender) {
        return Err(Forged::From);
    }
    if !addresses(&header, "sender").iter().all(is_sender) {
        return Err(Forged::Sender);
    }
    let suffixes = DomainSuffixes::default();
    let in_kim =
        |found: &String| found.parse::<Address>().is_ok_and(|found| suffixes.contain(found.domain()));
    if addresses(&header, "reply-to").iter().all(in_kim) { Ok(()) } else { Err(Forged::ReplyTo) }
}

/// The header of `message` with folded lines joined, at most its first MiB.
fn header_of(message: &[u8]) -> String {
    const MAX_OCTETS: usize = 1 << 20;
    let text = String::from_utf8_lossy(message.get(..MAX_OCTETS).unwrap_or(message));
    let header = text.split("\r\n\r\n").next().unwrap_or_default();
    header.replace("\r\n ", " ").replace("\r\n\t", " ")
}

fn addresses(header: &str, name: &str) -> Vec<String> {
    let fields = header.split("\r\n").filter_map(|line| line.split_once(':'));
    fields
        .filter(|(field, _)| field.trim_end().eq_ignore_ascii_case(name))
        .flat_map(|(_, value)| mailboxes(value))
        .collect()
}

/// What stands in angle brackets in each element of an address list, or the whole element without them.
fn mailboxes(list: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut element, mut angle, mut quoted, mut escaped) = (String::new(), None, false, false);
    for c in list.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            ',' => found.push(angle.take().unwrap_or(std::mem::take(&mut element))),
            '<' => element.clear(),
            '>' => angle = Some(std::mem::take(&mut element)),
            _ => element.push(c),
        }
    }
    found.push(angle.unwrap_or(element));
    found.iter().map(|address| address.trim().to_owned()).filter(|address| !address.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(header: &str, recipients: &[&str]) -> Result<(), Forged> {
        let transaction = Transaction {
            sender: "a@x.kim.telematik".parse().unwrap(),
            recipients: recipients.iter().map(|to| to.parse().unwrap()).collect(),
        };
        check(&transaction, format!("{header}\r\n\r\nFrom: x@y.zz\r\n").as_bytes())
    }

    const TO_B: &[&str] = &["b@x.kim.telematik"];

    /// Spec: api-kim FAQ, A_23422
    #[test]
    fn originators_must_be_the_envelope_sender() {
        assert_eq!(judge("From: \"Dr, A <b@c>\" <A@x.kim.telematik>", TO_B), Ok(()));
        assert_eq!(judge("From:\r\n\ta@x.kim.telematik", TO_B), Ok(()));
        assert_eq!(judge("To: b", TO_B), Err(Forged::NoFrom));
        assert_eq!(judge("From: a@x.kim.telematik, c@x.kim.telematik", TO_B), Err(Forged::From));
        assert_eq!(judge("From: a@x.kim.telematik\r\nSender: c@x.kim.telematik", TO_B), Err(Forged::Sender));
        assert_eq!(judge("From: a@x.kim.telematik\r\nReply-To: a@web.de", TO_B), Err(Forged::ReplyTo));
    }

    /// Spec: api-kim FAQ, A_23422
    #[test]
    fn a_mail_to_oneself_may_come_from_anybody() {
        assert_eq!(judge("From: c@x.kim.telematik", &["A@X.kim.telematik"]), Ok(()));
        assert_eq!(judge("From: c@x.kim.telematik", &["a@x.kim.telematik", TO_B[0]]), Err(Forged::From));
    }
}
