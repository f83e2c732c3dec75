//! Listeners, signals and reload.

use std::path::PathBuf;
use std::time::Duration;

use kim_clientmodul::{Clientmodul, Protocol, Server, ServerLimits};
use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::config::{Config, Listen};
use crate::{read, say};

/// How long sessions may go on after the proxy was told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// A proxy that listens.
pub struct Proxy {
    clientmodul: watch::Sender<Clientmodul>,
    stop: watch::Sender<bool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    /// Where SMTP is listened on, then POP3.
    pub smtp: Vec<std::net::SocketAddr>,
    pub pop3: Vec<std::net::SocketAddr>,
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
        let mut proxy = Self { clientmodul, stop, tasks: Vec::new(), smtp: Vec::new(), pop3: Vec::new() };
        for (protocol, listen) in [(Protocol::Smtp, smtp), (Protocol::Pop3, pop3)] {
            for address in listen.addresses {
                let server = Server::bind(address, protocol, listen.tls.clone(), ServerLimits::default());
                let server = server.await.map_err(|error| error.to_string())?;
                let bound = server.local_addr().map_err(|error| error.to_string())?;
                match protocol {
                    Protocol::Smtp => proxy.smtp.push(bound),
                    Protocol::Pop3 => proxy.pop3.push(bound),
                }
                proxy.tasks.push(tokio::spawn(server.serve(receiver.clone(), stopped.clone(), GRACE)));
            }
        }
        Ok(proxy)
    }

    /// New sessions work with a new configuration; old ones end with theirs.
    fn reload(&self, settings: kim_clientmodul::Settings) {
        self.clientmodul.send_replace(Clientmodul::new(settings));
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

/// Runs until the process is told to end; SIGHUP reads the file again.
pub async fn run(file: PathBuf, config: Config) -> Result<(), String> {
    config.notes.iter().for_each(|note| warn!("{note}"));
    let proxy = Proxy::start(config.settings, config.smtp, config.pop3).await?;
    for (name, addresses) in [("SMTP", &proxy.smtp), ("POP3", &proxy.pop3)] {
        addresses.iter().for_each(|address| say(&format!("{name} {address}")));
    }
    say("ready");
    loop {
        if signalled().await == Signal::Stop {
            break;
        }
        match read(&file) {
            Ok(config) => {
                proxy.reload(config.settings);
                info!("configuration reloaded; listeners and log stay as they are");
            }
            Err(problem) => warn!("the old configuration stays in force: {problem}"),
        }
    }
    info!("stopping");
    proxy.stop().await;
    Ok(())
}

#[derive(PartialEq, Eq)]
pub enum Signal {
    Reload,
    Stop,
}

/// The next signal that concerns the proxy.
#[cfg(unix)]
pub async fn signalled() -> Signal {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut hup), Ok(mut term)) = (signal(SignalKind::hangup()), signal(SignalKind::terminate())) else {
        return Signal::Stop;
    };
    tokio::select! {
        _ = hup.recv() => Signal::Reload,
        _ = term.recv() => Signal::Stop,
        _ = tokio::signal::ctrl_c() => Signal::Stop,
    }
}

/// The next signal that concerns the proxy.
#[cfg(not(unix))]
pub async fn signalled() -> Signal {
    let _ = tokio::signal::ctrl_c().await;
    Signal::Stop
}
