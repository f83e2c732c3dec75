//! Downloads that fail: the user gets the prescribed text, and the mail as soon as the trouble is over.

use std::time::{Duration, Instant};

use kim_examples::Dialogue;
use kim_testbed::Times;
use kim_testbed::fachdienst::{KasFault, KasOperation};
use mail_parser::{MessageParser, MimeHeaders as _};

use crate::office::{Office, PATIENCE};

const DOWNLOAD: &str = "Die E-Mail-Daten dieser Nachricht konnten nicht heruntergeladen werden. Bitte leiten Sie diese \
    Nachricht nach einer angemessenen Zeit an Ihre eigene E-Mail-Adresse (<Email Adresse>) weiter. Beim nächsten Abholen \
    wird der Download wiederholt.";
const TOO_OFTEN: &str = "Verschlüsselte E-Mail-Daten konnten nicht heruntergeladen werden, da durch zu häufigen Zugriff der \
    KOM-LE-Attachment-Service den Abruf verweigert.";
const DECRYPTION: &str = "Abgerufene E-Mail-Daten konnten nicht entschlüsselt werden";
const GONE: &str = " Die E-Mail-Daten sind nicht mehr vorhanden oder nicht für Sie freigegeben; voraussichtlich hilft nur, den \
    Absender um erneutes Senden zu bitten.";

/// What the attachment service does when it is asked, the code, and the text.
fn faults() -> Vec<(KasOperation, KasFault, &'static str, String)> {
    use KasOperation::{Check, Read};
    let gone = format!("{DOWNLOAD}{GONE}");
    let failed = [
        (Read, KasFault::Status(400)),
        (Read, KasFault::Status(500)),
        (Read, KasFault::Status(503)),
        (Read, KasFault::Silence),
        (Read, KasFault::Redirect("https://127.0.0.1:9/attachment/1".to_owned())),
        (Read, KasFault::Truncated(0)),
        (Read, KasFault::Truncated(100_000)),
        (Read, KasFault::WrongLength),
        (Read, KasFault::Slow(PATIENCE * 10)),
        // Every octet comes in time, the mail never.
        (Read, KasFault::Trickle(PATIENCE / 10)),
        (Check, KasFault::WrongLength),
        (Check, KasFault::Silence),
    ];
    let failed = failed.into_iter().map(|(on, fault)| (on, fault, "4006", DOWNLOAD.to_owned()));
    let others = [
        (Read, KasFault::Status(429), "4013", TOO_OFTEN.to_owned()),
        (Check, KasFault::Status(429), "4013", TOO_OFTEN.to_owned()),
        (Read, KasFault::Status(403), "4006", gone.clone()),
        (Read, KasFault::Status(404), "4006", gone.clone()),
        (Check, KasFault::Status(404), "4006", gone),
        (Read, KasFault::Corrupted, "4007", DECRYPTION.to_owned()),
    ];
    failed.chain(others).collect()
}

/// Faults that do not matter.
fn harmless() -> Vec<(KasOperation, KasFault)> {
    use KasOperation::{Check, Read};
    [
        (Check, KasFault::Status(405)),
        (Check, KasFault::Status(500)),
        // 13 portions: longer than the patience all together.
        (Read, KasFault::Slow(PATIENCE / 6)),
    ]
    .into()
}

async fn retrieve(pop3: &mut Dialogue) -> Vec<u8> {
    pop3.ask("RETR 1", "+OK").await.unwrap();
    pop3.message().await.unwrap()
}

