//! Protects a mail and opens it again, without a socket, a clock or a runtime: `cargo run --example protect_and_open`.
//!
//! This is a Clientmodul inside practice software: the flows of kim-flow, driven by a loop of your own. Konnektor and
//! directory are those of the testbed, called as functions.

use std::time::{Duration, UNIX_EPOCH};

use kim_examples::Blocking;
use kim_flow::Rules;
use kim_flow::receive::Outcome;
use kim_testbed::World;
use kim_types::{Envelope, Octets, Recipient};

#[expect(clippy::print_stdout, reason = "the output of a program")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = World::new(1);
    let (sender, reader) =
        (world.account("A").ok_or("no account A")?, world.account("B").ok_or("no account B")?);
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);

    let mail = format!(
        "From: <{}>\r\nTo: <{}>\r\nSubject: Befund\r\n\r\nSehr geehrte Kollegin,\r\n",
        sender.address, reader.address
    );
    let envelope = Envelope {
        sender: sender.address.clone(),
        ret: None,
        envid: None,
        recipients: vec![Recipient::new(reader.address.clone())],
    };
    let practice_a = Blocking::new(&world, sender, Rules::default(), now)?;
    let protected = practice_a
        .protect(envelope, Octets::from(mail.into_bytes()), [1; 16])
        .map_err(|refused| refused.cause)?;
    let message = protected.message.whole().unwrap_or_default().to_bytes();
    println!("for the mail server: {} octets\n", message.len());
    println!("{}", String::from_utf8_lossy(&message).lines().take(20).collect::<Vec<_>>().join("\n"));

    let practice_b = Blocking::new(&world, reader, Rules::default(), now)?;
    let delivered = practice_b.open(message, [2; 16]);
    println!(
        "...\n\nfor the user:\n\n{}",
        String::from_utf8_lossy(&delivered.mail.whole().unwrap_or_default().to_bytes())
    );
    if let Outcome::Opened(verdict) = delivered.outcome {
        println!("{verdict:#?}");
    }
    Ok(())
}
