//! What SMTP says about a mail from outside: [`Envelope`], [`Reply`], [`Delivery`].

use std::fmt;
use std::ops::Range;

use crate::{Address, Pii};

/// Who sends a mail to whom, with the parameters a Fachdienst needs for delivery and reports.
///
/// Spec: RFC 5321 §4.1.1.2-3, RFC 3461 (RET, ENVID, NOTIFY, ORCPT).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The address of MAIL FROM.
    pub sender: Address,
    /// What a report shall return.
    pub ret: Option<Ret>,
    /// The id of the envelope, in xtext as received.
    pub envid: Option<Pii<String>>,
    /// The addresses of RCPT TO, in the order received, at least one once DATA was accepted.
    pub recipients: Vec<Recipient>,
}

/// What a delivery report shall return of the mail.
///
/// Spec: RFC 3461 §4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ret {
    /// The whole mail.
    Full,
    /// The header only.
    Headers,
}

/// One address of RCPT TO.
///
/// Spec: RFC 5321 §4.1.1.3, RFC 3461 §4.1, §4.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address.
    pub address: Address,
    /// When a report is wanted, as received and checked (`NEVER` or a list of `SUCCESS`, `FAILURE`, `DELAY`).
    pub notify: Option<String>,
    /// The original recipient, in xtext as received.
    pub orcpt: Option<Pii<String>>,
}

impl Recipient {
    /// An address without parameters.
    pub fn new(address: Address) -> Self {
        Self { address, notify: None, orcpt: None }
    }
}

/// The codes there are.
const CODES: Range<u16> = 200..600;

/// An SMTP reply, kept octet for octet so that it can be passed on unchanged.
///
/// `Debug` shows the code only: servers quote addresses in their texts.
///
/// Spec: RFC 5321 §4.2.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    wire: Vec<u8>,
}

impl Reply {
    /// A reply of one line: `code`, a blank, `text`. Control characters and non-ASCII in `text` become `?`, a code that is
    /// none 451.
    pub fn new(code: u16, text: &str) -> Self {
        let code = if CODES.contains(&code) { code } else { 451 };
        let text: String =
            text.chars().map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' }).collect();
        Self { code, wire: format!("{code} {text}\r\n").into_bytes() }
    }

    /// A reply as a server sent it: all its lines with their line ends. `None` if they are not the lines of one reply.
    pub fn received(wire: Vec<u8>) -> Option<Self> {
        let mut lines = wire.strip_suffix(b"\r\n")?.split(|octet| *octet == b'\n').peekable();
        let mut code = None;
        while let Some(line) = lines.next() {
            let is_last = lines.peek().is_none();
            let line = if is_last { line } else { line.strip_suffix(b"\r")? };
            let (of_line, ends) = Self::line(line)?;
            if ends != is_last || *code.get_or_insert(of_line) != of_line {
                return None;
            }
        }
        Some(Self { code: code?, wire })
    }

    /// The code of one line, without its line end, and whether it is the last of its reply; `None` if it is no line of one.
    /// A bare CR or LF and NUL are not passed on to a client.
    pub fn line(line: &[u8]) -> Option<(u16, bool)> {
        if line.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            return None;
        }
        let (code, rest) = line.split_at_checked(3)?;
        let code = std::str::from_utf8(code).ok()?;
        if !code.bytes().all(|octet| octet.is_ascii_digit()) {
            return None;
        }
        let code = code.parse().ok().filter(|code| CODES.contains(code))?;
        match rest.first() {
            None | Some(b' ') => Some((code, true)),
            Some(b'-') => Some((code, false)),
            Some(_) => None,
        }
    }

    /// The three-digit code.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// All lines with their line ends.
    pub fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// Whether the code is 2xx.
    pub fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({})", self.code)
    }
}

/// What became of a mail that was given to the MTA.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019, KOM-LE-A_2176-01.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The reply that decided: to the message, or to the command that ended the attempt.
    pub reply: Reply,
    /// Whether the MTA took the message over for at least one recipient.
    pub accepted: bool,
    /// Whether the MTA may have the message although it is not `accepted`: it was given all of it, with the end, and no reply
    /// came that can be understood. A reply that refuses leaves no doubt, nor does 421.
    pub in_doubt: bool,
    /// The recipients the MTA refused, with its reply to each.
    pub refused: Vec<(Address, Reply)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_has_one_line_whatever_the_text() {
        let reply = Reply::new(451, "4.7.0 a\r\n250 ok ä");
        assert_eq!(reply.wire(), b"451 4.7.0 a??250 ok ?\r\n");
        assert_eq!((reply.code(), reply.is_positive()), (451, false));
        assert_eq!(format!("{reply:?}"), "Reply(451)");
        assert_eq!(Reply::new(7, "x").wire(), b"451 x\r\n");
    }

    #[test]
    fn a_reply_that_was_received_is_one() {
        for wire in ["250 ok\r\n", "250\r\n", "250-a\r\n250-\r\n250 b\r\n"] {
            let reply = Reply::received(wire.into()).unwrap();
            assert_eq!((reply.code(), reply.wire()), (250, wire.as_bytes()));
        }
        for wire in [
            "",
            "\r\n",
            "250",
            "250 ok",
            "250 ok\n",
            "25\r\n",
            "2500\r\n",
            "+OK\r\n",
            "150 x\r\n",
            "600 x\r\n",
            "250-a\r\n",
            "250-a\r\n251 b\r\n",
            "250-a\n250 b\r\n",
            "250 a\r\n250 b\r\n",
            "250 a\n\r\n",
            "250 a\r\r\n",
            "250 a\0\r\n",
        ] {
            assert_eq!(Reply::received(wire.into()), None, "{wire:?}");
        }
    }
}
