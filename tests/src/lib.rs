//! What the end-to-end tests share: a testbed, a proxy in front of it, and mail programs. The tests are in `tests/`.

#[cfg(unix)]
pub mod peers;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use kim_clientmodul::{Clientmodul, Protocol, Server, ServerLimits, Settings};
use kim_examples::{Dialogue, ProxyProcess, testbed_settings};
use kim_testbed::{Account, Testbed, TestbedConfig};
use kim_tls::{ClientAuth, Identity};
use tokio::sync::watch;

/// A practice: a testbed and the proxy in front of it, on ports the system chose. All of it ends when it is dropped.
pub struct Practice {
    /// The testbed.
    pub testbed: Testbed,
    /// Where the proxy takes SMTP.
    pub smtp: SocketAddr,
    /// Where the proxy takes POP3.
    pub pop3: SocketAddr,
    clientmodul: watch::Receiver<Clientmodul>,
    stop: watch::Sender<bool>,
}

impl Practice {
    /// Starts with the defaults of the testbed.
    ///
    /// # Errors
    /// A sentence about what could not be started.
    pub async fn start() -> Result<Self, String> {
        Self::with(TestbedConfig::default(), |_| {}).await
    }

    /// Starts with another testbed or other settings.
    ///
    /// # Errors
    /// A sentence about what could not be started.
    pub async fn with(config: TestbedConfig, change: impl FnOnce(&mut Settings)) -> Result<Self, String> {
        Self::with_testbed(config, |_, settings| change(settings)).await
    }

    /// Starts with another testbed and settings that depend on it.
    ///
    /// # Errors
    /// A sentence about what could not be started.
    pub async fn with_testbed(
        config: TestbedConfig,
        change: impl FnOnce(&Testbed, &mut Settings),
    ) -> Result<Self, String> {
        let testbed = Testbed::start(config).await.map_err(|error| error.to_string())?;
        let mut settings = testbed_settings(&testbed)?;
        change(&testbed, &mut settings);
        let (_, clientmodul) = watch::channel(Clientmodul::new(settings));
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let stop = watch::Sender::new(false);
        let mut practice = Self { testbed, smtp: nowhere, pop3: nowhere, clientmodul, stop };
        practice.smtp = practice.listen(Protocol::Smtp, None).await?;
        practice.pop3 = practice.listen(Protocol::Pop3, None).await?;
        Ok(practice)
    }

    /// The module behind the ports, for what runs beside them.
    pub fn clientmodul(&self) -> watch::Receiver<Clientmodul> {
        self.clientmodul.clone()
    }

    /// Opens another port of the proxy, with TLS if there is a certificate for it.
    ///
    /// # Errors
    /// A sentence about what could not be started.
    pub async fn listen(
        &self,
        protocol: Protocol,
        tls: Option<(&Identity, ClientAuth)>,
    ) -> Result<SocketAddr, String> {
        let tls = tls.map(|(identity, clients)| kim_tls::server_config(identity, clients)).transpose();
        let tls = tls.map_err(|error| error.to_string())?;
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::bind(any, protocol, tls, ServerLimits::default()).await;
        let server = server.map_err(|error| error.to_string())?;
        let bound = server.local_addr().map_err(|error| error.to_string())?;
        tokio::spawn(server.serve(self.clientmodul.clone(), self.stop.subscribe(), Duration::ZERO));
        Ok(bound)
    }

    /// The account with this short name: `A`, `B`, `R`, `E`, `H`.
    ///
    /// # Errors
    /// There is none.
    pub fn account(&self, name: &str) -> Result<&Account, String> {
        self.testbed.world().account(name).ok_or(format!("no account {name}"))
    }

    /// A mail program that is logged in to SMTP.
    ///
    /// # Errors
    /// The reply that refused it.
    pub async fn smtp(&self, name: &str) -> Result<Dialogue, String> {
        let account = self.account(name)?;
        let mut smtp = Dialogue::open(self.smtp).await?;
        smtp.smtp_login(&account.smtp_user_name(self.testbed.smtp_addr()), &account.password).await?;
        Ok(smtp)
    }

