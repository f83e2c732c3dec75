//! A name server for the services of the testbed: [`Dns`], [`DnsRecord`].

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::lock::lock;

/// How long an answer may be remembered, in seconds.
const TTL: u32 = 60;

/// Response, authoritative, recursion available.
const FLAGS: u16 = 0x8480;

/// No such name.
const NXDOMAIN: u16 = 3;

/// A record, as far as service discovery needs one.
///
/// Spec: RFC 1035 §3.3, RFC 2782, RFC 6763.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DnsRecord {
    /// An address.
    A(Ipv4Addr),
    /// The name of an instance.
    Ptr(String),
    /// Where an instance is.
    Srv {
        /// Lower comes first.
        priority: u16,
        /// The share among those of the same priority.
        weight: u16,
        /// The port.
        port: u16,
        /// The host.
        target: String,
    },
    /// What there is to know about an instance.
    Txt(Vec<String>),
}

/// The records of the testbed, and how often each name was asked for. Clones share both.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone, Default)]
pub struct Dns(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    records: Vec<(String, DnsRecord)>,
    silent: Vec<String>,
    asked: Vec<String>,
}

impl Dns {
    /// Adds a record to a name, given without a dot at its end.
    pub fn add(&self, name: &str, record: DnsRecord) {
        lock(&self.0).records.push((name.to_ascii_lowercase(), record));
    }

    /// Removes everything of a name.
    pub fn remove(&self, name: &str) {
        lock(&self.0).records.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Gives no answer about a name any more, as the name server of somebody else that is down.
    pub fn silence(&self, name: &str) {
        lock(&self.0).silent.push(name.to_ascii_lowercase());
    }

    /// How often a name was asked for, whatever for.
    pub fn count(&self, name: &str) -> usize {
        lock(&self.0).asked.iter().filter(|asked| asked.eq_ignore_ascii_case(name)).count()
    }

    /// The answer to a query; `None` if it is none, or about a name that is silent.
    fn answer(&self, query: &[u8]) -> Option<Vec<u8>> {
        let (id, rest) = query.split_at_checked(2)?;
        let question = rest.get(10..)?;
        let mut labels = Vec::new();
        let mut at = 0_usize;
        loop {
            let len = usize::from(*question.get(at)?);
            at = at.checked_add(1)?;
            if len == 0 {
                break;
            }
            let end = at.checked_add(len).filter(|_| len < 64)?;
            labels.push(std::str::from_utf8(question.get(at..end)?).ok()?);
            at = end;
        }
        let name = labels.join(".").to_ascii_lowercase();
        let kind = u16::from_be_bytes([*question.get(at)?, *question.get(at.checked_add(1)?)?]);
        let question = question.get(..at.checked_add(4)?)?;

        let mut state = lock(&self.0);
        state.asked.push(name.clone());
        if state.silent.contains(&name) {
            return None;
        }
        let known = state.records.iter().filter(|(known, _)| *known == name);
        let found: Vec<_> = known.clone().filter(|(_, record)| record.kind() == kind).collect();
        let code = if known.count() == 0 { NXDOMAIN } else { 0 };
        let count = u16::try_from(found.len()).ok()?;
        let mut answer = id.to_vec();
        for number in [FLAGS | code, 1, count, 0, 0] {
            answer.extend(number.to_be_bytes());
        }
        answer.extend(question);
        for (_, record) in found {
            // The name is that of the question.
            answer.extend([0xc0, 12]);
            answer.extend(kind.to_be_bytes());
            answer.extend(1_u16.to_be_bytes());
            answer.extend(TTL.to_be_bytes());
            let data = record.data();
            answer.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
            answer.extend(data);
        }
        Some(answer)
    }
}

impl DnsRecord {
    fn kind(&self) -> u16 {
        match self {
            Self::A(_) => 1,
            Self::Ptr(_) => 12,
            Self::Txt(_) => 16,
            Self::Srv { .. } => 33,
        }
    }

    fn data(&self) -> Vec<u8> {
        match self {
            Self::A(address) => address.octets().to_vec(),
            Self::Ptr(name) => labels(name),
            Self::Txt(texts) => texts.iter().flat_map(|text| character_string(text)).collect(),
            Self::Srv { priority, weight, port, target } => {
                let numbers = [priority, weight, port].into_iter().flat_map(|number| number.to_be_bytes());
                numbers.chain(labels(target)).collect()
            }
        }
    }
}

fn labels(name: &str) -> Vec<u8> {
    name.split('.').flat_map(character_string).chain([0]).collect()
}

fn character_string(text: &str) -> Vec<u8> {
    let text = text.as_bytes().iter().copied().take(255).collect::<Vec<u8>>();
    u8::try_from(text.len()).into_iter().chain(text).collect()
}

/// A [`Dns`] on a UDP port of 127.0.0.1 that the system chose. It stops when it is dropped.
#[derive(Debug)]
pub(crate) struct DnsServer {
    address: SocketAddr,
    answering: JoinHandle<()>,
}

impl DnsServer {
    pub(crate) async fn start(dns: Dns) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        let answering = tokio::spawn(async move {
            let mut query = [0; 1500];
            loop {
                let Ok((len, peer)) = socket.recv_from(&mut query).await else { continue };
                if let Some(answer) = dns.answer(query.get(..len).unwrap_or_default()) {
                    // Who is gone needs no answer.
                    let _ = socket.send_to(&answer, peer).await;
                }
            }
        });
        Ok(Self { address, answering })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str, kind: u16) -> Vec<u8> {
        let mut query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00".to_vec();
        query.extend(labels(name));
        query.extend(kind.to_be_bytes());
        query.extend(1_u16.to_be_bytes());
        query
    }

    #[test]
    fn a_name_is_answered_with_its_records() {
        let dns = Dns::default();
        dns.add("a.example", DnsRecord::A(Ipv4Addr::LOCALHOST));
        dns.add("a.example", DnsRecord::Txt(vec!["path=/".to_owned()]));
        let answer = dns.answer(&query("A.Example", 1)).unwrap();
        assert_eq!(&answer[..12], b"\x12\x34\x84\x80\x00\x01\x00\x01\x00\x00\x00\x00");
        assert!(answer.ends_with(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00\x01"));
        assert!(dns.answer(&query("a.example", 16)).unwrap().ends_with(b"\x00\x07\x06path=/"));
        assert_eq!(dns.answer(&query("a.example", 33)).unwrap()[3], 0x80);
        assert_eq!(dns.answer(&query("b.example", 1)).unwrap()[3], 0x83);
        assert_eq!(dns.count("a.example"), 3);
        dns.silence("A.example");
        assert_eq!(dns.answer(&query("a.example", 1)), None);
    }

    #[test]
    fn what_is_no_query_gets_no_answer() {
        let whole = query("a.example", 1);
        for len in 0..whole.len() {
            assert_eq!(Dns::default().answer(&whole[..len]), None, "{len} octets");
        }
    }
}
