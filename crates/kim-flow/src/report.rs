//! The delivery report to the sender (DSN): [`Report`].

mod status;

use std::fmt::Write as _;

use kim_smime::{Header, rfc5322_date};
use kim_types::{Envelope, Octets, Pii, Recipient};
use mail_builder::mime::MimePart;

use crate::recipients::{DropReason, Dropped};
use crate::{Notice, Run};
use status::{diagnostic, printable, status_part};

/// A mail of the Clientmodul to the user: neither signed nor encrypted, without a word of the original mail.
///
/// Because it can be read on its way it never returns content, whatever RET asks for: Message-ID and Date are all it shows of
/// the mail it is about. Recipients with `NOTIFY=NEVER` are not named.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_20650, A_21387, KOM-LE-A_2024, KOM-LE-A_2176-01; RFC 3461-3464; deltas Q24.
#[derive(Debug)]
pub struct Report {
    /// From the user to the user, without a report about the report.
    pub envelope: Envelope,
    /// The mail.
    pub mail: Octets,
}

/// What there is to report about a mail.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// The id of its envelope, in xtext.
    pub(crate) envid: Option<Pii<String>>,
    /// Who did not get it.
    pub(crate) dropped: Vec<Dropped>,
    /// What the user is to know besides.
    pub(crate) notice: Option<Notice>,
    /// The fields of it that may be shown.
    shown: Vec<(&'static str, String)>,
}

impl Findings {
    /// Nothing yet about a mail with this header.
    pub(crate) fn about(header: &Header, envelope: &Envelope) -> Self {
        let shown = ["Message-ID", "Date"].into_iter();
        let shown = shown.filter_map(|name| Some((name, printable(&header.first(name)?.text()))));
        Self { envid: envelope.envid.clone(), shown: shown.collect(), ..Self::default() }
    }

    /// One report about everything, or none if there is nothing to tell.
    pub(crate) fn report(mut self, run: &Run) -> Option<Report> {
        self.dropped.retain(Dropped::is_to_be_told);
        self.dropped.sort_by_key(|dropped| dropped.reason.code());
        if self.dropped.is_empty() && self.notice.is_none() {
            return None;
        }
        let to = Recipient { notify: Some("NEVER".to_owned()), ..Recipient::new(run.account.clone()) };
        let sender = run.account.clone();
        let envelope = Envelope { sender, ret: None, envid: None, recipients: vec![to] };
        Some(Report { envelope, mail: self.mail(run).into() })
    }

    fn mail(&self, run: &Run) -> Vec<u8> {
        let unique = format!("{:032x}", u128::from_be_bytes(run.unique));
        let delimiter = format!("\r\n--report-{unique}");
        let mut mail = self.header(run, &unique).into_bytes();
        let parts =
            [text_part(&self.text()), status_part(run, self).into_bytes(), self.shown_part().into_bytes()];
        for part in parts {
            mail.extend_from_slice(delimiter.as_bytes());
            mail.extend_from_slice(b"\r\n");
            mail.extend_from_slice(&part);
        }
        mail.extend_from_slice(delimiter.as_bytes());
        mail.extend_from_slice(b"--\r\n");
        mail
    }

    fn header(&self, run: &Run, unique: &str) -> String {
        let account = &run.account;
        let subject =
            if self.dropped.is_empty() { "KIM: Hinweis zum Clientmodul" } else { "KIM: Unzustellbar" };
        let mut header = format!(
            "Date: {}\r\nFrom: {account}\r\nTo: {account}\r\nSubject: {subject}\r\n\
             Message-ID: <report.{unique}@{}>\r\nAuto-Submitted: auto-generated\r\n",
            rfc5322_date(run.now),
            account.domain(),
        );
        for code in self.codes() {
            let _ = write!(header, "X-KIM-Fehlermeldung: {code}\r\n");
        }
        let _ = write!(
            header,
            "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n \
             boundary=\"report-{unique}\"\r\n"
        );
        header
    }

    /// Each code once, in order.
    fn codes(&self) -> Vec<&'static str> {
        let notice = self.notice.map(Notice::code);
        let mut codes: Vec<_> =
            self.dropped.iter().map(|dropped| dropped.reason.code()).chain(notice).collect();
        codes.dedup();
        codes
    }

    /// What a person reads: one paragraph a reason, one line a recipient.
    fn text(&self) -> String {
        let mut text = String::new();
        for same in self.dropped.chunk_by(|one, other| one.reason.code() == other.reason.code()) {
            let Some(first) = same.first() else { continue };
            let _ = write!(text, "{}\r\n", explanation(&first.reason));
            for Dropped { recipient, reason } in same {
                let _ = match reason {
                    DropReason::Refused(reply) => {
                        write!(text, "  {}: {}\r\n", recipient.address, diagnostic(reply))
                    }
                    _ => write!(text, "  {}\r\n", recipient.address),
                };
            }
            text.push_str("\r\n");
        }
        if let Some(notice) = self.notice {
            let _ = write!(text, "{}\r\n", notice.text());
        }
        text
    }

    /// The header of the mail, as far as every mail server saw it.
    fn shown_part(&self) -> String {
        let mut part = "Content-Type: text/rfc822-headers\r\n\r\n".to_owned();
        for (name, value) in &self.shown {
            let _ = write!(part, "{name}: {value}\r\n");
        }
        part.push_str("Subject: KOM-LE-Nachricht\r\n");
        part
    }
}

fn text_part(text: &str) -> Vec<u8> {
    let mut part = Vec::new();
    MimePart::new("text/plain", text).write_part(&mut part);
    part
}

fn explanation(reason: &DropReason) -> &'static str {
    match reason {
        DropReason::Version => {
            "Die Nachricht ist größer als 15 MiB und wurde an folgende Empfänger nicht versendet, weil sie den Empfang \
             großer Nachrichten nicht aktiviert haben:"
        }
        DropReason::NoOwner => {
            "Für folgende Empfänger wurde keine eindeutige Telematik-ID mit Verschlüsselungszertifikat gefunden:"
        }
        DropReason::NoCertificate => {
            "Die Nachricht wurde nur an einen Teil der Empfänger versendet. Für folgende Empfänger wurden keine \
             gültigen Verschlüsselungszertifikate gefunden:"
        }
        DropReason::SeveralOwners => {
            "Für folgende Empfänger existieren mehrere Verschlüsselungszertifikate mit unterschiedlichen Telematik-IDs:"
        }
        DropReason::Refused(_) => "Der Mailserver hat folgende Empfänger abgelehnt:",
    }
}
