//! How the proxy does under load: one great mail, many senders and fetchers at once, great mails at once, a very slow reader,
//! many idle sessions.
//!
//! The proxy runs in a process of its own, so that its memory is its own; testbed and mail programs run in this one. On one
//! machine they share the processors with the proxy, and the testbed's private keys take most of them: the rate is a lower
//! bound. `docs/measure` writes what it prints into `docs/PERFORMANCE.md`.
//!
//! ```text
//! cargo build --release --examples && cargo run --release --example load
//! cargo run --release --example load -- 50 2     # 50 senders and fetchers, two mails each
//! ```

use std::sync::Arc;
use std::time::{Duration, Instant};

use kim_examples::{Dialogue, ProxyProcess};
use kim_testbed::{Testbed, TestbedConfig};
use tokio::task::JoinSet;

/// The size of an ordinary mail.
const MAIL: usize = 100 * 1024;

/// The size of the mail that is read slowly: about the greatest a recipient of version 1.0 can be sent.
const GREAT_MAIL: usize = 15 * 1024 * 1024 - 64 * 1024;

/// How many great mails are sent at once.
const GREAT_MAILS: usize = 12;

/// How many sessions lie idle.
const IDLE: usize = 1_000;

/// How long an octet a second is read.
const SLOWLY: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let mut number = |default: usize| arguments.next().transpose().map(|given| given.unwrap_or(default));
    let programs = number(200).map_err(|error| error.to_string())?;
    let mails = number(2).map_err(|error| error.to_string())?;
    let program = ProxyProcess::program().ok_or("build the proxy first: cargo build --release --examples")?;
    let testbed = Arc::new(Testbed::start(TestbedConfig::default()).await.map_err(text)?);
    let start = Instant::now();
    let proxy = ProxyProcess::start(&program, &testbed).map_err(text)?;
    say(&format!("start to listening: {} ms", start.elapsed().as_millis()));
    say(&format!("program: {} octets", std::fs::metadata(&program).map_err(text)?.len()));
    let practice = Practice { smtp: proxy.smtp, pop3: proxy.pop3, testbed };

    say(&format!("idle proxy: {}", memory(&proxy)));
    great_mail(&practice, &proxy).await?;
    rush(&practice, &proxy, programs, mails).await?;
    great_mails(&practice, &proxy).await?;
    slow_reader(&practice, &proxy).await?;
    drop(proxy);
    let proxy = ProxyProcess::start(&program, &practice.testbed).map_err(text)?;
    let practice = Practice { smtp: proxy.smtp, pop3: proxy.pop3, ..practice };
    idle_sessions(&practice, &proxy).await
}

/// Where the mail programs find everything.
#[derive(Clone)]
struct Practice {
    testbed: Arc<Testbed>,
    smtp: std::net::SocketAddr,
    pop3: std::net::SocketAddr,
}

impl Practice {
    async fn smtp(&self) -> Result<Dialogue, String> {
        let account = self.testbed.world().account("A").ok_or("no account A")?;
        let mut smtp = Dialogue::open(self.smtp).await?;
        smtp.smtp_login(&account.smtp_user_name(self.testbed.smtp_addr()), &account.password).await?;
        Ok(smtp)
    }

    async fn pop3(&self) -> Result<Dialogue, String> {
        let account = self.testbed.world().account("B").ok_or("no account B")?;
        let mut pop3 = Dialogue::open(self.pop3).await?;
        pop3.pop3_login(&account.pop3_user_name(self.testbed.pop3_addr()), &account.password).await?;
        Ok(pop3)
    }

    async fn send(&self, smtp: &mut Dialogue, size: usize) -> Result<(), String> {
        let address = |name| self.testbed.world().account(name).map(|account| account.address.to_string());
        let (from, to) = address("A").zip(address("B")).ok_or("no accounts")?;
        let header = format!("From: <{from}>\r\nTo: <{to}>\r\nSubject: Last\r\n\r\n");
        let body = "Zeile um Zeile bis zur gewollten Groesse\r\n";
        let mail = header + &body.repeat(size.div_ceil(body.len()));
        smtp.ask(&format!("MAIL FROM:<{from}>"), "250").await?;
        smtp.ask(&format!("RCPT TO:<{to}>"), "250").await?;
        smtp.ask("DATA", "354").await?;
        smtp.send_message(mail.as_bytes()).await?;
        smtp.expect("250", "the mail").await.map(drop)
    }
}

/// What one great mail costs, out and in.
async fn great_mail(practice: &Practice, proxy: &ProxyProcess) -> Result<(), String> {
    let mut smtp = practice.smtp().await?;
    practice.send(&mut smtp, MAIL).await?;
    let before = proxy.memory();
    proxy.forget_peak();
    practice.send(&mut smtp, GREAT_MAIL).await?;
    say(&format!("a mail of {GREAT_MAIL} octets sent: {}", more(before, proxy)));
    let mut pop3 = practice.pop3().await?;
    let before = proxy.memory();
    proxy.forget_peak();
    pop3.ask("RETR 2", "+OK").await?;
    let len = pop3.message().await?.len();
    if len < GREAT_MAIL {
        return Err(format!("a mail of {len} octets was fetched"));
    }
    say(&format!("a mail of {GREAT_MAIL} octets fetched: {}", more(before, proxy)));
    for number in 1..=2 {
        pop3.ask(&format!("DELE {number}"), "+OK").await?;
    }
    pop3.ask("QUIT", "+OK").await.map(drop)
}

