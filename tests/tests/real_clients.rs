//! What any mail program sends through the proxy arrives at any other, octet for octet.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2003 (ordinary mail programs), KOM-LE-A_2010, KOM-LE-A_2032 (their user names)
#![cfg(unix)]

use kim_testbed::pki::KeyType;
use kim_tests::peers::{Fetcher, RealPractice, Sender, Shared};

static PRACTICE: Shared = Shared::new(KeyType::Rsa);

#[test]
fn swaks_sends() -> Result<(), String> {
    sends(Sender::Swaks)
}

#[test]
fn msmtp_sends() -> Result<(), String> {
    sends(Sender::Msmtp)
}

#[test]
fn curl_sends() -> Result<(), String> {
    sends(Sender::Curl)
}

#[test]
fn python_sends() -> Result<(), String> {
    sends(Sender::Python)
}

#[test]
fn mpop_fetches() -> Result<(), String> {
    fetches(Fetcher::Mpop)
}

#[test]
fn fetchmail_fetches() -> Result<(), String> {
    fetches(Fetcher::Fetchmail)
}

#[test]
fn curl_fetches() -> Result<(), String> {
    fetches(Fetcher::Curl)
}

#[test]
fn python_fetches() -> Result<(), String> {
    fetches(Fetcher::Python)
}

/// What one program sends every program fetches.
fn sends(sender: Sender) -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    for fetcher in Fetcher::ALL {
        passes(&practice, sender, fetcher, "A", "B")?;
    }
    // The user name of a person has a user id, at another place than in POP3.
    passes(&practice, sender, Fetcher::Python, "H", "A")
}

/// One program fetches as a person, whose user name has a user id.
fn fetches(fetcher: Fetcher) -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    passes(&practice, Sender::Python, fetcher, "A", "H")
}

/// Sends a mail from one account to another and fetches it.
fn passes(
    practice: &RealPractice,
    sender: Sender,
    fetcher: Fetcher,
    from: &str,
    to: &str,
) -> Result<(), String> {
    let case = format!("{sender:?} to {fetcher:?}, {from} to {to}");
    let sent = letter(practice.address(from)?, practice.address(to)?);
    sender
        .send(practice, from, &[practice.address(to)?], &sent)
        .map_err(|error| format!("{case}: {error}"))?;
    // What the proxy hands out, as a program that changes nothing sees it.
    let delivered = practice.run(practice.fetch(to, 1))?.concat();
    let fetched = fetcher.fetch(practice, to).map_err(|error| format!("{case}: {error}"))?;
    practice.wait_for_mails(to, 0)?;

    let ((sent_header, sent_body), (header, body)) = (halves(&sent), halves(&delivered));
    assert!(sent_body == body, "{case}: sent\n{}\ndelivered\n{}", show(sent_body), show(body));
    for field in fields(sent_header) {
        assert!(fields(header).contains(&field), "{case}: {}", show(&field));
    }
    assert!(fetched == delivered, "{case}: delivered\n{}\nfetched\n{}", show(&delivered), show(&fetched));
    Ok(())
}

/// A mail with what mail programs like to change: dots, `From `, 8-bit octets, tabs, spaces at line ends, empty lines.
fn letter(from: &str, to: &str) -> Vec<u8> {
    let long = "x".repeat(900);
    format!(
        "Message-ID: <{}.letter@client.invalid>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\nFrom: Praxis <{from}>\r\n\
         To: <{to}>\r\nSubject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= of a subject that is\r\n folded\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nX-Own:\tany thing \r\n\r\n\
         .\r\n..\r\n.dot\r\nFrom here on\r\n>From there\r\nGrüße \u{1F600}\r\n\ttab and space \t \r\n%DATE% \\n #\r\n\
         {long}\r\n\r\n-- \r\nPraxis\r\n\r\n\r\n",
        from.len(),
    )
    .into_bytes()
}

/// Header, with its last line end, and body.
fn halves(mail: &[u8]) -> (&[u8], &[u8]) {
    let end = mail.windows(4).position(|octets| octets == b"\r\n\r\n").unwrap_or(mail.len());
    let (header, body) = mail.split_at(end.saturating_add(2).min(mail.len()));
    (header, body.strip_prefix(b"\r\n").unwrap_or(body))
}

/// The fields of a header, each with its continuation lines.
fn fields(header: &[u8]) -> Vec<Vec<u8>> {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    for line in header.split_inclusive(|&octet| octet == b'\n') {
        match fields.last_mut() {
            Some(field) if line.starts_with(b" ") || line.starts_with(b"\t") => field.extend_from_slice(line),
            _ => fields.push(line.to_vec()),
        }
    }
    fields
}

fn show(octets: &[u8]) -> String {
    octets.escape_ascii().to_string().replace("\\r\\n", "\\r\\n\n")
}
