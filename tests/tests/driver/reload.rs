//! Another configuration while sessions are open: they go on with theirs, new ones have the new one.

use kim_clientmodul::{Clientmodul, Protocol};
use kim_examples::{Dialogue, testbed_settings};
use kim_testbed::{Testbed, TestbedConfig};

use crate::front::{Front, Options};

/// Spec: none — administrators change settings while others work.
#[tokio::test(flavor = "multi_thread")]
async fn open_sessions_keep_their_configuration() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let front = Front::start(&testbed, Protocol::Pop3, Options::default()).await;
    let mut before = front.pop3(&testbed, "A").await.unwrap();
    let mut greeted = Dialogue::open(front.address).await.unwrap();
    greeted.expect("+OK", "greeting").await.unwrap();

    let mut settings = testbed_settings(&testbed).unwrap();
    settings.konnektors.clear();
    front.clientmodul.send_replace(Clientmodul::new(settings));

    let refused = front.pop3(&testbed, "A").await.err().unwrap();
    assert!(refused.contains("-ERR"), "{refused}");
    before.ask("STAT", "+OK").await.unwrap();
    let account = testbed.world().account("B").unwrap();
    let user = account.pop3_user_name(testbed.pop3_addr());
    greeted.ask(&format!("USER {user}"), "+OK").await.unwrap();
    let password = String::from_utf8_lossy(account.password.expose()).into_owned();
    greeted.ask(&format!("PASS {password}"), "+OK").await.unwrap();
}