/// Whether the mail came as it was sent, apart from header fields.
fn is_whole(fetched: &[u8], sent: &[u8]) -> bool {
    let body = |mail: &[u8]| {
        let at = mail.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        mail.split_at(at).1.to_vec()
    };
    body(fetched) == body(sent)
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05, A_19371, A_22412, A_20650; deltas Q5, Q6, Q15
#[tokio::test(flavor = "multi_thread")]
async fn every_fault_has_its_text_and_the_next_attempt_succeeds() {
    let office = Office::open().await;
    let sent = office.large_mail();
    assert!(office.send(&sent).await.starts_with("250"));
    let mut pop3 = office.practice.pop3("E").await.unwrap();
    let faults_to_come = || office.practice.testbed.world().kas().faults();
    for (operation, fault, code, text) in faults() {
        faults_to_come().add(operation, Times::ONCE, fault.clone());
        let what = format!("{operation:?} {fault:?}");
        let fetched = retrieve(&mut pop3).await;
        let mail = MessageParser::new().parse(&fetched).unwrap();
        let codes: Vec<_> = mail.header_values("X-KIM-Fehlermeldung").map(|value| value.as_text()).collect();
        assert_eq!(codes, [Some(code)], "{what}");
        let shown = mail.body_text(0).unwrap();
        assert_eq!(shown.trim_end(), text.replace("<Email Adresse>", &office.e), "{what}");
        // What was received is inside, so that nothing is lost; what was decrypted is not, it names the key.
        let inside = mail.attachments().filter(|part| part.is_content_type("message", "rfc822")).count();
        assert_eq!(inside, usize::from(code != "4007"), "{what}");
        let raw = String::from_utf8_lossy(&fetched);
        assert!(!raw.contains("Zeile") && !raw.contains("\"k\""), "{what}");
        office.assert_no_file(&what);
        faults_to_come().clear();
    }
    assert!(is_whole(&retrieve(&mut pop3).await, &sent));
    for (operation, fault) in harmless() {
        faults_to_come().add(operation, Times::ONCE, fault.clone());
        assert!(is_whole(&retrieve(&mut pop3).await, &sent), "{operation:?} {fault:?}");
    }
    office.assert_no_file("all of them");
    // A download does not use the mail data up.
    assert_eq!(office.stored(), 1);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19374, KOM-LE-A_2179-02, A_21236, A_20628
#[tokio::test(flavor = "multi_thread")]
async fn a_large_mail_comes_back_octet_for_octet_with_the_fields_of_a_checked_mail() {
    let office = Office::open().await;
    let sent = office.large_mail();
    assert!(office.send(&sent).await.starts_with("250"));
    let [fetched] = <[Vec<u8>; 1]>::try_from(office.practice.fetch_all("E").await.unwrap()).unwrap();
    assert!(is_whole(&fetched, &sent));
    let header = String::from_utf8_lossy(&fetched[..4000]).into_owned();
    for field in ["X-KIM-DecryptionResult: 00", "X-KIM-IntegrityCheckResult: 01", "Return-Path:", "Received:"]
    {
        assert!(header.contains(field), "{field} is missing");
    }
    assert!(header.contains("Subject: groß\r\n") && !header.contains("x-kas"));
}

/// A client that breaks off inside the mail gets it again.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2017 (POP3: nothing is deleted without QUIT)
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_while_it_is_downloaded_or_shown_fetches_it_again() {
    let office = Office::open().await;
    let sent = office.large_mail();
    assert!(office.send(&sent).await.starts_with("250"));
    let kas = office.practice.testbed.world().kas();
    kas.faults().add(KasOperation::Read, Times::ONCE, KasFault::Silence);
    let mut pop3 = office.practice.pop3("E").await.unwrap();
    pop3.ask("RETR 1", "+OK").await.unwrap();
    crate::office::until("the download begins", || kas.count(KasOperation::Read) == 1).await;
    drop(pop3);
    let mut pop3 = office.practice.pop3("E").await.unwrap();
    pop3.ask("RETR 1", "+OK").await.unwrap();
    pop3.line().await.unwrap();
    drop(pop3);
    let mut pop3 = office.practice.pop3("E").await.unwrap();
    assert!(is_whole(&retrieve(&mut pop3).await, &sent));
    office.assert_no_file("two lost clients");
}

/// A mail program that gives up when nothing comes for 20 seconds, in a tenth of a second: it survives a download of several
/// of its times.
///
/// Spec: none — own behaviour for impatient programs (flows R2); gemSpec_CM_KOMLE 1.16.0, A_20628 (Received comes first)
#[tokio::test(flavor = "multi_thread")]
async fn an_impatient_client_survives_a_slow_download() {
    const GIVES_UP_AFTER: Duration = Duration::from_millis(400);
    let office = Office::with(|settings| {
        settings.early_interval = GIVES_UP_AFTER / 4;
        settings.fachdienst.services.timeout = GIVES_UP_AFTER * 100;
    });
    let office = office.await;
    let sent = office.large_mail();
    assert!(office.send(&sent).await.starts_with("250"));
    // Nothing at all for three of its times, then everything in portions.
    let slow = KasFault::Slow(GIVES_UP_AFTER * 3 / 13);
    office.practice.testbed.world().kas().faults().add(KasOperation::Read, Times::ONCE, slow);
    let mut pop3 = office.practice.pop3("E").await.unwrap();
    pop3.ask("RETR 1", "+OK").await.unwrap();
    let (start, mut wire, mut pieces) = (Instant::now(), Vec::new(), 0);
    while !wire.ends_with(b"\r\n.\r\n") {
        let octets = tokio::time::timeout(GIVES_UP_AFTER, pop3.octets()).await;
        wire.extend_from_slice(&octets.expect("something in time").unwrap());
        pieces += 1;
    }
    assert!(start.elapsed() > 2 * GIVES_UP_AFTER && pieces > 8, "{pieces} pieces");
    assert!(wire.starts_with(b"Received: "));
    let end = wire.len() - 3;
    assert!(is_whole(&wire[..end], &sent));

    // Without early octets the same program gives up.
    let silent = Office::with(|settings| settings.rules.early_header = false).await;
    assert!(silent.send(&silent.large_mail()).await.starts_with("250"));
    let slow = KasFault::Slow(GIVES_UP_AFTER * 3 / 13);
    silent.practice.testbed.world().kas().faults().add(KasOperation::Read, Times::ONCE, slow);
    let mut pop3 = silent.practice.pop3("E").await.unwrap();
    pop3.ask("RETR 1", "+OK").await.unwrap();
    assert!(tokio::time::timeout(GIVES_UP_AFTER, pop3.octets()).await.is_err());
}
