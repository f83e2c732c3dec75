//! What the directory's answer for an address means: `cargo run --example directory_entry`.

use kim_types::Address;
use kim_vzd::{ATTRIBUTES, Entry, Listing, filter};

#[expect(clippy::print_stdout, reason = "the output of a program")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address: Address = "Praxis@elefant.kim.telematik".parse()?;
    println!("ask for   {}", ATTRIBUTES.join(", "));
    println!("where     {}", filter(&address));

    // The answer, as an LDAP client hands it on.
    let text = |text: &str| vec![text.as_bytes().to_vec()];
    let entry = Entry {
        attributes: vec![
            ("mail".into(), text("praxis@elefant.kim.telematik")),
            ("telematikID".into(), text("1-2arvtst-ap000052")),
            ("komLeData".into(), text("1.5+,praxis@elefant.kim.telematik")),
            ("userCertificate;binary".into(), vec![vec![0x30, 0x00]]),
        ],
    };
    let listing = Listing::from_entries(&address, &[entry]);
    println!("version   {}, large mails: {}", listing.version, listing.version.accepts_large());
    println!("owners    {}", listing.telematik_ids.len());
    println!("to choose from {} certificate(s)", listing.certificates.len());
    Ok(())
}
