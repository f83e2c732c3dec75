//! How much memory a document of 20 MiB costs on its way to a Konnektor and back.
//!
//! The Konnektor runs in a process of its own, so that the memory of this one is that of the client. The document itself
//! is there before; what is counted is what a call adds at most, its result included. The last line names the greatest
//! figure and what is allowed, 2.5 times the document; the program fails if it is not below.
//!
//! ```text
//! cargo run --release --example konnektor_memory
//! ```

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use bytes::Bytes;
use kim_clientmodul::KonnektorClient;
use kim_examples::{forget_peak, memory_of, testbed_settings};
use kim_konnektor::{
    CertRef, Crypt, DecryptDocument, EncryptDocument, GetCards, GetJobNumber, Integrity, Operation, PinKind,
    ReadCardCertificate, SignDocument, VerifyDocument, VerifyPin,
};
use kim_testbed::{Testbed, TestbedConfig};
use kim_types::{CardHandle, Context, Octets};

/// The size of the document.
const DOCUMENT: usize = 20 * 1024 * 1024;

/// What a call may add, compared with the document.
const GREATEST: f64 = 2.5;

/// The attribute recipient-emails without recipients.
const RECIPIENT_EMAILS: &[u8] = b"\x30\x0e\x06\x08\x2a\x82\x14\x00\x4c\x04\x81\x2d\x31\x02\x30\x00";

const MIB: f64 = 1024.0 * 1024.0;

#[tokio::main]
async fn main() -> Result<(), String> {
    if std::env::args().nth(1).as_deref() == Some("--konnektor") {
        return serve().await;
    }
    let own = std::env::current_exe().map_err(text)?;
    let mut konnektor = Command::new(own)
        .arg("--konnektor")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map(Running)
        .map_err(text)?;
    let mut url = String::new();
    let output = konnektor.0.stdout.take().ok_or("no output")?;
    BufReader::new(output).read_line(&mut url).map_err(text)?;
    measure(url.trim()).await
}

/// Plays the Konnektor until the other process has gone.
async fn serve() -> Result<(), String> {
    let testbed = Testbed::start(TestbedConfig::default()).await.map_err(text)?;
    say(&testbed.konnektor_url());
    let end = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
    end.await.map(drop).map_err(text)
}

/// Ends with this process.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Signs, encrypts, decrypts and verifies.
async fn measure(url: &str) -> Result<(), String> {
    // A testbed of the same seed has the same keys.
    let twin = Testbed::start(TestbedConfig::default()).await.map_err(text)?;
    let context = twin.world().account("A").ok_or("no account A")?.context.clone();
    let mut settings = testbed_settings(&twin)?.konnektors.pop().ok_or("no Konnektor")?.soap;
    settings.url = url.to_owned();
    drop(twin);
    let client = Meter { client: KonnektorClient::new(settings), context, worst: 0.0 };
    client.run().await
}

/// A client, and how much a call has added at most.
struct Meter {
    client: KonnektorClient,
    context: Context,
    worst: f64,
}

impl Meter {
    async fn run(mut self) -> Result<(), String> {
        let cards = self.call(&GetCards::default()).await?;
        let card = cards.first().ok_or("no card")?.handle.clone();
        self.call(&VerifyPin { card: card.clone(), pin: PinKind::Smc }).await?;
        let read =
            ReadCardCertificate { card: card.clone(), reference: CertRef::Enc, crypt: Some(Crypt::Ecc) };
        let certificate = self.call(&read).await?.ok_or("no certificate")?;
        let attribute = Bytes::from_static(RECIPIENT_EMAILS);
        // Buffers that stay, of connections and such, are made before anything is counted.
        let small = self.sign(&card, Octets::from("Content-Type: text/plain\r\n\r\nText\r\n")).await?;
        let job = self.call(&VerifyDocument { cms: small.cms.into() }).await?;
        if job.integrity() != Integrity::Valid {
            return Err("the small signature is not valid".to_owned());
        }

        let line = "Content-Type: text/plain; charset=utf-8\r\n\r\n".to_owned();
        let document = Octets::from(Bytes::from(line + &"Zeile um Zeile\r\n".repeat(DOCUMENT / 16)));
        let job = self.call(&GetJobNumber).await?;
        let sign = SignDocument {
            card: card.clone(),
            crypt: Crypt::RsaEcc,
            job,
            document,
            attribute: attribute.clone(),
        };
        let signed = self.measured("SignDocument", &sign).await?.cms;
        drop(sign);
        let encrypt =
            EncryptDocument { document: signed.clone().into(), certificates: vec![certificate], attribute };
        let encrypted = self.measured("EncryptDocument", &encrypt).await?;
        drop(encrypt);
        let decrypt = DecryptDocument { card, document: encrypted.into() };
        let decrypted = self.measured("DecryptDocument", &decrypt).await?;
        if decrypted != signed {
            return Err("what came back is not what was sent".to_owned());
        }
        drop((decrypt, signed));
        let verdict = self.measured("VerifyDocument", &VerifyDocument { cms: decrypted.into() }).await?;
        if verdict.integrity() != Integrity::Valid {
            return Err("the signature is not valid".to_owned());
        }
        let worst = self.worst;
        say(&format!("at most {worst:.2} times the document; allowed are {GREATEST}"));
        if worst < GREATEST { Ok(()) } else { Err("a call adds more than is allowed".to_owned()) }
    }

    async fn sign(
        &self,
        card: &CardHandle,
        document: Octets,
    ) -> Result<kim_konnektor::SignedDocument, String> {
        let job = self.call(&GetJobNumber).await?;
        let attribute = Bytes::from_static(RECIPIENT_EMAILS);
        let card = card.clone();
        self.call(&SignDocument { card, crypt: Crypt::RsaEcc, job, document, attribute }).await
    }

    async fn call<O: Operation>(&self, operation: &O) -> Result<O::Response, String> {
        self.client.call(&self.context, operation).await.map_err(text)
    }

    /// Calls and prints what the call added at most.
    async fn measured<O: Operation>(&mut self, name: &str, operation: &O) -> Result<O::Response, String> {
        let own = std::process::id();
        forget_peak(own);
        let (before, _) = memory_of(own).ok_or("this system does not tell how much memory a process has")?;
        let start = Instant::now();
        let response = self.call(operation).await?;
        let (_, peak) = memory_of(own).ok_or("this system does not tell how much memory a process has")?;
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let (added, document) = (peak.saturating_sub(before) as f64, DOCUMENT as f64);
        self.worst = self.worst.max(added / document);
        say(&format!(
            "{name:<16} adds {:>5.1} MiB, {:.2} times the document, in {} ms",
            added / MIB,
            added / document,
            start.elapsed().as_millis()
        ));
        Ok(response)
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[expect(clippy::print_stdout, reason = "the output of a program")]
fn say(line: &str) {
    println!("{line}");
}
