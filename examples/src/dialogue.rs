//! [`Dialogue`]: the client side of SMTP and POP3, as little as examples and tests need.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kim_types::{Secret, dots};
use kim_username::sasl;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

/// How much of a large mail is read or written at once.
const BUFFER: usize = 64 * 1024;

/// How long one reply may take: longer than a Konnektor needs, PIN entry excluded.
const PATIENCE: Duration = Duration::from_secs(120);

/// A conversation in lines with a server on this machine, as a mail program has it.
///
/// Every wait ends after two minutes. Errors are sentences for people.
///
/// Spec: none — a client for examples and tests.
pub struct Dialogue(BufStream<TcpStream>);

impl Dialogue {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there.
    pub async fn open(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        Ok(Self(BufStream::with_capacity(BUFFER, BUFFER, stream)))
    }

    /// Sends octets as they are.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn say(&mut self, octets: &[u8]) -> Result<(), String> {
        self.0.write_all(octets).await.map_err(|error| error.to_string())?;
        self.0.flush().await.map_err(|error| error.to_string())
    }

    /// Reads a line with its line end.
    ///
    /// # Errors
    /// The connection was closed, or nothing came.
    pub async fn line(&mut self) -> Result<String, String> {
        let mut line = Vec::new();
        let mut limited = (&mut self.0).take(64 * 1024);
        let read = tokio::time::timeout(PATIENCE, limited.read_until(b'\n', &mut line))
            .await
            .map_err(|_| "no answer in time")?;
        match read.map_err(|error| error.to_string())? {
            0 => Err("the connection was closed".to_owned()),
            _ => Ok(String::from_utf8_lossy(&line).into_owned()),
        }
    }

    /// Reads one octet, and no more of the connection than a buffer holds.
    ///
    /// # Errors
    /// The connection was closed, or nothing came.
    pub async fn octet(&mut self) -> Result<u8, String> {
        let read = tokio::time::timeout(PATIENCE, self.0.read_u8()).await.map_err(|_| "no answer in time")?;
        read.map_err(|error| error.to_string())
    }

    /// Reads a reply to its last line and gives that line if it begins with `wanted`; `asked` is for the error.
    ///
    /// # Errors
    /// Another reply, or none.
    pub async fn expect(&mut self, wanted: &str, asked: &str) -> Result<String, String> {
        loop {
            let line = self.line().await?;
            if line.get(3..4) != Some("-") || line.starts_with('-') {
                return match line.starts_with(wanted) {
                    true => Ok(line.trim_end().to_owned()),
                    false => Err(format!("{asked}: {}", line.trim_end())),
                };
            }
        }
    }

    /// Sends a command and reads its reply.
    ///
    /// # Errors
    /// Another reply than wanted, or none.
    pub async fn ask(&mut self, command: &str, wanted: &str) -> Result<String, String> {
        self.say(format!("{command}\r\n").as_bytes()).await?;
        // Only the verb: what follows may be a password.
        self.expect(wanted, command.split(' ').next().unwrap_or_default()).await
    }

    /// Reads whatever has come.
    ///
    /// # Errors
    /// The connection was closed, or nothing came.
    pub async fn octets(&mut self) -> Result<Vec<u8>, String> {
        let read =
            tokio::time::timeout(PATIENCE, self.0.fill_buf()).await.map_err(|_| "no answer in time")?;
        let octets = read.map_err(|error| error.to_string())?.to_vec();
        self.0.consume(octets.len());
        match octets.is_empty() {
            true => Err("the connection was closed".to_owned()),
            false => Ok(octets),
        }
    }

    /// Reads a dot-stuffed message to its end and removes the stuffing.
    ///
    /// # Errors
    /// The connection was closed inside the message.
    pub async fn message(&mut self) -> Result<Vec<u8>, String> {
        let (mut unstuffer, mut mail) = (dots::Unstuffer::new(), Vec::new());
        while !self.part(&mut unstuffer, &mut mail).await? {}
        Ok(mail)
    }

    /// Appends what has come of a message to `mail`; true at its end.
    ///
    /// # Errors
    /// The connection was closed inside the message, or nothing came.
    pub async fn part(
        &mut self,
        unstuffer: &mut dots::Unstuffer,
        mail: &mut Vec<u8>,
    ) -> Result<bool, String> {
        let read =
            tokio::time::timeout(PATIENCE, self.0.fill_buf()).await.map_err(|_| "no answer in time")?;
        let available = read.map_err(|error| error.to_string())?;
        if available.is_empty() {
            return Err("the connection was closed inside a mail".to_owned());
        }
        let (mut rest, len) = (available, available.len());
        let end = unstuffer.read(&mut rest, mail);
        let used = len.saturating_sub(rest.len());
        self.0.consume(used);
        Ok(end)
    }

    /// Sends a message with dot-stuffing and its end.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send_message(&mut self, mail: &[u8]) -> Result<(), String> {
        let (mut stuffer, mut wire) = (dots::Stuffer::new(), Vec::with_capacity(mail.len()));
        stuffer.write(mail, &mut wire);
        stuffer.finish(&mut wire);
        self.say(&wire).await
    }

    /// Logs in to SMTP with AUTH PLAIN.
    ///
    /// # Errors
    /// The login was refused; the error is the reply.
    pub async fn smtp_login(&mut self, user: &str, password: &Secret) -> Result<(), String> {
        self.expect("220", "greeting").await?;
        self.ask("EHLO client.invalid", "250").await?;
        let message = STANDARD.encode(sasl::plain_message(user, password).expose());
        self.ask(&format!("AUTH PLAIN {message}"), "235").await.map(drop)
    }

    /// Logs in to POP3 with USER and PASS.
    ///
    /// # Errors
    /// The login was refused; the error is the reply.
    pub async fn pop3_login(&mut self, user: &str, password: &Secret) -> Result<(), String> {
        self.expect("+OK", "greeting").await?;
        self.ask(&format!("USER {user}"), "+OK").await?;
        let password = String::from_utf8_lossy(password.expose()).into_owned();
        self.ask(&format!("PASS {password}"), "+OK").await.map(drop)
    }
}
