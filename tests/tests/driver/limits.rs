//! How many clients may be there at once, and that a plain port is for this machine only.

use std::time::Duration;

use kim_clientmodul::{ListenError, Protocol, Server, ServerLimits};
use kim_examples::Dialogue;
use kim_testbed::{Testbed, TestbedConfig};

use crate::front::{Front, Options};

async fn two_of_three(limits: ServerLimits) {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let front = Front::start(&testbed, Protocol::Pop3, Options { limits, ..Options::default() }).await;
    let mut first = Dialogue::open(front.address).await.unwrap();
    let mut second = Dialogue::open(front.address).await.unwrap();
    first.expect("+OK", "greeting").await.unwrap();
    second.expect("+OK", "greeting").await.unwrap();
    // There is no place for a third one until somebody leaves.
    let mut third = Dialogue::open(front.address).await.unwrap();
    third.expect("+OK", "greeting").await.unwrap_err();
    first.ask("QUIT", "+OK").await.unwrap();
    first.line().await.unwrap_err();
    let greeted = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let mut next = Dialogue::open(front.address).await.unwrap();
            if next.expect("+OK", "greeting").await.is_ok() {
                break;
            }
        }
    });
    greeted.await.unwrap();
    second.ask("CAPA", "+OK").await.unwrap();
}

/// Spec: none — a bound.
#[tokio::test(flavor = "multi_thread")]
async fn all_peers_together_have_so_many_places() {
    two_of_three(ServerLimits { sessions: 2, ..ServerLimits::default() }).await;
}

/// Spec: none — a bound.
#[tokio::test(flavor = "multi_thread")]
async fn one_peer_has_so_many_places() {
    two_of_three(ServerLimits { sessions_per_peer: 2, ..ServerLimits::default() }).await;
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2066, KOM-LE-A_2067
#[tokio::test]
async fn without_tls_only_this_machine_is_served() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let address = address.parse().unwrap();
        let refused = Server::bind(address, Protocol::Smtp, None, ServerLimits::default()).await;
        assert!(matches!(refused.err(), Some(ListenError::PlainOffLoopback(_))), "{address}");
    }
}

/// Spec: none — whoever starts a second proxy is told why it does not start.
#[tokio::test]
async fn a_port_in_use_is_told_with_the_reason() {
    let bind = async |address| Server::bind(address, Protocol::Smtp, None, ServerLimits::default()).await;
    let first = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = first.local_addr().unwrap();
    let refused = bind(address).await.err().unwrap();
    let text = refused.to_string();
    let ListenError::Bind(_, reason) = refused else { panic!("{text}") };
    assert_eq!(reason.kind(), std::io::ErrorKind::AddrInUse);
    assert_eq!(text, format!("cannot listen on {address}: {reason}"));
}
