//! The proxy from start to stop.

use std::path::PathBuf;
use std::time::SystemTime;

use kim_clientmodul::config::{Config, Events};
use kim_clientmodul::{CertificateInUse, EventListener, Proxy, keep_time, subscribe, watch_certificates};
use tokio::task::JoinSet;
use tracing::{debug, error, info, warn};

use crate::notice::{Notice, Notices};
use crate::{Outcome, manager, say};

/// Runs until the process is told to end. A changed file is read again, and so it is at SIGHUP.
pub async fn run(file: PathBuf, config: Config) -> Outcome {
    warn(&config.notes);
    let mut notices = Notices::watch(file.clone())?;
    let proxy = Proxy::start(config.settings, config.smtp, config.pop3).await?;
    let mut watchers = JoinSet::new();
    if let Some(events) = config.events {
        take_events(&proxy, events, &mut watchers).await?;
    }
    watchers.spawn(keep_time(proxy.clientmodul()));
    watchers.spawn(watch_certificates(proxy.clientmodul(), warn_of));
    for (name, addresses) in [("SMTP", proxy.smtp()), ("POP3", proxy.pop3())] {
        addresses.iter().for_each(|address| say(&format!("{name} {address}")));
    }
    say("ready");
    manager::ready();
    while notices.next().await == Notice::Reload {
        manager::reloading();
        match Config::read(&file) {
            Ok(config) => {
                warn(&config.notes);
                warn(&proxy.reload(config.settings, config.smtp, config.pop3));
                info!(
                    "the configuration was read again; it holds for new sessions; events and log stay as they are"
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

/// Takes the events of the Konnektors and subscribes to them.
async fn take_events(proxy: &Proxy, events: Events, watchers: &mut JoinSet<()>) -> Outcome {
    let listener = EventListener::bind(events.listen, events.tls).await;
    let listener = listener.map_err(|error| format!("{}: {error}", events.listen))?;
    let report = |event: &kim_konnektor::Event| debug!(topic = event.topic, "event");
    watchers.spawn(listener.serve(proxy.clientmodul(), report));
    watchers.spawn(subscribe(proxy.clientmodul(), events.sink, events.context));
    Ok(())
}

/// Warns of a certificate that ends soon, or has ended.
fn warn_of(certificate: &CertificateInUse) {
    let days = certificate.time_left(SystemTime::now()).as_secs() / 86_400;
    if days == 0 {
        error!(certificate = certificate.name, "has ended or ends today: renew it");
    } else {
        warn!(certificate = certificate.name, days, "ends soon: renew it");
    }
}

fn warn(notes: &[String]) {
    notes.iter().for_each(|note| warn!("{note}"));
}
