//! The part of a report that a program reads.

use std::fmt::Write as _;

use kim_types::Reply;

use super::Findings;
use crate::Run;
use crate::recipients::{DropReason, Dropped};

/// The greatest length of a value that comes from outside, in octets.
const MAX_VALUE: usize = 512;

/// The part message/delivery-status.
///
/// A report that names no recipient is about the user himself, whose mail went on its way.
///
/// Spec: RFC 3464 §2.
pub(super) fn status_part(run: &Run, findings: &Findings) -> String {
    let mut part = "Content-Type: message/delivery-status\r\n\r\n".to_owned();
    // Writing to a String cannot fail.
    let _ = write!(part, "Reporting-MTA: dns; {}\r\n", run.account.domain());
    if let Some(envid) = &findings.envid {
        let _ = write!(part, "Original-Envelope-Id: {}\r\n", decoded(&envid.0));
    }
    for dropped in &findings.dropped {
        part.push_str(&about(dropped));
    }
    if findings.dropped.is_empty() {
        let account = &run.account;
        let _ =
            write!(part, "\r\nFinal-Recipient: rfc822; {account}\r\nAction: relayed\r\nStatus: 2.0.0\r\n");
    }
    part
}

fn about(Dropped { recipient, reason }: &Dropped) -> String {
    let mut fields = "\r\n".to_owned();
    if let Some((kind, address)) = recipient.orcpt.as_ref().and_then(|orcpt| orcpt.0.split_once(';')) {
        let _ = write!(fields, "Original-Recipient: {}; {}\r\n", printable(kind), decoded(address));
    }
    let status = match reason {
        DropReason::NoCertificate | DropReason::SeveralOwners => "5.7.5",
        DropReason::Version => "5.2.3",
        DropReason::NoOwner | DropReason::Refused(_) => "5.3.0",
    };
    let _ = write!(
        fields,
        "Final-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: {status}\r\n",
        recipient.address
    );
    if let DropReason::Refused(reply) = reason {
        let _ = write!(fields, "Diagnostic-Code: smtp; {}\r\n", diagnostic(reply));
    }
    fields
}

/// A server's reply on one line.
///
/// Spec: RFC 3464 §2.3.6; RFC 5321 §4.2.1.
pub(super) fn diagnostic(reply: &Reply) -> String {
    let text = String::from_utf8_lossy(reply.wire());
    let lines: Vec<&str> = text.lines().filter_map(|line| Some(line.get(4..)?.trim())).collect();
    printable(format!("{} {}", reply.code(), lines.join(" ")).trim_end())
}

/// The text that an xtext stands for.
///
/// Spec: RFC 3461 §4.
fn decoded(xtext: &str) -> String {
    let mut text = String::with_capacity(xtext.len());
    let mut rest = xtext;
    while let Some((before, after)) = rest.split_once('+') {
        text.push_str(before);
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let octet = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        text.push(octet.map_or('+', char::from));
        rest = octet.and_then(|_| after.get(2..)).unwrap_or(after);
    }
    text.push_str(rest);
    printable(&text)
}

/// A value that can neither end its line nor say anything in another alphabet; cut after 512 octets.
pub(super) fn printable(value: &str) -> String {
    value.chars().take(MAX_VALUE).map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spec: RFC 3461 §4
    #[test]
    fn xtext_is_decoded_and_cannot_end_a_line() {
        assert_eq!(decoded("QQ+2BHC+3D1"), "QQ+HC=1");
        assert_eq!(decoded("a+0D+0AX-Evil: 1"), "a??X-Evil: 1");
        assert_eq!(decoded("+"), "+");
        assert_eq!(decoded("a++1x"), "a++1x");
        assert_eq!(decoded("a+2"), "a+2");
        assert_eq!(decoded("+ü+zz+E4"), "+?+zz?");
        assert_eq!(decoded(&"x".repeat(2_000)).len(), MAX_VALUE);
    }

    /// Spec: RFC 3464 §2.3.6
    #[test]
    fn a_reply_becomes_one_line_without_control_characters() {
        let reply =
            Reply::received(b"550-5.1.1 <a@x.de>:\r\n550 5.1.1 un\x07known \xfc\r\n".to_vec()).unwrap();
        assert_eq!(diagnostic(&reply), "550 5.1.1 <a@x.de>: 5.1.1 un?known ?");
        assert_eq!(diagnostic(&Reply::received(b"452\r\n".to_vec()).unwrap()), "452");
    }
}
