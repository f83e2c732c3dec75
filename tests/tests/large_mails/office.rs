//! A practice in which mails of 100,000 octets are large already.

use std::path::PathBuf;
use std::time::Duration;

use kim_clientmodul::Settings;
use kim_testbed::TestbedConfig;
use kim_tests::{Practice, mail};

/// What is large here, in decoded octets.
pub(crate) const LARGE: u64 = 100_000;

/// How long nothing may move between module and attachment service.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

/// A practice, the directory of its spool, and two accounts that ask for large mails.
pub(crate) struct Office {
    pub(crate) practice: Practice,
    pub(crate) spool: PathBuf,
    pub(crate) a: String,
    pub(crate) e: String,
}

impl Office {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let unique: [u8; 16] = kim_tls::random();
        let spool = std::env::temp_dir().join(format!("kim-spool-{:032x}", u128::from_be_bytes(unique)));
        std::fs::create_dir(&spool).unwrap();
        let directory = spool.clone();
        let practice = Practice::with(TestbedConfig::default(), |settings| {
            settings.rules.large_threshold = LARGE;
            settings.fachdienst.services.timeout = PATIENCE;
            // Everything that does not fit into one block goes to the disk.
            (settings.spool.memory, settings.spool.directory) = (0, directory);
            change(settings);
        });
        let practice = practice.await.unwrap();
        let address = |name: &str| practice.account(name).unwrap().address.to_string();
        let (a, e) = (address("A"), address("E"));
        Self { practice, spool, a, e }
    }

    /// A mail of twice the size that is large.
    pub(crate) fn large_mail(&self) -> Vec<u8> {
        let line = "Zeile um Zeile, Größe um Größe\r\n";
        let body = line.repeat(usize::try_from(2 * LARGE).unwrap() / line.len());
        mail(&self.a, &format!("<{}>", self.e), "groß", &body)
    }

    /// Sends a mail from A to E; the reply to its end.
    pub(crate) async fn send(&self, mail: &[u8]) -> String {
        let mut smtp = self.practice.smtp("A").await.unwrap();
        self.practice.send(&mut smtp, &self.a, &[&self.e], mail).await.unwrap()
    }

    /// What lies on the attachment service.
    pub(crate) fn stored(&self) -> usize {
        self.practice.testbed.world().kas().stored().len()
    }

    /// Nothing is left behind, or soon nothing will be.
    pub(crate) async fn assert_clean(&self, what: &str) {
        until(&format!("nothing on the attachment service after {what}"), || self.stored() == 0).await;
        self.assert_no_file(what);
    }

    /// Nothing of a mail outlasts its session on the disk.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2005
    pub(crate) fn assert_no_file(&self, what: &str) {
        assert_eq!(std::fs::read_dir(&self.spool).unwrap().count(), 0, "files in the spool after {what}");
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.spool);
    }
}

/// Waits until something is so, at most 20 seconds.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let patience = tokio::time::timeout(Duration::from_secs(20), async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(patience.await.is_ok(), "never: {what}");
}