    /// A mail program that is logged in to POP3.
    ///
    /// # Errors
    /// The reply that refused it.
    pub async fn pop3(&self, name: &str) -> Result<Dialogue, String> {
        let account = self.account(name)?;
        let mut pop3 = Dialogue::open(self.pop3).await?;
        pop3.pop3_login(&account.pop3_user_name(self.testbed.pop3_addr()), &account.password).await?;
        Ok(pop3)
    }

    /// Sends a mail with everything but the login; the reply to DATA is given whatever it is.
    ///
    /// # Errors
    /// A command before DATA was refused, or the connection is gone.
    pub async fn send(
        &self,
        smtp: &mut Dialogue,
        from: &str,
        to: &[&str],
        mail: &[u8],
    ) -> Result<String, String> {
        smtp.ask(&format!("MAIL FROM:<{from}>"), "250").await?;
        for address in to {
            smtp.ask(&format!("RCPT TO:<{address}>"), "250").await?;
        }
        smtp.ask("DATA", "354").await?;
        smtp.send_message(mail).await?;
        smtp.expect("", "DATA").await
    }

    /// Sends a mail from A to B, in a connection of its own, and gives the reply to DATA.
    ///
    /// # Errors
    /// The reply to anything before, or the connection is gone.
    pub async fn send_from_a_to_b(&self) -> Result<String, String> {
        let (a, b) = (self.account("A")?.address.to_string(), self.account("B")?.address.to_string());
        let mut smtp = self.smtp("A").await?;
        let text = mail(&a, &format!("<{b}>"), "Befund", "Inhalt\r\n");
        self.send(&mut smtp, &a, &[&b], &text).await
    }

    /// Sends a mail from A to B, which has no other, and fetches it.
    ///
    /// # Errors
    /// The reply that was not expected, or what came instead of the mail.
    pub async fn a_mail_goes_through(&self) -> Result<(), String> {
        let reply = self.send_from_a_to_b().await?;
        if !reply.starts_with("250") {
            return Err(reply);
        }
        let fetched = self.fetch_all("B").await?;
        let fetched: Vec<_> = fetched.iter().map(|mail| String::from_utf8_lossy(mail)).collect();
        match &fetched[..] {
            [mail] if mail.contains("X-KIM-DecryptionResult: 00\r\n") && mail.ends_with("Inhalt\r\n") => {
                Ok(())
            }
            other => Err(format!("{other:?}")),
        }
    }

    /// Fetches and deletes everything in a mailbox.
    ///
    /// # Errors
    /// The reply that was not expected.
    pub async fn fetch_all(&self, name: &str) -> Result<Vec<Vec<u8>>, String> {
        let mut pop3 = self.pop3(name).await?;
        let count = pop3.ask("STAT", "+OK").await?;
        let count: u32 = count.split(' ').nth(1).and_then(|count| count.parse().ok()).ok_or("STAT")?;
        let mut mails = Vec::new();
        for number in 1..=count {
            pop3.ask(&format!("RETR {number}"), "+OK").await?;
            mails.push(pop3.message().await?);
            pop3.ask(&format!("DELE {number}"), "+OK").await?;
        }
        pop3.ask("QUIT", "+OK").await?;
        Ok(mails)
    }
}

impl Drop for Practice {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// An account as a program has it that embeds the module.
pub fn embedders_account(account: &Account) -> kim_clientmodul::Account {
    kim_clientmodul::Account {
        address: account.address.clone(),
        context: account.context.clone(),
        konnektor: None,
        password: Some(account.password.clone()),
    }
}

/// A text mail.
pub fn mail(from: &str, to: &str, subject: &str, body: &str) -> Vec<u8> {
    format!(
        "From: <{from}>\r\nTo: {to}\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The example proxy as a program of its own, which `cargo test --workspace` builds.
///
/// Where it is not built, for example because only one test program is, a line is printed, which the test harness does not
/// keep to itself; with `KIM_PEERS=required` in the environment that is a failure.
///
/// # Panics
/// It is not built, and `KIM_PEERS=required` says it has to be.
pub fn proxy_program() -> Option<PathBuf> {
    let program = ProxyProcess::program();
    if program.is_none() {
        let required = std::env::var_os("KIM_PEERS").is_some_and(|value| value == "required");
        assert!(!required, "KIM_PEERS=required, but kim-proxy is not built");
        let _ = writeln!(std::io::stderr(), "skipped: kim-proxy is not built, see cargo build --examples");
    }
    program
}
