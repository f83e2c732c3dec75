//! A practice whose Fachdienst and directory are real programs: [`RealPractice`].

use std::net::SocketAddr;

use kim_clientmodul::Protocol;
use kim_examples::Dialogue;
use kim_testbed::pki::KeyType;
use kim_testbed::{Account, Testbed, TestbedConfig, World};
use kim_types::Address;
use tokio::runtime::Runtime;

use super::programs::run;
use super::scratch::Scratch;
use super::secured::Tls;
use super::servers::{MOVED, Servers};
use crate::Practice;

/// A proxy between Postfix, Dovecot and OpenLDAP on one side and mail programs on the other; the Konnektor is the testbed's.
///
/// It brings the runtime in which all of it runs: tests call it from outside of any.
pub struct RealPractice {
    runtime: Runtime,
    practice: Practice,
    servers: Servers,
}

impl RealPractice {
    /// An address with an entry in the directory that Postfix refuses.
    pub const MOVED: &str = MOVED;

    /// Starts everything; `key_type` is the key of the Fachdienst's servers and of the Clientmodul. With any but RSA the
    /// directory is the testbed's.
    ///
    /// # Errors
    /// What could not be started.
    pub(super) fn start(key_type: KeyType) -> Result<Self, String> {
        let config = TestbedConfig {
            fachdienst_key_type: key_type,
            client_key_type: key_type,
            ..TestbedConfig::default()
        };
        // The same seed makes the same keys and people here and in the testbed.
        let servers = Servers::start(&World::new(config.seed), key_type)?;
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        let ldap = servers.ldap;
        let practice = runtime.block_on(Practice::with(config, |settings| {
            // The Clientmodul has one kind of key, and GnuTLS, which OpenLDAP uses, knows no brainpool.
            let with_openldap = key_type == KeyType::Rsa;
            for konnektor in settings.konnektors.iter_mut().filter(|_| with_openldap) {
                konnektor.directory.host = ldap.ip().to_string();
                konnektor.directory.port = ldap.port();
            }
        }))?;
        Ok(Self { runtime, practice, servers })
    }

    /// Runs a conversation with the proxy to its end.
    pub fn run<T>(&self, conversation: impl Future<Output = T>) -> T {
        self.runtime.block_on(conversation)
    }

    /// The testbed, whose Konnektor and people are in use, and whose own mail servers and directory are not.
    pub fn testbed(&self) -> &Testbed {
        &self.practice.testbed
    }

    /// The account with this short name.
    ///
    /// # Errors
    /// There is none.
    pub fn account(&self, name: &str) -> Result<&Account, String> {
        self.practice.account(name)
    }

    /// The address of an account.
    ///
    /// # Errors
    /// There is no such account.
    pub fn address(&self, name: &str) -> Result<&str, String> {
        self.account(name).map(|account| account.address.as_str())
    }

    /// Logs in to SMTP.
    ///
    /// # Errors
    /// The reply that refused it.
    pub async fn smtp(&self, name: &str) -> Result<Dialogue, String> {
        let login = self.smtp_login(name)?;
        let mut smtp = Dialogue::open(login.proxy).await?;
        smtp.smtp_login(&login.user, &login.password.as_str().into()).await?;
        Ok(smtp)
    }

    /// Logs in to POP3.
    ///
    /// # Errors
    /// The reply that refused it.
    pub async fn pop3(&self, name: &str) -> Result<Dialogue, String> {
        let login = self.pop3_login(name)?;
        let mut pop3 = Dialogue::open(login.proxy).await?;
        pop3.pop3_login(&login.user, &login.password.as_str().into()).await?;
        Ok(pop3)
    }

    /// Sends a mail from one account to some addresses, in a connection of its own; Postfix must accept it.
    ///
    /// # Errors
    /// The reply that was not expected.
    pub async fn send(&self, from: &str, to: &[&str], mail: &[u8]) -> Result<(), String> {
        let mut smtp = self.smtp(from).await?;
        let reply = self.submit(&mut smtp, from, to, mail).await?;
        smtp.ask("QUIT", "221").await?;
        if reply.starts_with("250") { Ok(()) } else { Err(reply) }
    }

    /// Sends a mail through an open connection and gives the reply to its content, whatever it is.
    ///
    /// # Errors
    /// A command before the content was refused, or the connection is gone.
    pub async fn submit(
        &self,
        smtp: &mut Dialogue,
        from: &str,
        to: &[&str],
        mail: &[u8],
    ) -> Result<String, String> {
        self.practice.send(smtp, self.address(from)?, to, mail).await
    }

    /// Waits until an account has this many mails at the Fachdienst, then fetches all of them without deleting any.
    ///
    /// # Errors
    /// Not that many came, or a reply was not expected.
    pub async fn fetch(&self, name: &str, count: usize) -> Result<Vec<Vec<u8>>, String> {
        self.wait_for_mails(name, count)?;
        let mut pop3 = self.pop3(name).await?;
        let mut mails = Vec::new();
        for number in 1..=count {
            pop3.ask(&format!("RETR {number}"), "+OK").await?;
            mails.push(pop3.message().await?);
        }
        pop3.ask("QUIT", "+OK").await?;
        Ok(mails)
    }

