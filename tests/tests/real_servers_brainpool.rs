//! Postfix, Dovecot and the Clientmodul show each other certificates on brainpoolP256r1.
#![cfg(unix)]

use kim_testbed::pki::KeyType;
use kim_tests::mail;
use kim_tests::peers::Shared;

static PRACTICE: Shared = Shared::new(KeyType::Brainpool);

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2064-02
#[test]
fn a_mail_goes_through_tls_with_brainpool() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let to = practice.address("E")?;
    let sent = mail(practice.address("A")?, to, "brainpool", "text\r\n");
    practice.run(practice.send("A", &[to], &sent))?;
    let fetched = practice.run(practice.fetch("E", 1))?.concat();
    assert!(fetched.ends_with(b"\r\n\r\ntext\r\n"));
    Ok(())
}
