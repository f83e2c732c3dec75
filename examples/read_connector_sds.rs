//! What a Konnektor says it is and can do: `cargo run --example read_connector_sds -- FILE`.
//!
//! Without a file it reads the service directory of the testbed's Konnektor.

use kim_konnektor::{EndpointMode, ServiceDirectory};
use kim_testbed::World;
use kim_testbed::konnektor::HttpRequest;

#[expect(clippy::print_stdout, reason = "the output of a program")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xml = match std::env::args().nth(1) {
        Some(file) => std::fs::read(file)?,
        None => World::new(1).konnektor().handle(&HttpRequest::get("/connector.sds")).body,
    };
    let directory = ServiceDirectory::parse(&xml)?;
    println!("X-KIM-KONVersion: {}", directory.product().kim_version());
    let services = directory.services(EndpointMode::Published, "https://konnektor.konlan/connector.sds")?;
    println!("can use ECC: {}", services.supports_ecc());
    println!("{services:#?}");
    Ok(())
}
