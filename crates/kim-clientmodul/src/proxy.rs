//! Listeners of both protocols with one Clientmodul behind them: [`Proxy`].

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::error;

use crate::clientmodul::Clientmodul;
use crate::server::{ListenError, Protocol, Server, ServerLimits, TlsSwitch};
use crate::settings::Settings;

/// How long sessions may go on after the proxy was told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// Where a protocol is listened on, and with which TLS.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2066, KOM-LE-A_2067, KOM-LE-A_2181.
#[derive(Debug, Clone)]
pub struct Listen {
    /// The addresses. Port 0 lets the system choose one.
    pub addresses: Vec<SocketAddr>,
    /// The same for all of them; without it only this machine may connect.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

impl Listen {
    /// A port for this machine only, without TLS.
    pub fn loopback(port: u16) -> Self {
        Self { addresses: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))], tls: None }
    }
}

/// A proxy that mail programs can use: listeners for SMTP and POP3, and the Clientmodul they share.
///
/// [`stop`](Self::stop) lets sessions come to their end; dropping it instead stops the listeners as well, but waits for nobody.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2006, KOM-LE-A_2066, KOM-LE-A_2067.
pub struct Proxy {
    clientmodul: watch::Sender<Clientmodul>,
    stop: watch::Sender<bool>,
    smtp: Listening,
    pop3: Listening,
}

/// The listeners of a protocol.
struct Listening {
    name: &'static str,
    /// What they were to listen on.
    wanted: Vec<SocketAddr>,
    /// What they listen on.
    bound: Vec<SocketAddr>,
    /// One for each address, or none without TLS.
    switches: Vec<TlsSwitch>,
    tasks: Vec<JoinHandle<()>>,
}

impl Proxy {
    /// Binds every listener and starts to serve, on the runtime this is called on.
    ///
    /// # Errors
    /// One of the addresses cannot be listened on, or others than this machine could connect without TLS.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2066, KOM-LE-A_2067, KOM-LE-A_2181.
    pub async fn start(settings: Settings, smtp: Listen, pop3: Listen) -> Result<Self, ListenError> {
        let (clientmodul, receiver) = watch::channel(Clientmodul::new(settings));
        let (stop, stopped) = watch::channel(false);
        let smtp = Listening::start(Protocol::Smtp, smtp, &receiver, &stopped).await?;
        let pop3 = Listening::start(Protocol::Pop3, pop3, &receiver, &stopped).await?;
        Ok(Self { clientmodul, stop, smtp, pop3 })
    }

    /// Where SMTP is listened on.
    pub fn smtp(&self) -> &[SocketAddr] {
        &self.smtp.bound
    }

    /// Where POP3 is listened on.
    pub fn pop3(&self) -> &[SocketAddr] {
        &self.pop3.bound
    }

    /// The Clientmodul that new sessions get, for the tasks of an application that stays up: [`subscribe`](crate::subscribe()),
    /// [`keep_time`](crate::keep_time()), [`watch_certificates`](crate::watch_certificates()).
    pub fn clientmodul(&self) -> watch::Receiver<Clientmodul> {
        self.clientmodul.subscribe()
    }

    /// New sessions work with new settings and certificates; old ones end with theirs; see [`Clientmodul::renewed`]. Gives a
    /// sentence for everything that takes another socket and so stays as it is until the next start.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2181, A_25232 (certificates are renewed).
    pub fn reload(&self, settings: Settings, smtp: Listen, pop3: Listen) -> Vec<String> {
        let renewed = self.clientmodul.borrow().renewed(settings);
        self.clientmodul.send_replace(renewed);
        let later = [self.smtp.reload(smtp), self.pop3.reload(pop3)];
        later.into_iter().flatten().collect()
    }

    /// Accepts nobody any more and waits for the sessions, for at most 30 seconds; see [`Server::serve`].
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.smtp.tasks.into_iter().chain(self.pop3.tasks) {
            if task.await.is_err() {
                error!("a listener ended unexpectedly");
            }
        }
    }
}

impl Listening {
    async fn start(
        protocol: Protocol,
        listen: Listen,
        clientmodul: &watch::Receiver<Clientmodul>,
        stop: &watch::Receiver<bool>,
    ) -> Result<Self, ListenError> {
        let name = match protocol {
            Protocol::Smtp => "smtp",
            Protocol::Pop3 => "pop3",
        };
        let (mut bound, mut switches, mut tasks) = (Vec::new(), Vec::new(), Vec::new());
        for &address in &listen.addresses {
            let server = Server::bind(address, protocol, listen.tls.clone(), ServerLimits::default()).await?;
            bound.push(server.local_addr().map_err(|error| ListenError::Bind(address, error))?);
            switches.extend(server.tls());
            tasks.push(tokio::spawn(server.serve(clientmodul.clone(), stop.clone(), GRACE)));
        }
        Ok(Self { name, wanted: listen.addresses, bound, switches, tasks })
    }

    /// Takes over the certificate and the rules for clients.
    fn reload(&self, listen: Listen) -> Vec<String> {
        let (name, mut later) = (self.name, Vec::new());
        if listen.addresses != self.wanted {
            later.push(format!("{name}.listen has changed: that takes effect at the next start"));
        }
        match listen.tls {
            Some(tls) if !self.switches.is_empty() => {
                self.switches.iter().for_each(|switch| switch.replace(tls.clone()));
            }
            None if self.switches.is_empty() => {}
            _ => later
                .push(format!("{name}.tls has been switched on or off: that takes effect at the next start")),
        }
        later
    }
}