    /// Waits until an account has exactly this many mails at the Fachdienst.
    ///
    /// # Errors
    /// It came to another number.
    pub fn wait_for_mails(&self, name: &str, count: usize) -> Result<(), String> {
        self.servers.wait_for_mails(&self.account(name)?.address, count)
    }

    /// The files in which Dovecot keeps the mails of an account.
    ///
    /// # Errors
    /// They cannot be read, or there is no such account.
    pub fn stored_mails(&self, name: &str) -> Result<Vec<Vec<u8>>, String> {
        self.servers.stored_mails(&self.account(name)?.address).map_err(|error| error.to_string())
    }

    /// Logs in to Postfix or Dovecot past the proxy, with or without the certificate of the Clientmodul.
    ///
    /// # Errors
    /// The server refused it.
    pub fn log_in_directly(&self, name: &str, protocol: Protocol, certificate: bool) -> Result<(), String> {
        match protocol {
            // NOOP instead of HELP, which Postfix does not know; in POP3 curl asks for LIST.
            Protocol::Smtp => self.curl_directly(name, protocol, certificate, &["--request", "NOOP"], b""),
            Protocol::Pop3 => self.curl_directly(name, protocol, certificate, &[], b""),
        }
    }

    /// Sends a mail past the proxy, so that nothing protects or checks it, with the login of an account.
    ///
    /// # Errors
    /// Postfix refused it.
    pub fn send_directly(&self, from: &str, to: &str, mail: &[u8]) -> Result<(), String> {
        let arguments = ["--mail-from", self.address(from)?, "--mail-rcpt", to, "--upload-file", "-"];
        self.curl_directly(from, Protocol::Smtp, true, &arguments, mail)
    }

    fn curl_directly(
        &self,
        name: &str,
        protocol: Protocol,
        certificate: bool,
        request: &[&str],
        input: &[u8],
    ) -> Result<(), String> {
        let account = self.account(name)?;
        let user = format!("{}:{}", account.address, String::from_utf8_lossy(account.password.expose()));
        let url = match protocol {
            Protocol::Smtp => format!("smtps://{}/client.invalid", self.servers.smtp),
            Protocol::Pop3 => format!("pop3s://{}/", self.servers.pop3),
        };
        let mut arguments = vec!["--silent", "--show-error", "--insecure", "--url", &url, "--user", &user];
        let (pkcs12, password) = self.practice.testbed.clientmodul_pkcs12();
        let pkcs12 =
            self.scratch().write_private("clientmodul.p12", pkcs12).map_err(|error| error.to_string())?;
        let pkcs12 = format!("{}:{}", pkcs12.display(), String::from_utf8_lossy(password.expose()));
        if certificate {
            arguments.extend(["--cert-type", "P12", "--cert", &pkcs12]);
        }
        arguments.extend(request);
        run("curl", arguments, input).map(drop)
    }

    /// What an account's owner types into a mail program for sending.
    ///
    /// # Errors
    /// There is no such account.
    pub fn smtp_login(&self, name: &str) -> Result<Login, String> {
        let account = self.account(name)?;
        Ok(Login::new(account, self.practice.smtp, account.smtp_user_name(self.servers.smtp)))
    }

    /// What an account's owner types into a mail program for fetching.
    ///
    /// # Errors
    /// There is no such account.
    pub fn pop3_login(&self, name: &str) -> Result<Login, String> {
        let account = self.account(name)?;
        Ok(Login::new(account, self.practice.pop3, account.pop3_user_name(self.servers.pop3)))
    }

    pub(super) fn practice(&self) -> &Practice {
        &self.practice
    }

    pub(super) fn scratch(&self) -> &Scratch {
        self.servers.scratch()
    }

    pub(super) fn servers(&self) -> &Servers {
        &self.servers
    }
}

/// What a mail program is told.
pub struct Login {
    /// Where the proxy listens.
    pub proxy: SocketAddr,
    /// With which TLS, if any.
    pub tls: Option<Tls>,
    /// The address of the account.
    pub address: Address,
    /// The user name, which has `#` and `:` in it.
    pub user: String,
    /// The password.
    pub password: String,
}

impl Login {
    /// The login of an account at a proxy, with a user name for its protocol.
    pub fn new(account: &Account, proxy: SocketAddr, user: String) -> Self {
        let password = String::from_utf8_lossy(account.password.expose()).into_owned();
        Self { proxy, tls: None, address: account.address.clone(), user, password }
    }

    /// The host a mail program connects to: with TLS the name in the certificate.
    pub(super) fn host(&self) -> String {
        match &self.tls {
            Some(_) => Tls::HOST.to_owned(),
            None => self.proxy.ip().to_string(),
        }
    }
}
