//! Several cards are in reach of one practice: the one that belongs to the sender signs.

use std::sync::Arc;

use kim_clientmodul::{Account, Clientmodul};
use kim_examples::testbed_settings;
use kim_flow::receive::Outcome;
use kim_testbed::konnektor::{Operation, PinStatus};
use kim_testbed::pki::{Card, Holder, KeyType};
use kim_testbed::{Testbed, TestbedConfig};
use kim_tests::mail;
use kim_types::{Envelope, Recipient};

/// Practice B moves in with practice A and brings its card, which is listed after that of A.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2020, KOM-LE-A_2052
#[tokio::test(flavor = "multi_thread")]
async fn the_card_with_the_senders_telematik_id_signs() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let world = testbed.world();
    let (a, b) = (world.account("A").unwrap(), world.account("B").unwrap());
    let holder = Holder::institution("Praxis B", b.telematik_id.clone());
    let iccsn = "80276009990000000099".parse().unwrap();
    let card = Card::smb(world.pki(), iccsn, &holder, &[KeyType::Rsa, KeyType::Brainpool]);
    let mandant = [a.context.mandant.clone()];
    let handle = world.konnektor().insert(Arc::new(card), &mandant, PinStatus::Verifiable).unwrap();
    assert_ne!(Some(handle), world.konnektor().card_handle(&a.iccsn));

    let clientmodul = Clientmodul::new(testbed_settings(&testbed).unwrap());
    for (sender, reader) in [(b, a), (a, b)] {
        let participant = |account: &kim_testbed::Account| {
            let (address, context) = (account.address.clone(), a.context.clone());
            clientmodul.participant(Account { address, context, konnektor: None, password: None }).unwrap()
        };
        let (from, to) = (sender.address.to_string(), reader.address.to_string());
        let envelope = Envelope {
            sender: sender.address.clone(),
            ret: None,
            envid: None,
            recipients: vec![Recipient::new(reader.address.clone())],
        };
        let text = mail(&from, &format!("<{to}>"), "Befund", "Inhalt\r\n");
        let mut outgoing = participant(sender).protect(envelope, text).await.unwrap();
        let message = outgoing.pieces().whole().await.unwrap().to_bytes();
        let opened = participant(reader).open(message).await;
        let Outcome::Opened(verdict) = opened.outcome else { panic!("{:?}", opened.outcome) };
        let signer = verdict.signer.as_ref().unwrap();
        assert_eq!(signer.telematik_id(), Some(&sender.telematik_id));
        assert!(verdict.is_intact());
    }
    assert_eq!(world.konnektor().count(Operation::SignDocument), 2);
}
