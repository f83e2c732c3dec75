//! Mail programs with TLS from the first octet towards the proxy, with and without certificates of their own.
#![cfg(unix)]

use kim_testbed::pki::KeyType;
use kim_tests::mail;
use kim_tests::peers::{Fetcher, RealPractice, Secured, Sender, Shared};
use kim_tls::ClientAuth;

static PRACTICE: Shared = Shared::new(KeyType::Rsa);

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2066, KOM-LE-A_2067, KOM-LE-A_2181
#[test]
fn with_client_authentication_off_programs_need_no_certificate() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    all_pass(&practice, &practice.secured(|_| ClientAuth::Off)?, false)
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2066, KOM-LE-A_2067, KOM-LE-A_2181
#[test]
fn with_client_authentication_optional_programs_may_have_a_certificate() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let secured = practice.secured(ClientAuth::Optional)?;
    all_pass(&practice, &secured, false)?;
    all_pass(&practice, &secured, true)
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2066, KOM-LE-A_2067, KOM-LE-A_2181
#[test]
fn with_client_authentication_required_programs_need_a_certificate() -> Result<(), String> {
    let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
    let secured = practice.secured(ClientAuth::Required)?;
    all_pass(&practice, &secured, true)?;
    let sent = mail(practice.address("A")?, practice.address("B")?, "never", "text\r\n");
    for sender in Sender::ALL {
        let login = secured.smtp_login("A", false)?;
        let refused = sender.send_as(&practice, &login, &[practice.address("B")?], &sent);
        assert!(refused.is_err(), "{sender:?} was served without a certificate");
    }
    practice.run(practice.send("A", &[practice.address("B")?], &sent))?;
    practice.wait_for_mails("B", 1)?;
    for fetcher in Fetcher::ALL {
        let refused = fetcher.fetch_as(&practice, &secured.pop3_login("B", false)?);
        assert!(refused.is_err(), "{fetcher:?} was served without a certificate");
    }
    practice.wait_for_mails("B", 1)
}

/// What each program sends each one fetches, as it was sent.
fn all_pass(practice: &RealPractice, secured: &Secured<'_>, certificate: bool) -> Result<(), String> {
    for (sender, fetcher) in Sender::ALL.into_iter().zip(Fetcher::ALL) {
        let case = format!("{sender:?} to {fetcher:?}, certificate: {certificate}");
        let body = format!("{case}: Grüße\r\n.\r\n");
        let sent = mail(practice.address("A")?, practice.address("B")?, "over TLS", &body);
        let login = secured.smtp_login("A", certificate)?;
        sender
            .send_as(practice, &login, &[practice.address("B")?], &sent)
            .map_err(|error| format!("{case}: {error}"))?;
        practice.wait_for_mails("B", 1)?;
        let login = secured.pop3_login("B", certificate)?;
        let fetched = fetcher.fetch_as(practice, &login).map_err(|error| format!("{case}: {error}"))?;
        assert!(fetched.ends_with(format!("\r\n\r\n{body}").as_bytes()), "{case}: {fetched:?}");
        practice.wait_for_mails("B", 0)?;
    }
    Ok(())
}
