//! A Konnektor says that it restarted: its service directory is read anew, whatever else comes to the port.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::net::SocketAddr;

use kim_clientmodul::{Account, Clientmodul, EventListener};
use kim_examples::testbed_settings;
use kim_testbed::konnektor::Operation;
use kim_testbed::{Testbed, TestbedConfig};
use kim_tests::mail;
use kim_types::{Envelope, Recipient};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

fn frame(topic: &str) -> Vec<u8> {
    let xml = format!(
        "<Event xmlns=\"http://ws.gematik.de/conn/EventService/v7.2\"><Topic>{topic}</Topic><Type>Operation</Type>\
         <Severity>Info</Severity><SubscriptionID/><Message/></Event>"
    );
    [b"CETP", &u32::try_from(xml.len()).unwrap().to_be_bytes()[..], xml.as_bytes()].concat()
}

async fn protect_a_mail(testbed: &Testbed, clientmodul: &Clientmodul) {
    let world = testbed.world();
    let (a, b) = (world.account("A").unwrap(), world.account("B").unwrap());
    let account = Account { address: a.address.clone(), context: a.context.clone(), konnektor: None };
    let (from, to) = (a.address.to_string(), b.address.to_string());
    let envelope = Envelope {
        sender: a.address.clone(),
        size: None,
        ret: None,
        envid: None,
        recipients: vec![Recipient::new(b.address.clone())],
    };
    let text = mail(&from, &format!("<{to}>"), "Befund", "Inhalt\r\n");
    let participant = clientmodul.participant(account).unwrap();
    assert!(participant.protect(envelope, text.into()).await.is_ok());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076
#[tokio::test(flavor = "multi_thread")]
async fn the_service_directory_is_read_anew_after_a_restart() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let settings = testbed_settings(&testbed).unwrap();
    let id = settings.konnektors.first().unwrap().id.clone();
    let clientmodul = Clientmodul::new(settings);
    let listener = EventListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)), None).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, mut topics) = mpsc::unbounded_channel();
    let listening = clientmodul.clone();
    tokio::spawn(async move {
        let report = move |event: &kim_konnektor::Event| sender.send(event.topic.clone()).unwrap_or_default();
        listener.serve(listening, &id, report).await
    });

    let reads = || testbed.world().konnektor().count(Operation::ServiceDirectory);
    protect_a_mail(&testbed, &clientmodul).await;
    protect_a_mail(&testbed, &clientmodul).await;
    assert_eq!(reads(), 1);

    let mut stranger = TcpStream::connect(address).await.unwrap();
    stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(matches!(stranger.read(&mut [0; 9]).await, Ok(0) | Err(_)), "what is no Konnektor is sent away");

    let mut konnektor = TcpStream::connect(address).await.unwrap();
    konnektor.write_all(&frame("CARD/INSERTED")).await.unwrap();
    assert_eq!(topics.recv().await.unwrap(), "CARD/INSERTED");
    protect_a_mail(&testbed, &clientmodul).await;
    assert_eq!(reads(), 1);
    konnektor.write_all(&frame("BOOTUP/BOOTUP_COMPLETE")).await.unwrap();
    assert_eq!(topics.recv().await.unwrap(), "BOOTUP/BOOTUP_COMPLETE");
    protect_a_mail(&testbed, &clientmodul).await;
    assert_eq!(reads(), 2);
}
