//! The demonstration: an embedded testbed, the proxy in front of it, and the self-test.

use std::net::SocketAddr;
use std::time::Instant;

use kim_examples::testbed_settings;
use kim_testbed::{Testbed, TestbedConfig};

use crate::config::Listen;
use crate::notice::{Notice, Notices};
use crate::proxy::Proxy;
use crate::say;
use crate::self_test::{Mailbox, send_and_fetch};

/// Starts everything, runs the self-test, and stays up unless `once`.
pub async fn run(once: bool) -> Result<(), String> {
    let start = Instant::now();
    let testbed = Testbed::start(TestbedConfig::default()).await.map_err(|error| error.to_string())?;
    say(&format!(
        "testbed: Konnektor, directory and Fachdienst on 127.0.0.1 ({} ms)",
        start.elapsed().as_millis()
    ));
    let ports = if once { [0, 0] } else { [10025, 10995] };
    let [smtp, pop3] =
        ports.map(|port| Listen { addresses: vec![SocketAddr::from(([127, 0, 0, 1], port))], tls: None });
    let proxy = Proxy::start(testbed_settings(&testbed)?, smtp, pop3).await?;
    let result = self_test(&testbed, &proxy).await;
    match &result {
        Ok(()) => say("self-test passed"),
        Err(problem) => say(&format!("self-test FAILED: {problem}")),
    }
    if !once {
        print_accounts(&testbed, &proxy);
        let mut notices = Notices::signals()?;
        while notices.next().await != Notice::Stop {}
    }
    proxy.stop().await;
    result
}

/// Practice A to practice B and back, then to practices with one kind of key only.
async fn self_test(testbed: &Testbed, proxy: &Proxy) -> Result<(), String> {
    let accounts = testbed.world().accounts();
    let account = |name: &str| {
        let found = accounts.iter().find(|account| account.address.local_part().eq_ignore_ascii_case(name));
        found.ok_or(format!("the testbed has no account {name}"))
    };
    let pairs = [
        ("Praxis.A", "Praxis.B", "A to B (RSA and ECC)"),
        ("Praxis.B", "Praxis.R", "B to R (RSA only)"),
        ("Praxis.A", "Praxis.E", "A to E (ECC only)"),
    ];
    for (from, to, name) in pairs {
        let (from, to) = (account(from)?, account(to)?);
        let names = |account: &kim_testbed::Account| {
            (account.smtp_user_name(testbed.smtp_addr()), account.pop3_user_name(testbed.pop3_addr()))
        };
        let (from_names, to_names) = (names(from), names(to));
        let sender = Mailbox { smtp_user: &from_names.0, pop3_user: &from_names.1, password: &from.password };
        let reader = Mailbox { smtp_user: &to_names.0, pop3_user: &to_names.1, password: &to.password };
        let addresses = (from.address.to_string(), to.address.to_string());
        send_and_fetch(proxy, &sender, &reader, &addresses.0, &addresses.1, name).await?;
    }
    Ok(())
}

fn print_accounts(testbed: &Testbed, proxy: &Proxy) {
    say("\nWhat to type into a mail program (no TLS, password authentication):\n");
    let address = |found: Option<&SocketAddr>| found.map(ToString::to_string).unwrap_or_default();
    say(&format!("  SMTP server  {}", address(proxy.smtp.first())));
    say(&format!("  POP3 server  {}", address(proxy.pop3.first())));
    for account in testbed.world().accounts() {
        say(&format!("\n  {}", account.address));
        say(&format!("    SMTP user name  {}", account.smtp_user_name(testbed.smtp_addr())));
        say(&format!("    POP3 user name  {}", account.pop3_user_name(testbed.pop3_addr())));
        say(&format!("    password        {}", String::from_utf8_lossy(account.password.expose())));
    }
    say("\nready; Ctrl-C ends it");
}
