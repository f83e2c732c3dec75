//! What is in a PKCS#12 file: `cargo run --example show_identity -- FILE PASSWORD-FILE`.
//!
//! Without a file it reads the one that the testbed gives a Clientmodul.

use std::time::SystemTime;

use kim_testbed::pki::{CertificateType, Holder, KeyType, Pkcs12Encryption, Pki, Role};
use kim_tls::Identity;
use kim_types::Secret;

#[expect(clippy::print_stdout, reason = "the output of a program")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (file, password) = match (arguments.next(), arguments.next()) {
        (Some(file), Some(password)) => {
            (std::fs::read(file)?, Secret::from(std::fs::read_to_string(password)?.trim_end()))
        }
        _ => {
            let holder = Holder::service("clientmodul", Role::CLIENTMODUL);
            let identity = Pki::new(1).issue(CertificateType::CmTlsCs, KeyType::Brainpool, &holder);
            (identity.to_pkcs12("geheim", Pkcs12Encryption::Modern)?, Secret::from("geheim"))
        }
    };
    let identity = Identity::from_pkcs12(&file, &password)?;
    println!("key            {:?}", identity.kind());
    println!("above it       {} certificate(s)", identity.chain().count());
    println!("days left      {}", identity.time_left(SystemTime::now()).as_secs() / 86_400);
    Ok(())
}
