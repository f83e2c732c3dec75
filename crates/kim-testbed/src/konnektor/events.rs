//! What a Konnektor reports by itself: [`SentEvent`], and how it gets to those who subscribed.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use quick_xml::escape::escape;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::Konnektor;
use super::namespace::Ns;

/// How long a receiver may take; events are not worth more.
const PATIENCE: Duration = Duration::from_secs(5);

/// An event on its way to somebody who subscribed to it.
///
/// Spec: gemSpec_Kon 5.18.0, TIP1-A_4595 (CETP).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentEvent {
    /// Host and port of the receiver.
    pub sink: String,
    /// The word `CETP`, the length and the XML.
    pub frame: Vec<u8>,
}

/// What happened.
pub(super) struct Event<'a> {
    pub(super) topic: &'a str,
    pub(super) parameters: &'a [(&'a str, &'a str)],
}

impl Event<'_> {
    /// The event for one subscription; events about a restart belong to none.
    pub(super) fn for_subscription(&self, id: &str, sink: &str) -> SentEvent {
        let text = |name: &str, value: &str| format!("<evt:{name}>{}</evt:{name}>", escape(value));
        let parameters = self.parameters.iter().map(|(key, value)| {
            format!("<evt:Parameter>{}{}</evt:Parameter>", text("Key", key), text("Value", value))
        });
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><evt:Event xmlns:evt=\"{}\">{}{}{}{}<evt:Message>{}</evt:Message>\
             </evt:Event>",
            Ns::Evt.uri(),
            text("Topic", self.topic),
            text("Type", "Operation"),
            text("Severity", "Info"),
            text("SubscriptionID", id),
            parameters.collect::<String>(),
        );
        let length = u32::try_from(xml.len()).unwrap_or(u32::MAX).to_be_bytes();
        SentEvent { sink: sink.to_owned(), frame: [b"CETP", &length[..], xml.as_bytes()].concat() }
    }
}

/// Sends events as they come up, for ever; who does not take them misses them.
pub(super) async fn send(konnektor: Konnektor) {
    loop {
        konnektor.event().await;
        for event in konnektor.take_events() {
            let tls = konnektor.sends_events_over_tls();
            let _ = tokio::time::timeout(PATIENCE, deliver(&event, tls)).await;
        }
    }
}

async fn deliver(event: &SentEvent, tls: bool) -> io::Result<()> {
    let mut stream = TcpStream::connect(&event.sink).await?;
    if !tls {
        return write(&mut stream, &event.frame).await;
    }
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    // Real Konnektors do not check who takes their events either.
    builder.set_verify(SslVerifyMode::NONE);
    builder.set_groups_list("brainpoolP256r1:P-256:P-384")?;
    let ssl = builder.build().configure()?.verify_hostname(false).use_server_name_indication(false);
    let mut stream = SslStream::new(ssl.into_ssl("clientsystem")?, stream)?;
    Pin::new(&mut stream).connect().await.map_err(io::Error::other)?;
    write(&mut stream, &event.frame).await
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> io::Result<()> {
    stream.write_all(frame).await?;
    stream.shutdown().await
}
