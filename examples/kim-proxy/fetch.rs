//! The certificate of a Konnektor: shown, and written to a file only after a person said yes.

use std::fs::OpenOptions;
use std::io::{BufRead, Write as _};
use std::path::Path;
use std::time::Duration;

use kim_tls::CertificateText;

use crate::{Outcome, say};

/// How long the Konnektor may take to show its certificate.
const PATIENCE: Duration = Duration::from_secs(20);

/// Fetches the certificate, asks `person`, and writes a new file. An existing file is never written to.
pub async fn run(url: &str, file: &Path, mut person: impl BufRead) -> Outcome {
    let certificate = kim_clientmodul::fetch_certificate(url, PATIENCE).await;
    let certificate = certificate.map_err(|error| format!("{url}: {error}"))?;
    let text =
        CertificateText::of(&certificate).ok_or("the server shows something that is no certificate")?;
    for (name, value) in [
        ("subject", &text.subject),
        ("issuer", &text.issuer),
        ("key", &text.key),
        ("valid from", &text.not_before),
        ("valid until", &text.not_after),
        ("SHA-256", &text.fingerprint),
    ] {
        say(&format!("{name:<12} {value}"));
    }
    say(
        "\nAnybody in between could show this. Compare the SHA-256 with the one that the Konnektor displays itself.",
    );
    say(&format!("Write it to {}, to be trusted as this Konnektor? Type yes:", file.display()));
    let mut answer = String::new();
    person.read_line(&mut answer)?;
    if answer.trim() != "yes" {
        return Err("nothing was written".into());
    }
    let mut new = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .map_err(|error| format!("{}: {error}", file.display()))?;
    new.write_all(text.pem.as_bytes()).map_err(|error| format!("{}: {error}", file.display()))?;
    say(&format!("written; in the configuration: pins = [{:?}]", file.display().to_string()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use kim_testbed::pki::KeyType;
    use kim_testbed::{Testbed, TestbedConfig};
    use kim_tls::Pins;

    use super::*;

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070
    #[tokio::test]
    async fn a_certificate_is_written_after_an_explicit_yes_only_and_over_nothing() {
        for konnektor_key_type in [KeyType::Rsa, KeyType::Brainpool] {
            let config = TestbedConfig { konnektor_key_type, ..TestbedConfig::default() };
            let testbed = Testbed::start(config).await.unwrap();
            let name = format!("kim-proxy-fetch-{konnektor_key_type:?}-{}.pem", std::process::id());
            let (url, file) = (testbed.konnektor_url(), std::env::temp_dir().join(name));
            for answer in ["", "\n", "no\n", "y\n", "yes, but\n"] {
                assert!(run(&url, &file, answer.as_bytes()).await.is_err(), "{answer:?}");
                assert!(!file.exists(), "{answer:?}");
            }
            run(&url, &file, &b"yes\n"[..]).await.unwrap();
            let written = std::fs::read(&file).unwrap();
            assert_eq!(String::from_utf8_lossy(&written), testbed.konnektor_certificate_pem());
            assert!(Pins::from_pem(&written).is_ok());
            assert!(run(&url, &file, &b"yes\n"[..]).await.is_err(), "a file that is there stays as it is");
            std::fs::remove_file(&file).unwrap();
            assert!(testbed.world().konnektor().operations().is_empty(), "nothing is said to the server");
        }
    }

    #[tokio::test]
    async fn what_is_no_https_server_is_told() {
        let file = std::env::temp_dir().join("kim-proxy-fetch-none.pem");
        for url in ["http://127.0.0.1/", "127.0.0.1", "https://127.0.0.1:1/connector.sds"] {
            assert!(run(url, &file, &b"yes\n"[..]).await.is_err(), "{url}");
        }
        assert!(!file.exists());
    }
}
