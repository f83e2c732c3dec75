//! A mail program that breaks off: what it did not finish is never sent, and the next mail is.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kim_examples::Dialogue;
use kim_testbed::Times;
use kim_testbed::fachdienst::SmtpCommand;
use kim_testbed::konnektor::{Injection, Operation};
use kim_tests::{Practice, mail};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::front::until;

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2017
#[tokio::test(flavor = "multi_thread")]
async fn at_every_point_before_the_end_of_the_mail_nothing_is_sent() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let text = String::from_utf8(mail(&a, &b, "abgebrochen", "Inhalt\r\n")).unwrap();
    let dialogue = format!("MAIL FROM:<{a}>\r\nRCPT TO:<{b}>\r\nDATA\r\n{text}\r\n.\r\n");
    let commands = dialogue.find(&text).unwrap();
    // Inside and after each command, inside the mail, and inside its end: all but the last octet of <CRLF>.<CRLF>.
    let cuts = [5, 30, commands - 8, commands - 1, commands, commands + 9, commands + text.len()];
    let inside_the_end = (1..5).map(|octets| dialogue.len() - octets);
    let mta = practice.testbed.world().mta();
    for (index, cut) in cuts.into_iter().chain(inside_the_end).enumerate() {
        let mut smtp = practice.smtp("A").await.unwrap();
        smtp.say(&dialogue.as_bytes()[..cut]).await.unwrap();
        drop(smtp);
        // The MTA is taken leave of: the session is over.
        until("the session ends", || mta.transcript().count(SmtpCommand::Quit) == index + 1).await;
    }
    assert_eq!(mta.transcript().count(SmtpCommand::Mail), 0);

    let mut smtp = practice.smtp("A").await.unwrap();
    let reply = practice.send(&mut smtp, &a, &[&b], text.as_bytes()).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(mta.transcript().count(SmtpCommand::Message), 1);
    assert_eq!(practice.fetch_all("B").await.unwrap().len(), 1);
}

/// The call that the Konnektor is busy with is dropped, whatever it comes to.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2017
#[tokio::test(flavor = "multi_thread")]
async fn while_the_konnektor_works_nothing_is_sent_and_the_next_mail_is() {
    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let text = mail(&a, &b, "abgebrochen", "Inhalt\r\n");
    let (konnektor, mta) = (practice.testbed.world().konnektor(), practice.testbed.world().mta());
    for operation in [Operation::SignDocument, Operation::EncryptDocument] {
        konnektor.inject(operation, Times::ONCE, Injection::Delay(Duration::from_secs(3600)));
        let quits = mta.transcript().count(SmtpCommand::Quit);
        let asked = konnektor.count(operation);
        let mut smtp = practice.smtp("A").await.unwrap();
        smtp.ask(&format!("MAIL FROM:<{a}>"), "250").await.unwrap();
        smtp.ask(&format!("RCPT TO:<{b}>"), "250").await.unwrap();
        smtp.ask("DATA", "354").await.unwrap();
        smtp.send_message(&text).await.unwrap();
        until("the Konnektor is asked", || konnektor.count(operation) > asked).await;
        drop(smtp);
        until("the session ends", || mta.transcript().count(SmtpCommand::Quit) > quits).await;
    }
    assert_eq!(mta.transcript().count(SmtpCommand::Mail), 0);

    let mut smtp = practice.smtp("A").await.unwrap();
    let reply = practice.send(&mut smtp, &a, &[&b], &text).await.unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(practice.fetch_all("B").await.unwrap().len(), 1);
}

/// Once the MTA has the whole mail it is sent: once, not twice.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2017
#[tokio::test(flavor = "multi_thread")]
async fn after_the_mta_has_the_mail_it_is_sent_once() {
    use kim_testbed::fachdienst::MailFault;

    let practice = Practice::start().await.unwrap();
    let address = |name: &str| practice.account(name).unwrap().address.to_string();
    let (a, b) = (address("A"), address("B"));
    let mta = practice.testbed.world().mta();
    mta.faults().add(SmtpCommand::Message, Times::ONCE, MailFault::Delay(Duration::from_millis(300)));
    let mut smtp = practice.smtp("A").await.unwrap();
    smtp.ask(&format!("MAIL FROM:<{a}>"), "250").await.unwrap();
    smtp.ask(&format!("RCPT TO:<{b}>"), "250").await.unwrap();
    smtp.ask("DATA", "354").await.unwrap();
    smtp.send_message(&mail(&a, &b, "x", "x")).await.unwrap();
    until("the MTA has the mail", || mta.transcript().count(SmtpCommand::Message) == 1).await;
    drop(smtp);
    until("the session ends", || mta.transcript().count(SmtpCommand::Quit) == 1).await;
    assert_eq!(mta.transcript().count(SmtpCommand::Message), 1);
    assert_eq!(practice.fetch_all("B").await.unwrap().len(), 1);
}

/// A wire to `server` that passes on little of what the proxy says until it is opened; whether it has to wait, and whether the
/// proxy has closed.
async fn gated(
    server: SocketAddr,
    mut open: watch::Receiver<bool>,
) -> (SocketAddr, Arc<Mutex<(bool, bool)>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (address, seen) = (listener.local_addr().unwrap(), Arc::new(Mutex::new((false, false))));
    let state = seen.clone();
    tokio::spawn(async move {
        let (mut from_proxy, mut to_proxy) = listener.accept().await.unwrap().0.into_split();
        let (mut from_server, mut to_server) = TcpStream::connect(server).await.unwrap().into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_proxy).await });
        let mut first = (&mut from_proxy).take(1024 * 1024);
        let _ = tokio::io::copy(&mut first, &mut to_server).await;
        state.lock().unwrap().0 = true;
        let _ = open.wait_for(|open| *open).await;
        let _ = tokio::io::copy(&mut from_proxy, &mut to_server).await;
        state.lock().unwrap().1 = true;
    });
    (address, seen)
}

/// The client had left long before the MTA had the mail, and its mail was sent all the same: twice, when it tried again.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2017
#[tokio::test(flavor = "multi_thread")]
async fn while_the_mta_takes_the_mail_nothing_is_sent() {
    let practice = Practice::start().await.unwrap();
    let (a, b) = (practice.account("A").unwrap(), practice.account("B").unwrap());
    let (from, to) = (a.address.to_string(), b.address.to_string());
    // More than the systems between the proxy and the MTA hold by themselves.
    let text = mail(&from, &to, "abgebrochen", &"Inhalt, Inhalt, Inhalt\r\n".repeat(13 * 1024 * 1024 / 24));
    let (open, opened) = watch::channel(false);
    let (wire, seen) = gated(practice.testbed.smtp_addr(), opened).await;
    let mut smtp = Dialogue::open(practice.smtp).await.unwrap();
    smtp.smtp_login(&a.smtp_user_name(wire), &a.password).await.unwrap();
    smtp.ask(&format!("MAIL FROM:<{from}>"), "250").await.unwrap();
    smtp.ask(&format!("RCPT TO:<{to}>"), "250").await.unwrap();
    smtp.ask("DATA", "354").await.unwrap();
    smtp.send_message(&text).await.unwrap();
    until("the MTA is being given the mail", || seen.lock().unwrap().0).await;
    drop(smtp);
    open.send(true).unwrap();
    until("the session ends", || seen.lock().unwrap().1).await;
    assert_eq!(practice.testbed.world().mta().transcript().count(SmtpCommand::Message), 0);
    assert_eq!(practice.fetch_all("B").await.unwrap().len(), 0);
}
