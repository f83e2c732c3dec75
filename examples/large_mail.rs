//! A mail of 500 MiB through the proxy and the attachment service and back: octets, memory, speed.
//!
//! The proxy runs in a process of its own, so that its memory is its own; testbed and mail programs run in this one. On one
//! machine they share the processors with the proxy: what is measured is a lower bound.
//!
//! ```text
//! cargo build --release --examples && cargo run --release --example large_mail
//! cargo run --release --example large_mail -- 100     # MiB
//! ```

use std::time::{Duration, Instant};

use kim_examples::{Dialogue, ProxyProcess};
use kim_testbed::{Testbed, TestbedConfig};
use kim_tls::{MailDataDecryptor, MailDataEncryptor};
use kim_types::dots::{Stuffer, Unstuffer};

const MIB: usize = 1024 * 1024;

/// How much is made and sent at once.
const BLOCK: usize = 64 * 1024;

/// What the proxy may need beyond what it needs idle.
const MEMORY_GOAL: u64 = 32;

#[tokio::main]
async fn main() -> Result<(), String> {
    let size = std::env::args().nth(1).map_or(Ok(500), |size| size.parse()).map_err(text)?;
    let program = ProxyProcess::program().ok_or("build the proxy first: cargo build --release --examples")?;
    let testbed = Testbed::start(TestbedConfig::default()).await.map_err(text)?;
    let proxy = ProxyProcess::start(&program, &testbed).map_err(text)?;
    let account = |name| testbed.world().account(name).ok_or(format!("no account {name}"));
    let (sender, reader) = (account("A")?, account("E")?);

    // A small mail first: what every mail needs does not count.
    let mut smtp = Dialogue::open(proxy.smtp).await?;
    smtp.smtp_login(&sender.smtp_user_name(testbed.smtp_addr()), &sender.password).await?;
    let mut pop3 = Dialogue::open(proxy.pop3).await?;
    let addresses = (sender.address.to_string(), reader.address.to_string());
    send(&mut smtp, &addresses, Body::new(1000)).await?;
    pop3.pop3_login(&reader.pop3_user_name(testbed.pop3_addr()), &reader.password).await?;
    fetch(&mut pop3, 1, Body::new(1000)).await?;
    pop3.ask("QUIT", "+OK").await?;
    let reference = reference(size * MIB)?;
    say(&format!("AES-256-GCM, SHA-256 and a copy of {size} MiB: {:.0} MB/s", rate(size, reference)));

    let run = Run::start(&proxy);
    send(&mut smtp, &addresses, Body::new(size * MIB)).await?;
    run.report("sent", size, reference);

    let mut pop3 = Dialogue::open(proxy.pop3).await?;
    pop3.pop3_login(&reader.pop3_user_name(testbed.pop3_addr()), &reader.password).await?;
    let run = Run::start(&proxy);
    let octets = fetch(&mut pop3, 2, Body::new(size * MIB)).await?;
    run.report("fetched", size, reference);
    say(&format!("{octets} octets came back as they were sent"));
    Ok(())
}

/// The body of a mail: blocks of lines, each with its number, made when they are needed.
struct Body {
    left: usize,
    number: u64,
    block: Vec<u8>,
}

impl Body {
    fn new(octets: usize) -> Self {
        let line = format!("{:076}\r\n", 0);
        Self { left: octets, number: 0, block: line.repeat(BLOCK / line.len()).into_bytes() }
    }

    /// The next block; the last one is as long as the others.
    fn next(&mut self) -> Option<&[u8]> {
        if self.left == 0 {
            return None;
        }
        self.number += 1;
        for (octet, digit) in self.block.iter_mut().zip(format!("{:076}", self.number).bytes()) {
            *octet = digit;
        }
        self.left = self.left.saturating_sub(self.block.len());
        Some(&self.block)
    }
}

async fn send(smtp: &mut Dialogue, (from, to): &(String, String), mut body: Body) -> Result<(), String> {
    smtp.ask(&format!("MAIL FROM:<{from}>"), "250").await?;
    smtp.ask(&format!("RCPT TO:<{to}>"), "250").await?;
    smtp.ask("DATA", "354").await?;
    let mut stuffer = Stuffer::new();
    let mut wire = format!("From: <{from}>\r\nTo: <{to}>\r\nSubject: gross\r\n\r\n").into_bytes();
    while let Some(block) = body.next() {
        stuffer.write(block, &mut wire);
        smtp.say(&wire).await?;
        wire.clear();
    }
    stuffer.finish(&mut wire);
    smtp.say(&wire).await?;
    smtp.expect("250", "the mail").await.map(drop)
}

