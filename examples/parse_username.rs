//! What a user name means: `cargo run --example parse_username -- 'NAME'`.

use kim_types::DomainSuffixes;
use kim_username::{Layout, UserName};

const SAMPLE: &str =
    "Praxis.Name@elefant.kim.telematik#100.102.8.6:995#MandantID#ClientsystemID#ArbeitsplatzID#*#Konn_1";

#[expect(clippy::print_stdout, reason = "the output of a program")]
fn main() {
    let text = std::env::args().nth(1).unwrap_or(SAMPLE.to_owned());
    for (protocol, layout) in [("SMTP", Layout::SMTP), ("POP3", Layout::POP3)] {
        println!("as a {protocol} user name:");
        match UserName::parse(&text, &layout, &DomainSuffixes::default()) {
            Ok(user) => {
                let server = user.server.as_ref().map(ToString::to_string);
                println!("  address        {}", user.address);
                println!("  server         {}", server.as_deref().unwrap_or("(found by DNS-SD)"));
                println!("  Mandant        {}", user.context.mandant);
                println!("  Clientsystem   {}", user.context.client_system);
                println!("  workplace      {}", user.context.workplace);
                println!(
                    "  user           {}",
                    user.context.user.as_ref().map_or("(none)", |user| user.as_str())
                );
                println!(
                    "  Konnektor      {}",
                    user.konnektor.as_ref().map_or("(default)", |id| id.as_str())
                );
            }
            Err(error) => println!("  {error}"),
        }
    }
}
