//! The self-test: a mail is sent through the proxy, fetched through it, and compared.

use std::net::SocketAddr;
use std::time::Instant;

use kim_examples::Dialogue;
use kim_types::Secret;
use kim_username::{Layout, UserName};

use crate::config::Config;
use crate::proxy::Proxy;
use crate::say;

/// One side of a self-test: a mail program's account.
pub struct Mailbox<'a> {
    pub smtp_user: &'a str,
    pub pop3_user: &'a str,
    pub password: &'a Secret,
}

/// Runs the self-test against a configured TI: from the user to the user.
pub async fn configured(config: Config, user: &str, password: &Secret) -> Result<(), String> {
    let suffixes = config.settings.rules.suffixes.clone();
    let (smtp_user, pop3_user) = match user.split_once(' ') {
        Some((smtp, pop3)) => (smtp.to_owned(), pop3.to_owned()),
        None => {
            let parsed =
                UserName::parse(user, &Layout::SMTP, &suffixes).map_err(|error| error.to_string())?;
            (user.to_owned(), parsed.to_text(&Layout::POP3))
        }
    };
    let to = UserName::parse(&smtp_user, &Layout::SMTP, &suffixes).map_err(|error| error.to_string())?;
    let loopback =
        || crate::config::Listen { addresses: vec![SocketAddr::from(([127, 0, 0, 1], 0))], tls: None };
    let proxy = Proxy::start(config.settings, loopback(), loopback()).await?;
    let mailbox = Mailbox { smtp_user: &smtp_user, pop3_user: &pop3_user, password };
    let address = to.address.to_string();
    let result = send_and_fetch(&proxy, &mailbox, &mailbox, &address, &address, "Selbsttest").await;
    proxy.stop().await;
    result
}

/// Sends a mail, fetches it, and says how long each step took.
///
/// # Errors
/// A sentence that names the step and what came instead.
pub async fn send_and_fetch(
    proxy: &Proxy,
    sender: &Mailbox<'_>,
    reader: &Mailbox<'_>,
    from: &str,
    to: &str,
    name: &str,
) -> Result<(), String> {
    let (Some(smtp), Some(pop3)) = (proxy.smtp.first(), proxy.pop3.first()) else {
        return Err("the proxy does not listen".to_owned());
    };
    let marker = format!("self-test-{}-{:?}", std::process::id(), Instant::now());
    let marker: String = marker.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let body = format!("{name} {marker}: Grüße aus der Praxis.\r\n.Eine Zeile mit Punkt.\r\n");
    let mail = format!(
        "From: <{from}>\r\nTo: <{to}>\r\nSubject: {name} {marker}\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}"
    );
    let mut steps = Steps { name, last: Instant::now() };
    send(*smtp, sender, from, to, &mail, &mut steps).await?;
    fetch(*pop3, reader, &marker, &body, &mut steps).await
}

/// Prints each step with its duration.
struct Steps<'a> {
    name: &'a str,
    last: Instant,
}

impl Steps<'_> {
    fn done(&mut self, step: &str) {
        let took = std::mem::replace(&mut self.last, Instant::now()).elapsed();
        say(&format!("  {:<28} {:<44} {:>7.1} ms", self.name, step, took.as_secs_f64() * 1000.0));
    }
}

async fn send(
    proxy: SocketAddr,
    mailbox: &Mailbox<'_>,
    from: &str,
    to: &str,
    mail: &str,
    steps: &mut Steps<'_>,
) -> Result<(), String> {
    let mut smtp = Dialogue::open(proxy).await?;
    smtp.smtp_login(mailbox.smtp_user, mailbox.password).await?;
    steps.done("SMTP: connect and log in");
    smtp.ask(&format!("MAIL FROM:<{from}>"), "250").await?;
    smtp.ask(&format!("RCPT TO:<{to}>"), "250").await?;
    smtp.ask("DATA", "354").await?;
    smtp.send_message(mail.as_bytes()).await?;
    smtp.expect("250", "DATA").await?;
    steps.done("SMTP: sign, encrypt and deliver");
    smtp.ask("QUIT", "221").await.map(drop)
}

async fn fetch(
    proxy: SocketAddr,
    mailbox: &Mailbox<'_>,
    marker: &str,
    body: &str,
    steps: &mut Steps<'_>,
) -> Result<(), String> {
    let mut pop3 = Dialogue::open(proxy).await?;
    pop3.pop3_login(mailbox.pop3_user, mailbox.password).await?;
    steps.done("POP3: connect and log in");
    let count = pop3.ask("STAT", "+OK").await?;
    let count: u32 =
        count.split(' ').nth(1).and_then(|count| count.parse().ok()).ok_or("STAT is malformed")?;
    // The newest mails first: the mailbox may be that of a practice.
    for number in (1..=count).rev().take(20) {
        pop3.ask(&format!("RETR {number}"), "+OK").await?;
        let mail = pop3.message().await?;
        let text = String::from_utf8_lossy(&mail);
        if !text.contains(marker) {
            continue;
        }
        steps.done("POP3: fetch, decrypt and verify");
        let result = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim_start_matches(':').trim().to_owned())
        };
        let (decryption, integrity) =
            (result("X-KIM-DecryptionResult"), result("X-KIM-IntegrityCheckResult"));
        if (decryption.as_deref(), integrity.as_deref()) != (Some("00"), Some("01")) {
            return Err(format!("decryption result {decryption:?}, integrity result {integrity:?}"));
        }
        if !text.ends_with(body) {
            return Err("the mail came back changed".to_owned());
        }
        pop3.ask(&format!("DELE {number}"), "+OK").await?;
        pop3.ask("QUIT", "+OK").await?;
        steps.done("the mail is what was sent; deleted");
        return Ok(());
    }
    Err("the mail did not arrive".to_owned())
}
