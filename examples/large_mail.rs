//! A mail of 500 MiB through the proxy and the attachment service and back: octets, memory, speed.
//!
//! The proxy runs in a process of its own, so that its memory is its own; testbed and mail programs run in this one. On one
//! machine they share the processors with the proxy: what is measured is a lower bound. It is measured three times, each time
//! beside the cryptography alone; the run in the middle counts, and of the memory the most.
//!
//! ```text
//! cargo build --release --examples && cargo run --release --example large_mail
//! cargo run --release --example large_mail -- 100     # MiB
//! ```

use std::time::{Duration, Instant};

use kim_examples::{Dialogue, ProxyProcess, processor_time_of};
use kim_testbed::{Testbed, TestbedConfig};
use kim_tls::{MailDataDecryptor, MailDataEncryptor};
use kim_types::dots::{Stuffer, Unstuffer};

const MIB: usize = 1024 * 1024;

/// How much is made and sent at once.
const BLOCK: usize = 64 * 1024;

/// What the proxy may need beyond what it needs idle.
const MEMORY_GOAL: u64 = 32;

/// How often it is measured.
const RUNS: usize = 3;

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
    let (mut sent, mut fetched, mut octets) = (Vec::new(), Vec::new(), 0);
    for number in (2..).take(RUNS) {
        let reference = reference(size * MIB)?;
        say(&format!("AES-256-GCM, SHA-256 and a copy of {size} MiB: {:.0} MB/s", rate(size, reference)));

        let run = Run::start(&proxy, size, reference);
        send(&mut smtp, &addresses, Body::new(size * MIB)).await?;
        sent.push(run.end("sent"));

        let mut pop3 = Dialogue::open(proxy.pop3).await?;
        pop3.pop3_login(&reader.pop3_user_name(testbed.pop3_addr()), &reader.password).await?;
        let run = Run::start(&proxy, size, reference);
        octets = fetch(&mut pop3, number, Body::new(size * MIB)).await?;
        fetched.push(run.end("fetched"));
        pop3.ask("QUIT", "+OK").await?;
    }
    summary("sent", size, sent);
    summary("fetched", size, fetched);
    say(&format!("{octets} octets came back as they were sent"));
    Ok(())
}

/// The body of a mail: blocks of lines, each with its number, made when they are needed.
struct Body {
    left: usize,
    number: u64,
    block: Vec<u8>,
    /// What of the block was compared.
    compared: usize,
}

impl Body {
    fn new(octets: usize) -> Self {
        let line = format!("{:076}\r\n", 0);
        let block = line.repeat(BLOCK / line.len()).into_bytes();
        Self { left: octets, number: 0, compared: block.len(), block }
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

    /// Whether these are the octets that follow.
    fn goes_on_with(&mut self, mut octets: &[u8]) -> bool {
        while !octets.is_empty() {
            if self.compared == self.block.len() {
                if self.next().is_none() {
                    return false;
                }
                self.compared = 0;
            }
            let expected = self.block.get(self.compared..).unwrap_or_default();
            let (now, later) = octets.split_at(expected.len().min(octets.len()));
            if !expected.starts_with(now) {
                return false;
            }
            self.compared += now.len();
            octets = later;
        }
        true
    }

    /// Whether all of it was compared.
    fn is_over(&self) -> bool {
        self.left == 0 && self.compared == self.block.len()
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
        let end = pop3.part(&mut unstuffer, &mut content).await?;
        if in_header && let Some(at) = content.windows(4).position(|window| window == b"\r\n\r\n") {
            content.drain(..at.saturating_add(4));
            in_header = false;
        }
        if !in_header {
            if !body.goes_on_with(&content) {
                return Err(format!("the mail differs somewhere after {len} octets"));
            }
            len = len.saturating_add(content.len());
            content.clear();
        }
        if end {
            return body.is_over().then_some(len).ok_or(format!("the mail ends after {len} octets"));
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
    let (mut copy, iv) = (vec![0; plain.len()], encryptor.iv());
    let start = Instant::now();
    for (from, to) in plain.chunks(BLOCK).zip(copy.chunks_mut(BLOCK)) {
        to.copy_from_slice(from);
        encryptor.update(to).map_err(text)?;
    }
    let elapsed = start.elapsed();
    let (tag, digest) = encryptor.finish().map_err(text)?;
    // It was worth something only if it opens again.
    let mut decryptor = MailDataDecryptor::new(key);
    for sealed in [&iv[..]].into_iter().chain(copy.chunks(BLOCK)).chain([&tag[..]]) {
        plain.clear();
        decryptor.update(sealed, &mut plain).map_err(text)?;
    }
    match decryptor.finish().map_err(text)? == digest {
        true => Ok(elapsed),
        false => Err("the reference does not open".to_owned()),
    }
}

/// A run that is being measured.
struct Run<'a> {
    proxy: &'a ProxyProcess,
    size: usize,
    reference: Duration,
    start: Instant,
    /// Of the proxy, and of the testbed with the mail programs.
    processor: [Option<Duration>; 2],
    idle: Option<u64>,
}

/// What came of a run.
struct Measured {
    time: Duration,
    /// The time of the cryptography alone in that of the run.
    ratio: f64,
    /// How much memory the proxy needed beyond what it needs idle, in KiB.
    memory: Option<u64>,
}

impl<'a> Run<'a> {
    fn start(proxy: &'a ProxyProcess, size: usize, reference: Duration) -> Self {
        proxy.forget_peak();
        let (processor, idle) = (processor(proxy), peak(proxy));
        Self { proxy, size, reference, start: Instant::now(), processor, idle }
    }

    fn end(self, what: &str) -> Measured {
        let time = self.start.elapsed();
        let ratio = self.reference.as_secs_f64() / time.as_secs_f64();
        let used = self.processor.into_iter().zip(processor(self.proxy)).map(|(before, now)| {
            let used = before.zip(now).map(|(before, now)| now.saturating_sub(before).as_secs_f64());
            used.map_or("unknown".to_owned(), |used| format!("{used:.1} s"))
        });
        let used = used.collect::<Vec<_>>().join(" of the proxy, ");
        let (rate, time_s) = (rate(self.size, time), time.as_secs_f64());
        say(&format!(
            "{what} in {time_s:.2} s, {rate:.0} MB/s, {ratio:.2}; processor time {used} of the rest"
        ));
        let memory = self.idle.zip(peak(self.proxy)).map(|(idle, peak)| peak.saturating_sub(idle) / 1024);
        Measured { time, ratio, memory }
    }
}

/// What counts of all runs.
fn summary(what: &str, size: usize, mut runs: Vec<Measured>) {
    let memory = runs.iter().filter_map(|run| run.memory).max();
    let memory = memory.map_or("unknown".to_owned(), |kib| {
        let verdict = if kib <= MEMORY_GOAL * 1024 { "within" } else { "ABOVE" };
        format!("{kib} KiB above idle, {verdict} the goal of {MEMORY_GOAL} MiB")
    });
    runs.sort_by(|one, other| one.ratio.total_cmp(&other.ratio));
    let Some(Measured { time, ratio, .. }) = runs.get(RUNS / 2) else { return };
    let (rate, time) = (rate(size, *time), time.as_secs_f64());
    say(&format!(
        "{what}: {size} MiB in {time:.2} s, {rate:.0} MB/s, {ratio:.2} of the cryptography alone; peak memory {memory}"
    ));
}

/// The processor time so far of the proxy, and of this process.
fn processor(proxy: &ProxyProcess) -> [Option<Duration>; 2] {
    [proxy.id(), std::process::id()].map(processor_time_of)
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
