//! The proxy is killed in the midst of sending.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kim_examples::{Dialogue, ProxyProcess};
use kim_tests::{Practice, mail};
use tokio::task::JoinSet;

use crate::front::until;

/// How often, unless `KIM_KILLS` says otherwise.
const KILLS: u64 = 10;

/// Mail programs that send at the same time.
const SENDERS: usize = 4;

/// What a mail program sends until nobody answers any more: the marks of the mails that were answered with 250, which
/// are counted.
async fn send(
    practice: Arc<Practice>,
    proxy: std::net::SocketAddr,
    name: String,
    count: Arc<AtomicUsize>,
) -> Vec<String> {
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let mut answered = Vec::new();
    let result: Result<(), String> = async {
        let account = practice.account("A")?;
        let mut smtp = Dialogue::open(proxy).await?;
        smtp.smtp_login(&account.smtp_user_name(practice.testbed.smtp_addr()), &account.password).await?;
        for number in 0.. {
            let mark = format!("{name}-{number}");
            let text = format!("{}Ende {mark}\r\n", "Zeile um Zeile\r\n".repeat(1000));
            let reply = practice.send(&mut smtp, &a, &[&b], &mail(&a, &b, "x", &text)).await?;
            if reply.starts_with("250") {
                answered.push(mark);
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }
    .await;
    result.unwrap_err();
    answered
}

async fn kill_while_sending(practice: &Arc<Practice>, program: &Path, round: u64) -> Vec<String> {
    let mut proxy = ProxyProcess::start(program, &practice.testbed).unwrap();
    let (mut senders, count) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
    for sender in 0..SENDERS {
        senders.spawn(send(practice.clone(), proxy.smtp, format!("{round}-{sender}"), count.clone()));
    }
    if !round.is_multiple_of(4) {
        until("a mail is sent", || count.load(Ordering::Relaxed) > 0).await;
    }
    // Spread over what a mail takes, and as good as random: nobody knows where the senders are by then.
    tokio::time::sleep(Duration::from_millis(round * 97 % 400)).await;
    proxy.kill().unwrap();
    senders.join_all().await.into_iter().flatten().collect()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019
#[tokio::test(flavor = "multi_thread")]
async fn no_mail_that_was_answered_is_lost_and_none_arrives_in_part_or_twice() {
    let Some(program) = kim_tests::proxy_program() else { return };
    let kills = std::env::var("KIM_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let practice = Arc::new(Practice::start().await.unwrap());
    let mut answered = Vec::new();
    for round in 0..kills {
        answered.extend(kill_while_sending(&practice, &program, round).await);
    }

    let mut arrived = HashMap::new();
    for message in practice.fetch_all("B").await.unwrap() {
        let message = String::from_utf8(message).unwrap();
        assert!(message.contains("X-KIM-DecryptionResult: 00\r\n"), "{message:.2000}");
        let (_, mark) = message.trim_end().rsplit_once("Ende ").unwrap();
        *arrived.entry(mark.to_owned()).or_insert(0) += 1;
    }
    assert!(arrived.values().all(|times| *times == 1), "a mail arrived twice: {arrived:?}");
    let lost: Vec<_> = answered.iter().filter(|mark| !arrived.contains_key(*mark)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    println!("{kills} kills: {} mails answered, {} arrived, all whole", answered.len(), arrived.len());
    assert!(!answered.is_empty(), "nothing was sent at all");
}
