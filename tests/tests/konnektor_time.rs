//! The clock of the TI counts, not that of this machine: it is asked for, and Expires is written by it.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::time::{Duration, SystemTime};

use kim_clientmodul::{Account, Clientmodul, keep_time};
use kim_examples::testbed_settings;
use kim_flow::receive::Outcome;
use kim_testbed::{Testbed, TestbedConfig};
use kim_tests::mail;
use kim_types::{Envelope, Recipient};
use openssl::asn1::Asn1Time;
use tokio::sync::watch;

const HOURS: u64 = 12;

/// Practice A sends itself a mail and opens it; the end that the message on the wire has.
async fn expires(testbed: &Testbed, clientmodul: &Clientmodul) -> Asn1Time {
    let a = testbed.world().account("A").unwrap();
    let account =
        Account { address: a.address.clone(), context: a.context.clone(), konnektor: None, password: None };
    let address = a.address.to_string();
    let envelope = Envelope {
        sender: a.address.clone(),
        size: None,
        ret: None,
        envid: None,
        recipients: vec![Recipient::new(a.address.clone())],
    };
    let text = mail(&address, &format!("<{address}>"), "Befund", "Inhalt\r\n");
    let participant = clientmodul.participant(account).unwrap();
    let mut outgoing = participant.protect(envelope, text).await.unwrap();
    let message = outgoing.pieces().whole().await.unwrap().to_bytes();
    let header = String::from_utf8_lossy(&message).into_owned();
    let line = header.lines().find_map(|line| line.strip_prefix("Expires: ")).unwrap();
    let opened = participant.open(message).await;
    assert!(matches!(opened.outcome, Outcome::Opened(_)), "{:?}", opened.outcome);
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

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2230; gemSpec_Kon 5.18.0, TIP1-A_4791
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_expires_by_the_clock_of_the_ti() {
    let konnektor_clock_ahead = Duration::from_secs(HOURS * 3600);
    let config = TestbedConfig { konnektor_clock_ahead, ..TestbedConfig::default() };
    let testbed = Testbed::start(config).await.unwrap();
    let by_this_machine = Clientmodul::new(testbed_settings(&testbed).unwrap());
    let mut settings = testbed_settings(&testbed).unwrap();
    for konnektor in &mut settings.konnektors {
        konnektor.time_server = Some(("127.0.0.1".to_owned(), testbed.time_addr().port()));
    }
    let by_the_ti = Clientmodul::new(settings);
    let (_, current) = watch::channel(by_the_ti.clone());
    let keeping = tokio::spawn(keep_time(current));
    let corrected = async {
        while by_the_ti.now().duration_since(SystemTime::now()).unwrap_or_default().as_secs() < 3600 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), corrected).await.unwrap();
    keeping.abort();

    let (early, late) = (expires(&testbed, &by_this_machine).await, expires(&testbed, &by_the_ti).await);
    let difference = early.diff(&late).unwrap();
    let seconds = i64::from(difference.days) * 86_400 + i64::from(difference.secs);
    let expected = i64::try_from(HOURS * 3600).unwrap();
    assert!((seconds - expected).abs() < 300, "{seconds}");
}
