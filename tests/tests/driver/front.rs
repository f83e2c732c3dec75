//! What the tests share: one listener in front of a testbed, and conditions that come true in their own time.

use std::net::SocketAddr;
use std::time::Duration;

use kim_clientmodul::{Clientmodul, Protocol, Server, ServerLimits, TlsSwitch};
use kim_examples::{Dialogue, testbed_settings};
use kim_testbed::Testbed;
use kim_tls::{ClientAuth, Identity};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// One listener that can be stopped and given another configuration.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    pub(crate) clientmodul: watch::Sender<Clientmodul>,
    pub(crate) switch: Option<TlsSwitch>,
    pub(crate) stop: watch::Sender<bool>,
    /// Ends with the last session.
    pub(crate) serving: JoinHandle<()>,
}

/// How a listener differs from the usual.
pub(crate) struct Options {
    /// The proxy's own certificate, and whether it wants one of its clients.
    pub(crate) tls: Option<(Identity, ClientAuth)>,
    pub(crate) limits: ServerLimits,
    /// How long a client may say nothing, and take nothing.
    pub(crate) patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { tls: None, limits: ServerLimits::default(), patience: Duration::from_secs(300) }
    }
}

impl Front {
    pub(crate) async fn start(testbed: &Testbed, protocol: Protocol, options: Options) -> Self {
        let mut settings = testbed_settings(testbed).unwrap();
        (settings.smtp.timeout_client, settings.pop3.timeout_client) = (options.patience, options.patience);
        let (clientmodul, current) = watch::channel(Clientmodul::new(settings));
        let (stop, stopped) = watch::channel(false);
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let tls = options.tls.map(|(identity, clients)| kim_tls::server_config(&identity, clients).unwrap());
        let server = Server::bind(any, protocol, tls, options.limits).await.unwrap();
        let address = server.local_addr().unwrap();
        let switch = server.tls();
        let serving = tokio::spawn(server.serve(current, stopped, Duration::from_secs(60)));
        Self { address, clientmodul, switch, stop, serving }
    }

    /// A mail program of `name` that is logged in to SMTP here.
    pub(crate) async fn smtp(&self, testbed: &Testbed, name: &str) -> Result<Dialogue, String> {
        let account = testbed.world().account(name).unwrap();
        let mut smtp = Dialogue::open(self.address).await?;
        smtp.smtp_login(&account.smtp_user_name(testbed.smtp_addr()), &account.password).await?;
        Ok(smtp)
    }

    /// A mail program of `name` that is logged in to POP3 here.
    pub(crate) async fn pop3(&self, testbed: &Testbed, name: &str) -> Result<Dialogue, String> {
        let account = testbed.world().account(name).unwrap();
        let mut pop3 = Dialogue::open(self.address).await?;
        pop3.pop3_login(&account.pop3_user_name(testbed.pop3_addr()), &account.password).await?;
        Ok(pop3)
    }
}

/// Waits until something is so, at most 20 seconds.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let patience = tokio::time::timeout(Duration::from_secs(20), async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(patience.await.is_ok(), "never: {what}");
}

/// Tries until something comes out true, at most 20 seconds.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let patience = tokio::time::timeout(Duration::from_secs(20), async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(patience.await.is_ok(), "never: {what}");
}
