//! Listeners and reload.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use kim_clientmodul::{
    CertificateInUse, Clientmodul, EventListener, Protocol, Server, ServerLimits, TlsSwitch, keep_time,
    subscribe, watch_certificates,
};
use tokio::sync::watch;
use tracing::{debug, error, info, warn};

use crate::config::{Config, Events, Listen};
use crate::notice::{Notice, Notices};
use crate::{manager, read, say};

/// How long sessions may go on after the proxy was told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// A proxy that listens.
pub struct Proxy {
    clientmodul: watch::Sender<Clientmodul>,
    stop: watch::Sender<bool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    /// Of SMTP, then of POP3.
    listening: Vec<Listening>,
    /// What takes events and watches certificates; it ends with the proxy.
    watchers: tokio::task::JoinSet<()>,
    /// Where SMTP is listened on, then POP3.
    pub smtp: Vec<std::net::SocketAddr>,
    pub pop3: Vec<std::net::SocketAddr>,
}

/// What the listeners of a protocol were started with.
struct Listening {
    name: &'static str,
    addresses: Vec<std::net::SocketAddr>,
    /// One for each address, or none without TLS.
    switches: Vec<TlsSwitch>,
}

impl Proxy {
    /// Binds every listener and starts to serve.
    pub async fn start(
        settings: kim_clientmodul::Settings,
        smtp: Listen,
        pop3: Listen,
    ) -> Result<Self, String> {
        let (clientmodul, receiver) = watch::channel(Clientmodul::new(settings));
        let (stop, stopped) = watch::channel(false);
        let mut proxy = Self {
            clientmodul,
            stop,
            tasks: Vec::new(),
            listening: Vec::new(),
            watchers: tokio::task::JoinSet::new(),
            smtp: Vec::new(),
            pop3: Vec::new(),
        };
        for (protocol, listen) in [(Protocol::Smtp, smtp), (Protocol::Pop3, pop3)] {
            let (name, bound) = match protocol {
                Protocol::Smtp => ("smtp", &mut proxy.smtp),
                Protocol::Pop3 => ("pop3", &mut proxy.pop3),
            };
            let mut switches = Vec::new();
            for &address in &listen.addresses {
                let server = Server::bind(address, protocol, listen.tls.clone(), ServerLimits::default());
                let server = server.await.map_err(|error| error.to_string())?;
                bound.push(server.local_addr().map_err(|error| error.to_string())?);
                switches.extend(server.tls());
                proxy.tasks.push(tokio::spawn(server.serve(receiver.clone(), stopped.clone(), GRACE)));
            }
            proxy.listening.push(Listening { name, addresses: listen.addresses, switches });
        }
        Ok(proxy)
    }

    /// Takes the events of the Konnektors and subscribes to them.
    async fn take_events(&mut self, events: Events) -> Result<(), String> {
        let Events { listen, tls, sink, context } = events;
        let listener =
            EventListener::bind(listen, tls).await.map_err(|error| format!("{listen}: {error}"))?;
        let report = |event: &kim_konnektor::Event| debug!(topic = event.topic, "event");
        self.watchers.spawn(listener.serve(self.clientmodul.subscribe(), report));
        self.watchers.spawn(subscribe(self.clientmodul.subscribe(), sink, context));
        Ok(())
    }

    /// Goes by the clock of the TI.
    fn keep_time(&mut self) {
        self.watchers.spawn(keep_time(self.clientmodul.subscribe()));
    }

    /// Warns of certificates that end soon, once a day.
    fn watch_certificates(&mut self) {
        let report = |certificate: &CertificateInUse| {
            let days = certificate.time_left(SystemTime::now()).as_secs() / 86_400;
            if days == 0 {
                error!(certificate = certificate.name, "has ended or ends today: renew it");
            } else {
                warn!(certificate = certificate.name, days, "ends soon: renew it");
            }
        };
        self.watchers.spawn(watch_certificates(self.clientmodul.subscribe(), report));
    }

    /// New sessions work with a new configuration; old ones end with theirs.
    fn reload(&self, config: Config) {
        self.clientmodul.send_replace(Clientmodul::new(config.settings));
        for (listening, listen) in self.listening.iter().zip([config.smtp, config.pop3]) {
            listening.reload(listen);
        }
    }

    /// Accepts nobody any more and waits for the sessions.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if task.await.is_err() {
                error!("a listener ended unexpectedly");
            }
        }
    }
}

impl Listening {
    /// Takes over the certificate and the rules for clients; what needs another socket waits for the next start.
    fn reload(&self, listen: Listen) {
        let name = self.name;
        if listen.addresses != self.addresses {
            warn!("{name}.listen has changed: that takes effect at the next start");
        }
        match listen.tls {
            Some(tls) if !self.switches.is_empty() => {
                self.switches.iter().for_each(|switch| switch.replace(tls.clone()));
            }
            None if self.switches.is_empty() => {}
            _ => warn!("{name}.tls has been switched on or off: that takes effect at the next start"),
        }
    }
}

/// Runs until the process is told to end. A changed file is read again, and so it is at SIGHUP.
pub async fn run(file: PathBuf, config: Config) -> Result<(), String> {
    config.notes.iter().for_each(|note| warn!("{note}"));
    let mut notices = Notices::watch(&file)?;
    let mut proxy = Proxy::start(config.settings, config.smtp, config.pop3).await?;
    if let Some(events) = config.events {
        proxy.take_events(events).await?;
    }
    proxy.keep_time();
    proxy.watch_certificates();
    for (name, addresses) in [("SMTP", &proxy.smtp), ("POP3", &proxy.pop3)] {
        addresses.iter().for_each(|address| say(&format!("{name} {address}")));
    }
    say("ready");
    manager::ready();
    while notices.next().await == Notice::Reload {
        manager::reloading();
        match read(&file) {
            Ok(config) => {
                config.notes.iter().for_each(|note| warn!("{note}"));
                proxy.reload(config);
                info!(
                    "the configuration was read again; it holds for new sessions, and the log stays as it is"
                );
            }
            Err(problem) => warn!("the old configuration stays in force: {problem}"),
        }
        manager::ready();
    }
    info!("stopping");
    manager::stopping();
    proxy.stop().await;
    Ok(())
}