/// Fetches a mail and compares every octet of its body. Its length.
async fn fetch(pop3: &mut Dialogue, number: usize, mut body: Body) -> Result<usize, String> {
    pop3.ask(&format!("RETR {number}"), "+OK").await?;
    let (mut unstuffer, mut content, mut in_header) = (Unstuffer::new(), Vec::new(), true);
    let mut len = 0_usize;
    loop {
        let octets = pop3.octets().await?;
        let end = unstuffer.read(&mut octets.as_slice(), &mut content);
        if in_header && let Some(at) = content.windows(4).position(|window| window == b"\r\n\r\n") {
            content.drain(..at.saturating_add(4));
            in_header = false;
        }
        while !in_header && content.len() >= body.block.len() {
            let Some(block) = body.next() else { return Err("the mail is longer than it was".to_owned()) };
            if content.get(..block.len()) != Some(block) {
                return Err(format!("the mail differs in the block after {len} octets"));
            }
            len = len.saturating_add(block.len());
            content.drain(..block.len());
        }
        if end {
            let whole = content.is_empty() && body.next().is_none();
            return whole.then_some(len).ok_or(format!("the mail ends after {len} octets"));
        }
    }
}

/// How long the cryptography alone takes one way: encrypt and hash in one pass, and copy what comes out.
fn reference(octets: usize) -> Result<Duration, String> {
    let mut body = Body::new(octets);
    let mut plain = Vec::with_capacity(octets + BLOCK);
    while let Some(block) = body.next() {
        plain.extend_from_slice(block);
    }
    let mut encryptor = MailDataEncryptor::new().map_err(text)?;
    let key = encryptor.key();
    let mut copy = vec![0; plain.len() + 64];
    let mut filled = 0;
    let mut sealed = Vec::with_capacity(2 * BLOCK);
    let start = Instant::now();
    for block in plain.chunks(BLOCK) {
        sealed.clear();
        encryptor.update(block, &mut sealed).map_err(text)?;
        if let Some(room) = copy.get_mut(filled..filled + sealed.len()) {
            room.copy_from_slice(&sealed);
        }
        filled += sealed.len();
    }
    let elapsed = start.elapsed();
    copy.truncate(filled);
    let digest = encryptor.finish(&mut copy).map_err(text)?;
    // It was worth something only if it opens again.
    let mut decryptor = MailDataDecryptor::new(key);
    for block in copy.chunks(BLOCK) {
        plain.clear();
        decryptor.update(block, &mut plain).map_err(text)?;
    }
    match decryptor.finish().map_err(text)? == digest {
        true => Ok(elapsed),
        false => Err("the reference does not open".to_owned()),
    }
}

/// What is measured while a mail passes.
struct Run<'a> {
    proxy: &'a ProxyProcess,
    start: Instant,
    processor: Option<Duration>,
    idle: Option<u64>,
}

impl<'a> Run<'a> {
    fn start(proxy: &'a ProxyProcess) -> Self {
        proxy.forget_peak();
        Self { proxy, start: Instant::now(), processor: proxy.processor_time(), idle: peak(proxy) }
    }

    fn report(&self, what: &str, size: usize, reference: Duration) {
        let time = self.start.elapsed();
        let ratio = reference.as_secs_f64() / time.as_secs_f64();
        let used = self.processor.zip(self.proxy.processor_time());
        let used = used.map_or("unknown".to_owned(), |(before, now)| {
            format!("{:.1} s", now.saturating_sub(before).as_secs_f64())
        });
        let memory = self.idle.zip(peak(self.proxy)).map(|(idle, peak)| peak.saturating_sub(idle) / 1024);
        let memory = memory.map_or("unknown".to_owned(), |kib| {
            let verdict = if kib <= MEMORY_GOAL * 1024 { "within" } else { "ABOVE" };
            format!("{kib} KiB above idle, {verdict} the goal of {MEMORY_GOAL} MiB")
        });
        say(&format!(
            "{what}: {size} MiB in {:.1} s, {:.0} MB/s, {ratio:.2} of the cryptography alone; processor time of the proxy {used}; \
             peak memory {memory}",
            time.as_secs_f64(),
            rate(size, time)
        ));
    }
}

fn rate(size: usize, time: Duration) -> f64 {
    (size * MIB) as f64 / 1e6 / time.as_secs_f64()
}

/// The greatest memory of the proxy so far, in octets.
fn peak(proxy: &ProxyProcess) -> Option<u64> {
    proxy.memory().map(|(_, peak)| peak)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[expect(clippy::print_stdout, reason = "the output of a program")]
fn say(line: &str) {
    println!("{line}");
}
