//! A reader that does not read: what it does not take stays where it is, at the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kim_clientmodul::Protocol;
use kim_examples::Dialogue;
use kim_testbed::{Testbed, TestbedConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::front::{Front, Options, eventually};

/// Far more than all systems between the server and the client hold by themselves: a few megabytes each.
const HEADER: usize = 96 * 1024 * 1024;

/// A wire to `server` on which the octets towards the proxy are counted.
async fn counted(server: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counter = count.clone();
    tokio::spawn(async move {
        while let Ok((proxy, _)) = listener.accept().await {
            let (mut from_proxy, mut to_proxy) = proxy.into_split();
            let (mut from_server, mut to_server) = TcpStream::connect(server).await.unwrap().into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_proxy, &mut to_server).await });
            let counter = counter.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 16 * 1024];
                while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                    to_proxy.write_all(buffer.get(..read).unwrap_or_default()).await?;
                    counter.fetch_add(read, Ordering::Relaxed);
                }
                std::io::Result::Ok(())
            });
        }
    });
    (address, count)
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2040
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_stops_the_server_and_gets_everything_later() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let account = testbed.world().account("B").unwrap();
    let field = format!("X-Field: {}\r\n", "x".repeat(990));
    let header = field.repeat(HEADER / field.len());
    testbed.world().mailbox(&account.address).unwrap().put(format!("{header}\r\nbody\r\n"));
    let front = Front::start(&testbed, Protocol::Pop3, Options::default()).await;
    let (wire, count) = counted(testbed.pop3_addr()).await;
    let mut pop3 = Dialogue::open(front.address).await.unwrap();
    pop3.pop3_login(&account.pop3_user_name(wire), &account.password).await.unwrap();
    pop3.say(b"TOP 1 0\r\n").await.unwrap();

    // Nothing has moved for half a second: everybody waits for the client.
    let mut history = Vec::new();
    eventually("the wire stands still", async || {
        history.push(count.load(Ordering::Relaxed));
        history.iter().rev().take(10).filter(|sent| Some(*sent) == history.last()).count() == 10
    })
    .await;
    let sent = count.load(Ordering::Relaxed);
    assert!(sent < HEADER / 2, "{sent} octets were fetched for a client that reads none");

    pop3.expect("+OK", "TOP").await.unwrap();
    assert_eq!(pop3.message().await.unwrap().len(), header.len() + 2);
    pop3.ask("QUIT", "+OK").await.unwrap();
}
