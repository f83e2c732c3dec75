//! The time service of a Konnektor (sync_Time): [`TimeServer`].

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// The octets of a request and of an answer (RFC 5905 §7.3).
const PACKET: usize = 48;

/// The seconds from the epoch of NTP, 1900, to that of Unix.
const EPOCH: u64 = 2_208_988_800;

/// An NTPv4 server on a port of 127.0.0.1 that the system chose. It stops when it is dropped.
///
/// Spec: gemSpec_Kon 5.18.0, TIP1-A_4791.
#[derive(Debug)]
pub(crate) struct TimeServer {
    address: SocketAddr,
    state: Arc<State>,
    answering: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    silent: AtomicBool,
    requests: AtomicUsize,
}

impl TimeServer {
    /// Starts a server whose clock is ahead of this machine's.
    ///
    /// # Errors
    /// The port cannot be opened.
    pub(crate) async fn start(ahead: Duration) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        let state = Arc::new(State::default());
        let shared = state.clone();
        let answering = tokio::spawn(async move {
            let mut request = [0; PACKET];
            loop {
                // What is too short is no request; what cannot be answered is the client's trouble.
                let Ok((PACKET, client)) = socket.recv_from(&mut request).await else { continue };
                shared.requests.fetch_add(1, Ordering::SeqCst);
                if shared.silent.load(Ordering::SeqCst) {
                    continue;
                }
                let _ = socket.send_to(&answer(&request, SystemTime::now() + ahead), client).await;
            }
        });
        Ok(Self { address, state, answering })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it does not answer.
    pub(crate) fn set_silent(&self, silent: bool) {
        self.state.silent.store(silent, Ordering::SeqCst);
    }

    /// How often it was asked.
    pub(crate) fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }
}

impl Drop for TimeServer {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

fn answer(request: &[u8; PACKET], now: SystemTime) -> Vec<u8> {
    let now = timestamp(now);
    // Version 4, mode server; stratum 1, poll 6, precision 2^-20; no delay and no dispersion; a reference clock.
    let head = [0x24, 1, 6, 0xec, 0, 0, 0, 0, 0, 0, 0, 0, b'P', b'T', b'B', 0];
    let sent_by_client = request.get(40..).unwrap_or_default();
    [&head[..], &now, sent_by_client, &now, &now].concat()
}

/// Seconds since 1900 and their fraction, 32 bit each.
fn timestamp(time: SystemTime) -> [u8; 8] {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs().wrapping_add(EPOCH) & u64::from(u32::MAX);
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    (seconds << 32 | fraction).to_be_bytes()
}
