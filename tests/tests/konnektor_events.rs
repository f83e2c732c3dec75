//! Konnektors report restarts and cards: what is outdated by it is asked for anew, whatever else comes to the port.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kim_clientmodul::{Account, Clientmodul, EventListener, subscribe};
use kim_examples::testbed_settings;
use kim_flow::receive::Outcome;
use kim_konnektor::EventSink;
use kim_testbed::konnektor::{KonnektorConfig, Operation};
use kim_testbed::{Testbed, TestbedConfig};
use kim_tests::mail;
use kim_tls::{ClientAuth, Identity};
use kim_types::{Envelope, Recipient};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// How long something may take that happens beside a mail.
const PATIENCE: Duration = Duration::from_secs(30);

/// A Clientmodul that has subscribed to the events of the testbed's Konnektor.
struct Subscriber {
    testbed: Testbed,
    clientmodul: Clientmodul,
    listener: SocketAddr,
    topics: mpsc::UnboundedReceiver<String>,
    _tasks: JoinSet<()>,
}

impl Subscriber {
    async fn start(events_over_tls: bool) -> Self {
        let konnektor = KonnektorConfig { events_over_tls, ..TestbedConfig::default().konnektor };
        let testbed = Testbed::start(TestbedConfig { konnektor, ..TestbedConfig::default() }).await.unwrap();
        let clientmodul = Clientmodul::new(testbed_settings(&testbed).unwrap());
        let tls = events_over_tls.then(|| server_tls(&testbed));
        let listener = EventListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)), tls).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, topics) = mpsc::unbounded_channel();
        let (_, current) = watch::channel(clientmodul.clone());
        let context = testbed.world().account("A").unwrap().context.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(listener.serve(current.clone(), move |event| {
            sender.send(event.topic.clone()).unwrap_or_default();
        }));
        tasks.spawn(subscribe(current, EventSink(address), context));
        let subscriber = Self { testbed, clientmodul, listener: address, topics, _tasks: tasks };
        subscriber.until_called(Operation::Subscribe, 3).await;
        subscriber
    }

    fn count(&self, operation: Operation) -> usize {
        self.testbed.world().konnektor().count(operation)
    }

    async fn until_called(&self, operation: Operation, times: usize) {
        let called = async {
            while self.count(operation) < times {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, called).await.unwrap();
    }

    async fn topic(&mut self) -> String {
        tokio::time::timeout(PATIENCE, self.topics.recv()).await.unwrap().unwrap()
    }

    /// Practice A sends itself a mail and opens it.
    async fn a_mail_goes_through(&self) {
        let a = self.testbed.world().account("A").unwrap();
        let account = Account {
            address: a.address.clone(),
            context: a.context.clone(),
            konnektor: None,
            password: None,
        };
        let address = a.address.to_string();
        let envelope = Envelope {
            sender: a.address.clone(),
            ret: None,
            envid: None,
            recipients: vec![Recipient::new(a.address.clone())],
        };
        let text = mail(&address, &format!("<{address}>"), "Befund", "Inhalt\r\n");
        let participant = self.clientmodul.participant(account).unwrap();
        let mut outgoing = participant.protect(envelope, text).await.unwrap();
        let message: Bytes = outgoing.pieces().whole().await.unwrap().to_bytes();
        let opened = participant.open(message).await;
        assert!(matches!(opened.outcome, Outcome::Opened(_)), "{:?}", opened.outcome);
    }
}

/// TLS for those who send events; they are not asked who they are.
fn server_tls(testbed: &Testbed) -> Arc<ServerConfig> {
    let (file, password) = testbed.clientmodul_pkcs12();
    let identity = Identity::from_pkcs12(&file, &password).unwrap();
    kim_tls::server_config(&identity, ClientAuth::Off).unwrap()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076
#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_service_directory_is_read_and_events_are_subscribed_to_anew() {
    let mut subscriber = Subscriber::start(false).await;
    subscriber.a_mail_goes_through().await;
    subscriber.a_mail_goes_through().await;
    assert_eq!(subscriber.count(Operation::ServiceDirectory), 1);

    subscriber.testbed.world().konnektor().restart();
    assert_eq!(subscriber.topic().await, "BOOTUP/BOOTUP_COMPLETE");
    subscriber.until_called(Operation::Subscribe, 6).await;
    subscriber.a_mail_goes_through().await;
    assert_eq!(subscriber.count(Operation::ServiceDirectory), 2);

    // The new subscriptions work, too.
    subscriber.testbed.world().konnektor().restart();
    assert_eq!(subscriber.topic().await, "BOOTUP/BOOTUP_COMPLETE");
    subscriber.a_mail_goes_through().await;
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2061-01
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_was_pulled_or_plugged_in_has_its_certificates_read_anew() {
    let mut subscriber = Subscriber::start(false).await;
    subscriber.a_mail_goes_through().await;
    let read = subscriber.count(Operation::ReadCardCertificate);
    subscriber.a_mail_goes_through().await;
    assert_eq!(subscriber.count(Operation::ReadCardCertificate), read, "the card is remembered");

    let iccsn = subscriber.testbed.world().account("A").unwrap().iccsn.clone();
    subscriber.testbed.world().konnektor().replug(&iccsn).unwrap();
    // Every event comes over a connection of its own: they may overtake each other.
    let mut topics = [subscriber.topic().await, subscriber.topic().await];
    topics.sort();
    assert_eq!(topics, ["CARD/INSERTED", "CARD/REMOVED"]);
    subscriber.a_mail_goes_through().await;
    assert!(subscriber.count(Operation::ReadCardCertificate) > read);
}

/// Spec: gemSpec_Kon 5.18.0, TIP1-A_4595 (CETP over TLS)
#[tokio::test(flavor = "multi_thread")]
async fn events_come_over_tls_where_the_konnektor_wants_it() {
    let mut subscriber = Subscriber::start(true).await;
    let konnektor = subscriber.testbed.world().konnektor();
    konnektor.restart();
    assert_eq!(subscriber.topic().await, "BOOTUP/BOOTUP_COMPLETE");
    subscriber.a_mail_goes_through().await;
}

/// Spec: none — robustness.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_konnektor_is_sent_away_and_harms_nobody() {
    let mut subscriber = Subscriber::start(false).await;
    for nonsense in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"CETP\xff\xff\xff\xff"] {
        let mut stranger = TcpStream::connect(subscriber.listener).await.unwrap();
        stranger.write_all(nonsense).await.unwrap();
        assert!(matches!(stranger.read(&mut [0; 9]).await, Ok(0) | Err(_)));
    }
    subscriber.testbed.world().konnektor().restart();
    assert_eq!(subscriber.topic().await, "BOOTUP/BOOTUP_COMPLETE");
    subscriber.a_mail_goes_through().await;
}

/// Strangers who start an event and never end it.
///
/// Spec: none — robustness.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_holds_many_connections_leaves_room_for_the_konnektor() {
    let mut subscriber = Subscriber::start(false).await;
    let mut strangers = Vec::new();
    for _ in 0..80 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 2], 0))).unwrap();
        let mut stranger = socket.connect(subscriber.listener).await.unwrap();
        // Those above the limit are gone already.
        stranger.write_all(b"CETP").await.unwrap_or_default();
        strangers.push(stranger);
    }
    subscriber.testbed.world().konnektor().restart();
    assert_eq!(subscriber.topic().await, "BOOTUP/BOOTUP_COMPLETE");
    drop(strangers);
}
