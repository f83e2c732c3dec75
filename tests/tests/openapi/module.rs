//! The module itself, over TLS, with servers made of nothing but gematik's files.

use std::net::TcpListener;
use std::sync::Arc;

use kim_clientmodul::{Clientmodul, Participant};
use kim_examples::testbed_settings;
use kim_testbed::{Testbed, TestbedConfig};
use kim_tests::{embedders_account, mail};
use kim_types::{Address, Delivery, Envelope, Recipient, Reply};

use crate::generated_at;
use crate::https::serve;

/// What is large here, in decoded octets.
const LARGE: u64 = 100_000;

fn participant(testbed: &Testbed, name: &str, services: &str) -> Participant {
    let mut settings = testbed_settings(testbed).unwrap();
    settings.rules.large_threshold = LARGE;
    settings.rules.kas_link_hosts = vec![services.to_owned()];
    settings.fachdienst.services.kas_url =
        Some(format!("https://{services}/attachments/v2.4/").parse().unwrap());
    settings.fachdienst.services.account_url =
        Some(format!("https://{services}/AccountLimit/v1.1/").parse().unwrap());
    let account = embedders_account(testbed.world().account(name).unwrap());
    Clientmodul::new(settings).participant(account).unwrap()
}

fn envelope(sender: &Address, recipient: &Address) -> Envelope {
    Envelope {
        sender: sender.clone(),
        ret: None,
        envid: None,
        recipients: vec![Recipient::new(recipient.clone())],
    }
}

/// A mail goes up and comes down; a second one that no MTA takes is removed again.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19363-03, A_19368, A_22416-01, A_22427-01
#[tokio::test(flavor = "multi_thread")]
async fn a_large_mail_goes_through_services_made_of_the_files() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let services = listener.local_addr().unwrap().to_string();
    let Some(attachments) = generated_at("AttachmentService.yaml", &services) else { return };
    let Some(limits) = generated_at("AccountLimit.yaml", &services) else { return };
    let (attachments, limits) = (Arc::new(attachments), Arc::new(limits));
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let refused = serve(listener, &testbed, vec![attachments.clone(), limits.clone()]);

    let [a, e] = ["A", "E"].map(|name| testbed.world().account(name).unwrap().address.clone());
    let body = "0123456789abcde\r\n".repeat(usize::try_from(2 * LARGE / 16).unwrap());
    let large = mail(a.as_str(), &format!("<{e}>"), "groß", &body);
    let sender = participant(&testbed, "A", &services);

    let outgoing = sender.protect(envelope(&a, &e), large.clone()).await;
    assert_eq!(*refused.lock().unwrap(), Vec::<String>::new());
    let mut outgoing = outgoing.unwrap();
    let message = outgoing.pieces().whole().await.unwrap();
    let reply = |code, text| Delivery {
        reply: Reply::new(code, text),
        accepted: code == 250,
        in_doubt: false,
        refused: Vec::new(),
    };
    outgoing.delivered(reply(250, "OK"));
    let opened = participant(&testbed, "E", &services).open(message).await;
    assert_eq!(opened.outcome.name(), "opened");
    assert!(opened.mail.whole().await.unwrap().to_bytes().ends_with(body.as_bytes()));
    assert_eq!(attachments.operations(), ["addMailData", "head", "readMailData"]);
    assert_eq!(limits.operations(), ["getLimits"]);

    let outgoing = sender.protect(envelope(&a, &e), large).await.unwrap();
    outgoing.delivered(reply(554, "no"));
    let removed = async {
        while attachments.operations().last().is_none_or(|last| last != "deleteMailData") {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), removed).await.unwrap();
    assert_eq!(
        attachments.operations(),
        ["addMailData", "head", "readMailData", "addMailData", "deleteMailData"]
    );
    assert_eq!(*refused.lock().unwrap(), Vec::<String>::new());
}
