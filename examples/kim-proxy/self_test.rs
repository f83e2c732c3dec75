//! The self-test: a mail is sent through the proxy, fetched through it, and compared.

use std::net::SocketAddr;
use std::time::Instant;

use kim_clientmodul::config::Config;
use kim_clientmodul::{Listen, Proxy};
use kim_examples::Dialogue;
use kim_types::{Address, Secret};
use kim_username::{Layout, UserName};

use crate::{Outcome, say};

/// An account, as a mail program has it.
pub struct Mailbox {
    pub address: Address,
    pub smtp_user: String,
    pub pop3_user: String,
    pub password: Secret,
}

/// Runs the self-test against a configured TI: from the user to the user.
pub async fn configured(config: Config, user: &str, password: Secret) -> Outcome {
    let (smtp_user, pop3_user) = user.split_once(' ').map_or((user, None), |(smtp, pop3)| (smtp, Some(pop3)));
    let name = UserName::parse(smtp_user, &Layout::SMTP, &config.settings.rules.suffixes)?;
    let pop3_user = pop3_user.map_or_else(|| name.to_text(&Layout::POP3), str::to_owned);
    let smtp_user = smtp_user.to_owned();
    let mailbox = Mailbox { address: name.address.into(), smtp_user, pop3_user, password };
    let proxy = Proxy::start(config.settings, Listen::loopback(0), Listen::loopback(0)).await?;
    let result = send_and_fetch(&proxy, &mailbox, &mailbox, "Selbsttest").await;
    proxy.stop().await;
    result
}

/// Sends a mail, fetches it, and says how long each step took.
///
/// # Errors
/// A sentence that names the step and what came instead.
pub async fn send_and_fetch(proxy: &Proxy, sender: &Mailbox, reader: &Mailbox, name: &str) -> Outcome {
    let (Some(smtp), Some(pop3)) = (proxy.smtp().first(), proxy.pop3().first()) else {
        return Err("the proxy does not listen".into());
    };
    let (from, to) = (sender.address.to_string(), reader.address.to_string());
    let marker = format!("self-test-{}-{:?}", std::process::id(), Instant::now());
    let marker: String = marker.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let body = format!("{name} {marker}: Grüße aus der Praxis.\r\n.Eine Zeile mit Punkt.\r\n");
    let mail = format!(
        "From: <{from}>\r\nTo: <{to}>\r\nSubject: {name} {marker}\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}"
    );
    let mut steps = Steps { name, last: Instant::now() };
    let mut client = Dialogue::open(*smtp).await?;
    client.smtp_login(&sender.smtp_user, &sender.password).await?;
    steps.done("SMTP: connect and log in");
    client.ask(&format!("MAIL FROM:<{from}>"), "250").await?;
    client.ask(&format!("RCPT TO:<{to}>"), "250").await?;
    client.ask("DATA", "354").await?;
    client.send_message(mail.as_bytes()).await?;
    client.expect("250", "DATA").await?;
    steps.done("SMTP: sign, encrypt and deliver");
    client.ask("QUIT", "221").await?;
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

async fn fetch(
    proxy: SocketAddr,
    mailbox: &Mailbox,
    marker: &str,
    body: &str,
    steps: &mut Steps<'_>,
) -> Outcome {
    let mut pop3 = Dialogue::open(proxy).await?;
    pop3.pop3_login(&mailbox.pop3_user, &mailbox.password).await?;
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
        let result =
            |name| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
        let (decryption, integrity) =
            (result("X-KIM-DecryptionResult"), result("X-KIM-IntegrityCheckResult"));
        if (decryption, integrity) != (Some("00"), Some("01")) {
            return Err(format!("decryption result {decryption:?}, integrity result {integrity:?}").into());
        }
        if !text.ends_with(body) {
            return Err("the mail came back changed".into());
        }
        pop3.ask(&format!("DELE {number}"), "+OK").await?;
        pop3.ask("QUIT", "+OK").await?;
        steps.done("the mail is what was sent; deleted");
        return Ok(());
    }
    Err("the mail did not arrive".into())
}
