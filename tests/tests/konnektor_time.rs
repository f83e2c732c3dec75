//! The clock of the TI counts, not that of this machine: it is asked for, and Expires is written by it.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::time::{Duration, SystemTime};

use kim_clientmodul::keep_time;
use kim_testbed::TestbedConfig;
use kim_tests::{Practice, mail};
use openssl::asn1::Asn1Time;

const HOURS: u64 = 12;

/// From which size in octets on mails are large.
const LARGE: u64 = 100_000;

/// A practice whose Konnektor is ahead of this machine.
async fn practice() -> Practice {
    let konnektor_clock_ahead = Duration::from_secs(HOURS * 3600);
    let config = TestbedConfig { konnektor_clock_ahead, ..TestbedConfig::default() };
    let practice = Practice::with_testbed(config, |testbed, settings| {
        settings.rules.large_threshold = LARGE;
        for konnektor in &mut settings.konnektors {
            konnektor.time_server = Some(("127.0.0.1".to_owned(), testbed.time_addr().port()));
        }
    });
    practice.await.unwrap()
}

/// Sends a large mail from A to E and fetches it; when it ends, in its header and on the attachment service.
async fn expires(practice: &Practice) -> Asn1Time {
    let [a, e] = ["A", "E"].map(|name| practice.account(name).unwrap().address.clone());
    let body = "Zeile um Zeile\r\n".repeat(usize::try_from(LARGE / 8).unwrap());
    let text = mail(a.as_str(), &format!("<{e}>"), "Befund", &body);
    let mut smtp = practice.smtp("A").await.unwrap();
    let reply = practice.send(&mut smtp, a.as_str(), &[e.as_str()], &text).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");

    let world = practice.testbed.world();
    let sent = world.mailbox(&e).unwrap().mails();
    let header = String::from_utf8_lossy(&sent.last().unwrap().octets).into_owned();
    let line = header.lines().find_map(|line| line.strip_prefix("Expires: ")).unwrap();
    assert_eq!(world.kas().stored().last().unwrap().expires, line);

    let fetched = practice.fetch_all("E").await.unwrap();
    let opened = fetched.iter().all(|mail| mail.ends_with(body.as_bytes()));
    assert!(fetched.len() == 1 && opened, "{} mails", fetched.len());
    date(line)
}

/// A date as in `Fri, 27 Nov 2026 07:30:00 +0000`.
fn date(text: &str) -> Asn1Time {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [_, day, month, year, time, zone]: [&str; 6] = words.try_into().unwrap();
    assert_eq!(zone, "+0000");
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == month).unwrap() + 1;
    let text = format!("{year}{month:02}{day:0>2}{}Z", time.replace(':', ""));
    Asn1Time::from_str(&text).unwrap()
}

/// By how much the second mail, sent now as the first one, ends later: the clock of the TI is ahead of this machine's.
#[track_caller]
fn assert_ahead(by_this_machine: &Asn1Time, by_the_ti: &Asn1Time) {
    let difference = by_this_machine.diff(by_the_ti).unwrap();
    let seconds = i64::from(difference.days) * 86_400 + i64::from(difference.secs);
    let expected = i64::try_from(HOURS * 3600).unwrap();
    assert!((seconds - expected).abs() < 300, "{seconds}");
}

/// Whether the module has the time of the TI.
fn knows_the_time(practice: &Practice) -> bool {
    let now = practice.clientmodul().borrow().now();
    now.duration_since(SystemTime::now()).unwrap_or_default().as_secs() > 3600
}

/// Waits for something that needs no longer than the network.
async fn soon(condition: impl Fn() -> bool) {
    let fulfilled = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), fulfilled).await.unwrap();
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2230; gemSpec_Kon 5.18.0, TIP1-A_4791
#[tokio::test(flavor = "multi_thread")]
async fn a_large_mail_expires_by_the_clock_of_the_ti() {
    let practice = practice().await;
    let by_this_machine = expires(&practice).await;
    let keeping = tokio::spawn(keep_time(practice.clientmodul()));
    soon(|| knows_the_time(&practice)).await;
    assert_ahead(&by_this_machine, &expires(&practice).await);
    keeping.abort();
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2230; gemSpec_Kon 5.18.0, TIP1-A_4791
#[tokio::test]
async fn a_time_server_that_is_down_delays_no_mail_and_is_heard_when_it_is_back() {
    let practice = practice().await;
    practice.testbed.silence_time(true);
    let keeping = tokio::spawn(keep_time(practice.clientmodul()));
    minutes_pass_until(|| practice.testbed.time_requests() == 3).await;
    let by_this_machine = expires(&practice).await;
    practice.testbed.silence_time(false);
    minutes_pass_until(|| knows_the_time(&practice)).await;
    assert_ahead(&by_this_machine, &expires(&practice).await);
    keeping.abort();
}

/// Lets virtual time pass, second by second, and the network do its part in between.
async fn minutes_pass_until(condition: impl Fn() -> bool) {
    for _ in 0..2000 {
        if condition() {
            return;
        }
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::time::resume();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(condition());
}