/// How much memory the proxy took at most beyond what it had.
fn more(before: Option<(u64, u64)>, proxy: &ProxyProcess) -> String {
    match before.zip(proxy.memory()) {
        Some(((before, _), (_, peak))) => format!("{} KiB more at most", peak.saturating_sub(before) / 1024),
        None => "memory unknown on this system".to_owned(),
    }
}

/// Senders and fetchers at once; every one logs in and then sends or fetches so many mails.
async fn rush(
    practice: &Practice,
    proxy: &ProxyProcess,
    programs: usize,
    mails: usize,
) -> Result<(), String> {
    practice.send(&mut practice.smtp().await?, MAIL).await?;
    proxy.forget_peak();
    let start = Instant::now();
    let (mut senders, mut fetchers) = (JoinSet::new(), JoinSet::new());
    for _ in 0..programs {
        let one = practice.clone();
        senders.spawn(async move {
            let mut smtp = one.smtp().await?;
            let mut times = Vec::new();
            for _ in 0..mails {
                let start = Instant::now();
                one.send(&mut smtp, MAIL).await?;
                times.push(start.elapsed());
            }
            Ok(times)
        });
        let one = practice.clone();
        fetchers.spawn(async move {
            let mut pop3 = one.pop3().await?;
            let mut times = Vec::new();
            for _ in 0..mails {
                let start = Instant::now();
                pop3.ask("RETR 1", "+OK").await?;
                let mail = pop3.message().await?;
                if mail.len() < MAIL {
                    return Err(format!("a mail of {} octets was fetched", mail.len()));
                }
                times.push(start.elapsed());
            }
            Ok(times)
        });
    }
    for (what, programs) in [("sent", senders), ("fetched", fetchers)] {
        report(what, programs.join_all().await, start);
    }
    say(&format!("with {programs} senders and {programs} fetchers: {}", memory(proxy)));
    Ok(())
}

fn report(what: &str, programs: Vec<Result<Vec<Duration>, String>>, start: Instant) {
    let elapsed = start.elapsed();
    let (done, failed): (Vec<_>, Vec<_>) = programs.into_iter().partition(Result::is_ok);
    let mut times: Vec<Duration> = done.into_iter().flatten().flatten().collect();
    times.sort();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    let rate = times.len() as f64 / elapsed.as_secs_f64();
    say(&format!(
        "{what}: {} mails of {} KB, {rate:.1}/s, p50 {} ms, p99 {} ms, {} programs failed{}",
        times.len(),
        MAIL / 1024,
        at(50).as_millis(),
        at(99).as_millis(),
        failed.len(),
        failed.iter().find_map(|one| one.as_ref().err()).map(|why| format!(": {why}")).unwrap_or_default()
    ));
}

/// Great mails at once: more than the proxy has in work at the same time.
async fn great_mails(practice: &Practice, proxy: &ProxyProcess) -> Result<(), String> {
    proxy.forget_peak();
    let start = Instant::now();
    let mut senders = JoinSet::new();
    for _ in 0..GREAT_MAILS {
        let one = practice.clone();
        senders.spawn(async move { one.send(&mut one.smtp().await?, GREAT_MAIL).await });
    }
    senders.join_all().await.into_iter().collect::<Result<(), String>>()?;
    let seconds = start.elapsed().as_secs();
    say(&format!("{GREAT_MAILS} mails of 15 MiB sent at once, in {seconds} s: {}", memory(proxy)));
    Ok(())
}

/// A mail program that takes an octet a second of a great mail.
async fn slow_reader(practice: &Practice, proxy: &ProxyProcess) -> Result<(), String> {
    practice.send(&mut practice.smtp().await?, GREAT_MAIL).await?;
    let mut pop3 = practice.pop3().await?;
    let count = pop3.ask("STAT", "+OK").await?;
    let newest = count.split(' ').nth(1).ok_or("STAT")?;
    pop3.ask(&format!("RETR {newest}"), "+OK").await?;
    // Its first line means that the mail was opened.
    pop3.line().await?;
    proxy.forget_peak();
    let start = Instant::now();
    say(&format!("a reader of 15 MiB at 1 octet/s, begins: {}", memory(proxy)));
    while start.elapsed() < SLOWLY {
        pop3.octet().await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    say(&format!("a reader of 15 MiB at 1 octet/s, {} s later: {}", SLOWLY.as_secs(), memory(proxy)));
    Ok(())
}

/// Mail programs that log in and then do nothing.
async fn idle_sessions(practice: &Practice, proxy: &ProxyProcess) -> Result<(), String> {
    let mut first = practice.pop3().await?;
    first.ask("NOOP", "+OK").await?;
    let before = proxy.memory();
    let mut sessions = Vec::new();
    while sessions.len() < IDLE.saturating_sub(1) {
        sessions.push(practice.pop3().await.map_err(|error| format!("session {}: {error}", sessions.len()))?);
    }
    let grown = before.zip(proxy.memory()).map(|((before, _), (now, _))| now.saturating_sub(before) / 1024);
    let grown = grown.map_or("unknown".to_owned(), |grown| format!("{grown} KiB more than with one"));
    say(&format!("{IDLE} idle POP3 sessions: {}, {grown}", memory(proxy)));
    Ok(())
}

fn memory(proxy: &ProxyProcess) -> String {
    match proxy.memory() {
        Some((now, peak)) => format!("{} KiB, peak {} KiB", now / 1024, peak / 1024),
        None => "memory unknown on this system".to_owned(),
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[expect(clippy::print_stdout, reason = "the output of a program")]
fn say(line: &str) {
    println!("{line}");
}
