//! The delivery report to the sender (DSN): [`Report`].

use std::fmt::Write as _;

use kim_smime::rfc5322_date;
use kim_types::{Address, Envelope, Octets, Pii, Recipient};

use crate::Run;
use crate::recipients::{DropReason, Dropped};

/// A mail of the Clientmodul to the user: neither signed nor encrypted, without a word of the original mail.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_20650, KOM-LE-A_2024, KOM-LE-A_2176-01; RFC 3461-3464; deltas Q24.
#[derive(Debug)]
pub struct Report {
    /// From the user to the user, without a report about the report.
    pub envelope: Envelope,
    /// The mail.
    pub mail: Octets,
}

/// Builds one report about all recipients that were left out.
pub(crate) fn report(run: &Run, envid: Option<&Pii<String>>, mut dropped: Vec<Dropped>) -> Report {
    dropped.sort_by_key(|one| one.reason);
    let account = &run.account;
    let unique: String = run.unique.iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}"));
    let boundary = format!("report-{unique}");
    let mut head = String::new();
    let mut field = |name: &str, value: &str| {
        // Values are our own literals and checked addresses; writing to a String cannot fail.
        let _ = write!(head, "{name}: {value}\r\n");
    };
    field("Date", &rfc5322_date(run.now));
    field("From", account.as_str());
    field("To", account.as_str());
    field("Subject", "KIM: Unzustellbar");
    field("Message-ID", &format!("<report.{unique}@{}>", account.domain()));
    field("Auto-Submitted", "auto-generated");
    let mut codes: Vec<&str> = dropped.iter().map(|one| one.reason.code()).collect();
    codes.dedup();
    codes.iter().for_each(|code| field("X-KIM-Fehlermeldung", code));
    field("MIME-Version", "1.0");
    field(
        "Content-Type",
        &format!("multipart/report; report-type=delivery-status;\r\n boundary=\"{boundary}\""),
    );
    let mail = format!(
        "{head}\r\n--{boundary}\r\n{}\r\n--{boundary}\r\n{}--{boundary}--\r\n",
        text_part(&dropped),
        status_part(account, envid, &dropped),
    );
    let to = Recipient { notify: Some("NEVER".to_owned()), ..Recipient::new(account.clone()) };
    let envelope =
        Envelope { sender: account.clone(), size: None, ret: None, envid: None, recipients: vec![to] };
    Report { envelope, mail: mail.into_bytes().into() }
}

/// The German part: one paragraph a reason, one line a recipient.
fn text_part(dropped: &[Dropped]) -> String {
    let mut text = String::new();
    let mut last = None;
    for Dropped { address, reason } in dropped {
        if last.replace(*reason) != Some(*reason) {
            let _ = writeln!(text, "{}", explanation(*reason));
        }
        let _ = writeln!(text, "  {address}");
    }
    let mut part =
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
            .to_owned();
    part.push_str(&quoted_printable(&text));
    part
}

fn explanation(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Version => {
            "Die Nachricht ist größer als 15 MiB und wurde an folgende Empfänger nicht versendet, weil sie den Empfang \
             großer Nachrichten nicht aktiviert haben:"
        }
        DropReason::NoOwner => "keine eindeutige Telematik-ID mit Verschlüsselungszertifikat gefunden:",
        DropReason::NoCertificate => {
            "Die Nachricht wurde nur an einen Teil der Empfänger versendet. Für folgende Empfänger wurden keine \
             gültigen Verschlüsselungszertifikate gefunden:"
        }
        DropReason::SeveralOwners => {
            "Für folgende Empfänger existieren mehrere Verschlüsselungszertifikate mit unterschiedlichen Telematik-IDs:"
        }
        DropReason::Refused => "Der Mailserver hat folgende Empfänger abgelehnt:",
    }
}

/// The part a program reads.
fn status_part(account: &Address, envid: Option<&Pii<String>>, dropped: &[Dropped]) -> String {
    let mut part =
        format!("Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; {}\r\n", account.domain());
    if let Some(Pii(envid)) = envid {
        let _ = write!(part, "Original-Envelope-Id: {envid}\r\n");
    }
    for Dropped { address, reason } in dropped {
        let status = match reason {
            DropReason::NoCertificate | DropReason::SeveralOwners => "5.7.5",
            DropReason::Version => "5.2.3",
            DropReason::NoOwner | DropReason::Refused => "5.3.0",
        };
        let _ =
            write!(part, "\r\nFinal-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: {status}\r\n");
    }
    part
}

/// Quoted-printable with CRLF lines of at most 76 octets.
fn quoted_printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let mut column = 0usize;
        let last = line.len().saturating_sub(1);
        for (at, octet) in line.bytes().enumerate() {
            let plain = matches!(octet, b'!'..=b'<' | b'>'..=b'~') || (octet == b' ' && at != last);
            let width = if plain { 1 } else { 3 };
            if column.saturating_add(width) > 75 {
                out.push_str("=\r\n");
                column = 0;
            }
            column = column.saturating_add(width);
            if plain {
                out.push(char::from(octet));
            } else {
                let _ = write!(out, "={octet:02X}");
            }
        }
        out.push_str("\r\n");
    }
    out
}
