//! A mistake of the module that shows in one mail, for programs that embed it.

use kim_clientmodul::{Account, Clientmodul};
use kim_examples::testbed_settings;
use kim_flow::receive::{Outcome, Trouble};

use crate::office::Office;

/// The mistake is that of an observer, which is called while the mail data is fetched.
///
/// Spec: none — own rule (no input may end a session); gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_with_its_mail_and_is_remembered_when_settings_change() {
    let office = Office::open().await;
    assert!(office.send(&office.large_mail()).await.starts_with("250"));
    let testbed = &office.practice.testbed;
    let mailbox = testbed.world().mailbox(&office.e.parse().unwrap()).unwrap();
    let message = mailbox.mails().remove(0).octets;
    let account = testbed.world().account("E").unwrap();
    let account = Account {
        address: account.address.clone(),
        context: account.context.clone(),
        konnektor: None,
        password: Some(account.password.clone()),
    };
    let settings = || testbed_settings(testbed).unwrap();
    let clientmodul = Clientmodul::new(settings());
    let breaking = clientmodul.participant(account.clone()).unwrap().observed(|_| panic!("on purpose"));
    let renewed = clientmodul.renewed(settings()).participant(account.clone()).unwrap();
    for participant in [breaking, renewed] {
        let opened = participant.open(message.clone()).await;
        let outcome = opened.outcome;
        assert!(matches!(outcome, Outcome::Substituted(Trouble::Format)), "{outcome:?}");
    }
    let another = Clientmodul::new(settings()).participant(account).unwrap();
    let outcome = another.open(message).await.outcome;
    assert!(matches!(outcome, Outcome::Opened(_)), "{outcome:?}");
}
