//! The demonstration: an embedded testbed, the proxy in front of it, and the self-test.

use std::time::Instant;

use kim_clientmodul::{Listen, Proxy};
use kim_examples::testbed_settings;
use kim_testbed::{Testbed, TestbedConfig};

use crate::notice::{Notice, Notices};
use crate::self_test::{Mailbox, send_and_fetch};
use crate::{Outcome, say};

/// Starts everything, runs the self-test, and stays up unless `once`.
pub async fn run(once: bool) -> Outcome {
    let start = Instant::now();
    let testbed = Testbed::start(TestbedConfig::default()).await?;
    let took = start.elapsed().as_millis();
    say(&format!("testbed: Konnektor, directory and Fachdienst on 127.0.0.1 ({took} ms)"));
    let ports = if once { [0, 0] } else { [10025, 10995] };
    let [smtp, pop3] = ports.map(Listen::loopback);
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
async fn self_test(testbed: &Testbed, proxy: &Proxy) -> Outcome {
    let accounts = testbed.world().accounts();
    let mailbox = |name: &str| {
        let found = accounts.iter().find(|account| account.address.local_part().eq_ignore_ascii_case(name));
        let account = found.ok_or(format!("the testbed has no account {name}"))?;
        Outcome::Ok(Mailbox {
            address: account.address.clone(),
            smtp_user: account.smtp_user_name(testbed.smtp_addr()),
            pop3_user: account.pop3_user_name(testbed.pop3_addr()),
            password: account.password.clone(),
        })
    };
    let pairs = [
        ("Praxis.A", "Praxis.B", "A to B (RSA and ECC)"),
        ("Praxis.B", "Praxis.R", "B to R (RSA only)"),
        ("Praxis.A", "Praxis.E", "A to E (ECC only)"),
    ];
    for (from, to, name) in pairs {
        send_and_fetch(proxy, &mailbox(from)?, &mailbox(to)?, name).await?;
    }
    Ok(())
}

fn print_accounts(testbed: &Testbed, proxy: &Proxy) {
    say("\nWhat to type into a mail program (no TLS, password authentication):\n");
    for (name, addresses) in [("SMTP", proxy.smtp()), ("POP3", proxy.pop3())] {
        addresses.iter().for_each(|address| say(&format!("  {name} server  {address}")));
    }
    for account in testbed.world().accounts() {
        say(&format!("\n  {}", account.address));
        say(&format!("    SMTP user name  {}", account.smtp_user_name(testbed.smtp_addr())));
        say(&format!("    POP3 user name  {}", account.pop3_user_name(testbed.pop3_addr())));
        say(&format!("    password        {}", String::from_utf8_lossy(account.password.expose())));
    }
    say("\nready; Ctrl-C ends it");
}
