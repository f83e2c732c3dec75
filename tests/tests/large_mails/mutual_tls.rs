//! The attachment service and the module show each other a certificate; without its own the module gets nowhere.

use kim_clientmodul::{Clientmodul, Participant};
use kim_examples::testbed_settings;
use kim_flow::receive::{Outcome, Trouble};
use kim_flow::{Cause, DownloadError, UploadError};
use kim_testbed::{Testbed, TestbedConfig};
use kim_tests::{embedders_account, mail};
use kim_types::{Delivery, Envelope, Recipient, Reply};

use crate::office::LARGE;

/// The owner of an account, whose module has its client certificate or none.
fn participant(testbed: &Testbed, name: &str, has_certificate: bool) -> Participant {
    let mut settings = testbed_settings(testbed).unwrap();
    settings.rules.large_threshold = LARGE;
    if !has_certificate {
        settings.fachdienst.identity = None;
    }
    let account = embedders_account(testbed.world().account(name).unwrap());
    Clientmodul::new(settings).participant(account).unwrap()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19362, A_19368
#[tokio::test(flavor = "multi_thread")]
async fn without_a_client_certificate_nothing_is_put_there_or_fetched() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let [a, e] = ["A", "E"].map(|name| testbed.world().account(name).unwrap().address.clone());
    let body = "0123456789abcde\r\n".repeat(usize::try_from(2 * LARGE / 16).unwrap());
    let large = mail(a.as_str(), &format!("<{e}>"), "groß", &body);
    let envelope = || Envelope {
        sender: a.clone(),
        ret: None,
        envid: None,
        recipients: vec![Recipient::new(e.clone())],
    };

    let refused = participant(&testbed, "A", false).protect(envelope(), large.clone()).await;
    let cause = refused.err().unwrap().cause;
    assert!(matches!(cause, Cause::Upload(UploadError::Failed)), "{cause:?}");
    assert_eq!(testbed.world().kas().stored().len(), 0);

    let mut outgoing = participant(&testbed, "A", true).protect(envelope(), large).await.unwrap();
    let message = outgoing.pieces().whole().await.unwrap();
    let accepted =
        Delivery { reply: Reply::new(250, "OK"), accepted: true, in_doubt: false, refused: Vec::new() };
    outgoing.delivered(accepted);

    let opened = participant(&testbed, "E", false).open(message.clone()).await;
    let failed = Trouble::Download(DownloadError::Failed);
    assert!(
        matches!(&opened.outcome, Outcome::Substituted(trouble) if format!("{trouble:?}") == format!("{failed:?}"))
    );
    let opened = participant(&testbed, "E", true).open(message).await;
    assert_eq!(opened.outcome.name(), "opened");
    assert!(opened.mail.whole().await.unwrap().to_bytes().ends_with(body.as_bytes()));
}
